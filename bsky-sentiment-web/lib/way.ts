/** One station on the way of a post. */
export type Station = {
  name: string;
  kind: "network" | "service" | "stream";
  does: string;
};

/** The way of a post, from the network to this page. */
export const WAY: readonly Station[] = [
  {
    name: "Bluesky",
    kind: "network",
    does: "A relay tells of everything that happens in the network, posts among it.",
  },
  {
    name: "nats-firehose-ingest",
    kind: "service",
    does: "Picks out the posts, their edits and deletions, and keeps its place, so that nothing is lost or told twice.",
  },
  { name: "bluesky-posts", kind: "stream", does: "Holds the posts as they were written." },
  {
    name: "nats-stream-processor",
    kind: "service",
    does: "Gives each post a sentiment and topics. What cannot be read is set aside with the reason.",
  },
  { name: "bluesky-posts-enriched", kind: "stream", does: "Holds the posts with what was found in them." },
  {
    name: "bsky-sentiment-web",
    kind: "service",
    does: "Reads the stream once, counts every post, and serves any number of browsers.",
  },
];
