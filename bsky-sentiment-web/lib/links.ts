/** A post's address: a DID, the collection of posts, a record key (AT Protocol, "at-uri" and "record-key"). */
const POST_URI =
  /^at:\/\/(did:[a-z]+:[A-Za-z0-9._:%-]{1,200})\/app\.bsky\.feed\.post\/([A-Za-z0-9._:~-]{1,512})$/;

/** The post on bsky.app, or null where the URI is not that of a post: nothing else ever becomes a link. */
export function postLink(uri: string): string | null {
  const [, did, key] = POST_URI.exec(uri) ?? [];
  if (!did || !key || key === "." || key === "..") return null;
  return `https://bsky.app/profile/${encodeURIComponent(did)}/post/${encodeURIComponent(key)}`;
}
