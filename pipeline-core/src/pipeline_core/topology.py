"""Streams, consumers and buckets as the settings define them, and how they come to be so on the broker."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Protocol

import structlog
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    KeyValueConfig,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import APIError, BadRequestError, BucketNotFoundError, NotFoundError

from pipeline_core.backoff import Backoff
from pipeline_core.errors import TopologyError
from pipeline_core.health import Health
from pipeline_core.logs import Log
from pipeline_core.refusals import in_words
from pipeline_core.subjects import covers, everything_below, meet, prefix

MIB = 1024 * 1024
HOUR = 3600.0  # seconds
MAX_MESSAGES = 5_000_000
# Two streams of 3 GiB and the dead letters fit the 10 GiB volume of a broker node with room for its own files.
MAX_BYTES = 3 * 1024 * MIB
MAX_AGE = 72 * HOUR
DEAD_LETTER_BYTES = 256 * MIB
DEAD_LETTER_AGE = 7 * 24 * HOUR
# JetStream's err_code for a stream that another client created between our look and our call.
_STREAM_NAME_IN_USE = 10058


class Ensured(Protocol):
    """Something that `ensure` can bring about."""

    async def ensure(self, js: JetStreamContext) -> None: ...


async def ensure(js: JetStreamContext, *wanted: Ensured) -> None:
    """Create what is missing and update what differs, in the order given. Safe to repeat and to run at once in
    several processes. TopologyError where the broker refuses; time-outs and lost connections pass through."""
    for thing in wanted:
        await thing.ensure(js)


async def bring_about(js: JetStreamContext, health: Health, log: Log, *wanted: Ensured) -> None:
    """`ensure`, tried until it works, as a broker may be electing or still short of peers. Unready meanwhile."""
    backoff, trouble = Backoff(first=0.5, most=10.0), "not ensured yet"
    health.ready_while("streams", lambda: trouble)
    while trouble:
        try:
            await ensure(js, *wanted)
            trouble = ""
        except (TopologyError, NatsError) as error:
            trouble = in_words(error)
            delay = backoff.next()
            log.warning("streams not ensured", why=trouble, retry_seconds=round(delay, 1))
            await asyncio.sleep(delay)
    health.ready_while("streams", lambda: None)


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream kept on disk, oldest messages discarded at its bounds. Ages and windows in seconds."""

    name: str
    subject: str
    replicas: int = 1
    duplicate_window: float = 600.0
    max_bytes: int = MAX_BYTES
    max_age: float = MAX_AGE

    @property
    def config(self) -> StreamConfig:
        """JetStream's words for it."""
        return StreamConfig(
            name=self.name,
            subjects=[everything_below(self.subject)],
            retention=RetentionPolicy.LIMITS,
            discard=DiscardPolicy.OLD,
            storage=StorageType.FILE,
            max_msgs=MAX_MESSAGES,
            max_bytes=self.max_bytes,
            max_age=self.max_age,
            num_replicas=self.replicas,
            duplicate_window=self.duplicate_window,
        )

    async def ensure(self, js: JetStreamContext) -> None:
        """Create the stream, or update the one that is there to these settings. It loses no subject by that, as another
        service may publish there: ours is added."""
        try:
            try:
                await self._update(js)
            except NotFoundError:
                await self._create(js)
        except APIError as refused:
            raise TopologyError(f"stream {self.name!r} on subject {self.subject!r}: {in_words(refused)}") from refused

    async def _update(self, js: JetStreamContext) -> None:
        current = (await js.stream_info(self.name)).config
        # Settings that are not ours (placement, metadata, …) stay as an operator made them.
        ours = {key: value for key, value in vars(self.config).items() if value not in (None, -1, False)}
        wanted = current.evolve(**ours | {"subjects": self._with_ours(current.subjects or [])})
        if wanted != current:
            await js.update_stream(wanted)

    def _with_ours(self, theirs: list[str]) -> list[str]:
        ours = everything_below(self.subject)
        if any(covers(subject, ours) for subject in theirs):
            return theirs
        log: Log = structlog.get_logger(__name__)
        log.warning("stream has other subjects, ours is added", stream=self.name, subjects=theirs, added=ours)
        # Within one stream, too, the broker takes no subject that is part of another.
        return [*(subject for subject in theirs if not covers(ours, subject)), ours]

    async def _create(self, js: JetStreamContext) -> None:
        try:
            await js.add_stream(self.config)
        except BadRequestError as refused:
            if refused.err_code != _STREAM_NAME_IN_USE:
                raise
            await self._update(js)


@dataclass(frozen=True, slots=True)
class BorrowedStream:
    """Another service's stream: created where it is missing, so that services may start in any order, but never
    changed, since its owner's settings are the ones that count."""

    stream: Stream

    async def ensure(self, js: JetStreamContext) -> None:
        """Create the stream if there is none."""
        try:
            await js.stream_info(self.stream.name)
        except NotFoundError:
            await self.stream.ensure(js)


@dataclass(frozen=True, slots=True)
class Consumer:
    """A durable pull consumer whose messages are acknowledged one by one. `ack_wait` in seconds.

    The broker delivers without limit: a broker that gives up on a message after so many deliveries keeps it in
    silence, whereas our consumers count the deliveries themselves and move the message to the dead letters.
    """

    stream: str
    name: str
    subject: str
    ack_wait: float = 30.0
    max_ack_pending: int = 1000

    async def ensure(self, js: JetStreamContext) -> None:
        """Create the consumer, or update the one that is there to these settings. TopologyError where it would never be
        given a message."""
        wanted = everything_below(self.subject)
        config = ConsumerConfig(
            durable_name=self.name,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=self.ack_wait,
            max_deliver=-1,
            max_ack_pending=self.max_ack_pending,
            filter_subject=wanted,
        )
        try:
            theirs = (await js.stream_info(self.stream)).config.subjects or []
            if theirs and not any(meet(subject, wanted) for subject in theirs):  # a mirror has none of its own
                raise TopologyError(
                    f"the stream's subjects are {', '.join(theirs)} and none of them is in {wanted}: mend INPUT_SUBJECT"
                )
            await js.add_consumer(self.stream, config)
        except APIError as refused:
            raise TopologyError(f"consumer {self.name!r} of stream {self.stream!r}: {in_words(refused)}") from refused


@dataclass(frozen=True, slots=True)
class Bucket:
    """A key-value bucket that keeps the last value of each key."""

    name: str
    replicas: int = 1

    async def ensure(self, js: JetStreamContext) -> None:
        """Create the bucket if there is none; bring its number of replicas up to date."""
        try:
            try:
                await js.key_value(self.name)
            except BucketNotFoundError:
                await js.create_key_value(KeyValueConfig(bucket=self.name, replicas=self.replicas))
            config = (await js.stream_info(f"KV_{self.name}")).config
            if config.num_replicas != self.replicas:
                await js.update_stream(config.evolve(num_replicas=self.replicas))
        except APIError as refused:
            raise TopologyError(f"bucket {self.name!r}: {in_words(refused)}") from refused


def dead_letter_stream(raw_stream: str, raw_subject: str, replicas: int) -> Stream:
    """The stream of what could not be processed, beside the raw stream it came from: production and local
    streams (`-dev`) each have their own. Raw streams of other names have theirs beside them too."""
    subject = prefix(raw_subject)
    return Stream(
        name=raw_stream.replace("posts", "dlq", 1) if "posts" in raw_stream else f"{raw_stream}-dlq",
        subject=subject.replace("posts", "dlq", 1) if "posts" in subject else f"dlq.{subject}",
        replicas=replicas,
        max_bytes=DEAD_LETTER_BYTES,
        max_age=DEAD_LETTER_AGE,
    )
