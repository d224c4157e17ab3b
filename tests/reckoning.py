"""What the streams must hold after a stretch of the world, held against what they do hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from mock_ingest.events import Garbage
from mock_ingest.messages import raw_messages
from mock_ingest.world import World
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats_firehose_ingest.decoding.frames import decode
from pipeline_core.messages import read_message
from pipeline_core.timestamps import now

from tests.faulty_relay import told_as

BATCH = 500  # messages of one fetch

Letter = tuple[bytes, int | None]
"""The bytes of a dead letter, which many may share, and the number in its host's sequence, which only some have."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the streams hold: the ids of raw messages, and payload and place upstream of each dead letter."""

    ids: list[str]
    letters: list[tuple[bytes, str]]


@dataclass(frozen=True, slots=True)
class Reckoning:
    """Ids of raw messages by what is wrong with them, and numbers of broken events by the same.

    A dead letter is known by its bytes and its place in the sequence of a host, so that one event may have a letter
    for each host that told it; `letters_doubled` are those with two from one place.
    """

    expected: int
    lost: list[str]
    doubled: list[str]
    strangers: list[str]
    broken: int
    letters_missing: list[int]
    letters_doubled: list[int]
    letters_strange: int

    @property
    def faultless(self) -> bool:
        """Whether every message is there once and none that was never told, and a letter for each broken event."""
        return not (
            self.lost
            or self.doubled
            or self.strangers
            or self.letters_missing
            or self.letters_doubled
            or self.letters_strange
        )


def reckon(world: World, due: range, possible: range, shifts: Iterable[int], stored: Stored) -> Reckoning:
    """`due` are the events that must have left their messages; those of `possible` may have, as a search for the
    place to go on may have read them too. `shifts` as in FaultyRelay."""
    wanted: Counter[str] = Counter()
    allowed: set[str] = set()
    broken: set[int] = set()
    letters: dict[Letter, int] = {}
    for seq in possible:
        event = world.event(seq)
        if isinstance(event, Garbage):
            readings = [decode("", told_as(event, seq - shift), now()) for shift in shifts]
            ids = [message.message_id for message in readings[0].messages]
            made = [(bad.payload, reading.seq) for reading in readings for bad in reading.bad]
            assert bool(ids) != bool(made), f"{event.flaw} is either a message or a dead letter"
            letters.update((letter, seq) for letter in made)
            if made and seq in due:
                broken.add(seq)
        else:
            ids = [message.message_id for message in raw_messages(event)]
        allowed.update(ids)
        if seq in due:
            wanted.update(ids)
    assert all(times == 1 for times in wanted.values()), "the ids of this world are unique"
    found = Counter(stored.ids)
    places = Counter((letters.get(_letter(payload, place)), place) for payload, place in stored.letters)
    buried = {seq for seq, _ in places}
    return Reckoning(
        expected=len(wanted),
        lost=sorted(wanted.keys() - found.keys()),
        doubled=sorted(one for one, times in found.items() if times > 1),
        strangers=sorted(found.keys() - allowed),
        broken=len(broken),
        letters_missing=sorted(broken - buried),
        letters_doubled=sorted(seq for (seq, _), times in places.items() if times > 1 and seq is not None),
        letters_strange=sum(times for (seq, _), times in places.items() if seq is None),
    )


def _letter(payload: bytes, place: str) -> Letter:
    number = place.split(":")[-2]
    return payload, int(number) if number.isdigit() else None


async def stored(js: JetStreamContext) -> Stored:
    """What the raw stream and its dead letters hold now; the ids are worked out anew from the payloads."""
    ids = [read_message(data).message_id for data, _ in await _all(js, "bluesky-posts")]
    return Stored(ids, [(data, headers["Dlq-Source"]) for data, headers in await _all(js, "bluesky-dlq")])


async def _all(js: JetStreamContext, stream: str) -> list[tuple[bytes, dict[str, str]]]:
    """Payload and headers of every message of a stream."""
    total = (await js.stream_info(stream)).state.messages
    config = ConsumerConfig(deliver_policy=DeliverPolicy.ALL, ack_policy=AckPolicy.NONE)
    reader = await js.pull_subscribe(">", stream=stream, config=config)
    found: list[tuple[bytes, dict[str, str]]] = []
    while len(found) < total:
        messages = await reader.fetch(min(BATCH, total - len(found)), timeout=10)
        found += [(message.data, message.headers or {}) for message in messages]
    await reader.unsubscribe()
    return found
