import { SENTIMENTS } from "@/lib/sentiments";
import { TOPICS, type Topic } from "@/lib/topics";
import type { Bucket, Figures } from "@/lib/wire";

/** What of a post the figures are made from. `sentiment` is its place in SENTIMENTS, or UNSCORED. */
export type Counted = { sentiment: number; topics: readonly Topic[]; lang: string };

export const UNSCORED = SENTIMENTS.length;
/** Sentiments and none. */
const OUTCOMES = SENTIMENTS.length + 1;
const BUCKET_PLACES = [0, 1, 2, 3] as const;
/** Languages that are named one by one; with more a chart cannot be read. */
const NAMED_LANGUAGES = 12;

const PLACE = new Map(TOPICS.map((topic, place) => [topic, place]));

/** Exact counts of a changing set of posts, kept by adding and removing, never by looking through the posts. */
export class Tally {
  /** Posts by sentiment; the last place is of those without one. */
  readonly #outcomes = new Int32Array(OUTCOMES);
  /** The same for each topic in turn. A post counts once under each of its topics. */
  readonly #topics = new Int32Array(TOPICS.length * OUTCOMES);
  readonly #languages = new Map<string, number>();

  /** Adds the counts by sentiment to a bucket of a timeline. */
  addTo(bucket: Bucket): void {
    for (const place of BUCKET_PLACES) bucket[place] += this.#outcomes[place] ?? 0;
  }

  /** Takes a post in (`by` 1) or out (`by` -1). */
  count({ sentiment, topics, lang }: Counted, by: 1 | -1): void {
    add(this.#outcomes, sentiment, by);
    for (const topic of topics) add(this.#topics, (PLACE.get(topic) ?? 0) * OUTCOMES + sentiment, by);
    this.#countLanguage(lang, by);
  }

  /** Takes in (`by` 1) or out (`by` -1) all that another tally has counted. */
  countAll(other: Tally, by: 1 | -1): void {
    for (let place = 0; place < other.#outcomes.length; place++) {
      add(this.#outcomes, place, by * (other.#outcomes[place] ?? 0));
    }
    for (let place = 0; place < other.#topics.length; place++) {
      add(this.#topics, place, by * (other.#topics[place] ?? 0));
    }
    for (const [lang, posts] of other.#languages) this.#countLanguage(lang, by * posts);
  }

  figures(): Figures {
    const { total, unscored, ...sentiments } = split(this.#outcomes);
    const topics = TOPICS.map((topic, place) => {
      const { unscored: _, ...counts } = split(
        this.#topics.subarray(place * OUTCOMES, (place + 1) * OUTCOMES),
      );
      return [topic, counts] as const;
    });
    return {
      total,
      unscored,
      sentiments,
      topics: Object.fromEntries(topics) as Figures["topics"],
      languages: this.#rankLanguages(),
    };
  }

  #rankLanguages(): Figures["languages"] {
    const ranked = [...this.#languages]
      .map(([lang, total]) => ({ lang, total }))
      .sort((a, b) => b.total - a.total || (a.lang < b.lang ? -1 : 1));
    const others = ranked.splice(NAMED_LANGUAGES).reduce((sum, { total }) => sum + total, 0);
    return others > 0 ? [...ranked, { lang: "other", total: others }] : ranked;
  }

  #countLanguage(lang: string, by: number): void {
    const posts = (this.#languages.get(lang) ?? 0) + by;
    if (posts > 0) this.#languages.set(lang, posts);
    else this.#languages.delete(lang);
  }
}

function add(counts: Int32Array, place: number, by: number): void {
  counts[place] = (counts[place] ?? 0) + by;
}

function split(outcomes: Int32Array) {
  const [NEGATIVE = 0, NEUTRAL = 0, POSITIVE = 0, unscored = 0] = outcomes;
  return { total: NEGATIVE + NEUTRAL + POSITIVE + unscored, NEGATIVE, NEUTRAL, POSITIVE, unscored };
}
