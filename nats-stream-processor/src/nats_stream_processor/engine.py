"""The model at work: texts in, probabilities of sentiment and topics out."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray
from tokenizers import Encoding, Tokenizer

from nats_stream_processor.batching import batches
from nats_stream_processor.text import clean

EMBEDDED_MODEL = Path(__file__).parent / "model"
CONFIG_FILE, MODEL_FILE, TOKENIZER_FILE = "config.json", "model.onnx", "tokenizer.json"
INPUTS = ("input_ids", "attention_mask")
OUTPUTS = ("sentiment", "topics")

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


class ModelError(Exception):
    """The model folder cannot be used. The message says which file is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says of one post; both tuples are in the order of the engine's labels.

    Sentiment probabilities add up to one. Topic probabilities are independent: a post may have several topics.
    """

    sentiment: tuple[float, ...]
    topics: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """What `config.json` beside a model says."""

    sentiments: tuple[str, ...]
    topics: tuple[str, ...]
    max_tokens: int
    sha256: dict[str, str]

    @classmethod
    def read(cls, folder: Path) -> Self:
        try:
            fields = json.loads(_bytes(folder / CONFIG_FILE))
            return cls(
                sentiments=tuple(fields["sentiments"]),
                topics=tuple(fields["topics"]),
                max_tokens=int(fields["max_tokens"]),
                sha256={name: str(fields["sha256"][name]) for name in (MODEL_FILE, TOKENIZER_FILE)},
            )
        except (ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"{folder / CONFIG_FILE} is not a model's configuration ({type(error).__name__}: {error}); "
                "it needs sentiments, topics, max_tokens and sha256. Restore the folder from its release."
            ) from error


class Engine:
    """One loaded model. `predict` blocks and is meant for one worker thread; it releases the GIL while it computes."""

    def __init__(self, config: ModelConfig, tokenizer: Tokenizer, session: onnxruntime.InferenceSession) -> None:
        self.sentiments = config.sentiments
        self.topics = config.topics
        self._tokenizer = tokenizer
        self._session = session

    @classmethod
    def load(cls, folder: Path | None = None, *, threads: int, max_tokens: int | None = None) -> Self:
        """Loads the model of a folder, by default the one in this package, after checking its checksums.

        `threads` compute one batch together. `max_tokens` cuts long posts shorter than the model would; what exceeds
        the model's own limit has no effect. Raises ModelError.
        """
        folder = folder or EMBEDDED_MODEL
        config = ModelConfig.read(folder)
        model, tokenizer_definition = (_verified(folder, name, config) for name in (MODEL_FILE, TOKENIZER_FILE))
        limit = min(max_tokens or config.max_tokens, config.max_tokens)
        engine = cls(config, _tokenizer(tokenizer_definition, limit, folder), _session(model, threads, folder))
        engine._check_shapes(folder)
        return engine

    def predict(self, texts: Sequence[str]) -> list[Prediction]:
        """One prediction per text, in the order given. Any text will do; no prediction depends on the other texts."""
        encodings = self._tokenizer.encode_batch_fast([clean(text) for text in texts])
        predictions: dict[int, Prediction] = {}
        for batch in batches([len(encoding) for encoding in encodings]):
            sentiments, topics = self._run(*_padded([encodings[index] for index in batch]))
            for row, index in enumerate(batch):
                predictions[index] = Prediction(tuple(sentiments[row].tolist()), tuple(topics[row].tolist()))
        return [predictions[index] for index in range(len(texts))]

    def _run(self, ids: Integers, mask: Integers) -> tuple[Floats, Floats]:
        sentiments, topics = self._session.run(OUTPUTS, dict(zip(INPUTS, (ids, mask), strict=True)))
        return sentiments, topics

    def _check_shapes(self, folder: Path) -> None:
        shapes = {output.name: output.shape for output in self._session.get_outputs()}
        wanted = {"sentiment": len(self.sentiments), "topics": len(self.topics)}
        for name, labels in wanted.items():
            if name not in shapes or shapes[name][-1] != labels:
                raise ModelError(
                    f"{folder / MODEL_FILE} gives {name} as {shapes.get(name)}, {CONFIG_FILE} names {labels} labels. "
                    "Put a model and a configuration of the same export into the folder."
                )


def _padded(encodings: list[Encoding]) -> tuple[Integers, Integers]:
    """Token ids and mask (1 where there is a token), both [posts, longest]."""
    longest = max(len(encoding) for encoding in encodings)
    ids = np.zeros((len(encodings), longest), np.int64)
    mask = np.zeros_like(ids)
    for row, encoding in enumerate(encodings):
        ids[row, : len(encoding)] = encoding.ids
        mask[row, : len(encoding)] = 1
    return ids, mask


def _tokenizer(definition: bytes, max_tokens: int, folder: Path) -> Tokenizer:
    try:
        tokenizer = Tokenizer.from_buffer(definition)
    except ValueError as error:
        raise ModelError(f"{folder / TOKENIZER_FILE} is not a tokenizer: {error}. Restore it.") from error
    tokenizer.encode_special_tokens = True  # "[SEP]" written in a post is text
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def _session(model: bytes, threads: int, folder: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Spinning threads would take the processor from the event loop between batches.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors share no narrower base
        raise ModelError(f"{folder / MODEL_FILE} cannot be loaded by onnxruntime: {error}. Restore it.") from error


def _verified(folder: Path, name: str, config: ModelConfig) -> bytes:
    content = _bytes(folder / name)
    digest = hashlib.sha256(content).hexdigest()
    if digest != config.sha256[name]:
        raise ModelError(
            f"{folder / name} is damaged or of another version: its SHA-256 is {digest}, "
            f"{CONFIG_FILE} expects {config.sha256[name]}. Restore the file from its release."
        )
    return content


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ModelError(
            f"{file} cannot be read: {error.strerror}. A model folder holds {CONFIG_FILE}, {MODEL_FILE} and "
            f"{TOKENIZER_FILE}; restore it, or name another folder."
        ) from error
