"""The engine bare and the whole processor from broker to broker; with --reference beside the reference's way: two
models of RoBERTa-base's shape, quantised dynamically, one post at a time, which the same processor takes by name.

Everything is done in rounds, each way once a round, and every figure is the median of the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median

from nats_stream_processor.classifier import SequenceClassifier, load_classifier
from nats_stream_processor.cpus import usable_cpus
from nats_stream_processor.embedded import CONFIG_FILE, MODELS, EmbeddedModel, EmbeddedModels
from nats_stream_processor.engine import Engine
from nats_stream_processor.enrich import language
from nats_stream_processor.errors import ModelError
from nats_stream_processor.labels import SENTIMENT_LABELS, TOPIC_LABELS
from nats_stream_processor.modelfiles import NamedModel
from nats_stream_processor.processor import TAKEN_AT_ONCE
from pipeline_core.logs import configure
from pipeline_core.messages import RawPost

from benchmarks.bare import Bare, bare
from benchmarks.broker_to_broker import WARM_UP, Backlog, Settings, Steady, Stuck, backlog, steady
from benchmarks.posts import from_file, made_up

CACHE = Path(__file__).parents[1] / ".data" / "bench"
WARMING = 50  # posts that an engine reads before it is measured
INTERRUPTED = 130  # exit code, as shells give it for SIGINT


@dataclass(frozen=True, slots=True)
class Ours:
    """What was found of ours, round by round."""

    batches: list[Bare] = field(default_factory=list)
    alone: list[Bare] = field(default_factory=list)
    backlog: list[Backlog] = field(default_factory=list)
    steady: list[Steady] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Theirs:
    """The reference's way, and what was found of it."""

    settings: Settings
    classifiers: dict[str, SequenceClassifier]
    tokens: float
    """A post, on average."""
    alone: list[Bare] = field(default_factory=list)
    backlog: list[Backlog] = field(default_factory=list)

    def engine(self) -> Engine:
        """A new one, which remembers nothing."""
        return Engine(None, sentiment=self.classifiers["sentiment"], topics=self.classifiers["topics"])


def options(prog: str) -> argparse.ArgumentParser:
    """What can be chosen."""
    parser = argparse.ArgumentParser(prog=prog, description="Measure what this machine makes of the suite.")
    parser.add_argument("--texts", type=Path, metavar="FILE.jsonl", help='real posts, {"text": …} a line')
    parser.add_argument("--posts", type=at_least(1), default=4000, help="in batches, and as a backlog (%(default)s)")
    parser.add_argument("--alone", type=at_least(1), default=500, help="of them one by one (%(default)s)")
    parser.add_argument("--rate", type=at_least(1), default=50, help="posts a second for the latency (%(default)s)")
    parser.add_argument("--seconds", type=at_least(2), default=20, help="of that rate (%(default)s)")
    parser.add_argument("--rounds", type=at_least(1), default=3, help="of which the median is told (%(default)s)")
    parser.add_argument("--reference", action="store_true", help="measure the reference's way too (needs onnx)")
    parser.add_argument("--reference-posts", type=at_least(1), default=160, help="for it, a round (%(default)s)")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where its models are kept (%(default)s)")
    return parser


def at_least(least: int) -> Callable[[str], int]:
    """A type of argument."""

    def number(written: str) -> int:
        if int(written) < least:
            raise argparse.ArgumentTypeError(f"{written} is less than {least}")
        return int(written)

    return number


def run(chosen: argparse.Namespace) -> None:
    """Measure and print. SystemExit with one line where that is not to be done."""
    try:
        models = [EmbeddedModel.load(config.parent) for config in sorted(MODELS.glob(f"*/{CONFIG_FILE}"))]
    except ModelError as broken:
        sys.exit(f"bench: {broken}")
    embedded = EmbeddedModels(models, usable_cpus())
    steady_posts = chosen.rate * (chosen.seconds + WARM_UP)
    needed = max(chosen.posts, chosen.alone, steady_posts, chosen.rounds * chosen.reference_posts)
    progress(f"{needed} posts")
    try:
        languages = embedded.languages
        posts = from_file(chosen.texts, needed, languages) if chosen.texts else made_up(needed, languages)
    except OSError as error:
        sys.exit(f"bench: {error.filename} cannot be read: {error.strerror}")
    except ValueError as unfit:
        sys.exit(f"bench: {unfit}")
    ours, theirs = Ours(), reference(posts, chosen.cache) if chosen.reference else None
    try:
        for number in range(chosen.rounds):
            progress(f"round {number + 1} of {chosen.rounds}")
            measure(ours, embedded, posts, chosen, steady_posts)
            if theirs is not None:
                first = number * chosen.reference_posts
                measure_reference(theirs, posts[first : first + chosen.reference_posts])
    except Stuck as stuck:
        sys.exit(f"bench: {stuck}")
    report(ours, mean_tokens(models, posts[: chosen.posts]), chosen)
    if theirs is not None:
        report_reference(ours, theirs)


def measure(
    ours: Ours, embedded: EmbeddedModels, posts: Sequence[RawPost], chosen: argparse.Namespace, steady_posts: int
) -> None:
    """One round. An engine remembers what it has read, so that each measurement has a new one."""
    progress("  engine")
    bare(Engine(embedded), posts[:WARMING], TAKEN_AT_ONCE)
    ours.batches.append(bare(Engine(embedded), posts[: chosen.posts], TAKEN_AT_ONCE))
    ours.alone.append(bare(Engine(embedded), posts[: chosen.alone], 1))
    progress("  processor, backlog")
    ours.backlog.append(asyncio.run(backlog(posts[: chosen.posts], {})))
    progress(f"  processor, {chosen.rate} posts/s")
    ours.steady.append(asyncio.run(steady(posts[:steady_posts], chosen.rate, {})))
    progress(f"    the worst was sent {ours.steady[-1].late:.1f} ms late")


def measure_reference(theirs: Theirs, posts: Sequence[RawPost]) -> None:
    """One round."""
    progress("  the reference's models")
    bare(theirs.engine(), posts[: WARMING // 10], 1)
    theirs.alone.append(bare(theirs.engine(), posts, 1))
    progress("  processor with the reference's models, backlog")
    theirs.backlog.append(asyncio.run(backlog(posts, theirs.settings)))


def reference(posts: Sequence[RawPost], cache: Path) -> Theirs:
    """The models, made where the cache has none. SystemExit where they cannot be made."""
    try:
        from benchmarks.bpe import byte_level_bpe
        from benchmarks.roberta import ROBERTA_BASE, model_folder
    except ImportError as missing:
        sys.exit(f"bench: --reference needs {missing.name}: {sys.executable} -m pip install onnx onnx-ir")
    progress("the reference's tokenizer and models; the models take a minute once")
    texts = [post.text for post in posts]
    tokenizer = byte_level_bpe(texts, ROBERTA_BASE.vocabulary)
    log = configure("bench", "ERROR", "console")
    settings, classifiers = {}, {}
    try:
        for seed, (task, labels) in enumerate({"sentiment": SENTIMENT_LABELS, "topics": TOPIC_LABELS}.items()):
            model = NamedModel(labels, str(model_folder(cache, labels, tokenizer, seed=seed)))
            settings[model.setting("NAME")] = model.name
            classifiers[task] = load_classifier(model, threads=usable_cpus(), log=log)
    except OSError as error:
        sys.exit(f"bench: {error.filename} cannot be written: {error.strerror}. Name another folder with --cache")
    except ModelError as broken:
        sys.exit(f"bench: {broken}")
    return Theirs(settings, classifiers, mean(map(len, tokenizer.encode_batch_fast(texts))))


def mean_tokens(models: Sequence[EmbeddedModel], posts: Sequence[RawPost]) -> float:
    """Of a post, as the model that reads it splits it."""
    readers = {language: model for model in models for language in model.config.languages}
    return mean(len(readers[language(post)].encode([post.text])[0]) for post in posts)


def report(ours: Ours, tokens: float, chosen: argparse.Namespace) -> None:
    """Print the medians."""
    engine_rate, engine_cost = middle(ours.batches)
    alone_rate, alone_cost = middle(ours.alone)
    rate, cost = middle(ours.backlog)
    p50, p95, p99, ready = (
        median(getattr(one, name) for one in ours.steady) for name in ("p50", "p95", "p99", "ready")
    )
    source = chosen.texts.name if chosen.texts else "made up"
    print(f"posts           {chosen.posts} different ones, {source}, {tokens:.1f} tokens each")
    print(
        f"engine          {engine_rate:6.0f} posts/s, {engine_cost:.2f} ms of processor time a post, "
        f"{TAKEN_AT_ONCE} at once on {usable_cpus()} CPUs"
    )
    print(f"  one by one    {alone_rate:6.0f} posts/s, {alone_cost:.2f} ms")
    print(
        f"processor       {rate:6.0f} posts/s, {cost:.2f} ms: {cost / engine_cost:.2f} of the engine's, "
        f"{median(one.memory for one in ours.backlog):.0f} MB, broker to broker"
    )
    print(f"  latency       {p50:6.1f} ms p50, {p95:.1f} p95, {p99:.1f} p99, raw to enriched at {chosen.rate} posts/s")
    print(f"  ready         {ready:6.2f} s after its start")


def report_reference(ours: Ours, theirs: Theirs) -> None:
    """Print the medians, and how ours compare."""
    alone_rate, alone_cost = middle(theirs.alone)
    rate, cost = middle(theirs.backlog)
    our_rate, our_cost = middle(ours.backlog)
    print(
        f"reference's way {rate:6.1f} posts/s, {cost:.1f} ms of processor time a post, "
        f"{median(one.memory for one in theirs.backlog):.0f} MB, broker to broker, {theirs.tokens:.1f} tokens each"
    )
    print(f"  its models    {alone_rate:6.1f} posts/s, {alone_cost:.1f} ms, one by one")
    print(f"  ours          {our_rate / rate:6.1f} times its posts/s, for 1/{cost / our_cost:.1f} of its ms")
    print(f"  ours, bare    {middle(ours.batches)[0] / alone_rate:6.1f} times its posts/s")


def middle(found: Sequence[Bare] | Sequence[Backlog]) -> tuple[float, float]:
    """Posts a second and milliseconds a post."""
    return median(one.rate for one in found), median(one.cost for one in found)


def progress(line: str) -> None:
    """What is being done, for who waits."""
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """The processor alone."""
    try:
        run(options("python -m benchmarks.processor").parse_args())
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
