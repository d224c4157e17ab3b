"""The posts that the processor is measured with: no text twice, as the engine answers a repeated one from memory, and
only in languages that a model was taught, as others cost nothing.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from pathlib import Path

from mock_ingest.messages import raw_messages
from mock_ingest.world import World
from nats_firehose_ingest.filtering.language import Languages
from nats_stream_processor.enrich import language
from pipeline_core.messages import RawPost
from pipeline_core.timestamps import now

FIRST_EVENT = 1_000_001  # of the made-up world; any will do, the same at every run
MOST_EVENTS = 5_000_000  # looked at for texts that are new


def made_up(number: int, languages: Collection[str]) -> list[RawPost]:
    """mock-ingest's, the same at every run. ValueError where the world has not so many."""
    world = World(seed=1, rate=100.0)
    told = (
        message
        for seq in range(FIRST_EVENT, FIRST_EVENT + MOST_EVENTS)
        for message in raw_messages(world.event(seq))
        if isinstance(message, RawPost) and message.kind == "create"
    )
    return _first(told, number, languages, "the made-up world")


def from_file(file: Path, number: int, languages: Collection[str]) -> list[RawPost]:
    """A JSON object with a `text` a line. ValueError where that is not so, or where the posts are too few; OSError."""
    return _first(_read(file), number, languages, str(file))


def _read(file: Path) -> Iterator[RawPost]:
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                yield RawPost(
                    uri=f"at://did:plc:author{number}/app.bsky.feed.post/{number}",
                    author=f"did:plc:author{number}",
                    text=json.loads(line)["text"],
                    timestamp=now(),
                )
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(f"line {number} of {file} is no JSON object with a text") from error


def _first(posts: Iterable[RawPost], number: int, languages: Collection[str], source: str) -> list[RawPost]:
    chosen = [*islice(_new(posts, languages), number)]
    if len(chosen) < number:
        raise ValueError(
            f"{source} has {len(chosen)} different posts in the languages {', '.join(sorted(languages))}; "
            f"{number} are needed: lower --posts"
        )
    return chosen


def _new(posts: Iterable[RawPost], languages: Collection[str]) -> Iterator[RawPost]:
    """With the language that ingest finds."""
    detector, texts = Languages(), set[str]()
    for post in posts:
        if post.text in texts:
            continue
        texts.add(post.text)
        post.lang = detector.of(post.text, post.langs)
        if language(post) in languages:
            yield post
