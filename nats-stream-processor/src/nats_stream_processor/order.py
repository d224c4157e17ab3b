"""Which messages must be stored in the order in which they came."""

from __future__ import annotations

from pipeline_core.messages import AccountChange, RawMessage


def must_follow(later: RawMessage, earlier: RawMessage) -> bool:
    """Whether `later` means something else if it is stored before `earlier`: both are of one post, or of one author
    whose account changes."""
    if isinstance(later, AccountChange) or isinstance(earlier, AccountChange):
        return later.author == earlier.author
    return later.line == earlier.line
