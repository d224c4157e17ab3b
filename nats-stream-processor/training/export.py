"""Calibrates what was trained and writes the model folder: model.onnx, tokenizer.json and config.json."""

import argparse
import hashlib
import json
import shutil
from pathlib import Path

import data
import numpy as np
import onnx
import torch
from calibrate import logit, sentiment_shift, topic_thresholds
from data import Example
from graph import Weights, build
from measures import Floats
from network import Network
from safetensors.torch import load_model
from tokenizers import Tokenizer
from train import BATCH, padded

MAX_TOKENS = 128
"""Tokens the shipped model reads. A post of 300 letters has about 75; training saw 96."""


@torch.inference_mode()
def logits(network: Network, tokenizer: Tokenizer, texts: list[str]) -> tuple[Floats, Floats]:
    """Sentiment logits [texts, 3] and topic logits [texts, 19] in 32-bit floats."""
    tokenizer.enable_truncation(MAX_TOKENS)
    ids = [encoding.ids for encoding in tokenizer.encode_batch(texts)]
    parts = [network(*padded(ids[start : start + BATCH])) for start in range(0, len(ids), BATCH)]
    sentiments, topics = zip(*parts, strict=True)
    return torch.cat(sentiments).numpy(), torch.cat(topics).numpy()


def load(folder: Path) -> tuple[Network, Tokenizer]:
    network = Network().eval()
    load_model(network, folder / "exact.safetensors")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    return network, tokenizer


def calibrated(network: Network, tokenizer: Tokenizer, folder: Path) -> Weights:
    """The network's weights with the fitted shifts inside the biases of its heads."""
    weights = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    _, sentiment_part = data.sentiment_tweets(folder)
    _, tweets, _, _ = data.topic_tweets(folder)
    _, posts, _ = data.bluesky_posts(folder)
    sentiment_logits, _ = logits(network, tokenizer, texts(sentiment_part))
    _, topic_logits = logits(network, tokenizer, texts(tweets + posts))
    shift = sentiment_shift(sentiment_logits, np.array([example.sentiment for example in sentiment_part]))
    truth = np.array([example.topics for example in tweets + posts]) > 0
    thresholds = topic_thresholds(1 / (1 + np.exp(-topic_logits)), truth)
    print("added to sentiment logits:", named(data.SENTIMENTS, shift))
    print("topic thresholds:", named(data.TOPICS, thresholds))
    weights["sentiment.logits.bias"] = weights["sentiment.logits.bias"] + shift
    weights["topics.logits.bias"] = weights["topics.logits.bias"] - logit(thresholds)
    return weights


def named(labels: tuple[str, ...], numbers: Floats) -> str:
    return ", ".join(f"{label} {number:.2f}" for label, number in zip(labels, numbers, strict=True))


def texts(examples: list[Example]) -> list[str]:
    return [example.text for example in examples]


def write(weights: Weights, tokenizer_file: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(build(weights, MAX_TOKENS), folder / "model.onnx")
    shutil.copyfile(tokenizer_file, folder / "tokenizer.json")
    config = {
        "sentiments": data.SENTIMENTS,
        "topics": data.TOPICS,
        "max_tokens": MAX_TOKENS,
        "sha256": {
            name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("model.onnx", "tokenizer.json")
        },
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--data", type=Path, required=True, help="folder of the training texts")
    options.add_argument("--trained", type=Path, required=True, help="folder written by train.py")
    options.add_argument("--out", type=Path, required=True, help="the model folder to write")
    arguments = options.parse_args()
    network, tokenizer = load(arguments.trained)
    weights = calibrated(network, tokenizer, arguments.data)
    np.savez(arguments.trained / "calibrated.npz", **weights)
    write(weights, arguments.trained / "tokenizer.json", arguments.out)


if __name__ == "__main__":
    main()
