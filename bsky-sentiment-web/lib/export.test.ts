import { describe, expect, it } from "vitest";
import { shownPost } from "@/test/posts";
import { exportName, toCsv, toJson } from "./export";
import type { Post } from "./wire";

const post = (changes: Partial<Post>): Post => ({ ...shownPost(1), ...changes });

/** What a reader of RFC 4180 makes of a file. */
function readCsv(csv: string): string[][] {
  const rows: string[][] = [];
  for (const [row] of csv.slice(1).matchAll(/(?:"(?:[^"]|"")*"|[^"\r\n])*\r\n/g)) {
    const cells = [...row.replace(/\r\n$/, ",").matchAll(/(?:"((?:[^"]|"")*)"|([^,]*)),/g)];
    rows.push(cells.map(([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare ?? ""));
  }
  return rows;
}

function cell(csv: string, column: string): string | undefined {
  const [names = [], first = []] = readCsv(csv);
  return first[names.indexOf(column)];
}

describe("an export as CSV", () => {
  it("is UTF-8 that a spreadsheet knows for it, with a line of names and one for each post", () => {
    const csv = toCsv([post({ text: "eins" }), post({ text: "zwei" })]);
    expect(csv.startsWith("\u{FEFF}")).toBe(true);
    const rows = readCsv(csv);
    expect(rows).toHaveLength(3);
    expect(new Set(rows.map((row) => row.length)).size).toBe(1);
  });

  it("brings quotes, commas and line breaks through", () => {
    const text = 'He said "one, two"\r\nand\nleft';
    expect(cell(toCsv([post({ text })]), "text")).toBe(text);
  });

  it("has the sentiment with its probabilities as numbers, and nothing where there is none", () => {
    const probabilities = { negative: 0.01, neutral: 0.07, positive: 0.92 };
    const scored = toCsv([post({ sentiment: { label: "POSITIVE", score: 0.92, probabilities } })]);
    expect([cell(scored, "sentiment"), cell(scored, "negative")]).toEqual(["POSITIVE", "0.01"]);
    expect(cell(toCsv([post({ sentiment: null })]), "score")).toBe("");
  });

  it.each(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n@x", "＝1", "\u{FEFF}=1"])(
    "never hands a spreadsheet the formula %j",
    (text) => {
      expect(cell(toCsv([post({ text })]), "text")).toBe(`'${text}`);
      expect(cell(toCsv([post({ handle: text })]), "handle")).toBe(`'${text}`);
    },
  );

  it("leaves other texts as they are", () => {
    for (const text of ["1 - 2 = -1", "a=b", "me@example.org", "'quoted'"]) {
      expect(cell(toCsv([post({ text })]), "text")).toBe(text);
    }
  });

  it("writes what UTF-8 cannot carry as a replacement character", () => {
    expect(cell(toCsv([post({ text: "a\ud800b" })]), "text")).toBe("a\ufffdb");
  });
});

describe("an export as JSON", () => {
  it("reads back as the posts, with the view they are of", () => {
    const posts = [post({ text: "</script>\u2028" })];
    const at = new Date("2026-11-23T21:30:00.123Z");
    expect(JSON.parse(toJson(posts, { filter: "lang=en", search: "rain" }, at))).toEqual({
      exportedAt: "2026-11-23T21:30:00.123Z",
      view: { filter: "lang=en", search: "rain" },
      posts,
    });
    expect(exportName(at, "json")).toBe("bluesky-posts-20261123T213000Z.json");
  });
});
