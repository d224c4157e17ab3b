"""The texts the models learn from, cleaned and split. Every split is seeded: the same data gives the same parts."""

import csv
import hashlib
import json
import random
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from nats_stream_processor.text import clean
from pipeline_core.messages import SENTIMENTS as LABELS
from pipeline_core.messages import TOPICS

SENTIMENTS = tuple(label.lower() for label in LABELS)
SPLIT_SEED = 20_260
HASH_LETTERS = 16
"""Of a text's SHA-256 in hexadecimal: 64 bits tell some tens of thousands of texts apart."""
TWEET_TOPIC_TEST = 200
"""Tweets of each language kept for the final figure: never trained on, never calibrated on."""
TWEET_TOPIC_CALIBRATION = 100
SENTIMENT_CALIBRATION = 3_000
LANGUAGE_SENTIMENT_CALIBRATION = 150
"""Of each language of XLM-T."""
BLUESKY_CALIBRATION = 600
MAJORITY = 2
"""Annotators, of three, who must agree on what the development set says."""
LABELS_FOLDER = Path(__file__).with_name("labels")
"""Labels made for this project: a hash of each text with its labels, because the texts are not ours to give."""
LANGUAGES = {
    "arabic": "ar",
    "english": "en",
    "french": "fr",
    "german": "de",
    "hindi": "hi",
    "italian": "it",
    "portuguese": "pt",
    "spanish": "es",
}

Sentiment = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Example:
    """A cleaned text, its sentiment as three shares (None: unknown), 19 topic targets and how far to trust each."""

    text: str
    sentiment: Sentiment | None = None
    topics: tuple[float, ...] = (0.0,) * len(TOPICS)
    topic_weights: tuple[float, ...] = (0.0,) * len(TOPICS)
    language: str = "en"


class Parts(NamedTuple):
    """No text is in two parts: `test` is only measured on, `calibration` only calibrated on."""

    train: list[Example]
    calibration: list[Example]
    test: list[Example]


def read_jsonl(path: Path) -> Iterator[dict]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def read_labels(name: str) -> Iterator[dict[str, str]]:
    with (LABELS_FOLDER / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t")


def sentiment_tweets(data: Path) -> Parts:
    """SemEval-2017 training tweets, some with our topics; tested on the official validation split of TweetEval."""
    topics = _tweet_topics()
    examples = [_sentiment_example(row, topics) for row in read_jsonl(data / "semeval2017-sentiment/train.jsonl")]
    random.Random(SPLIT_SEED).shuffle(examples)
    test = [_sentiment_example(row, {}) for row in read_jsonl(data / "tweeteval-sentiment/val.jsonl")]
    return Parts(examples[SENTIMENT_CALIBRATION:], examples[:SENTIMENT_CALIBRATION], test)


def language_tweets(data: Path) -> Parts:
    """XLM-T: sentiment in eight languages, some with our topics; tested on its own validation split."""
    topics = _tweet_topics()
    rows = list(read_jsonl(data / "xlm-t-sentiment/train.jsonl"))
    random.Random(SPLIT_SEED).shuffle(rows)
    train, calibration, seen = [], [], Counter[str]()
    for row in rows:
        seen[row["language"]] += 1
        part = calibration if seen[row["language"]] <= LANGUAGE_SENTIMENT_CALIBRATION else train
        part.append(_sentiment_example(row, topics))
    return Parts(
        train, calibration, [_sentiment_example(row, {}) for row in read_jsonl(data / "xlm-t-sentiment/val.jsonl")]
    )


def topic_tweets(data: Path, language: str) -> Parts:
    """TweetTopicXL in "en", "es", "ja" or "el": the exact topics; the sentiment is ours, and of ja and el alone."""
    sentiments = {row["text"]: row["sentiment"] for row in read_labels("tweet_sentiments.tsv")}
    rows = [row for row in read_jsonl(data / "tweet-topic-xl/train.jsonl") if row["language"] == language]
    examples = []
    for row in rows:
        sentiment = sentiments.get(text_hash(row["text"]))
        examples.append(replace(_topic_example(row), sentiment=sentiment and _certain(sentiment), language=language))
    random.Random(SPLIT_SEED).shuffle(examples)
    calibration_end = TWEET_TOPIC_TEST + TWEET_TOPIC_CALIBRATION
    return Parts(examples[calibration_end:], examples[TWEET_TOPIC_TEST:calibration_end], examples[:TWEET_TOPIC_TEST])


def weak_tweets(data: Path) -> list[Example]:
    """Tweets by target, their topics trusted only as far as their weights say."""
    return [_topic_example(row) for row in read_jsonl(data / "weak-topics/tweets.jsonl")]


def weak_headlines(data: Path) -> list[Example]:
    """Headlines by section, likewise."""
    rows = read_jsonl(data / "weak-topics/headlines.jsonl")
    return [_topic_example(row | {"text": _rejoin(row["text"])}) for row in rows]


def bluesky_texts(data: Path) -> list[str]:
    return [row["text"] for row in read_jsonl(data / "bluesky-unlabelled/posts.jsonl")]


def bluesky_posts(data: Path) -> Parts:
    """Our labelled Bluesky posts. Test is the development set: what two of three annotators say."""
    by_hash = {text_hash(text): clean(text) for text in bluesky_texts(data)}
    posts = [
        _labelled(by_hash[row["text"]], row["sentiment"], row["topics"].split()) for row in read_labels("bluesky.tsv")
    ]
    test = [_labelled(by_hash[row["text"]], *_agreed(row)) for row in read_labels("bluesky_development.tsv")]
    return Parts(posts[BLUESKY_CALIBRATION:], posts[:BLUESKY_CALIBRATION], test)


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:HASH_LETTERS]


def _agreed(row: dict[str, str]) -> tuple[str, list[str]]:
    """What most annotators said; of three different sentiments the one between, of no common topic the first ones."""
    votes = Counter(row[f"sentiment_{annotator}"] for annotator in "abc")
    sentiment, most = votes.most_common(1)[0]
    topics = Counter(topic for annotator in "abc" for topic in row[f"topics_{annotator}"].split())
    agreed = [topic for topic, count in topics.items() if count >= MAJORITY]
    return sentiment if most >= MAJORITY else "neutral", agreed or row["topics_a"].split()


def _tweet_topics() -> dict[str, list[str]]:
    return {row["text"]: row["topics"].split() for row in read_labels("tweet_topics.tsv")}


def _sentiment_example(row: dict, topics: dict[str, list[str]]) -> Example:
    text, language = clean(row["text"]), LANGUAGES[row.get("language", "english")]
    named = topics.get(text_hash(row["text"]))
    if named is None:
        return Example(text, _certain(row["label"]), language=language)
    return replace(_labelled(text, row["label"], named), language=language)


def _labelled(text: str, sentiment: str, topics: Iterable[str]) -> Example:
    return Example(text, _certain(sentiment), _targets(topics), (1.0,) * len(TOPICS))


def _topic_example(row: dict) -> Example:
    weights = tuple(float(weight) for weight in row.get("weights", (1.0,) * len(TOPICS)))
    return Example(clean(row["text"]), None, _targets(row["topics"]), weights)


def _certain(sentiment: str) -> Sentiment:
    negative, neutral, positive = (float(sentiment == label) for label in SENTIMENTS)
    return negative, neutral, positive


def _targets(topics: Iterable[str]) -> tuple[float, ...]:
    named = set(topics)
    return tuple(float(topic in named) for topic in TOPICS)


def _rejoin(tokenised: str) -> str:
    """Undoes the spaces that the headlines' tokeniser put before punctuation and contractions."""
    text = re.sub(r"\s+n't\b", "n't", tokenised)
    return re.sub(r"\s+([,.:;!?%)]|'\w)", r"\1", text)
