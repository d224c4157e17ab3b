"""Which posts are read together: neighbours in length, so that little of a batch is padding."""

from collections.abc import Sequence

TOKEN_BUDGET = 256
"""Padded tokens in one batch: the activations of one layer still fit the cache of a core. At 192 a post costs a
twentieth more, at 320 no less; a post is at most 128 tokens, 20 to 40 as a rule."""

MOST_POSTS = 32
"""Posts in one batch, however short: beyond that nothing is gained."""


def batches(lengths: Sequence[int], budget: int = TOKEN_BUDGET, most_posts: int = MOST_POSTS) -> list[list[int]]:
    """Indices of the posts of each batch, given each post's length in tokens.

    A batch costs its number of posts times its longest post. That stays within the budget, except that a post
    longer than the budget makes a batch alone.
    """
    result: list[list[int]] = []
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        # In rising order the newcomer is the longest, so it sets the width of the batch.
        if batch and ((len(batch) + 1) * lengths[index] > budget or len(batch) == most_posts):
            result.append(batch)
            batch = []
        batch.append(index)
    if batch:
        result.append(batch)
    return result
