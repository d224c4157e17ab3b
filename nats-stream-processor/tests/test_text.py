"""What the tokenizer is given to read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats_stream_processor.text import MAX_CHARACTERS, clean


@pytest.mark.parametrize(
    ("post", "read_as"),
    [
        ("see https://bsky.app/profile/a?b=c#d now", "see http now"),
        ("read example.com/a/long-pa...", "read http"),
        ("and/or 3.5/10 e.g. this", "and/or 3.5/10 e.g. this"),
        ("thanks @alice.bsky.social.", "thanks @user."),
        ("mail me: bob@example.com", "mail me: bob@example.com"),
        ("Tom &amp; Jerry &lt;3", "Tom & Jerry <3"),
        ("so #BlackLivesMatter #art_of_bsky", "so #Black Lives Matter #art of bsky"),
        ("ok👍🏽fine", "ok 👍 fine"),
        ("family 👨‍👩‍👧", "family 👨 👩 👧"),
        ("I ❤️ it", "I ❤ it"),
        ("𝗯𝗼𝗹𝗱 ﬁne…", "bold fine..."),
        ("a\x00b\x1b[31m\nc\u2028d", "a b [31m c d"),
        ("&#0;&#x1b;x", "\ufffdx"),
        ("half \ud83d emoji", "half emoji"),
        ("   ", ""),
        ("", ""),
    ],
)
def test_a_post_is_rewritten_as_the_encoder_learnt_to_read(post: str, read_as: str) -> None:
    assert clean(post) == read_as


@given(st.text(st.characters(exclude_categories=[])))
def test_any_string_becomes_one_line_of_valid_unicode(post: str) -> None:
    cleaned = clean(post)
    cleaned.encode("utf-8")
    assert cleaned == " ".join(cleaned.split())
    assert not any(ord(character) < 0x20 for character in cleaned)


def test_what_no_post_can_hold_is_cut_before_it_costs_anything() -> None:
    assert len(clean("a" * 10 * MAX_CHARACTERS)) == MAX_CHARACTERS


@pytest.mark.parametrize("unit", ["a-", "a.", "@a.", "#a_", "a\u0301", "&amp;", "\u0327\u0301", "www."])
def test_repetition_made_to_be_slow_is_still_read(unit: str) -> None:
    assert clean(unit * MAX_CHARACTERS)
