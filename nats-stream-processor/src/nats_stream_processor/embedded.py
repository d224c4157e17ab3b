"""The models in this package: texts in, probabilities of sentiment and topics out of one pass.

Each model has its languages; a post goes to the model that was taught its language.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from nats_stream_processor.batching import batches
from nats_stream_processor.errors import ModelError
from nats_stream_processor.labels import SENTIMENT_LABELS, TOPIC_LABELS
from nats_stream_processor.prediction import NO_PREDICTION, Prediction
from nats_stream_processor.sessions import give_back_freed, open_session, open_tokenizer
from nats_stream_processor.text import clean

MODELS = Path(__file__).parent / "model"
CONFIG_FILE, MODEL_FILE, TOKENIZER_FILE = "config.json", "model.onnx", "tokenizer.json"
INPUTS = ("input_ids", "attention_mask")
OUTPUTS = ("sentiment", "topics")

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """What `config.json` beside a model says."""

    languages: tuple[str, ...]
    sentiments: tuple[str, ...]
    topics: tuple[str, ...]
    max_tokens: int
    sha256: dict[str, str]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Raises ModelError."""
        try:
            fields = json.loads((folder / CONFIG_FILE).read_bytes())
            return cls(
                languages=tuple(fields["languages"]),
                sentiments=tuple(fields["sentiments"]),
                topics=tuple(fields["topics"]),
                max_tokens=int(fields["max_tokens"]),
                sha256={name: str(fields["sha256"][name]) for name in (MODEL_FILE, TOKENIZER_FILE)},
            )
        except OSError as error:
            raise _unreadable(folder / CONFIG_FILE, error) from error
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{folder / CONFIG_FILE} is not a model's configuration ({type(error).__name__}: {error}); it needs "
                "languages, sentiments, topics, max_tokens and sha256. Restore the folder from its release."
            ) from error


class EmbeddedModel:
    """One loaded model of one folder."""

    def __init__(self, config: ModelConfig, tokenizer: Tokenizer, session: onnxruntime.InferenceSession) -> None:
        self.config = config
        self._tokenizer, self._session = tokenizer, session

    @classmethod
    def load(cls, folder: Path, *, max_tokens: int | None = None) -> Self:
        """After checking its checksums. `max_tokens` cuts posts shorter than the model would. Raises ModelError."""
        config = ModelConfig.read(folder)
        for name in (MODEL_FILE, TOKENIZER_FILE):
            _verify(folder / name, config.sha256[name])
        limit = min(max_tokens or config.max_tokens, config.max_tokens)
        tokenizer = open_tokenizer((folder / TOKENIZER_FILE).read_bytes(), limit, folder / TOKENIZER_FILE)
        # One thread a batch: two batches side by side take a third less time than one batch on two threads.
        model = cls(config, tokenizer, open_session(folder / MODEL_FILE, 1, folder / MODEL_FILE))
        model._check_labels(folder)
        return model

    def encode(self, texts: Sequence[str]) -> list[Encoding]:
        return list(self._tokenizer.encode_batch_fast([clean(text) for text in texts]))

    def run(self, encodings: Sequence[Encoding]) -> tuple[Floats, Floats]:
        """Sentiment [posts, 3] and topics [posts, 19] of one batch. Blocks, releases the GIL while it computes."""
        sentiments, topics = self._session.run(OUTPUTS, dict(zip(INPUTS, _padded(encodings), strict=True)))
        return sentiments, topics

    def _check_labels(self, folder: Path) -> None:
        if (self.config.sentiments, self.config.topics) != (SENTIMENT_LABELS.names, TOPIC_LABELS.names):
            raise ModelError(f"{folder / CONFIG_FILE} names other labels than our messages. Restore it.")
        shapes = {output.name: output.shape for output in self._session.get_outputs()}
        wanted = {"sentiment": len(self.config.sentiments), "topics": len(self.config.topics)}
        for name, labels in wanted.items():
            if name not in shapes or shapes[name][-1] != labels:
                raise ModelError(
                    f"{folder / MODEL_FILE} gives {name} as {shapes.get(name)}, {CONFIG_FILE} names {labels} labels. "
                    "Put a model and a configuration of the same export into the folder."
                )


class EmbeddedModels:
    """All models of the package, working on `threads` batches at the same time."""

    def __init__(self, models: Iterable[EmbeddedModel], threads: int) -> None:
        self._models = {language: model for model in models for language in model.config.languages}
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="batch")

    @classmethod
    def load(cls, folder: Path = MODELS, *, threads: int, max_tokens: int | None = None) -> Self:
        """The models of all folders in `folder`. Raises ModelError."""
        folders = sorted(config.parent for config in folder.glob(f"*/{CONFIG_FILE}"))
        if not folders:
            raise ModelError(f"{folder} holds no model. Restore it from its release.")
        models = [EmbeddedModel.load(one, max_tokens=max_tokens) for one in folders]
        give_back_freed()
        return cls(models, threads)

    @property
    def languages(self) -> frozenset[str]:
        """ISO 639 codes, and `und` for a text whose language nobody knows."""
        return frozenset(self._models)

    def predict(self, texts: Sequence[str], languages: Sequence[str]) -> list[Prediction]:
        """One prediction per text, in the order given. Any text will do; no prediction depends on the other texts."""
        predictions = [NO_PREDICTION] * len(texts)
        posts: dict[EmbeddedModel, list[int]] = {}
        for post, language in enumerate(languages):
            if (model := self._models.get(language)) is not None:
                posts.setdefault(model, []).append(post)
        work: list[tuple[EmbeddedModel, list[int], list[Encoding]]] = []
        for model, own in posts.items():
            encodings = model.encode([texts[post] for post in own])
            for batch in batches([len(encoding) for encoding in encodings]):
                work.append((model, [own[row] for row in batch], [encodings[row] for row in batch]))
        work.reverse()  # the longest first, so that the threads end at about the same time
        answers = self._threads.map(lambda part: part[0].run(part[2]), work)
        for (_, batch, _), (sentiments, topics) in zip(work, answers, strict=True):
            for post, sentiment, named in zip(batch, sentiments.tolist(), topics.tolist(), strict=True):
                predictions[post] = Prediction(tuple(sentiment), tuple(named))
        return predictions


def _padded(encodings: Sequence[Encoding]) -> tuple[Integers, Integers]:
    """Token ids and mask (1 where there is a token), both [posts, longest]."""
    longest = max(len(encoding) for encoding in encodings)
    ids = np.zeros((len(encodings), longest), np.int64)
    mask = np.zeros_like(ids)
    for row, encoding in enumerate(encodings):
        ids[row, : len(encoding)] = encoding.ids
        mask[row, : len(encoding)] = 1
    return ids, mask


def _verify(file: Path, sha256: str) -> None:
    try:
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise _unreadable(file, error) from error
    if digest != sha256:
        raise ModelError(
            f"{file} is damaged or of another version: its SHA-256 is {digest}, {CONFIG_FILE} expects {sha256}. "
            "Restore the file from its release."
        )


def _unreadable(file: Path, error: OSError) -> ModelError:
    return ModelError(
        f"{file} cannot be read: {error.strerror}. A model folder holds {CONFIG_FILE}, {MODEL_FILE} and "
        f"{TOKENIZER_FILE}; restore it."
    )
