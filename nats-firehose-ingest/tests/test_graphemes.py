from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats_firehose_ingest.filtering.graphemes import length

ENOUGH = 10_000


@pytest.mark.parametrize(
    ("text", "graphemes"),
    [
        ("", 0),
        ("hello", 5),
        ("a\r\nb", 3),  # CR LF is one
        ("a\n\rb", 4),
        ("é\r\né", 3),
        ("e\u0301", 1),  # a letter and its accent
        ("Z\u0351\u036b\u0313", 1),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466", 1),  # a family, joined
        ("\U0001f44d\U0001f3fd", 1),  # a thumb and its skin
        ("\u2764\ufe0f", 1),  # a heart, in colour
        ("1\ufe0f\u20e3", 1),  # a keycap
        ("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7", 2),  # two flags
        ("\U0001f1e9\U0001f1ea\U0001f1eb", 2),  # a flag and half of one
        ("\u1100\u1161\u11a8", 1),  # a syllable of Hangul by its letters
        ("\uac01\uac02", 2),
        ("\u0928\u093f", 1),  # Devanagari: a consonant with its vowel sign
        ("\u0928\u092e\u0938", 3),
        ("日本語", 3),
    ],
    ids=ascii,
)
def test_a_text_is_as_long_as_its_reader_sees(text: str, graphemes: int) -> None:
    assert length(text, ENOUGH) == graphemes


@given(st.text(), st.integers(0, 50))
def test_counting_stops_at_the_most_that_is_asked_for(text: str, most: int) -> None:
    assert length(text, most) == min(length(text, ENOUGH), most)


@given(st.text())
def test_a_text_has_no_more_graphemes_than_code_points_and_some_if_it_has_any(text: str) -> None:
    assert bool(text) <= length(text, ENOUGH) <= len(text)


@given(st.text(st.characters(codec="ascii")))
def test_ascii_is_counted_as_it_is_among_other_letters(text: str) -> None:
    # A letter of another script in front takes the general way; nothing in ASCII joins it.
    assert length("я" + text, ENOUGH) == 1 + length(text, ENOUGH)


@given(st.text(), st.text())
def test_a_line_feed_parts_what_is_before_it_from_what_is_after(before: str, after: str) -> None:
    before = before.rstrip("\r")
    assert length(f"{before}\n{after}", ENOUGH) == length(before, ENOUGH) + 1 + length(after, ENOUGH)
