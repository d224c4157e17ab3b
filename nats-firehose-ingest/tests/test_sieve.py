from __future__ import annotations

from nats_firehose_ingest.filtering.filters import Filters
from nats_firehose_ingest.filtering.language import Languages
from nats_firehose_ingest.filtering.sieve import Sieve
from pipeline_core.messages import AccountChange, Deletion, RawPost

NOW = "2026-07-04T14:38:09.000Z"
ENGLISH = "The weather is so nice today that we went out to the river."
GERMAN = "Das Wetter ist heute so schön, dass wir zum Fluss gegangen sind."
DELETION = Deletion(uri="at://did:plc:a/app.bsky.feed.post/3k", author="did:plc:a", rev="3k", timestamp=NOW)
ACCOUNT = AccountChange(author="did:plc:a", active=False, status="deleted", timestamp=NOW)


def post(text: str, **fields: object) -> RawPost:
    return RawPost.model_validate(
        {"uri": f"at://did:plc:a/{text[:3]}", "author": "did:plc:a", "text": text, "timestamp": NOW, **fields}
    )


def test_a_post_that_passes_is_told_its_language() -> None:
    kept, dropped = Sieve(Filters(), Languages()).sift([post(ENGLISH), post(GERMAN, langs=["en"])])
    assert [message.lang for message in kept if isinstance(message, RawPost)] == ["en", "de"]
    assert not dropped


def test_what_is_dropped_is_counted_by_reason() -> None:
    sieve = Sieve(Filters(languages=frozenset({"en"})), Languages())
    kept, dropped = sieve.sift([post("short"), post("  \u200b "), post(ENGLISH), post(GERMAN), post("tiny")])
    assert [message.text for message in kept if isinstance(message, RawPost)] == [ENGLISH]
    assert dropped == {"too_short": 2, "empty_text": 1, "language": 1}


def test_deletions_and_account_changes_always_pass() -> None:
    sieve = Sieve(Filters(authors=frozenset({"did:plc:b"}), excluded_authors=frozenset({"did:plc:a"})), Languages())
    assert sieve.sift([DELETION, ACCOUNT]) == ([DELETION, ACCOUNT], {})


def test_an_edit_that_no_longer_passes_takes_back_the_words_it_replaced() -> None:
    edit = post("gone", kind="update", rev="3kb", cid="bafy")
    kept, dropped = Sieve(Filters(), Languages()).sift([edit])
    assert kept == [Deletion(uri=edit.uri, author=edit.author, rev="3kb", timestamp=NOW)]
    assert dropped == {"too_short": 1}


def test_an_edit_is_taken_back_at_the_time_it_came_whatever_time_its_author_gave_it() -> None:
    edit = post("gone", kind="update", rev="3kb", cid="bafy", timestamp="2099-01-01T00:00:00Z", received_at=NOW)
    (taken_back,), _ = Sieve(Filters(), Languages()).sift([edit])
    assert taken_back.timestamp == NOW
