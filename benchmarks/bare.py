"""The engine without the service around it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from nats_stream_processor.engine import Engine
from nats_stream_processor.enrich import language
from pipeline_core.messages import RawPost


@dataclass(frozen=True, slots=True)
class Bare:
    """What an engine makes of posts."""

    rate: float
    """Posts a second."""
    cost: float
    """Milliseconds of processor time a post, all threads together."""


def bare(engine: Engine, posts: Sequence[RawPost], at_once: int) -> Bare:
    """`at_once` posts are given to it at a time. It must not have read them before."""
    parts = [posts[first : first + at_once] for first in range(0, len(posts), at_once)]
    started, used = time.perf_counter(), time.process_time()
    for part in parts:
        engine.predict([post.text for post in part], [language(post) for post in part])
    return Bare(
        rate=len(posts) / (time.perf_counter() - started),
        cost=(time.process_time() - used) / len(posts) * 1000,
    )
