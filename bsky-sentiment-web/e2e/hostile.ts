const bytes = (text: string) => new TextEncoder().encode(text).length;

/** A facet around a part of a text, counted in bytes as the network does. */
export function facet(text: string, part: string, kind: string, value: string) {
  const start = bytes(text.slice(0, text.indexOf(part)));
  return { start, end: start + bytes(part), kind, value };
}

const link = (text: string, part: string, value: string) => ({
  text,
  facets: [facet(text, part, "link", value)],
});

/** Posts as somebody would write them who wants to break the page, its readers or its layout. */
export const HOSTILE: Record<string, unknown>[] = [
  { text: "<script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)>" },
  { text: "</p></article><style>*{display:none}</style><iframe src=https://evil.example></iframe>" },
  { text: "{{7*7}} #{7*7} <%= 1 %> %s %n &lt;b&gt; &#x3c;i&#x3e; <!-- ]]>" },
  link("see here", "here", "javascript:alert(1)"),
  link("see data", "data", "data:text/html,<script>alert(1)</script>"),
  link("see bank.example", "bank.example", "https://bank.example@evil.example/"),
  link('quote " onmouseover=alert(1)', "quote", 'https://evil.example/"onmouseover="alert(1)'),
  { text: "override \u202e gnp.exe \u2066\u2067\u202d\u202e open", handle: "a\u202eb.example.org" },
  { text: `marks ${"\u0301\u0316\u0489".repeat(17_000)} end` },
  { text: "W".repeat(3_000) },
  { text: `${"\n".repeat(500)}far below` },
  { text: "lone \ud800 and \udfff surrogates, \0 NUL \u001b[31m and \ufffe", langs: ["\ud800"] },
  { text: "family 👩‍👩‍👧‍👦 flags 🇩🇪🏴󠁧󠁢󠁳󠁣󠁴󠁿 zalgo H̵̛͕̞̦̰̜͍̰̥̟͆̏͂̌͑ͅ" },
  { text: "labels", labels: ["<b>porn</b>", "porn"] },
  { text: "reason", sentiment: null, unclassified: "<i>because</i>" },
];
