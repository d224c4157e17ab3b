"""What holds for whatever upstream sends. Pure."""

from __future__ import annotations

LONGEST_WORDS = 200  # characters of upstream's own words in a log line or header
MOST_AHEAD = 300.0  # seconds that an upstream's clock may be before ours; a time beyond is a mistake or a lie
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What decoders and our own reading of untrusted values raise; nesting without end is the RecursionError."""


def words(error: Exception) -> str:
    """What went wrong, in so many words as a log line has room for."""
    return f"{type(error).__name__}: {error}"[:LONGEST_WORDS]
