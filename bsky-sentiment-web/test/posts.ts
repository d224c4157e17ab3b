import type { Post } from "@/lib/wire";

/** A post as the hub sends it, with what a test wants to be different. */
export function shownPost(number: number, changes: Partial<Post> = {}): Post {
  return {
    uri: `at://${number}`,
    author: "did:plc:a",
    handle: null,
    text: "",
    truncated: false,
    facets: [],
    time: null,
    langs: [],
    lang: null,
    labels: [],
    adult: false,
    sentiment: null,
    unscoredReason: null,
    topics: [],
    topicConfidence: null,
    link: null,
    ...changes,
  };
}
