"""How a post is written before the tokenizer sees it. Training and serving both clean with this function."""

import html
import re
import unicodedata

MAX_CHARACTERS = 4_000
"""Code points kept of a text. A post holds at most 3,000 bytes, and the encoder reads far fewer tokens than that."""

_SURROGATE_OR_CONTROL = re.compile(r"[\ud800-\udfff\x00-\x1f\x7f-\x9f]+")
_URL = re.compile(r"https?://\S+|\bwww\.\S+|\b(?:[\w-]{1,63}\.){1,4}[a-z]{2,6}/\S*", re.IGNORECASE)
_MENTION = re.compile(r"(?<!\w)@\w+(?:[.-]\w+)*")
_HASHTAG = re.compile(r"#(\w+)")
_WORD_IN_HASHTAG = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|_+")
_EMOJI_MODIFIER = re.compile("[\U0001f3fb-\U0001f3ff\ufe0e\ufe0f\u200d]+")
EMOJI = re.compile("([\u2190-\u21ff\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff])")
_WHITESPACE = re.compile(r"\s+")


def clean(text: str) -> str:
    """Rewrites any string as the encoder learnt to read it; total, and safe to hand to the tokenizer.

    Links become `http` and mentions `@user`, the words of the tweets it was trained on. Emoji stand alone, without
    skin tone or joiner, because each is one token. Letters of mathematical alphabets become plain ones (NFKC).
    """
    text = _SURROGATE_OR_CONTROL.sub(" ", text[:MAX_CHARACTERS])
    if "&" in text:
        text = _SURROGATE_OR_CONTROL.sub(" ", html.unescape(text))
    text = _URL.sub("http", text)
    text = _MENTION.sub("@user", text)
    if "#" in text:
        text = _HASHTAG.sub(_spell_out, text)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
        text = _EMOJI_MODIFIER.sub("", text)
        text = EMOJI.sub(r" \1 ", text)
    return _WHITESPACE.sub(" ", text).strip()


def _spell_out(hashtag: re.Match[str]) -> str:
    return "#" + _WORD_IN_HASHTAG.sub(" ", hashtag[1])
