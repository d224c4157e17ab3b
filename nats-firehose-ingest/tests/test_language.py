from __future__ import annotations

import threading
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nats_firehose_ingest.filtering.iso639 import code
from nats_firehose_ingest.filtering.language import Languages


@cache
def made() -> Languages:
    return Languages()


@pytest.fixture
def languages() -> Languages:
    return made()


SENTENCES = {
    "en": "The weather is fine today, and we are going to the beach.",
    "ja": "今日は天気がいいので、海に行きます。",
    "de": "Heute ist das Wetter schön, und wir fahren ans Meer.",
    "pt": "Hoje o tempo está bom e nós vamos para a praia.",
    "es": "Hoy hace buen tiempo y vamos a ir a la playa.",
    "fr": "Aujourd'hui il fait beau et nous allons à la plage.",
    "ko": "오늘은 날씨가 좋아서 바다에 갑니다.",
    "ar": "الطقس جميل اليوم وسنذهب إلى البحر.",
    "ru": "Сегодня хорошая погода, и мы едем на море.",
    "hi": "आज मौसम अच्छा है और हम समुद्र तट पर जा रहे हैं।",
    "el": "Σήμερα ο καιρός είναι καλός και πάμε στη θάλασσα.",
    "th": "วันนี้อากาศดีและเราจะไปทะเล",
}


@pytest.mark.parametrize("language", SENTENCES)
@pytest.mark.parametrize("tags", [[], ["en"], ["nl-NL"], ["xx", "english", ""]], ids=str)
def test_a_clear_text_is_in_the_language_it_is_in_whatever_its_author_says(
    languages: Languages, language: str, tags: list[str]
) -> None:
    assert languages.of(SENTENCES[language], tags) == language


@pytest.mark.parametrize(
    "text", ["", "😂😂", "https://example.com/in/english", "@alice.bsky.social", "1:0 !!", "\n \t"]
)
def test_where_a_text_says_nothing_its_author_is_believed(languages: Languages, text: str) -> None:
    assert languages.of(text, ["pt-BR"]) == "pt"
    assert languages.of(text, ["xx", "ja", "en"]) == "ja"
    assert languages.of(text, []) is None
    assert languages.of(text, ["und"]) is None


def test_a_word_of_two_languages_is_in_the_one_that_its_author_names(languages: Languages) -> None:
    word = "草"
    assert {languages.of(word, ["ja"]), languages.of(word, ["zh-Hant-TW"])} == {"ja", "zh"}


def test_a_language_that_the_model_does_not_know_is_believed_where_the_text_is_no_clear_other(
    languages: Languages,
) -> None:
    assert languages.of("toki pona li pona", ["tok"]) == "tok"
    assert languages.of(SENTENCES["en"], ["tok"]) == "en"


def test_links_names_and_hash_signs_around_a_text_do_not_change_it(languages: Languages) -> None:
    noise = "@someone.with.an.english.name.example https://the.news/this-is-an-article-about-the-weather\n"
    assert languages.of(noise + "#Wetter: " + SENTENCES["de"], []) == "de"


def test_a_long_text_is_judged_by_its_beginning(languages: Languages) -> None:
    assert languages.of(SENTENCES["en"] * 3 + SENTENCES["ja"] * 10_000, []) == "en"


def test_neither_making_it_nor_asking_it_writes_anything_or_starts_a_thread(capfd: pytest.CaptureFixture[str]) -> None:
    before = threading.active_count()
    Languages().of("hello\x00world\n", ["en"])
    assert tuple(capfd.readouterr()) == ("", "")
    assert threading.active_count() == before


# Code points of every plane, lone surrogates and control characters too: a record may hold what it likes.
anything = st.text(st.characters(exclude_categories=()))


@given(anything, st.lists(anything | st.sampled_from(["en", "ja", "pt-BR"]), max_size=4))
@settings(max_examples=300)
def test_any_text_with_any_tags_has_a_language_code_or_none_and_always_the_same(text: str, tags: list[str]) -> None:
    found = made().of(text, tags)
    assert found is None or code(found) == found
    assert made().of(text, tags) == found


@given(anything)
def test_without_tags_that_name_a_language_they_might_as_well_be_missing(text: str) -> None:
    assert made().of(text, ["xx", "und", "qaa-Latn", "", "-"]) == made().of(text, [])


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("en", "en"),
        ("EN", "en"),
        ("en-US", "en"),
        ("en_GB", "en"),
        ("zh-Hant-HK", "zh"),
        ("yue", "zh"),
        ("nb-NO", "no"),
        ("iw", "he"),
        ("tok", "tok"),
        ("gsw-CH", "gsw"),
        ("xx", None),
        ("und", None),
        ("mul", None),
        ("qaa", None),
        ("qtz", None),
        ("e", None),
        ("english", None),
        ("日本語", None),
        ("12", None),
        ("", None),
        ("-en", None),
    ],
)
def test_a_tag_is_read_without_region_script_and_case(tag: str, language: str | None) -> None:
    assert code(tag) == language


@given(anything)
def test_a_code_stands_for_itself(tag: str) -> None:
    found = code(tag)
    assert found is None or code(found) == found
