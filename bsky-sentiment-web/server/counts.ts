import { SENTIMENTS, type Sentiment } from "@/lib/sentiments";
import { TOPICS, type Topic } from "@/lib/topics";
import type { Post } from "@/lib/wire";

/** Exact counts of a changing set of posts, kept by adding and removing, never by looking through the posts. */
export class Counts {
  total = 0;
  unscored = 0;
  readonly sentiments = Object.fromEntries(SENTIMENTS.map((s) => [s, 0])) as Record<Sentiment, number>;
  /** A post counts once under each of its topics. */
  readonly topics = Object.fromEntries(TOPICS.map((t) => [t, 0])) as Record<Topic, number>;

  add(post: Post): void {
    this.#change(post, 1);
  }

  remove(post: Post): void {
    this.#change(post, -1);
  }

  #change(post: Post, by: 1 | -1): void {
    this.total += by;
    if (post.sentiment) this.sentiments[post.sentiment.label] += by;
    else this.unscored += by;
    for (const topic of post.topics) this.topics[topic] += by;
  }
}
