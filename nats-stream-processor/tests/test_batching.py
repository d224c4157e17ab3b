"""Which posts are read together."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from nats_stream_processor.batching import MOST_POSTS, TOKEN_BUDGET, batches

lengths_of_posts = st.lists(st.integers(min_value=2, max_value=700), max_size=200)


@given(lengths_of_posts)
def test_every_post_is_in_exactly_one_batch(lengths: list[int]) -> None:
    assert sorted(index for batch in batches(lengths) for index in batch) == list(range(len(lengths)))


@given(lengths_of_posts)
def test_a_batch_with_its_padding_stays_within_the_budget_unless_it_is_one_post(lengths: list[int]) -> None:
    for batch in batches(lengths):
        assert len(batch) <= MOST_POSTS
        assert len(batch) == 1 or len(batch) * max(lengths[index] for index in batch) <= TOKEN_BUDGET


@given(lengths_of_posts)
def test_a_batch_holds_neighbours_in_length(lengths: list[int]) -> None:
    in_order = [lengths[index] for batch in batches(lengths) for index in batch]
    assert in_order == sorted(lengths)


@given(lengths_of_posts)
def test_no_batch_could_have_taken_the_next_post(lengths: list[int]) -> None:
    made = batches(lengths)
    for batch, following in pairwise(made):
        width = lengths[following[0]]
        assert len(batch) == MOST_POSTS or (len(batch) + 1) * width > TOKEN_BUDGET


def test_no_posts_make_no_batch() -> None:
    assert batches([]) == []
