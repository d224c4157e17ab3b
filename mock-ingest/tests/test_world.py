from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mock_ingest.events import (
    FOLLOW,
    LIKE,
    POST,
    REPOST,
    Account,
    Commit,
    Event,
    Garbage,
    Identity,
    Op,
    Record,
    Sync,
)
from mock_ingest.hostile import HOSTILE
from mock_ingest.identifiers import at_uri, cid_text, rfc3339
from mock_ingest.kinds import FIRST_SEQ, POPULATION
from mock_ingest.repository import block
from mock_ingest.world import World
from mock_ingest.writing import LANGUAGES, SENTIMENTS
from pipeline_core.messages import TOPICS

EVENTS = 20_000

seeds = st.integers(-(2**70), 2**70)
rates = st.one_of(st.integers(1, 100_000), st.floats(0.001, 100_000, allow_nan=False))
#: Up to the year 2096, in microseconds.
times = st.integers(0, 4_000_000_000_000_000)


@pytest.fixture(scope="module")
def events(world: World, head: int) -> list[Event]:
    return [world.event(seq) for seq in range(head, head + EVENTS)]


@pytest.fixture(scope="module")
def ops(events: list[Event]) -> list[tuple[int, Op]]:
    return [(event.seq, op) for event in events if isinstance(event, Commit) for op in event.ops]


def posts(ops: list[tuple[int, Op]], action: str) -> list[tuple[int, Op]]:
    return [(seq, op) for seq, op in ops if op.collection == POST and op.action == action]


@given(seeds, rates, times, st.floats(0.01, 1), st.floats(0, 1), st.floats(0, 1))
@settings(deadline=None, max_examples=50)
def test_an_event_follows_from_the_options_and_its_number_alone(
    seed: int, rate: float, time_us: int, post_share: float, hostile_share: float, garbage_share: float
) -> None:
    def world() -> World:
        return World(seed, rate, post_share=post_share, hostile_share=hostile_share, garbage_share=garbage_share)

    fresh, used = world(), world()
    seq = max(FIRST_SEQ, fresh.head(time_us))
    for other in range(seq, seq + 20):
        used.event(other)
    assert used.event(seq) == fresh.event(seq)
    assert fresh.event(seq).seq == seq


def test_other_seeds_are_other_worlds(world: World, head: int) -> None:
    other = World(seed=8, rate=200)
    same = sum(world.event(seq) == other.event(seq) for seq in range(head, head + 200))
    assert same == 0


@given(rates, times)
def test_the_head_is_the_last_event_whose_time_has_come(rate: float, now: int) -> None:
    world = World(1, rate)
    head = world.head(now)
    assert world.time_us(head) <= now
    assert world.time_us(head + 1) >= now  # times are whole microseconds: the next may fall into this one


def test_an_event_of_a_whole_rate_happens_at_its_number_divided_by_the_rate() -> None:
    assert World(1, 200).time_us(200 * 1_795_000_000) == 1_795_000_000_000_000
    assert World(1, 0.5).head(10_000_000) == 5


def test_about_eleven_percent_of_the_events_create_posts(events: list[Event]) -> None:
    creating = sum(
        isinstance(event, Commit) and any(op.collection == POST and op.action == "create" for op in event.ops)
        for event in events
    )
    assert 0.10 < creating / EVENTS < 0.12


def test_every_kind_of_event_happens(events: list[Event], ops: list[tuple[int, Op]]) -> None:
    kinds = Counter(type(event) for event in events)
    assert set(kinds) == {Commit, Identity, Account, Sync}
    assert any(isinstance(event, Commit) and not event.ops for event in events)
    assert {(op.action, op.collection) for _, op in ops} == {
        ("create", POST),
        ("update", POST),
        ("delete", POST),
        ("create", LIKE),
        ("create", REPOST),
        ("create", FOLLOW),
    }
    assert {len(event.ops) for event in events if isinstance(event, Commit)} == {0, 1, 2, 3}


def test_every_topic_is_written_about_in_every_mood(ops: list[tuple[int, Op]]) -> None:
    said = {(op.writing.topic, op.writing.sentiment) for _, op in posts(ops, "create") if op.writing}
    assert {(topic, mood) for topic in TOPICS for mood in SENTIMENTS} <= said


def test_many_languages_are_written_and_langs_is_a_hint_of_none_one_or_two(ops: list[tuple[int, Op]]) -> None:
    written = [op for _, op in posts(ops, "create")]
    langs = Counter(tuple(op.record.get("langs", ())) for op in written if op.record)
    assert {lang for pair in langs for lang in pair} == {"en", *LANGUAGES}
    assert {len(pair) for pair in langs} == {0, 1, 2}
    assert langs[("en",)] > len(written) / 2


def test_texts_vary(ops: list[tuple[int, Op]]) -> None:
    english = [op.writing.text for _, op in posts(ops, "create") if op.writing and op.writing.langs == ("en",)]
    assert len(english) > 1_000
    assert len(set(english)) / len(english) > 0.9


def test_hostile_texts_come_in_their_share_and_all_of_them_come(world: World, head: int) -> None:
    hostile = World(7, 200, post_share=1, hostile_share=0.5)
    writings = [
        op.writing
        for seq in range(head, head + 1000)
        if isinstance(event := hostile.event(seq), Commit)
        for op in event.ops
        if op.writing
    ]
    names = [writing.hostile for writing in writings if writing.hostile]
    assert set(names) == set(HOSTILE)
    assert 0.4 < len(names) / len(writings) < 0.6
    assert all(writing.text == HOSTILE[writing.hostile] for writing in writings if writing.hostile)
    assert all((writing.sentiment is None) == (writing.hostile is not None) for writing in writings)


def test_ordinary_texts_keep_to_the_limits_of_the_lexicon(ops: list[tuple[int, Op]]) -> None:
    for _, op in ops:
        if op.writing and not op.writing.hostile:
            assert 0 < len(op.writing.text) <= 300
            assert len(op.writing.text.encode()) <= 3000


def test_a_deleted_post_was_created_by_the_same_author_before_and_is_deleted_once(
    world: World, ops: list[tuple[int, Op]]
) -> None:
    deletes = posts(ops, "delete")
    assert len(deletes) > 50
    assert len({op.uri for _, op in deletes}) == len(deletes)
    after_an_edit = 0
    for seq, op in deletes:
        last = world.event(seq - POPULATION)
        assert isinstance(last, Commit)
        assert last.seq < seq
        written = last.ops[0]
        after_an_edit += written.action == "update"
        assert (written.did, written.rkey) == (op.did, op.rkey)
        assert op.prev == block(written.record).cid
    assert after_an_edit > 0


def test_an_edited_post_was_created_by_the_same_author_before(world: World, ops: list[tuple[int, Op]]) -> None:
    updates = posts(ops, "update")
    assert len(updates) > 50
    for seq, op in updates:
        created = world.event(seq - POPULATION)
        assert isinstance(created, Commit)
        assert created.ops[0].action == "create"
        assert created.ops[0].path == op.path
        assert created.did == op.did
        assert op.prev == block(created.ops[0].record).cid
        assert op.record is not None
        assert created.ops[0].record is not None
        assert op.record["text"] != created.ops[0].record["text"]


def test_what_is_liked_quoted_and_answered_is_a_post_of_the_world(world: World, head: int) -> None:
    known: dict[str, tuple[int, str, Record]] = {}
    for seq in range(head - 12_000, head + 2_000):
        event = world.event(seq)
        if isinstance(event, Commit):
            for op in event.ops:
                if op.collection == POST and op.action == "create":
                    known[op.uri] = (seq, cid_text(block(op.record).cid), op.record or {})
    seen = Counter[str]()
    for seq in range(head, head + 2_000):
        event = world.event(seq)
        for op in event.ops if isinstance(event, Commit) else ():
            record = op.record or {}
            references = {
                "like": record.get("subject") if op.collection in (LIKE, REPOST) else None,
                "parent": record.get("reply", {}).get("parent"),
                "root": record.get("reply", {}).get("root"),
                "quote": record.get("embed", {}).get("record"),
            }
            for kind, reference in references.items():
                if reference and (kind != "root" or reference["uri"] in known):
                    when, cid, _ = known[reference["uri"]]
                    assert reference["cid"] == cid
                    assert when <= seq
                    seen[kind] += 1
            if references["parent"]:
                *_, parent = known[references["parent"]["uri"]]
                assert references["root"] == parent.get("reply", {"root": references["parent"]})["root"]
                seen["deeper"] += "reply" in parent
    assert seen["deeper"] > 5
    assert min(seen[kind] for kind in ("like", "parent", "root", "quote")) > 5


def test_a_reply_is_in_the_thread_of_its_parent(world: World, head: int) -> None:
    event = next(
        event
        for seq in range(head, head + 10_000)
        if isinstance(event := world.event(seq), Commit) and len(event.ops) == 3
    )
    first, second, third = (op.record or {} for op in event.ops)
    root = (
        first["reply"]["root"]
        if "reply" in first
        else {
            "uri": event.ops[0].uri,
            "cid": cid_text(block(first).cid),
        }
    )
    assert second["reply"]["parent"]["uri"] == event.ops[0].uri
    assert third["reply"]["parent"]["uri"] == event.ops[1].uri
    assert second["reply"]["root"] == third["reply"]["root"] == root
    assert len({op.rkey for op in event.ops}) == 3


def test_facets_mark_the_bytes_they_speak_of(ops: list[tuple[int, Op]]) -> None:
    seen = Counter[str]()
    for _, op in posts(ops, "create"):
        assert op.record is not None
        text = op.record["text"].encode()
        for facet in op.record.get("facets", ()):
            marked = text[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
            (feature,) = facet["features"]
            kind = feature["$type"].rpartition("#")[2]
            seen[kind] += len(text[: facet["index"]["byteStart"]].decode()) < facet["index"]["byteStart"]
            match kind:
                case "tag":
                    assert marked == "#" + feature["tag"]
                case "mention":
                    assert marked.startswith("@")
                    assert feature["did"].startswith("did:plc:")
                case "link":
                    assert feature["uri"].removeprefix("https://").startswith(marked.removesuffix("…"))
    # Where characters of several bytes come before the mark, counting characters would be wrong.
    assert seen["tag"] > 0
    assert seen["link"] > 0


def test_embeds_of_every_kind_are_shown(ops: list[tuple[int, Op]]) -> None:
    kinds = Counter(op.record.get("embed", {}).get("$type") for _, op in posts(ops, "create") if op.record)
    assert set(kinds) == {None, "app.bsky.embed.external", "app.bsky.embed.images", "app.bsky.embed.record"}
    assert any("labels" in op.record for _, op in posts(ops, "create") if op.record)


def test_who_leaves_comes_back(world: World, head: int) -> None:
    left = [
        event
        for seq in range(head, head + EVENTS)
        if isinstance(event := world.event(seq), Account) and not event.active
    ]
    assert {event.status for event in left} == {"deactivated", "suspended", "takendown", "deleted"}
    for event in left:
        back = world.event(event.seq + POPULATION)
        assert isinstance(back, Account)
        assert (back.did, back.active, back.status) == (event.did, True, None)


def test_revisions_of_an_author_follow_each_other(world: World, head: int) -> None:
    revision = None
    for seq in range(head, head + 100 * POPULATION, POPULATION):
        event = world.event(seq)
        if isinstance(event, Commit):
            if revision is not None:
                assert event.since == revision
                assert event.rev > revision
            revision = event.rev
    assert revision is not None


def test_records_say_when_they_were_written(ops: list[tuple[int, Op]], world: World) -> None:
    for seq, op in posts(ops, "create")[:100]:
        assert op.record is not None
        assert rfc3339(world.time_us(seq) - 10_000) <= op.record["createdAt"] <= rfc3339(world.time_us(seq))


def test_no_record_key_comes_twice_even_at_the_highest_rate() -> None:
    world = World(1, 100_000, post_share=1)
    first = world.head(1_795_000_000_000_000)
    uris = Counter(
        at_uri(op.did, POST, op.rkey)
        for seq in range(first, first + 4 * POPULATION)
        if isinstance(event := world.event(seq), Commit)
        for op in event.ops
    )
    assert max(uris.values()) == 1


def test_garbage_comes_in_its_share_and_only_when_asked_for(events: list[Event], head: int) -> None:
    assert not any(isinstance(event, Garbage) for event in events)
    dirty = World(7, 200, garbage_share=0.2)
    broken = sum(isinstance(dirty.event(seq), Garbage) for seq in range(head, head + 2_000))
    assert 0.15 < broken / 2_000 < 0.25


def test_the_beginning_of_time_is_no_special_case() -> None:
    world = World(1, 100_000, garbage_share=0.1)
    assert [world.event(seq).seq for seq in range(FIRST_SEQ, 3_000)] == list(range(FIRST_SEQ, 3_000))
