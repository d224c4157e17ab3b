import { BlockList, isIP, isIPv6 } from "node:net";

/** A proxy's list is short; a longer one is a client's invention. */
const MAX_HOPS = 20;

/** The addresses of proxies that are believed when they say whom they speak for. */
export class TrustedProxies {
  readonly #list = new BlockList();

  /** @throws RangeError for what is neither an address nor a subnet such as 10.0.0.0/8. */
  constructor(entries: readonly string[]) {
    for (const entry of entries) this.#add(entry);
  }

  /**
   * Whose request it is: the peer of the socket, or, where that is a trusted proxy, the nearest one in X-Forwarded-For
   * that is not. What stands further left anyone can have written.
   */
  clientOf(peer: string, forwardedFor: string | null): string {
    const hops = (forwardedFor ?? "").split(",").slice(-MAX_HOPS);
    let client = plain(peer);
    while (this.#trusts(client)) {
      const next = plain(hops.pop()?.trim() ?? "");
      if (!isIP(next)) break;
      client = next;
    }
    return household(client);
  }

  #add(entry: string): void {
    const [address = "", bits] = entry.split("/");
    const family = familyOf(address);
    if (!family || (bits !== undefined && !/^\d{1,3}$/.test(bits))) throw new RangeError(entry);
    if (bits === undefined) this.#list.addAddress(address, family);
    else this.#list.addSubnet(address, Number(bits), family);
  }

  #trusts(address: string): boolean {
    const family = familyOf(address);
    return family !== null && this.#list.check(address, family);
  }
}

function familyOf(address: string): "ipv4" | "ipv6" | null {
  const version = isIP(address);
  if (version === 0) return null;
  return version === 4 ? "ipv4" : "ipv6";
}

/** A socket that listens for both kinds shows an IPv4 address as one of IPv6. */
function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}

/** An IPv6 network of 64 bits is one subscriber, who has 2^64 addresses. */
function household(address: string): string {
  if (!isIPv6(address)) return address;
  // The URL parser writes an address in its one shortest form, without a zone.
  const { hostname } = new URL(`http://[${address.split("%")[0]}]`);
  const [head = "", tail] = hostname.slice(1, -1).split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const after = tail === "" ? [] : tail.split(":");
    groups.push(...Array<string>(8 - groups.length - after.length).fill("0"), ...after);
  }
  return `${groups.slice(0, 4).join(":")}::/64`;
}
