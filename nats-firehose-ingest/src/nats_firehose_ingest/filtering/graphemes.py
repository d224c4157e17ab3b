"""How long a text is to its reader, in graphemes: the user-perceived characters of Unicode's UAX 29. Pure."""

from __future__ import annotations

from itertools import islice

import regex  # type: ignore[import-untyped]

_GRAPHEME = regex.compile(r"\X")


def length(text: str, most: int) -> int:
    """The number of graphemes in `text`, or `most` (0 or more) where there are at least so many: what comes after them
    is not read."""
    if text.isascii():
        return min(len(text) - text.count("\r\n"), most)
    return sum(1 for _ in islice(_GRAPHEME.finditer(text), most))
