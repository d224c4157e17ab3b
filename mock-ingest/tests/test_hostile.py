from __future__ import annotations

import unicodedata

from mock_ingest.hostile import HOSTILE, MAX_TEXT_BYTES


def test_every_hostile_text_is_valid_unicode() -> None:
    for text in HOSTILE.values():
        assert text.encode().decode() == text


def test_the_emoji_text_has_300_graphemes_of_2800_code_points() -> None:
    text = HOSTILE["emoji_families"]
    people = text.count("\U0001f469")
    assert (people, len(text)) == (300, 2_800)


def test_the_longest_texts_fill_the_limit_to_the_byte() -> None:
    assert len(HOSTILE["max_bytes"].encode()) == MAX_TEXT_BYTES
    assert len(HOSTILE["one_long_word"].encode()) == MAX_TEXT_BYTES
    for name in HOSTILE.keys() - {"emoji_families"}:
        assert len(HOSTILE[name].encode()) <= MAX_TEXT_BYTES


def test_the_texts_hold_what_their_names_say() -> None:
    marks = sum(unicodedata.combining(character) > 0 for character in HOSTILE["combining_stack"])
    assert marks > 500
    assert "\x00" in HOSTILE["nul"]
    assert "<script>" in HOSTILE["script_tag"]
    assert "javascript:" in HOSTILE["script_url"]
    assert "{{7*7}}" in HOSTILE["template"]
    assert "%s %n" in HOSTILE["format"]
    assert "$(reboot)" in HOSTILE["shell"]
    assert "; rm -rf" in HOSTILE["shell"]
    assert "*.>" in HOSTILE["subject"]
    assert "\u202e" in HOSTILE["bidi"]
    assert "\u200b" in HOSTILE["zero_width"]
    assert HOSTILE["newlines"].count("\n") > 500
    assert HOSTILE["empty"] == ""
