import { describe, expect, it } from "vitest";
import { shownPost } from "@/test/posts";
import { EVERYTHING, filterQuery, matches, parseFilter } from "./filter";
import { SENTIMENTS } from "./sentiments";
import { TOPICS } from "./topics";

const parse = (query: string) => parseFilter(new URLSearchParams(query));

describe("a filter", () => {
  it("lets everything through if the query says nothing", () => {
    expect(parse("")).toEqual({ filter: EVERYTHING, errors: [] });
    expect(parse("sentiment=&topic=")).toEqual({ filter: EVERYTHING, errors: [] });
  });

  it("takes a sentiment in any case", () => {
    for (const query of ["sentiment=POSITIVE", "sentiment=positive", "sentiment=Positive"]) {
      expect(parse(query).filter.sentiment).toBe("POSITIVE");
    }
  });

  it("reads back from its query as itself", () => {
    for (const sentiment of [null, ...SENTIMENTS]) {
      for (const topic of [null, ...TOPICS]) {
        for (const lang of [null, "en", "und"]) {
          const filter = { sentiment, topic, lang };
          expect(parse(filterQuery(filter))).toEqual({ filter, errors: [] });
        }
      }
    }
  });

  it.each(["*", ">", "sports.>", "Sports", "toString", "__proto__", "<script>", "music,sports"])(
    "refuses the topic %s and names what is allowed",
    (topic) => {
      const { filter, errors } = parseFilter(new URLSearchParams({ topic }));
      expect(filter).toEqual(EVERYTHING);
      expect(errors).toEqual([{ parameter: "topic", allowed: TOPICS }]);
    },
  );

  it.each(["EN", "english", "e", "en-GB", "*", "e1", "<b>"])("refuses the language %s", (lang) => {
    const { filter, errors } = parseFilter(new URLSearchParams({ lang }));
    expect(filter).toEqual(EVERYTHING);
    expect(errors).toMatchObject([{ parameter: "lang" }]);
  });

  it.each([
    ["en", { lang: "en" }],
    ["en", { lang: "en", langs: ["de"] }],
    ["pt", { langs: ["pt-BR", "en"] }],
    ["zh", { langs: ["zh"] }],
    ["und", {}],
    ["und", { langs: ["<script>", "en"] }],
  ])("for the language %s lets a post through with %o", (lang, post) => {
    expect(matches({ ...EVERYTHING, lang }, shownPost(1, post))).toBe(true);
    expect(matches({ ...EVERYTHING, lang: "xx" }, shownPost(1, post))).toBe(false);
  });
});
