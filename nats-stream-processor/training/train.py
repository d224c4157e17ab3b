"""Trains the network in two stages and writes `network.safetensors` and `tokenizer.json`.

Stage "broad" mixes sentiment tweets with weakly labelled topics; stage "exact" goes on from it at a lower rate with
exactly labelled texts alone, so that the noisy labels do not have the last word.
"""

import argparse
import math
import random
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import data
import torch
from data import Example
from network import Network, from_sentence_encoder
from safetensors.torch import load_model, save_model
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F
from vocabulary import emoji_by_use, start_from_names, with_emoji

SEED = 7
MAX_TOKENS = 96
BATCH = 64
BATCHES_SORTED_TOGETHER = 50
WARM_UP = 0.06
LABEL_SMOOTHING = 0.05
TOPIC_LOSS_WEIGHT = 5.0
CLIP_NORM = 1.0
LOG_EVERY_STEPS = 50
PEAK_RATE = {"broad": 1e-4, "exact": 5e-5}
EPOCHS = {"broad": 1.7, "exact": 1.0}
TWEET_TOPIC_REPEATS = {"broad": 4, "exact": 6}
BLUESKY_REPEATS = 6
EXACT_SENTIMENT_SHARE = 0.6


def broad_examples(folder: Path) -> list[Example]:
    sentiment, _ = data.sentiment_tweets(folder)
    english, _, _, spanish = data.topic_tweets(folder)
    return sentiment + data.weak_topics(folder) + english * TWEET_TOPIC_REPEATS["broad"] + spanish


def exact_examples(folder: Path) -> list[Example]:
    sentiment, _ = data.sentiment_tweets(folder)
    english, _, _, spanish = data.topic_tweets(folder)
    bluesky, _, _ = data.bluesky_posts(folder)
    part = sentiment[: int(len(sentiment) * EXACT_SENTIMENT_SHARE)]
    return part + english * TWEET_TOPIC_REPEATS["exact"] + spanish + bluesky * BLUESKY_REPEATS


def token_ids(tokenizer: Tokenizer, texts: list[str]) -> list[list[int]]:
    tokenizer.enable_truncation(MAX_TOKENS)
    return [encoding.ids for encoding in tokenizer.encode_batch(texts)]


def padded(ids: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Token ids and mask (True where there is a token), both [posts, longest]."""
    tokens = torch.nn.utils.rnn.pad_sequence([torch.tensor(row) for row in ids], batch_first=True)
    lengths = torch.tensor([len(row) for row in ids])
    return tokens, torch.arange(tokens.shape[1]) < lengths[:, None]


def batches(lengths: list[int], shuffle: random.Random) -> Iterator[list[int]]:
    """Indices in batches of neighbours in length, in random order."""
    order = list(range(len(lengths)))
    shuffle.shuffle(order)
    window = BATCH * BATCHES_SORTED_TOGETHER
    grouped = []
    for start in range(0, len(order), window):
        part = sorted(order[start : start + window], key=lengths.__getitem__)
        grouped += [part[first : first + BATCH] for first in range(0, len(part), BATCH)]
    shuffle.shuffle(grouped)
    yield from grouped


def rate(step: int, steps: int, peak: float) -> float:
    warm_up = max(1, int(steps * WARM_UP))
    return peak * min((step + 1) / warm_up, (steps - step) / max(1, steps - warm_up))


def loss(network: Network, ids: list[list[int]], examples: list[Example]) -> tuple[Tensor, Tensor]:
    """Sentiment loss over the posts that have one, topic loss over the posts whose topics are known."""
    with torch.autocast("cpu", dtype=torch.bfloat16):
        sentiment_logits, topic_logits = network(*padded(ids))
    sentiments = torch.tensor([example.sentiment for example in examples])
    targets = torch.tensor([example.topics for example in examples])
    weights = torch.tensor([example.topic_weights for example in examples])
    known = sentiments != data.NO_SENTIMENT
    sentiment_loss = F.cross_entropy(
        sentiment_logits.float()[known], sentiments[known], label_smoothing=LABEL_SMOOTHING, reduction="sum"
    )
    topic_loss = F.binary_cross_entropy_with_logits(topic_logits.float(), targets, weight=weights, reduction="sum")
    return sentiment_loss / len(examples), TOPIC_LOSS_WEIGHT * topic_loss / len(data.TOPICS) / len(examples)


def train(network: Network, tokenizer: Tokenizer, examples: list[Example], stage: str, stop_at: int | None) -> None:
    """Trains in place. `stop_at` ends the stage at that step, before the rate has fallen to zero."""
    shuffle = random.Random(SEED)
    ids = token_ids(tokenizer, [example.text for example in examples])
    lengths = [len(row) for row in ids]
    steps_an_epoch = math.ceil(len(examples) / BATCH)
    steps = int(steps_an_epoch * EPOCHS[stage])
    end = stop_at or steps
    optimiser = torch.optim.AdamW(network.parameters(), betas=(0.9, 0.98), weight_decay=0.01, fused=True)
    print(f"{stage}: {len(examples)} examples, {end} of {steps} steps, {BATCH} each", flush=True)
    network.train()
    started, seen, sums = time.monotonic(), 0, torch.zeros(2)
    order = (batch for _ in range(math.ceil(EPOCHS[stage])) for batch in batches(lengths, shuffle))
    for step, batch in enumerate(islice(order, end)):
        for group in optimiser.param_groups:
            group["lr"] = rate(step, steps, PEAK_RATE[stage])
        losses = loss(network, [ids[index] for index in batch], [examples[index] for index in batch])
        optimiser.zero_grad(set_to_none=True)
        sum(losses).backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), CLIP_NORM)
        optimiser.step()
        seen += len(batch)
        sums += torch.stack([part.detach() for part in losses])
        if (step + 1) % LOG_EVERY_STEPS == 0:
            elapsed = time.monotonic() - started
            left = elapsed / (step + 1) * (end - step - 1)
            sentiment, topic = (sums / LOG_EVERY_STEPS).tolist()
            print(
                f"{stage} step {step + 1}/{steps} sentiment loss {sentiment:.4f} topic loss {topic:.4f} "
                f"{seen / elapsed:.0f} texts/s, {left:.0f} s left",
                flush=True,
            )
            sums.zero_()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("stage", choices=["broad", "exact"])
    options.add_argument("--data", type=Path, required=True, help="folder of the training texts")
    options.add_argument("--base", type=Path, required=True, help="folder of all-MiniLM-L6-v2")
    options.add_argument("--out", type=Path, required=True, help="folder for what is trained")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--stop-at", type=int, help="end the stage at this step")
    arguments = options.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    tokenizer_file = arguments.out / "tokenizer.json"
    examples = broad_examples(arguments.data) if arguments.stage == "broad" else exact_examples(arguments.data)
    if arguments.stage == "broad":
        texts = [example.text for example in examples] + data.bluesky_texts(arguments.data)
        tokenizer, placed = with_emoji(arguments.base / "tokenizer.json", emoji_by_use(texts))
        tokenizer.save(str(tokenizer_file))
        network = from_sentence_encoder(arguments.base / "model.safetensors")
        start_from_names(network.words.weight, tokenizer, placed)
    else:
        tokenizer = Tokenizer.from_file(str(tokenizer_file))
        tokenizer.encode_special_tokens = True
        network = Network()
        load_model(network, arguments.out / "broad.safetensors")
    train(network, tokenizer, examples, arguments.stage, arguments.stop_at)
    save_model(network, str(arguments.out / f"{arguments.stage}.safetensors"))


if __name__ == "__main__":
    main()
