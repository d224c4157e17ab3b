"""What strangers wrote, made fit for a terminal: shown, never obeyed. Pure."""

from __future__ import annotations


def shown(text: str) -> str:
    """`text` on one line, with all that a terminal would act on or not show (control characters, direction marks, line
    separators, lone surrogates) as escapes."""
    return "".join(character if character.isprintable() else ascii(character)[1:-1] for character in text)


def shown_bytes(content: bytes) -> str:
    """The same for bytes that may be UTF-8; what is not is escaped byte by byte."""
    return shown(content.decode("utf-8", "backslashreplace"))


def cut(text: str, most: int) -> str:
    """`text`, or of a longer one the beginning and a mark, `most` characters in all."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
