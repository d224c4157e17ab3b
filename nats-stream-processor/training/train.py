"""Trains the networks in stages and writes `<stage>.safetensors` and the tokenizers.

English: "broad" mixes sentiment tweets with weakly labelled topics; "exact" goes on from it at a lower rate with
exactly labelled texts alone, so that the noisy labels do not have the last word; "student" keeps some of its layers and
learns to answer as it does; "narrow" halves the student's perceptrons. "languages" learns from exactly labelled texts
of all languages, and "multilingual" goes on with fewer English tweets, as sentiment is learnt before topics are.
"""

import argparse
import math
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import data
import torch
from data import Example
from e5 import multilingual_e5
from narrow import narrowed
from nats_stream_processor.embedded import EmbeddedModel, EmbeddedModels
from nats_stream_processor.prediction import NO_PREDICTION, Prediction
from network import Network, from_bert, of_state, with_layers
from safetensors.torch import load_file, save_model
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
STAGES = ("broad", "exact", "student", "narrow", "languages", "multilingual")
BEFORE = {"exact": "broad", "student": "exact", "narrow": "student", "multilingual": "languages"}
"""What a stage goes on from."""
PEAK_RATE = {"broad": 1e-4, "exact": 5e-5, "student": 1e-4, "narrow": 1e-4, "languages": 1e-4, "multilingual": 1e-4}
EPOCHS = {"broad": 1.7, "exact": 1.0, "student": 2.0, "narrow": 2.0, "languages": 1.4, "multilingual": 1.0}
TWEET_TOPIC_REPEATS = {"broad": 4, "exact": 6, "student": 3, "languages": 3, "multilingual": 6}
LABELLED_TWEET_REPEATS = 2
EXACT_SENTIMENT_SHARE = 0.6
LANGUAGES_SENTIMENT_SHARE = 0.3
MULTILINGUAL_BLUESKY_SHARE = 0.5
XLM_T_REPEATS = 2
ENGLISH_LAYERS = tuple(range(6))
E5_LAYERS = (0, 2, 4, 6, 8, 11)
NARROW_INNER = 768
"""Half of what is inside a perceptron. Four layers so cost what three whole ones do."""
NARROW_BY = 2_000
"""Texts by which the neurons that stay are chosen."""
TEACHER_SHARE = 0.5
"""Of a student's target, where there is a label too."""


def broad_examples(folder: Path) -> list[Example]:
    english, spanish = (data.topic_tweets(folder, language).train for language in ("en", "es"))
    weak = data.weak_tweets(folder) + data.weak_headlines(folder)
    return data.sentiment_tweets(folder).train + weak + english * TWEET_TOPIC_REPEATS["broad"] + spanish


def exact_examples(folder: Path) -> list[Example]:
    tweets = data.sentiment_tweets(folder).train
    part = tweets[: int(len(tweets) * EXACT_SENTIMENT_SHARE)]
    english = data.topic_tweets(folder, "en").train * TWEET_TOPIC_REPEATS["exact"]
    return part + with_topics(tweets) * LABELLED_TWEET_REPEATS + english + data.bluesky_posts(folder).train


def student_examples(folder: Path) -> list[Example]:
    tweets = data.sentiment_tweets(folder).train
    english = data.topic_tweets(folder, "en").train * TWEET_TOPIC_REPEATS["student"]
    return tweets + with_topics(tweets) + english + data.bluesky_posts(folder).train


def languages_examples(folder: Path) -> list[Example]:
    tweets = data.sentiment_tweets(folder).train
    part = tweets[: int(len(tweets) * LANGUAGES_SENTIMENT_SHARE)]
    languages = data.language_tweets(folder).train * XLM_T_REPEATS
    topics = exact_topics(folder, "languages")
    return part + with_topics(tweets) + languages + topics + data.bluesky_posts(folder).train


def multilingual_examples(folder: Path) -> list[Example]:
    posts = data.bluesky_posts(folder).train
    part = posts[: int(len(posts) * MULTILINGUAL_BLUESKY_SHARE)]
    tweets = with_topics(data.sentiment_tweets(folder).train)
    return tweets + data.language_tweets(folder).train + exact_topics(folder, "multilingual") + part


def exact_topics(folder: Path, stage: str) -> list[Example]:
    languages = ("en", "es", "ja", "el")
    examples = [example for language in languages for example in data.topic_tweets(folder, language).train]
    return examples * TWEET_TOPIC_REPEATS[stage]


EXAMPLES = {
    "broad": broad_examples,
    "exact": exact_examples,
    "student": student_examples,
    "narrow": student_examples,
    "languages": languages_examples,
    "multilingual": multilingual_examples,
}


def with_topics(examples: list[Example]) -> list[Example]:
    return [example for example in examples if any(example.topic_weights)]


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
    known = torch.tensor([example.sentiment is not None for example in examples])
    shares = torch.tensor([example.sentiment for example in examples if example.sentiment]).reshape(-1, 3)
    targets = torch.tensor([example.topics for example in examples])
    weights = torch.tensor([example.topic_weights for example in examples])
    sentiment_loss = F.cross_entropy(
        sentiment_logits.float()[known], shares, label_smoothing=LABEL_SMOOTHING, reduction="sum"
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


@torch.inference_mode()
def answers(network: Network, tokenizer: Tokenizer, examples: list[Example]) -> list[Prediction]:
    """What a network tells of texts."""
    ids = token_ids(tokenizer, [example.text for example in examples])
    order = sorted(range(len(ids)), key=lambda index: len(ids[index]))
    result = [NO_PREDICTION] * len(ids)
    network.eval()
    for start in range(0, len(order), BATCH):
        batch = order[start : start + BATCH]
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = network(*padded([ids[index] for index in batch]))
        sentiments, topics = logits[0].float().softmax(1), logits[1].float().sigmoid()
        for index, sentiment, named in zip(batch, sentiments.tolist(), topics.tolist(), strict=True):
            result[index] = Prediction(tuple(sentiment), tuple(named))
    return result


def exported_answers(folder: Path, threads: int, examples: list[Example]) -> list[Prediction]:
    """What an exported model tells of texts."""
    model = EmbeddedModel.load(folder)
    texts, language = [example.text for example in examples], model.config.languages[0]
    return EmbeddedModels([model], threads).predict(texts, [language] * len(texts))


def taught(examples: list[Example], teacher: list[Prediction]) -> list[Example]:
    """The same texts with the teacher's answers as targets, mixed with the labels where there are any."""
    result = []
    for example, told in zip(examples, teacher, strict=True):
        sentiment, named = told.sentiment, told.topics
        if example.sentiment is not None:
            sentiment = mixed(sentiment, example.sentiment)
        if any(example.topic_weights):
            named = mixed(named, example.topics)
        result.append(
            replace(example, sentiment=tuple(sentiment), topics=tuple(named), topic_weights=(1.0,) * len(named))
        )
    return result


def mixed(teacher: tuple[float, ...], label: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(TEACHER_SHARE * one + (1 - TEACHER_SHARE) * other for one, other in zip(teacher, label, strict=True))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("stage", choices=STAGES)
    options.add_argument("--data", type=Path, required=True, help="folder of the training texts")
    options.add_argument("--base", type=Path, help="all-MiniLM-L6-v2's folder (broad), e5-small-q4.bin (languages)")
    options.add_argument("--out", type=Path, required=True, help="folder for what is trained")
    options.add_argument("--layers", type=int, nargs="+", default=[0, 2, 3, 5], help="the layers a student keeps")
    options.add_argument("--teacher", type=Path, help="an exported model whose answers are mixed into the labels")
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--stop-at", type=int, help="end the stage at this step")
    arguments = options.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(arguments.threads)
    arguments.out.mkdir(parents=True, exist_ok=True)
    stage, out = arguments.stage, arguments.out
    examples = EXAMPLES[stage](arguments.data)
    tokenizer_file = out / (
        "multilingual-tokenizer.json" if stage in ("languages", "multilingual") else "tokenizer.json"
    )
    if stage == "broad":
        texts = [example.text for example in examples] + data.bluesky_texts(arguments.data)
        tokenizer, placed = with_emoji(arguments.base / "tokenizer.json", emoji_by_use(texts))
        tokenizer.save(str(tokenizer_file))
        network = from_bert(load_file(arguments.base / "model.safetensors"), ENGLISH_LAYERS)
        start_from_names(network.words.weight, tokenizer, placed)
    elif stage == "languages":
        texts = [example.text for example in examples if example.language != "en"]
        network, tokenizer = multilingual_e5(arguments.base, E5_LAYERS, texts)
        tokenizer.save(str(tokenizer_file))
    else:
        tokenizer = Tokenizer.from_file(str(tokenizer_file))
        tokenizer.encode_special_tokens = True
        network = of_state(load_file(out / f"{BEFORE[stage]}.safetensors"))
    if stage == "student":
        examples = taught(examples, answers(network, tokenizer, examples))
        network = with_layers(network, arguments.layers)
    if stage == "narrow":
        texts = [example.text for example in random.Random(SEED).sample(examples, NARROW_BY)]
        ids = token_ids(tokenizer, texts)
        network = narrowed(network, (padded(ids[at : at + BATCH]) for at in range(0, len(ids), BATCH)), NARROW_INNER)
    if arguments.teacher:
        examples = taught(examples, exported_answers(arguments.teacher, arguments.threads, examples))
    train(network, tokenizer, examples, stage, arguments.stop_at)
    save_model(network, str(out / f"{stage}.safetensors"))


if __name__ == "__main__":
    main()
