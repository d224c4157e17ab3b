import { describe, expect, it } from "vitest";
import { EVERYTHING, filterQuery, parseFilter } from "./filter";
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
        const filter = { sentiment, topic };
        expect(parse(filterQuery(filter))).toEqual({ filter, errors: [] });
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
});
