from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from nats_firehose_ingest.ledger import CursorLedger

FRAMES = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 3)), min_size=1, max_size=60)


@given(frames=FRAMES, data=st.data(), start=st.none() | st.integers(0, 100))
def test_the_cursor_is_always_below_the_oldest_post_not_yet_stored(
    frames: list[tuple[int, int]], data: st.DataObject, start: int | None
) -> None:
    ledger, under_way, seq = CursorLedger(start), [], start or 0
    highest = start
    for step, messages in frames:
        seq += step
        reading = ledger.read(seq, messages)
        under_way += [(seq, reading)] * messages
        for _ in range(data.draw(st.integers(0, len(under_way)))):
            _, settled = under_way.pop(data.draw(st.integers(0, len(under_way) - 1)))
            ledger.settle(settled)
        cursor = ledger.cursor
        assert cursor is not None
        assert all(cursor < open_seq for open_seq, _ in under_way)
        assert highest is None or cursor >= highest, "a cursor never goes back"
        highest = cursor
        if not under_way:
            assert cursor == seq, "when all is stored, nothing is read again"
    assert ledger.position == seq


def test_a_ledger_without_a_frame_has_no_cursor_and_the_first_frame_sets_one_before_itself() -> None:
    ledger = CursorLedger()
    assert ledger.cursor is None
    reading = ledger.read(500, 1)
    assert ledger.cursor == 499
    ledger.settle(reading)
    assert ledger.cursor == 500


def test_a_frame_without_a_readable_sequence_holds_the_cursor_where_it_stands() -> None:
    ledger = CursorLedger(7)
    letter = ledger.read(None, 1)
    ledger.settle(ledger.read(8, 1))
    assert ledger.cursor == 7
    ledger.settle(letter)
    assert ledger.cursor == 8


def test_memory_is_bounded_by_the_frames_that_have_messages() -> None:
    ledger = CursorLedger(0)
    reading = ledger.read(1, 1)
    for seq in range(2, 100_000):
        assert ledger.read(seq, 0) is None
    assert ledger.cursor == 0
    ledger.settle(reading)
    assert ledger.cursor == 99_999
