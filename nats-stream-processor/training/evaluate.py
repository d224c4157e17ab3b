"""Measures the shipped models, through the service's own engine, on texts that they never saw; writes the model card.

Every figure has the bootstrap interval of 95 % behind it. Needs the texts, which are not in this repository.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import data
import numpy as np
from data import Example
from measures import (
    Bools,
    Floats,
    Integers,
    calibration_error,
    interval,
    macro_f1,
    macro_recall,
    recalls,
    topic_f1,
    topic_sets,
)
from nats_stream_processor.embedded import MODELS, EmbeddedModels

CARD = MODELS / "MODEL_CARD.md"
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
AT_ONCE = 64
READ_AS = {"hi": "es"}
"""Hindi was taught and is measured, but the service does not answer in it: another language of the same model leads to
the same answer, as the model is not told which it is."""
FOLDERS = ("tweeteval-sentiment", "xlm-t-sentiment", "tweet-topic-xl", "bluesky-unlabelled", "semeval2017-sentiment")


@dataclass(frozen=True)
class Part:
    """One row of the tables."""

    name: str
    examples: list[Example]


def sentiment_parts(folder: Path) -> list[Part]:
    languages = data.language_tweets(folder).test
    own = [Part(f"TweetTopicXL, {name}", data.topic_tweets(folder, code).test) for code, name in OWN_SENTIMENTS.items()]
    return [
        Part("TweetEval validation, English", data.sentiment_tweets(folder).test),
        Part("Bluesky, development set", data.bluesky_posts(folder).test),
        *(
            Part(f"XLM-T validation, {name.title()}", [example for example in languages if example.language == code])
            for name, code in data.LANGUAGES.items()
        ),
        *own,
    ]


OWN_SENTIMENTS = {"ja": "Japanese", "el": "Greek"}
TOPIC_LANGUAGES = {"en": "English", "es": "Spanish", **OWN_SENTIMENTS}


def topic_parts(folder: Path) -> list[Part]:
    tweets = [
        Part(f"TweetTopicXL, {name}", data.topic_tweets(folder, code).test) for code, name in TOPIC_LANGUAGES.items()
    ]
    return [*tweets, Part("Bluesky, development set", data.bluesky_posts(folder).test)]


def answers(models: EmbeddedModels, examples: Sequence[Example]) -> tuple[Floats, Floats]:
    """Sentiment [posts, 3] and topics [posts, 19]."""
    predictions = []
    for start in range(0, len(examples), AT_ONCE):
        part = examples[start : start + AT_ONCE]
        languages = [READ_AS.get(one.language, one.language) for one in part]
        predictions += models.predict([one.text for one in part], languages)
    sentiments = np.array([prediction.sentiment for prediction in predictions], np.float32)
    return sentiments, np.array([prediction.topics for prediction in predictions], np.float32)


def sentiment_truth(examples: Sequence[Example]) -> Integers:
    return np.array([np.argmax(example.sentiment) for example in examples])


def topic_truth(examples: Sequence[Example]) -> Bools:
    return np.array([example.topics for example in examples]) > 0


def sentiment_rows(models: EmbeddedModels, parts: Sequence[Part]) -> list[str]:
    rows, xlm_t = [], list[tuple[Integers, Integers]]()
    for part in parts:
        truth, probabilities = sentiment_truth(part.examples), answers(models, part.examples)[0]
        answer = probabilities.argmax(1)
        if part.name.startswith("XLM-T"):
            xlm_t.append((truth, answer))
        each = ", ".join(f"{100 * recall:.0f}" for recall in recalls(truth, answer, 3))
        rows.append(
            f"| {part.name} | {len(truth)} | {figure(macro_recall, truth, answer)} | {figure(macro_f1, truth, answer)} "
            f"| {each} | {calibration_error(truth, probabilities):.3f} |"
        )
    mean = np.mean([macro_f1(*pair) for pair in xlm_t])
    recall = np.mean([macro_recall(*pair) for pair in xlm_t])
    posts = min(len(truth) for truth, _ in xlm_t)
    low, high = interval(lambda draw: np.mean([macro_f1(truth[draw], answer[draw]) for truth, answer in xlm_t]), posts)
    total = sum(len(truth) for truth, _ in xlm_t)
    means = f"{100 * recall:.1f} | {100 * mean:.1f} ({100 * low:.1f} to {100 * high:.1f})"
    return [*rows, f"| **XLM-T validation, mean of the 8** | {total} | {means} | | |"]


def topic_rows(models: EmbeddedModels, parts: Sequence[Part]) -> tuple[list[str], list[str]]:
    """(a row a part, a row a topic)."""
    rows, columns = [], []
    for part in parts:
        truth, answer = topic_truth(part.examples), topic_sets(answers(models, part.examples)[1])
        each = topic_f1(truth, answer)[2]
        columns.append([f"{f1:.2f} ({count})" for f1, count in zip(each, truth.sum(0), strict=True)])
        rows.append(
            f"| {part.name} | {len(truth)} | {figure(micro, truth, answer)} | {figure(macro, truth, answer)} "
            f"| {answer.sum(1).mean():.2f} | {truth.sum(1).mean():.2f} |"
        )
    by_topic = [
        f"| {topic} | " + " | ".join(column[index] for column in columns) + " |"
        for index, topic in enumerate(data.TOPICS)
    ]
    return rows, by_topic


def micro(truth: Bools, answer: Bools) -> float:
    return topic_f1(truth, answer)[0]


def macro(truth: Bools, answer: Bools) -> float:
    """Over the topics that occur in the labels or the answers drawn."""
    used = truth.any(0) | answer.any(0)
    return float(topic_f1(truth[:, used], answer[:, used])[2].mean())


def figure(score: Callable[..., float], truth: np.ndarray, answer: np.ndarray) -> str:
    low, high = interval(lambda draw: score(truth[draw], answer[draw]), len(truth))
    return f"{100 * score(truth, answer):.1f} ({100 * low:.1f} to {100 * high:.1f})"


def agreement() -> str:
    """How far the annotators of the development set agree: of each pair, sentiment, Cohen's kappa, topics' micro-F1."""
    rows = list(data.read_labels("bluesky_development.tsv"))
    lines = []
    for one, other in (("a", "b"), ("a", "c"), ("b", "c")):
        labels = [(row[f"sentiment_{one}"], row[f"sentiment_{other}"]) for row in rows]
        same = np.mean([first == second for first, second in labels])
        chance = sum(
            np.mean([first == label for first, _ in labels]) * np.mean([second == label for _, second in labels])
            for label in data.SENTIMENTS
        )
        sets = [(set(row[f"topics_{one}"].split()), set(row[f"topics_{other}"].split())) for row in rows]
        shared = 2 * sum(len(first & second) for first, second in sets) / sum(len(a) + len(b) for a, b in sets)
        lines.append(
            f"| {one} and {other} | {100 * same:.1f} % | {(same - chance) / (1 - chance):.2f} | {shared:.2f} |"
        )
    return "\n".join(["| annotators | same sentiment | kappa | topics, micro-F1 |", "|---|---|---|---|", *lines])


def tables(models: EmbeddedModels, folder: Path) -> str:
    sentiment = sentiment_rows(models, sentiment_parts(folder))
    parts = topic_parts(folder)
    topics, by_topic = topic_rows(models, parts)
    names = " | ".join(part.name for part in parts)
    return "\n".join(
        [
            "| sentiment | texts | macro-recall % | macro-F1 % | negative, neutral, positive | calibration error |",
            "|---|---|---|---|---|---|",
            *sentiment,
            "",
            "| topics | texts | micro-F1 % | macro-F1 % | topics a text | labelled |",
            "|---|---|---|---|---|---|",
            *topics,
            "",
            f"| F1 (labelled) | {names} |",
            "|---" * (len(parts) + 1) + "|",
            *by_topic,
            "",
            agreement(),
        ]
    )


def write(card: Path, measured: str) -> None:
    before, _, rest = card.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    card.write_text(f"{before}{BEGIN}\n{measured}\n{END}{after}", encoding="utf-8")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True, help="folder of the texts")
    options.add_argument(
        "--models", type=Path, default=MODELS, help="folder of the models; the shipped ones by default"
    )
    options.add_argument("--write", action="store_true", help="put the tables into the model card")
    options.add_argument("--threads", type=int, default=2)
    arguments = options.parse_args()
    missing = [name for name in FOLDERS if not (arguments.data / name).is_dir()]
    if missing:
        sys.exit(
            f"{arguments.data} lacks {', '.join(missing)}: the texts belong to others and are not in this repository; "
            "the model card names where each comes from. Give their folder with DATA=."
        )
    measured = tables(EmbeddedModels.load(arguments.models, threads=arguments.threads), arguments.data)
    print(measured)
    if arguments.write:
        write(CARD, measured)


if __name__ == "__main__":
    main()
