import { describe, expect, it } from "vitest";
import { shownPost } from "@/test/posts";
import { findWords, isFound, searchWords } from "./search";

const post = (text: string, handle: string | null = null) => ({ ...shownPost(1), text, handle });
const found = (query: string, text: string) => isFound(post(text), searchWords(query));
const marked = (query: string, text: string) =>
  findWords(post(text), searchWords(query)).map(({ start, end }) => text.slice(start, end));

describe("a search", () => {
  it.each([
    ["cafe", "Ein CAFÉ in Köln"],
    ["KÖLN", "ein cafe in koln"],
    ["istanbul", "İstanbul"],
    ["καφέ", "ΚΑΦΈ"],
    ["abc", "ＡＢＣ"],
    ["가", "가나"],
  ])("finds %s in %s, whatever the case and the accents", (query, text) => {
    expect(found(query, text)).toBe(true);
  });

  it("asks for each of its words, anywhere in the text or the author's name", () => {
    expect(found("rain london", "London, again rain")).toBe(true);
    expect(found("rain paris", "London, again rain")).toBe(false);
    expect(isFound(post("rain", "Zoë.example.org"), searchWords("zoe rain"))).toBe(true);
  });

  it("takes what is typed as letters, not as a pattern", () => {
    expect(found(".*", "anything")).toBe(false);
    expect(found("a+b (c)", "so a+b (c)")).toBe(true);
  });

  it("finds everything if it is empty or blank", () => {
    for (const query of ["", "   ", "\u0301"]) expect(found(query, "anything")).toBe(true);
  });

  it("marks what it found as it was written, accents and all", () => {
    expect(marked("cafe", "Café, CAFE\u0301 und Cafeteria")).toEqual(["Café", "CAFE\u0301", "Cafe"]);
    expect(marked("b", "👩‍👩‍👧 b")).toEqual(["b"]);
    expect(marked("fi", "ﬁnal")).toEqual(["ﬁ"]);
  });

  it("marks overlapping words as one stretch", () => {
    expect(marked("london don", "London")).toEqual(["London"]);
  });
});
