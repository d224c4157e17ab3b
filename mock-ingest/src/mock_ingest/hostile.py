"""Texts that try to be more than text: markup, templates, formats, shell words, subjects, and tricks of Unicode.

Every one is something a stranger may post today, except that a server keeps to 3,000 bytes and 300 graphemes; the
texts of ZWJ emoji go over it on purpose.
"""

#: Ten code points that show as one grapheme (two people with skin tones, a heart, a kiss), and eight without the kiss.
_KISS = "\U0001f469\U0001f3fd\u200d\u2764\ufe0f\u200d\U0001f48b\u200d\U0001f468\U0001f3ff"
_COUPLE = "\U0001f469\U0001f3fd\u200d\u2764\ufe0f\u200d\U0001f468\U0001f3ff"
#: The most bytes of UTF-8 that ``app.bsky.feed.post`` allows in a text.
MAX_TEXT_BYTES = 3_000

HOSTILE: dict[str, str] = {
    "script_tag": "Nice photo <script>alert(document.cookie)</script><img src=x onerror=alert(1)> today",
    "closing_tags": "</p></div></body>--><!-- ]]> <svg/onload=confirm`1`> & &lt;b&gt; &#x3C;i&#x3E;",
    "script_url": "Click javascript:alert(1) or data:text/html;base64,PHNjcmlwdD4= now",
    "template": "Sum {{7*7}} ${7*7} #{7*7} <%= 7*7 %> {% for x in y %} @{0}",
    "format": "Progress 100%s %n %d %x %(name)s {0} {name} {0.__class__} {!r}",
    "shell": "Backup $(reboot) `reboot` ; rm -rf / && shutdown now | tee /dev/null > out 2>&1",
    "sql": "Robert'); DROP TABLE posts;-- \" OR 1=1 /*",
    "subject": "bluesky.enriched.*.> *.> > * $JS.API.STREAM.DELETE.x",
    "sse": 'one\n\ndata: {"fake":true}\nevent: close\nid: 0\nretry: 1\n\n',
    "json": '{"text":"inner","uri":null} \\u0000 \\ud800 \\" [[[[[[[[ 1e999 NaN',
    "log_lines": 'ok\r\nlevel=error msg="forged line"\r\n\x1b[31mred\x1b[0m\x07\x08',
    "bidi": "Transfer \u202egro.elpmaxe\u202c \u2066\u202b100\u2069 to \u200fme\u200e now",
    "zero_width": "w\u200bo\u200cr\u200dd\ufeff s\u00adp\u2060l\u180eit \u2800\u3164 done",
    "nul": "before\x00after\x01\x02\x7f\x80\x9f end",
    "noncharacters": "last \ufffe\uffff\U0010ffff \ufffd private \ue000 tag \U000e0041",
    "emoji_families": _KISS * 200 + _COUPLE * 100,
    "max_bytes": "界" * (MAX_TEXT_BYTES // 3),
    "combining_stack": "Z" + "\u0300\u0489\u035c" * 240 + "algo" + "\u0336" * 200,
    "newlines": "a" + "\n" * 500 + "b" + "\r\n" * 100 + "\u2028\u2029" * 50 + "c",
    "one_long_word": "A" * MAX_TEXT_BYTES,
    "spaces_only": " \t\u00a0\u3000 ",
    "empty": "",
    "lone_zwj": "\u200d\ufe0f\u20e3\U0001f3ff",
    "half_flag": "\U0001f1e7 \U0001f1e7\U0001f1f7\U0001f1fa odd flags",
    "homoglyphs": "Раураl ⅼogin: ｈｔｔｐ：／／ехаmple.com ℌ𝔢𝔩𝔩𝔬 ﷽",
}
