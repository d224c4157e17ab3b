"""The commands that a document tells its reader to type."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?:^ {4}\S.*\n+)+", re.MULTILINE)
SPAN = re.compile(r"`([^`\n]+)`")
ASSIGNMENT = re.compile(r"[A-Z][A-Z0-9_]*=.*")
KEPT = re.compile(r"[A-Z]+=\$\(")
"""The answer of a program is kept, of somebody else's as all is where this is done."""
BETWEEN = {"&&", "|", "&", ";"}
TYPED = {"make", "docker", "curl", "helm", "npm", "kubectl", "gcloud", "cd", "nats"}
"""Programs that make a command of words within a sentence, where more than their name stands there."""


@dataclass(frozen=True)
class Command:
    """One program and what is given to it."""

    document: Path
    words: tuple[str, ...]
    variables: tuple[str, ...] = ()
    """The names of those that are set for it."""

    def __str__(self) -> str:
        return shlex.join(self.words)


def commands(document: Path, programs: set[str]) -> Iterator[Command]:
    """All of a document: in blocks that begin with one of these programs, and within sentences."""
    text = document.read_text()
    for block in _blocks(text):
        lines = _lines(block)
        first = next((command for line in lines[:1] for command in _split(document, line)), None)
        if first and first.words[0] in programs:
            for line in lines:
                yield from _split(document, line)
    for span in SPAN.findall(FENCE.sub("", text)):
        if " " in span and span.split()[0] in TYPED and "…" not in span:
            yield from _split(document, span)


def _blocks(text: str) -> Iterator[str]:
    for language, block in FENCE.findall(text):
        if language in ("sh", "bash"):
            yield block
    yield from INDENTED.findall(FENCE.sub("", text))


def _lines(block: str) -> list[str]:
    joined = re.sub(r"\\\n\s*", "", block)
    lines = (line.strip() for line in joined.splitlines())
    return [line for line in lines if line and not line.startswith("#") and not KEPT.match(line)]


def _split(document: Path, line: str) -> Iterator[Command]:
    lexer = shlex.shlex(line, posix=True, punctuation_chars="&|;")
    lexer.commenters = ""
    lexer.whitespace_split = True
    try:
        words = list(lexer)
    except ValueError:  # a quotation mark that is not closed: words of a sentence, or of a comment
        words = line.split(" #")[0].split()
    if "#" in words:
        words = words[: words.index("#")]
    run: list[str] = []
    for word in [*words, ";"]:
        if word not in BETWEEN:
            run.append(word)
        elif run:
            variables = [word for word in run if ASSIGNMENT.fullmatch(word)] if ASSIGNMENT.fullmatch(run[0]) else []
            rest = tuple(run[len(variables) :])
            if rest:
                yield Command(document, rest, tuple(variable.split("=")[0] for variable in variables))
            run = []
