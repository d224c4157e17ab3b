"""What a reading found, counted. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from pipeline_core.messages import RawMessage, RawPost
from pipeline_core.timestamps import rfc3339_utc

from nats_firehose_ingest.events import Event

LANGUAGES_SHOWN = 10  # of the hundred and more that may turn up; a report is to fit a screen
OTHERS = "others"
UNDETERMINED = "und"
"""ISO 639-2 for a language that nobody could tell."""


class Tally:
    """Counts of events and of the messages made of them. Its keys are our own tokens."""

    def __init__(self) -> None:
        self.frames: Counter[str] = Counter()
        self.operations: Counter[str] = Counter()
        self.messages: Counter[str] = Counter()
        self.bad: Counter[str] = Counter()
        self.dropped: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()
        self._first: str | None = None
        self._last: str | None = None

    def count(self, event: Event, messages: Sequence[RawMessage], dropped: Counter[str]) -> None:
        """Count an event, what of its `messages` the filters left, and how many they dropped by reason."""
        self.frames[event.kind] += 1
        if event.time is not None:
            self._first, self._last = self._first or event.time, event.time
        if event.operations:
            self.operations.update(event.operations)
        for message in messages:
            self.messages[message.kind] += 1
            if isinstance(message, RawPost):
                self.languages[message.lang or UNDETERMINED] += 1
        for bad in event.bad:
            self.bad[bad.reason] += 1
        if dropped:
            self.dropped.update(dropped)

    def as_dict(self, seconds: float, cpu_seconds: float) -> dict[str, Any]:
        """All of it by name, the most frequent first, for a reading that took so long. Times are of upstream, RFC 3339
        in UTC, None where it told none or none that could be read."""
        frames = self.frames.total()
        return {
            "frames": _ordered(self.frames),
            "operations": _ordered(self.operations),
            "messages": _ordered(self.messages),
            "languages": _ordered(_foremost(self.languages)),
            "dropped": _ordered(self.dropped),
            "bad": _ordered(self.bad),
            "first_time": _utc(self._first),
            "last_time": _utc(self._last),
            "seconds": round(seconds, 3),
            "frames_per_second": round(frames / seconds, 1) if seconds else None,
            "cpu_microseconds_per_frame": round(cpu_seconds / frames * 1e6, 1) if frames else None,
        }


def report(counted: dict[str, Any]) -> str:
    """`Tally.as_dict` as lines for a reader: figures right, names left, a share of the heading's total."""
    lines = []
    for heading in ("frames", "operations", "messages", "languages", "dropped", "bad"):
        names: dict[str, int] = counted[heading]
        total = sum(names.values())
        lines.append(f"{total:>13,}  {heading}")
        lines += [f"{number:>13,}    {name} ({number / total:.1%})" for name, number in names.items()]
    span = f"{counted['first_time'] or 'unknown'} to {counted['last_time'] or 'unknown'}"
    rate, cost = counted["frames_per_second"], counted["cpu_microseconds_per_frame"]
    lines.append(f"event times: {span}")
    lines.append(
        f"read in {counted['seconds']:,.1f} s: "
        f"{f'{rate:,.0f}' if rate is not None else '-'} frames/s, {cost if cost is not None else '-'} µs of CPU a frame"
    )
    return "\n".join(lines)


def _ordered(counter: Counter[str]) -> dict[str, int]:
    return dict(counter.most_common())


def _foremost(languages: Counter[str]) -> Counter[str]:
    shown = Counter(dict(languages.most_common(LANGUAGES_SHOWN)))
    if others := languages.total() - shown.total():
        shown[OTHERS] = others
    return shown


def _utc(time: str | None) -> str | None:
    """What upstream wrote is shown only where it is a time."""
    try:
        return rfc3339_utc(time) if time is not None else None
    except ValueError:
        return None
