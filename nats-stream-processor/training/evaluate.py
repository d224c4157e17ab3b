"""Measures a model folder on texts it never saw, against the 32-bit network, and for its independence of the batch."""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import data
import numpy as np
import torch
from data import Example
from export import load, logits, texts
from measures import Bools, Floats, recalls, topic_f1, topic_sets
from nats_stream_processor.engine import Engine, Prediction
from nats_stream_processor.text import clean

COMPARED_POSTS = 3_000
TIMED_ROUNDS = 5


def arrays(predictions: Sequence[Prediction]) -> tuple[Floats, Floats]:
    sentiments = np.array([prediction.sentiment for prediction in predictions], np.float32)
    return sentiments, np.array([prediction.topics for prediction in predictions], np.float32)


def report_sentiment(name: str, examples: list[Example], probabilities: Floats) -> None:
    truth = np.array([example.sentiment for example in examples])
    each = recalls(truth, probabilities.argmax(1), len(data.SENTIMENTS))
    accuracy = (probabilities.argmax(1) == truth).mean()
    print(f"sentiment, {name}: {len(examples)} texts, macro-recall {each.mean():.4f}, accuracy {accuracy:.4f}")
    print("   recall:", ", ".join(f"{label} {r:.3f}" for label, r in zip(data.SENTIMENTS, each, strict=True)))


def report_topics(name: str, examples: list[Example], probabilities: Floats) -> None:
    truth: Bools = np.array([example.topics for example in examples]) > 0
    answer = topic_sets(probabilities)
    micro, macro, each = topic_f1(truth, answer)
    print(
        f"topics, {name}: {len(examples)} texts, micro-F1 {micro:.4f}, macro-F1 {macro:.4f}, "
        f"{answer.sum(1).mean():.2f} topics a text (labelled {truth.sum(1).mean():.2f})"
    )
    for topic, f1, true, answered in zip(data.TOPICS, each, truth.sum(0), answer.sum(0), strict=True):
        print(f"   {topic:26} F1 {f1:.2f}  labelled {true:3}  answered {answered:3}")


def report_difference(name: str, one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> None:
    labels = (one[0].argmax(1) == other[0].argmax(1)).mean()
    sets = (topic_sets(one[1]) == topic_sets(other[1])).all(1).mean()
    largest = max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))
    print(f"{name}: same label {labels:.4%}, same topic set {sets:.4%}, largest difference {largest:.7f}")


def compare(engine: Engine, trained: Path, posts: list[str]) -> None:
    """Against the calibrated 32-bit network, and each post in a batch against the same post alone."""
    network, tokenizer = load(trained)
    weights = np.load(trained / "calibrated.npz")
    network.load_state_dict({name: torch.from_numpy(weights[name]) for name in weights.files})
    sentiment_logits, topic_logits = logits(network, tokenizer, [clean(post) for post in posts])
    exact = torch.from_numpy(sentiment_logits).softmax(1).numpy(), torch.from_numpy(topic_logits).sigmoid().numpy()
    together = arrays(engine.predict(posts))
    report_difference(f"8-bit against 32-bit, {len(posts)} Bluesky posts", together, exact)
    alone = arrays([engine.predict([post])[0] for post in posts])
    report_difference(f"in a batch against alone, {len(posts)} Bluesky posts", together, alone)


def time_it(engine: Engine, posts: list[str], posts_at_once: int) -> None:
    """Posts per second and processor time per post, tokenising included, `posts_at_once` handed over together."""
    rates, costs = [], []
    for _ in range(TIMED_ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        for start in range(0, len(posts), posts_at_once):
            engine.predict(posts[start : start + posts_at_once])
        rates.append(len(posts) / (time.perf_counter() - wall))
        costs.append((time.process_time() - cpu) / len(posts) * 1_000)
    print(f"{posts_at_once} posts at once: {median(rates):.0f} posts/s, {median(costs):.2f} ms of CPU a post")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True, help="folder of the texts")
    options.add_argument("--trained", type=Path, help="folder written by train.py: also compare with 32 bits")
    options.add_argument("--model", type=Path, help="model folder; the shipped one by default")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--time", action="store_true", help="also measure the speed; the machine must be idle")
    arguments = options.parse_args()
    torch.set_num_threads(arguments.threads)
    engine = Engine.load(arguments.model, threads=arguments.threads)

    validation = data.sentiment_validation(arguments.data)
    _, _, topic_test, _ = data.topic_tweets(arguments.data)
    _, _, bluesky_test = data.bluesky_posts(arguments.data)
    report_sentiment("TweetEval validation", validation, arrays(engine.predict(texts(validation)))[0])
    report_topics("TweetTopicXL English, held out", topic_test, arrays(engine.predict(texts(topic_test)))[1])
    bluesky = arrays(engine.predict(texts(bluesky_test)))
    report_sentiment("Bluesky, held out", bluesky_test, bluesky[0])
    report_topics("Bluesky, held out", bluesky_test, bluesky[1])

    posts = data.bluesky_texts(arguments.data)[:COMPARED_POSTS]
    if arguments.trained:
        compare(engine, arguments.trained, posts)
    if arguments.time:
        for posts_at_once in (1, 8, 16, 64, 256):
            time_it(engine, posts, posts_at_once)


if __name__ == "__main__":
    main()
