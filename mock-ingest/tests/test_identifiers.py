from __future__ import annotations

import re
from datetime import UTC, datetime

from atproto import CID  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st
from mock_ingest.identifiers import cid_of_blob, cid_of_block, cid_text, did_plc, rfc3339, tid

TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
times = st.integers(0, 4_000_000_000_000_000)
clocks = st.integers(0, 1023)


@given(times, clocks)
def test_a_tid_has_the_syntax_of_the_specification(time_us: int, clock: int) -> None:
    assert TID.fullmatch(tid(time_us, clock))


@given(times, times, clocks, clocks)
def test_tids_sort_as_their_times_do(early: int, late: int, one: int, other: int) -> None:
    early, late = sorted((early, late))
    if early < late:
        assert tid(early, one) < tid(late, other)


def test_a_tid_made_by_the_network_is_made_again_from_its_parts() -> None:
    alphabet = "234567abcdefghijklmnopqrstuvwxyz"
    number = 0
    for character in "3jzfcijpj2z2a":  # the example of the specification
        number = number * 32 + alphabet.index(character)
    assert tid(number >> 10, number & 1023) == "3jzfcijpj2z2a"


@given(st.binary())
def test_cids_read_the_same_in_another_implementation(data: bytes) -> None:
    for cid, codec in ((cid_of_block(data), 0x71), (cid_of_blob(data), 0x55)):
        theirs = CID.decode(cid_text(cid))
        assert (theirs.version, theirs.codec, theirs.hash.code) == (1, codec, 0x12)
        assert theirs.encode() == cid_text(cid)


@given(times)
def test_datetimes_are_utc_with_milliseconds(time_us: int) -> None:
    written = rfc3339(time_us)
    read = datetime.fromisoformat(written)
    assert read.tzinfo == UTC
    assert round(read.timestamp() * 1000) == time_us // 1000
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", written)


def test_authors_have_dids_of_the_right_form_and_none_is_anothers() -> None:
    dids = {did_plc(b"seed", number) for number in range(1000)}
    assert len(dids) == 1000
    assert all(re.fullmatch(r"did:plc:[a-z2-7]{24}", did) for did in dids)
