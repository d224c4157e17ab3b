"""The texts the model learns from, cleaned and split. Every split is seeded: the same data gives the same parts."""

import hashlib
import json
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nats_stream_processor.text import clean
from pipeline_core.messages import SENTIMENTS as LABELS
from pipeline_core.messages import TOPICS

SENTIMENTS = tuple(label.lower() for label in LABELS)
NO_SENTIMENT = -1
SPLIT_SEED = 20_260
TWEET_TOPIC_TEST = 200
"""English tweets kept for the final figure: never trained on, never calibrated on."""
TWEET_TOPIC_CALIBRATION = 100
SENTIMENT_CALIBRATION = 3_000
BLUESKY_TEST = 200
BLUESKY_CALIBRATION = 150
BLUESKY_LABELS = Path(__file__).with_name("bluesky_labels.jsonl")
"""Our own labels of public posts: a hash of each text with its labels, because the texts are not ours to give."""


@dataclass(frozen=True, slots=True)
class Example:
    """A cleaned text with a sentiment index or NO_SENTIMENT, 19 topic targets and how far to trust each (0 to 1)."""

    text: str
    sentiment: int = NO_SENTIMENT
    topics: tuple[float, ...] = (0.0,) * len(TOPICS)
    topic_weights: tuple[float, ...] = (0.0,) * len(TOPICS)


def read_jsonl(path: Path) -> Iterator[dict]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def sentiment_tweets(data: Path) -> tuple[list[Example], list[Example]]:
    """SemEval-2017 training tweets: (train, calibration)."""
    examples = [_sentiment_example(row) for row in read_jsonl(data / "semeval2017-sentiment/train.jsonl")]
    random.Random(SPLIT_SEED).shuffle(examples)
    return examples[SENTIMENT_CALIBRATION:], examples[:SENTIMENT_CALIBRATION]


def sentiment_validation(data: Path) -> list[Example]:
    """The official TweetEval validation split: only ever measured on."""
    return [_sentiment_example(row) for row in read_jsonl(data / "tweeteval-sentiment/val.jsonl")]


def topic_tweets(data: Path) -> tuple[list[Example], list[Example], list[Example], list[Example]]:
    """TweetTopicXL: (English train, English calibration, English test, Spanish train)."""
    rows = list(read_jsonl(data / "tweet-topic-xl/train.jsonl"))
    english = [_topic_example(row) for row in rows if row["language"] == "en"]
    spanish = [_topic_example(row) for row in rows if row["language"] == "es"]
    random.Random(SPLIT_SEED).shuffle(english)
    test_end = TWEET_TOPIC_TEST
    calibration_end = test_end + TWEET_TOPIC_CALIBRATION
    return english[calibration_end:], english[test_end:calibration_end], english[:test_end], spanish


def weak_topics(data: Path) -> list[Example]:
    """Tweets by target and headlines by section, their labels trusted only as far as their weights say."""
    tweets = [_topic_example(row) for row in read_jsonl(data / "weak-topics/tweets.jsonl")]
    headlines = [
        _topic_example(row | {"text": _rejoin(row["text"])}) for row in read_jsonl(data / "weak-topics/headlines.jsonl")
    ]
    return tweets + headlines


def bluesky_texts(data: Path) -> list[str]:
    return [row["text"] for row in read_jsonl(data / "bluesky-unlabelled/posts.jsonl")]


def bluesky_posts(data: Path) -> tuple[list[Example], list[Example], list[Example]]:
    """Our labelled Bluesky posts: (train, calibration, test).

    Calibration and test come from posts drawn at random, split by the order of their hashes. Posts drawn by words of
    rare topics are for training alone.
    """
    by_hash = {text_hash(text): text for text in bluesky_texts(data)}
    drawn: dict[str, list[Example]] = {"random": [], "by_word": []}
    for row in sorted(read_jsonl(BLUESKY_LABELS), key=lambda row: row["text_sha256"]):
        text = clean(by_hash[row["text_sha256"]])
        sentiment = SENTIMENTS.index(row["sentiment"])
        drawn[row["drawn"]].append(Example(text, sentiment, _targets(row["topics"]), (1.0,) * len(TOPICS)))
    posts = drawn["random"]
    test_end, calibration_end = BLUESKY_TEST, BLUESKY_TEST + BLUESKY_CALIBRATION
    return posts[calibration_end:] + drawn["by_word"], posts[test_end:calibration_end], posts[:test_end]


def text_hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _sentiment_example(row: dict) -> Example:
    return Example(clean(row["text"]), SENTIMENTS.index(row["label"]))


def _topic_example(row: dict) -> Example:
    weights = tuple(float(weight) for weight in row.get("weights", (1.0,) * len(TOPICS)))
    return Example(clean(row["text"]), NO_SENTIMENT, _targets(row["topics"]), weights)


def _targets(topics: list[str]) -> tuple[float, ...]:
    return tuple(float(topic in topics) for topic in TOPICS)


def _rejoin(tokenised: str) -> str:
    """Undoes the spaces that the headlines' tokeniser put before punctuation and contractions."""
    text = re.sub(r"\s+n't\b", "n't", tokenised)
    return re.sub(r"\s+([,.:;!?%)]|'\w)", r"\1", text)
