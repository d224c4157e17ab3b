import { describe, expect, it } from "vitest";
import { facetLink, profileLink, tagLink, undisclosedHost, webLink } from "./links";

describe("a link", () => {
  it.each(["https://example.org/a?b#c", "http://example.org/"])("may lead to %s", (address) => {
    expect(webLink(address)).toBe(address);
  });

  it.each([
    "javascript:alert(1)",
    " jAvA\nscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "vbscript:x",
    "blob:https://example.org/1",
    "file:///etc/passwd",
    "//example.org",
    "/relative",
    "https://",
    "https://bank.example@evil.example/",
    "",
  ])("never leads to %j", (address) => {
    expect(webLink(address)).toBeNull();
    expect(facetLink({ start: 0, end: 1, kind: "link", value: address })).toBeNull();
  });

  it("leads from a mention to the account and from a tag to its posts, whatever they are made of", () => {
    expect(profileLink("did:plc:abc")).toBe("https://bsky.app/profile/did%3Aplc%3Aabc");
    for (const did of ["javascript:alert(1)", "did:plc:a/../../x", "", "did:plc:a b"]) {
      expect(facetLink({ start: 0, end: 1, kind: "mention", value: did })).toBeNull();
    }
    expect(tagLink("a/../b?c#d")).toBe("https://bsky.app/hashtag/a%2F..%2Fb%3Fc%23d");
    expect(tagLink("\ud800")).toBe("https://bsky.app/hashtag/%EF%BF%BD");
  });

  it("tells its host where the words that carry it do not", () => {
    expect(undisclosedHost("https://www.example.org/long/path", "Example.org/long…")).toBeNull();
    expect(undisclosedHost("https://evil.example/", "bank.example")).toBe("evil.example");
    expect(undisclosedHost("https://evil.example/", "read here")).toBe("evil.example");
  });
});
