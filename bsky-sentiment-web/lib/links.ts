import type { Facet } from "./wire";

/** A post's address: a DID, the collection of posts, a record key (AT Protocol, "at-uri" and "record-key"). */
const POST_URI =
  /^at:\/\/(did:[a-z]+:[A-Za-z0-9._:%-]{1,200})\/app\.bsky\.feed\.post\/([A-Za-z0-9._:~-]{1,512})$/;
const DID = /^did:[a-z]+:[A-Za-z0-9._:%-]{1,200}$/;

/** The post on bsky.app, or null where the URI is not that of a post: nothing else ever becomes a link. */
export function postLink(uri: string): string | null {
  const [, did, key] = POST_URI.exec(uri) ?? [];
  if (!did || !key || key === "." || key === "..") return null;
  return `https://bsky.app/profile/${encodeURIComponent(did)}/post/${encodeURIComponent(key)}`;
}

/** An account on bsky.app, or null where the DID is none. */
export function profileLink(did: string): string | null {
  return DID.test(did) ? `https://bsky.app/profile/${encodeURIComponent(did)}` : null;
}

/** The posts of a tag on bsky.app. */
export function tagLink(tag: string): string {
  return `https://bsky.app/hashtag/${encodeURIComponent(tag.toWellFormed())}`;
}

/** An address that may become a link: http or https, without a name and password that would hide its host. */
export function webLink(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const { protocol, username, password, href } = new URL(address);
  return /^https?:$/.test(protocol) && !username && !password ? href : null;
}

/** Where a stretch of a text leads, or null if it is to stay plain text. */
export function facetLink({ kind, value }: Facet): string | null {
  if (kind === "link") return webLink(value);
  return kind === "mention" ? profileLink(value) : tagLink(value);
}

/** The host that a link leads to, where the words that carry it name another or none; else null. */
export function undisclosedHost(link: string, words: string): string | null {
  const host = new URL(link).host.replace(/^www\./, "");
  return words.toLowerCase().includes(host) ? null : host;
}
