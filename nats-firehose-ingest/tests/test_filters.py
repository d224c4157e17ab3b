from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats_firehose_ingest.filtering.filters import Filters
from nats_firehose_ingest.filtering.graphemes import length
from pipeline_core.messages import RawPost

ALICE, BOB = "did:plc:alice", "did:plc:bob"
LONG_ENOUGH = "a text of some length"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"

authors = st.sampled_from([ALICE, BOB, "did:web:carol.example"])
languages = st.sampled_from(["en", "ja", "pt", "tok"])
posts = st.builds(
    RawPost,
    uri=st.just("at://did:plc:alice/app.bsky.feed.post/3k1"),
    author=authors,
    text=st.text() | st.text("\u200b \n\u3164\ufe0f") | st.text(min_size=20),
    timestamp=st.just("2026-07-04T14:38:09.000Z"),
    lang=st.none() | languages,
)
filters = st.builds(
    Filters,
    text_filtering=st.booleans(),
    shortest=st.integers(0, 12),
    longest=st.integers(1, 30),
    languages=st.frozensets(languages),
    authors=st.frozensets(authors),
    excluded_authors=st.frozensets(authors),
)


def post(text: str = LONG_ENOUGH, author: str = ALICE) -> RawPost:
    return RawPost(
        uri=f"at://{author}/app.bsky.feed.post/3k1",
        author=author,
        text=text,
        timestamp="2026-07-04T14:38:09.000Z",
    )


def test_without_settings_a_text_of_10_to_1000_graphemes_passes_in_any_language_and_from_anyone() -> None:
    for graphemes, reason in [(9, "too_short"), (10, None), (1000, None), (1001, "too_long")]:
        assert Filters().reason_to_drop(post("x" * graphemes)) == reason
        assert Filters().reason_to_drop(post(FAMILY * graphemes)) == reason
    assert Filters().reason_to_drop_language(None) is None


@pytest.mark.parametrize(
    "text",
    ["", "          ", "\n\t\r\n \u2003\u3000   ", "\u200b" * 20, "\ufeff\u2060\u00ad\u200d" * 5, "\u3164" * 20,
     "\u2800" * 20, "\ufe0f" * 20, "\u202a\u202c" * 10],
    ids=ascii,
)  # fmt: skip
def test_a_text_that_shows_nothing_is_empty_however_long(text: str) -> None:
    assert Filters(shortest=0).reason_to_drop(post(text)) == "empty_text"


@pytest.mark.parametrize("text", [".", "\U0001f600", "\u0301", "\u0645", "\u200b.\u200b"], ids=ascii)
def test_a_text_that_shows_one_sign_is_not_empty(text: str) -> None:
    assert Filters().reason_to_drop(post(text)) == "too_short"
    assert Filters(shortest=1).reason_to_drop(post(text)) is None


def test_without_text_filtering_any_text_passes() -> None:
    off = Filters(text_filtering=False)
    for text in ("", "x", "x" * 5000):
        assert off.reason_to_drop(post(text)) is None


def test_authors_are_let_through_by_name_and_shut_out_by_name() -> None:
    only_alice = Filters(authors=frozenset({ALICE}))
    assert only_alice.reason_to_drop(post(author=ALICE)) is None
    assert only_alice.reason_to_drop(post(author=BOB)) == "author"
    all_but_bob = Filters(excluded_authors=frozenset({BOB}))
    assert all_but_bob.reason_to_drop(post(author=ALICE)) is None
    assert all_but_bob.reason_to_drop(post(author=BOB)) == "author"


def test_who_is_in_both_lists_is_shut_out() -> None:
    both = Filters(authors=frozenset({ALICE}), excluded_authors=frozenset({ALICE}))
    assert both.reason_to_drop(post(author=ALICE)) == "author"


def test_only_the_languages_asked_for_pass_and_a_post_of_no_known_language_does_not() -> None:
    english = Filters(languages=frozenset({"en"}))
    assert english.reason_to_drop_language("en") is None
    assert english.reason_to_drop_language("ja") == "language"
    assert english.reason_to_drop_language(None) == "language"


@pytest.mark.parametrize("wanted", ["pt", "PT", "pt-BR", "pt_br"])
@pytest.mark.parametrize("lang", ["pt", "Pt", "pt-PT"])
def test_region_and_case_of_a_language_do_not_count(wanted: str, lang: str) -> None:
    assert Filters(languages=frozenset({wanted})).reason_to_drop_language(lang) is None
    assert Filters(languages=frozenset({wanted})).reason_to_drop_language("es") == "language"


def test_a_language_that_is_none_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'english', 'x': no language code such as en"):
        Filters(languages=frozenset({"en", "x", "english"}))


@given(filters, posts)
def test_a_post_passes_exactly_if_it_keeps_every_rule(filters: Filters, post: RawPost) -> None:
    reasons = (filters.reason_to_drop(post), filters.reason_to_drop_language(post.lang))
    visible = any(sign.isprintable() and not sign.isspace() and sign not in "\u3164\ufe0f" for sign in post.text)
    graphemes = length(post.text, 10_000)
    if reasons[0] is None:
        assert post.author not in filters.excluded_authors
        assert not filters.authors or post.author in filters.authors
        assert not filters.text_filtering or filters.shortest <= graphemes <= filters.longest
    if filters.text_filtering and reasons[0] == "empty_text":
        assert not visible
    assert (reasons[1] is None) == (not filters.languages or post.lang in filters.languages)


@given(filters, posts)
def test_each_reason_is_one_of_the_tokens_and_true(filters: Filters, post: RawPost) -> None:
    true = {
        "author": post.author in filters.excluded_authors or post.author not in (filters.authors or {post.author}),
        "empty_text": filters.text_filtering,
        "too_short": filters.text_filtering and length(post.text, 10_000) < filters.shortest,
        "too_long": filters.text_filtering and length(post.text, 10_000) > filters.longest,
        "language": post.lang not in (filters.languages or {post.lang}),
    }
    for reason in (filters.reason_to_drop(post), filters.reason_to_drop_language(post.lang)):
        assert reason is None or true[reason]


@given(posts)
def test_filters_that_are_all_off_let_everything_through(post: RawPost) -> None:
    off = Filters(text_filtering=False)
    assert (off.reason_to_drop(post), off.reason_to_drop_language(post.lang)) == (None, None)
