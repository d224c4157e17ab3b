"""The dead letters that `deadletters` has stored: found, read, published again, removed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import APIError, NotFoundError

from pipeline_core.topology import dead_letter_stream

BATCH = 200  # letters asked for at once, without their contents
READER_KEPT = 30.0  # seconds after which the broker forgets a reader that has gone
TIMEOUT = 10.0  # seconds for a batch
_SIZE = "Nats-Msg-Size"
_MOST_DIGITS = 18  # of a number in a header; no size has more


class NotReplayable(Exception):
    """A letter that cannot be published again, in words for the operator."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter without its content: its number in the stream, when it was stored, and what its headers say.
    `subject` is where the content was published once, if it was; `size` in bytes."""

    stream: str
    number: int
    stored: datetime
    size: int
    reason: str
    error: str
    service: str
    source: str
    subject: str | None
    whole_size: int | None

    @classmethod
    def of(cls, stream: str, number: int, stored: datetime, size: int, headers: Mapping[str, str]) -> Self:
        """From a message's headers; anybody who may publish can have written them."""
        # What is no ASCII comes from the client's parser as an object that only says so when made a string.
        said = {name: str(value) for name, value in headers.items()}
        return cls(
            stream,
            number,
            stored,
            size,
            reason=said.get("Dlq-Reason", ""),
            error=said.get("Dlq-Error", ""),
            service=said.get("Dlq-Service", ""),
            source=said.get("Dlq-Source", ""),
            subject=said.get("Dlq-Subject"),
            whole_size=_whole_number(said.get("Dlq-Truncated-From", "")),
        )

    @property
    def raw_stream(self) -> str:
        """The stream it was read from, if its source is the place in one: `bluesky-posts` of `bluesky-posts:17`."""
        return self.source.rpartition(":")[0]

    @property
    def replay_id(self) -> str:
        """The `Nats-Msg-Id` of its replay: not the original's, which the stream may still remember and would drop, and
        the same each time, so that the stream drops the second replay."""
        return f"replay:{self.stream}:{self.number}:{self.stored.timestamp():.6f}"

    def unreplayable(self) -> str | None:
        """Why it cannot be published again; None if it can."""
        if self.subject is None:
            return (
                "it was never a message of the raw stream: ingest could not read it, and only the upstream can send it "
                "again"
            )
        if self.whole_size is not None:
            return f"only {self.size} of its {self.whole_size} bytes were kept"
        if any(character in "*>" or not character.isprintable() or character.isspace() for character in self.subject):
            return "what it names as its subject is none"
        if dead_letter_stream(self.raw_stream, self.subject, 1).name != self.stream:
            return "it names another stream than the one whose dead letters these are"
        return None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters: all that meet what is given."""

    numbers: Sequence[int] = ()
    reason: str | None = None
    service: str | None = None
    since: datetime | None = None
    limit: int | None = None

    def __contains__(self, letter: Letter) -> bool:
        return (
            self.reason in (None, letter.reason)
            and self.service in (None, letter.service)
            and (self.since is None or letter.stored >= self.since)
        )


async def letters(js: JetStreamContext, stream: str, wanted: Wanted) -> AsyncIterator[Letter]:
    """Oldest first. NotFoundError where there is no such stream or no letter of a number asked for."""
    found = 0
    every = _numbered(js, stream, wanted.numbers) if wanted.numbers else _all(js, stream, wanted.since)
    async with aclosing(every):
        async for letter in every:
            if letter in wanted:
                yield letter
                found += 1
            if found == wanted.limit:
                return


async def content(js: JetStreamContext, letter: Letter) -> bytes:
    """The original bytes. NotFoundError if the letter is gone."""
    return (await js.get_msg(letter.stream, seq=letter.number)).data or b""


async def destination(js: JetStreamContext, letter: Letter) -> str:
    """The subject that a replay goes to. NotReplayable says why it cannot be."""
    if letter.subject is None or letter.unreplayable() is not None:
        raise NotReplayable(letter.unreplayable())
    try:
        takes = await js.find_stream_name_by_subject(letter.subject)
    except NotFoundError:
        takes = None
    if takes != letter.raw_stream:
        raise NotReplayable(f"the stream {letter.raw_stream} does not take its subject {letter.subject}")
    return letter.subject


async def replay(js: JetStreamContext, letter: Letter) -> bool:
    """Publish the original bytes to the original subject, then remove the letter. False if the stream knew this replay
    already: then an earlier one was interrupted between the two. NotReplayable says why it cannot be."""
    subject = await destination(js, letter)
    headers = {"Nats-Msg-Id": letter.replay_id, "Dlq-Replayed-From": f"{letter.stream}:{letter.number}"}
    ack = await js.publish(subject, await content(js, letter), stream=letter.raw_stream, headers=headers)
    await remove(js, letter.stream, letter.number)
    return not ack.duplicate


async def remove(js: JetStreamContext, stream: str, number: int) -> bool:
    """For good. False if the letter was gone already."""
    try:
        return await js.delete_msg(stream, number)
    except APIError:  # of the same code whatever was the matter
        try:
            await js.get_msg(stream, seq=number)
        except NotFoundError:
            return False
        raise


async def _numbered(js: JetStreamContext, stream: str, numbers: Sequence[int]) -> AsyncGenerator[Letter, None]:
    for number in sorted(set(numbers)):
        try:
            found = await js.get_msg(stream, seq=number)
        except NotFoundError as missing:
            await js.stream_info(stream)  # raises where the whole stream is missing
            raise NotReplayable(f"{stream} has no dead letter {number}") from missing
        size = len(found.data or b"")
        yield Letter.of(stream, number, found.time or datetime.now(UTC), size, found.headers or {})


async def _all(js: JetStreamContext, stream: str, since: datetime | None) -> AsyncGenerator[Letter, None]:
    config = ConsumerConfig(
        ack_policy=AckPolicy.NONE,
        deliver_policy=DeliverPolicy.ALL if since is None else DeliverPolicy.BY_START_TIME,
        opt_start_time=since,
        headers_only=True,
        inactive_threshold=READER_KEPT,
    )
    await js.stream_info(stream)
    reader = await js.pull_subscribe(">", stream=stream, config=config)
    try:
        # Asked each time: what was still to come may have been removed meanwhile, and waiting for it would be in vain.
        while left := (await reader.consumer_info()).num_pending:
            for message in await reader.fetch(min(BATCH, left), timeout=TIMEOUT):
                place, headers = message.metadata, message.headers or {}
                size = _whole_number(str(headers.get(_SIZE))) or 0
                yield Letter.of(stream, place.sequence.stream, place.timestamp, size, headers)
    finally:
        await reader.unsubscribe()


def _whole_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS else None
