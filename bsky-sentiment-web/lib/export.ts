import type { Post } from "./wire";

/** Excel takes a file without it for one in a local eight-bit encoding. */
const BYTE_ORDER_MARK = "\u{FEFF}";
/** What makes a spreadsheet take a cell for a formula, also in its full-width form and after blanks. */
const FORMULA_START = /^[\s\u{FEFF}]*[=+\-@＝＋－＠]|^[\t\r\n]/u;

const COLUMNS: Record<string, (post: Post) => string | number | null> = {
  time: (post) => post.time,
  author: (post) => post.author,
  handle: (post) => post.handle,
  text: (post) => post.text,
  truncated: (post) => String(post.truncated),
  language: (post) => post.lang,
  langs: (post) => post.langs.join(" "),
  sentiment: (post) => post.sentiment?.label ?? null,
  score: (post) => post.sentiment?.score ?? null,
  negative: (post) => post.sentiment?.probabilities?.negative ?? null,
  neutral: (post) => post.sentiment?.probabilities?.neutral ?? null,
  positive: (post) => post.sentiment?.probabilities?.positive ?? null,
  unscored_reason: (post) => post.unscoredReason,
  topics: (post) => post.topics.join(" "),
  topic_confidence: (post) => post.topicConfidence,
  labels: (post) => post.labels.join(" "),
  link: (post) => post.link,
  uri: (post) => post.uri,
};

/** Posts as CSV (RFC 4180) with a line of names, in UTF-8 with a byte order mark; no cell is a formula. */
export function toCsv(posts: readonly Post[]): string {
  const rows = [
    Object.keys(COLUMNS),
    ...posts.map((post) => Object.values(COLUMNS).map((cell) => cell(post))),
  ];
  return BYTE_ORDER_MARK + rows.map((row) => `${row.map(quoted).join(",")}\r\n`).join("");
}

/** Numbers stand bare; every other cell is quoted, and one that a spreadsheet would compute gets an apostrophe. */
function quoted(cell: string | number | null): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const text = cell.toWellFormed();
  return `"${(FORMULA_START.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
}

/** Posts as JSON, with what they are a view of. */
export function toJson(posts: readonly Post[], view: Record<string, string>, at: Date): string {
  return `${JSON.stringify({ exportedAt: at.toISOString(), view, posts }, null, 2)}\n`;
}

/** `bluesky-posts-20261123T213000Z.csv`: sorted by name is sorted by time. */
export function exportName(at: Date, extension: string): string {
  return `bluesky-posts-${at
    .toISOString()
    .replace(/\.\d+Z$/, "Z")
    .replace(/[-:]/g, "")}.${extension}`;
}
