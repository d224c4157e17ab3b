"""How subjects are made. A token comes from a fixed list, never from the text of a post."""

from __future__ import annotations

from pipeline_core.messages import AccountChange, Deletion, EnrichedPost, RawMessage

UNLABELLED = "none"
"""The token that stands where a post has no sentiment or no topic."""

TOPICS_ONLY = "topics.only"
"""Below the enriched subject, where the topics-only processor puts the posts and removals that it answers for."""


def prefix(subject: str) -> str:
    """`bluesky.posts` for each of `bluesky.posts`, `bluesky.posts.>` and `bluesky.posts.*`: settings may say either."""
    return subject.removesuffix(".>").removesuffix(".*")


def everything_below(subject: str) -> str:
    """The filter `bluesky.posts.>`, from any wording that `prefix` understands."""
    return f"{prefix(subject)}.>"


def covers(wide: str, narrow: str) -> bool:
    """Whether each subject that the pattern `narrow` matches is matched by `wide`, too."""
    wider, narrower = wide.split("."), narrow.split(".")
    for place, part in enumerate(wider):
        if place == len(narrower):
            return False
        if part == ">":
            return True
        if narrower[place] == ">" or part not in ("*", narrower[place]):
            return False
    return len(wider) == len(narrower)


def meet(one: str, other: str) -> bool:
    """Whether some subject is matched by both patterns."""
    first, second = one.split("."), other.split(".")
    for pair in zip(first, second, strict=False):
        if ">" in pair:
            return True
        if "*" not in pair and pair[0] != pair[1]:
            return False
    return len(first) == len(second)


def raw(subject: str, message: RawMessage) -> str:
    """`bluesky.posts.create`, and so on for `update`, `delete` and `account`."""
    return f"{prefix(subject)}.{message.kind}"


def removal(output_subject: str, message: Deletion | AccountChange) -> str:
    """`bluesky.enriched.delete` or `bluesky.enriched.account`: one token less than a post's, so that whoever filters
    posts by sentiment or topic is not sent them."""
    return f"{prefix(output_subject)}.{message.kind}"


def enriched(output_subject: str, post: EnrichedPost) -> str:
    """`bluesky.enriched.positive.music`: a subscriber filters by sentiment and by top topic."""
    sentiment = post.sentiment.label.lower() if post.sentiment else UNLABELLED
    topic = post.topics.top_topic if post.topics else UNLABELLED
    return f"{prefix(output_subject)}.{sentiment}.{topic}"


def topics_only(output_subject: str) -> str:
    """`bluesky.enriched.topics.only`, which takes the place of `bluesky.enriched` in the subjects above:
    `bluesky.enriched.topics.only.none.music`, `bluesky.enriched.topics.only.delete`.

    Two tokens, so that no filter on fully enriched posts (`bluesky.enriched.*.*`, `bluesky.enriched.*.music`) or on
    their removals is sent a word of it. It has removals of its own, for they must come behind their posts, and only the
    processor that published a post knows when that is stored.
    """
    return f"{prefix(output_subject)}.{TOPICS_ONLY}"
