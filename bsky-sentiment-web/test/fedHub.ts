import { EVERYTHING, type Filter } from "@/lib/filter";
import { Hub, type Viewer } from "@/server/hub";
import { createMetrics } from "@/server/metrics";
import { encoded, enriched } from "./enriched";
import { type Event, parseEvents } from "./events";

export const CAPACITY = 1_000;
export const SECOND = 1_000;

type Wishes = { filter?: Partial<Filter>; lastEventId?: string; maxRate?: number };

/** A hub with a clock of its own, that a test feeds as the reader of the stream would. */
export class FedHub {
  now = Date.parse("2026-07-04T12:00:00Z");
  readonly hub = new Hub(createMetrics(), CAPACITY, () => this.now);

  /** Reads back a stream that holds so many posts. */
  readBack(count = 0): void {
    this.hub.connection("connected");
    this.hub.begin("life1", 0, null);
    this.publish(1, count);
    this.hub.reachedEnd();
  }

  publish(
    from: number,
    count: number,
    changes: (number: number) => Record<string, unknown> = () => ({}),
  ): void {
    for (let number = from; number < from + count; number++)
      this.receive(number, enriched(number, changes(number)));
  }

  receive(sequence: number, message: unknown): void {
    this.hub.message(sequence, encoded(message), this.now);
  }

  /** A viewer who waits for more; what the hub does to it is told to `done`. */
  open({ filter, lastEventId, maxRate }: Wishes = {}, done: (handle: string) => void = () => {}): Viewer {
    const viewer = this.hub.open(
      "192.0.2.1",
      { filter: { ...EVERYTHING, ...filter }, lastEventId: lastEventId ?? null, maxRate: maxRate ?? null },
      { wake: () => done("woken"), end: () => done("ended"), cut: () => done("cut") },
    );
    if (typeof viewer === "string") throw new Error(`the hub took no viewer: ${viewer}`);
    viewer.busySince = null;
    return viewer;
  }

  /** Everything the viewer can be given now, piece by piece. */
  takeAll({ client }: Viewer): Event[] {
    let text = "";
    for (let piece = client.take(this.now); piece; piece = client.take(this.now)) text += piece;
    return parseEvents(text);
  }
}

export const texts = (events: Event[]) => events.filter((e) => e.event === "post").map((e) => e.data.text);

/** What a page would show, newest first, that was told these events. */
export function shownBy(events: Event[]): string[] {
  let posts: { uri: string; author: string; text: string }[] = [];
  for (const { event, data } of events) {
    if (event === "snapshot") posts = data.posts;
    if (event === "post") posts = [data, ...posts];
    if (event === "edit") posts = posts.map((post) => (post.uri === data.uri ? data : post));
    if (event === "remove")
      posts = posts.filter(({ uri, author }) => uri !== data.uri && author !== data.author);
  }
  return posts.map((post) => post.text);
}

/** The texts of the posts from one number to another. */
export const names = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, place) => `post ${from + place}`);
