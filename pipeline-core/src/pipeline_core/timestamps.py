"""Time as the messages write it: RFC 3339 in UTC, with a `Z`. Pure, but for `now()`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# The form we write: kept as it is when it comes in, however many digits its fraction has.
_CANONICAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z")
_RFC3339 = re.compile(r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(\.\d+)?([Zz]|[+-]\d{2}:\d{2})")


def rfc3339_utc(text: str) -> str:
    """The same instant in UTC with a `Z` (RFC 3339, section 5.6). ValueError if `text` is no such date and time."""
    parts = _RFC3339.fullmatch(text)
    if parts is None:
        raise ValueError("not an RFC 3339 date and time")
    day, time, fraction, zone = parts.groups()
    # datetime knows microseconds only; what is finer cannot change the offset and is cut.
    try:
        moment = datetime.fromisoformat(f"{day}T{time}{(fraction or '')[:7]}{zone.upper()}")
        return text if _CANONICAL.fullmatch(text) else format_utc(moment.astimezone(UTC))
    except (ValueError, OverflowError) as impossible:
        raise ValueError("no date and time of the years 1 to 9999") from impossible


def format_utc(moment: datetime) -> str:
    """`2026-07-04T14:38:08.999Z`: milliseconds, as AT Protocol clients write them."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def now() -> str:
    """This moment, in the form of `format_utc`."""
    return format_utc(datetime.now(UTC))
