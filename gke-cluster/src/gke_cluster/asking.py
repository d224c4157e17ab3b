"""Asks before anything is changed."""

from __future__ import annotations

import sys

from msgspec import Struct

from gke_cluster.errors import Declined, Misused


class Question(Struct, frozen=True):
    """`answer` is what must be typed; nothing else is a yes."""

    words: str
    answer: str


def ask(question: Question, *, yes: bool) -> None:
    """Go on only after the right answer, or with --yes."""
    if yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():  # it is None where the caller has closed it
        raise Misused("Nothing was changed: there is no terminal to ask on. Say --yes if you are sure.")
    print(f"{question.words} ", end="", file=sys.stderr, flush=True)
    try:
        given = sys.stdin.readline().strip()
    except UnicodeDecodeError:  # no name that could be asked for
        given = ""
    if given != question.answer:
        raise Declined("Nothing was changed.")
