from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from nats_firehose_ingest.events import KINDS, BadInput, Event
from nats_firehose_ingest.tally import LANGUAGES_SHOWN, OTHERS, UNDETERMINED, Tally, report
from pipeline_core.messages import AccountChange, Deletion, RawPost

NOW = "2026-07-04T14:38:09.000Z"
LATER = "2026-07-04T14:38:10.000Z"
NONE: Counter[str] = Counter()


def post(lang: str | None = "en", *, edited: bool = False) -> RawPost:
    kind = "update" if edited else "create"
    return RawPost(
        kind=kind, uri="at://did:plc:a/app.bsky.feed.post/3k", author="a", text="x", timestamp=NOW, lang=lang
    )


GONE = Deletion(uri="at://did:plc:a/app.bsky.feed.post/3k", author="a", timestamp=NOW)
AWAY = AccountChange(author="a", active=False, status="deleted", timestamp=NOW)


def test_everything_is_counted_under_its_own_name() -> None:
    tally = Tally()
    tally.count(
        Event("host", "commit", 1, NOW, ["create", "update", "delete", "other"]),
        [post(), post("ja", edited=True), post(None), GONE],
        Counter(too_short=2),
    )
    tally.count(Event("host", "account", 2, LATER), [AWAY], NONE)
    tally.count(Event("host", "unreadable", bad=[BadInput("undecodable_frame", "", b"x")] * 2), [], NONE)
    counted = tally.as_dict(2.0, 0.003)
    assert counted == {
        "frames": {"commit": 1, "account": 1, "unreadable": 1},
        "operations": {"create": 1, "update": 1, "delete": 1, "other": 1},
        "messages": {"create": 2, "update": 1, "delete": 1, "account": 1},
        "languages": {"en": 1, "ja": 1, UNDETERMINED: 1},
        "dropped": {"too_short": 2},
        "bad": {"undecodable_frame": 2},
        "first_time": NOW,
        "last_time": LATER,
        "seconds": 2.0,
        "frames_per_second": 1.5,
        "cpu_microseconds_per_frame": 1000.0,
    }


@given(st.lists(st.sampled_from(KINDS), max_size=50))
def test_no_event_is_counted_twice_or_not_at_all(kinds: list[str]) -> None:
    tally = Tally()
    for kind in kinds:
        tally.count(Event("host", kind), [], NONE)
    assert tally.as_dict(1.0, 1.0)["frames"] == dict(Counter(kinds).most_common())


def test_of_languages_the_most_frequent_are_shown_and_the_others_as_one() -> None:
    tally = Tally()
    for number in range(30):
        tally.count(Event("host", "commit"), [post(f"l{number}")] * (number + 1), NONE)
    shown = tally.as_dict(1.0, 1.0)["languages"]
    foremost = [f"l{number}" for number in range(29, 29 - LANGUAGES_SHOWN, -1)]
    assert sorted(shown, key=shown.__getitem__, reverse=True) == list(shown)
    assert set(shown) == {*foremost, OTHERS}
    assert sum(shown.values()) == sum(range(31))


def test_a_report_shows_every_count_its_share_and_what_it_cost() -> None:
    tally = Tally()
    for number in range(12_000):
        tally.count(Event("host", "commit" if number % 4 else "identity", number, NOW), [], NONE)
    tally.count(Event("host", "commit", 12_000, LATER), [post("de")], Counter(language=3))
    told = report(tally.as_dict(0.5, 0.24002))
    for expected in (
        "       12,001  frames\n",
        "        9,001    commit (75.0%)\n",
        "            1    create (100.0%)\n",
        "            1    de (100.0%)\n",
        "            3    language (100.0%)\n",
        f"event times: {NOW} to {LATER}\n",
        "read in 0.5 s: 24,002 frames/s, 20.0 µs of CPU a frame",
    ):
        assert expected in told


def test_a_reading_that_found_nothing_has_a_report() -> None:
    told = report(Tally().as_dict(0.0, 0.0))
    assert "0  frames" in told
    assert "event times: unknown to unknown" in told
    assert "- frames/s, - µs of CPU a frame" in told


def test_what_upstream_calls_a_time_is_shown_only_where_it_is_one() -> None:
    tally = Tally()
    tally.count(Event("host", "commit", 1, "\x1b[2Jhello\n"), [], NONE)
    tally.count(Event("host", "commit", 2, "2026-07-04T16:38:10+02:00"), [], NONE)
    counted = tally.as_dict(1.0, 1.0)
    assert (counted["first_time"], counted["last_time"]) == (None, LATER)
    assert "\x1b" not in report(counted)
