"""Compares the shipped 8-bit models with their 32-bit networks, and posts in a batch with the same posts alone."""

import argparse
from pathlib import Path

import data
import numpy as np
import torch
from evaluate import answers
from export import load, logits
from measures import Floats, topic_sets
from nats_stream_processor.embedded import EmbeddedModels

COMPARED_POSTS = 3_000


def report(name: str, one: tuple[Floats, Floats], other: tuple[Floats, Floats]) -> None:
    labels = (one[0].argmax(1) == other[0].argmax(1)).mean()
    sets = (topic_sets(one[1]) == topic_sets(other[1])).all(1).mean()
    largest = max(float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))
    print(f"{name}: same label {labels:.4%}, same topic set {sets:.4%}, largest difference {largest:.7f}", flush=True)


def exact(trained: Path, name: str, texts: list[str]) -> tuple[Floats, Floats]:
    """The answers of the calibrated 32-bit network."""
    network, tokenizer = load(trained, name)
    weights = np.load(trained / f"{name}-calibrated.npz")
    network.load_state_dict({key: torch.from_numpy(weights[key]) for key in weights.files})
    sentiments, topics = logits(network, tokenizer, texts)
    return torch.from_numpy(sentiments).softmax(1).numpy(), torch.from_numpy(topics).sigmoid().numpy()


def examples(folder: Path, name: str) -> list[data.Example]:
    if name == "english":
        return [data.Example(data.clean(text)) for text in data.bluesky_texts(folder)[:COMPARED_POSTS]]
    return [one for one in data.language_tweets(folder).test if one.language != "en"] + [
        one for language in ("es", "ja", "el") for one in data.topic_tweets(folder, language).test
    ]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True, help="folder of the texts")
    options.add_argument("--trained", type=Path, required=True, help="folder written by train.py and export.py")
    arguments = options.parse_args()
    models = EmbeddedModels.load(threads=2)
    for name in ("english", "multilingual"):
        posts = examples(arguments.data, name)
        together = answers(models, posts)
        report(
            f"{name}, 8 bits and 32, {len(posts)} texts",
            together,
            exact(arguments.trained, name, [one.text for one in posts]),
        )
        alone = [answers(models, [post]) for post in posts]
        report(
            f"{name}, in a batch and alone, {len(posts)} texts",
            together,
            (np.concatenate([one[0] for one in alone]), np.concatenate([one[1] for one in alone])),
        )


if __name__ == "__main__":
    main()
