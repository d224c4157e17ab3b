import { describe, expect, it } from "vitest";
import { TrustedProxies } from "./address";

const none = new TrustedProxies([]);
const proxies = new TrustedProxies(["10.0.0.0/8", "192.0.2.7", "fd00::/8"]);

describe("whose request it is", () => {
  it("is the socket's other end, whatever the request claims", () => {
    expect(none.clientOf("198.51.100.1", "203.0.113.9")).toBe("198.51.100.1");
    expect(proxies.clientOf("198.51.100.1", "203.0.113.9")).toBe("198.51.100.1");
  });

  it("is the nearest address that is no trusted proxy, and never one that a client wrote before it", () => {
    expect(proxies.clientOf("10.1.2.3", "203.0.113.9")).toBe("203.0.113.9");
    expect(proxies.clientOf("::ffff:10.1.2.3", "1.1.1.1, 203.0.113.9, 192.0.2.7")).toBe("203.0.113.9");
    expect(proxies.clientOf("fd00::1", "1.1.1.1, 203.0.113.9,10.9.9.9")).toBe("203.0.113.9");
  });

  it("is the last proxy where what stands before it is no address", () => {
    expect(proxies.clientOf("10.1.2.3", null)).toBe("10.1.2.3");
    expect(proxies.clientOf("10.1.2.3", "unknown")).toBe("10.1.2.3");
    expect(proxies.clientOf("10.1.2.3", "203.0.113.9, <script>, 10.0.0.1")).toBe("10.0.0.1");
  });

  it("is the network of 64 bits for IPv6, however it is written", () => {
    for (const address of ["2001:db8:1:2::9", "2001:0DB8:1:2:3:4:5:6", "2001:db8:1:2:ffff::"]) {
      expect(none.clientOf(address, null)).toBe("2001:db8:1:2::/64");
    }
    expect(none.clientOf("::1", null)).toBe("0:0:0:0::/64");
    expect(none.clientOf("fe80::1%eth0", null)).toBe("fe80:0:0:0::/64");
  });

  it.each(["x", "10.0.0.0/99", "10.0.0.0/", "10.0.0/8", "10.0.0.0/-1"])(
    "has no trusted proxy %s",
    (entry) => {
      expect(() => new TrustedProxies([entry])).toThrow(RangeError);
    },
  );
});
