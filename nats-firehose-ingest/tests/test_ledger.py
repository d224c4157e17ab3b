"""The cursor law, held against a model of upstream, broker and process under every interleaving of what can happen."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from nats_firehose_ingest.ledger import CursorLedger, Reading

WINDOW = 8  # messages under way


class UpstreamAndBroker(RuleBasedStateMachine):
    """Upstream holds `frames`, each a sequence, whether we can read that, and its number of messages. A frame is known
    by its place in that list; `stored` holds what JetStream has, as (place, number of the message)."""

    @initialize(
        frames=st.lists(st.tuples(st.booleans(), st.integers(0, 3)), min_size=1, max_size=40),
        gaps=st.lists(st.integers(1, 5), min_size=40, max_size=40),
        known=st.booleans(),
    )
    def begin(self, frames: list[tuple[bool, int]], gaps: list[int], known: bool) -> None:
        self.frames: list[tuple[int, bool, int]] = []
        seq = 0
        for (readable, messages), gap in zip(frames, gaps, strict=False):
            seq += gap
            self.frames.append((seq, readable, messages))
        self.stored: set[tuple[int, int]] = set()
        self.saved: int | None = 0 if known else None
        self.first: int | None = None  # place of the first frame whose place was known when it was read
        self.restart()

    def restart(self) -> None:
        """A new process: what was under way is gone, reading goes on from the saved cursor."""
        self.ledger = CursorLedger(self.saved)
        self.under_way: list[tuple[int, int, Reading | None]] = []
        self.place = self.after(self.saved)

    def after(self, cursor: int | None) -> int:
        """Where upstream goes on for a client with this cursor."""
        return sum(seq <= (cursor or 0) for seq, _, _ in self.frames)

    @precondition(lambda self: self.place < len(self.frames) and len(self.under_way) < WINDOW)
    @rule()
    def read(self) -> None:
        seq, readable, messages = self.frames[self.place]
        reading = self.ledger.read(seq if readable else None, messages)
        self.under_way += [(self.place, number, reading) for number in range(messages)]
        if self.first is None and (readable or self.saved is not None):
            self.first = self.place
        self.place += 1

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def acknowledge(self, data: st.DataObject) -> None:
        place, number, reading = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        self.stored.add((place, number))
        self.ledger.settle(reading)

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def lose_the_acknowledgement(self, data: st.DataObject) -> None:
        """Stored, and the ack is lost: the publisher sends it again, so it stays under way."""
        place, number, _ = self.under_way[data.draw(st.integers(0, len(self.under_way) - 1))]
        self.stored.add((place, number))

    @rule()
    def save(self) -> None:
        self.saved = self.ledger.cursor if self.ledger.cursor is not None else self.saved

    @rule()
    def lose_the_connection(self) -> None:
        """The same process connects again and goes on from the last frame that it has read."""
        self.place = self.after(self.ledger.position)

    @rule(back=st.integers(1, 4))
    def be_told_again(self, back: int) -> None:
        """An upstream may begin a little below the cursor."""
        self.place = max(0, self.place - back)

    @rule()
    def die(self) -> None:
        self.restart()

    @invariant()
    def what_is_not_stored_comes_again(self) -> None:
        """Everything below the point where a new process would go on is stored."""
        if self.first is None or self.saved is None:
            return
        for place in range(self.first, self.after(self.saved)):
            assert all((place, number) in self.stored for number in range(self.frames[place][2])), self.saved

    @invariant()
    def the_cursor_is_below_the_oldest_message_that_is_not_stored(self) -> None:
        for place, number, reading in self.under_way:
            known = reading is not None and self.first is not None and place >= self.first
            if known and (place, number) not in self.stored:
                assert self.ledger.cursor is not None
                assert self.ledger.cursor < self.frames[place][0]

    @invariant()
    def memory_is_bounded_by_what_is_under_way(self) -> None:
        assert self.ledger.unsettled == len({id(reading) for _, _, reading in self.under_way if reading is not None})

    @invariant()
    def when_all_is_stored_the_cursor_is_the_last_sequence_read(self) -> None:
        if not self.under_way:
            assert self.ledger.unsettled == 0
            assert self.ledger.cursor == self.ledger.position


TestTheLedger = UpstreamAndBroker.TestCase


def test_a_message_read_before_any_sequence_is_known_holds_the_cursor_back_once_one_is() -> None:
    ledger = CursorLedger()
    assert ledger.read(None, 1) is None
    assert ledger.cursor is None
    first = ledger.read(7, 1)
    ledger.read(8, 0)
    assert ledger.cursor == 6
    ledger.settle(first)
    assert ledger.cursor == 8


def test_a_forgotten_cursor_is_not_saved_again_once_what_was_under_way_is_stored() -> None:
    ledger = CursorLedger(99)
    reading = ledger.read(100, 1)
    ledger.forget()
    ledger.read(5, 0)
    ledger.settle(reading)
    assert ledger.cursor == 5
