"""A transformers model for one set of labels, by name: texts in, probabilities of our labels out."""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import onnxruntime  # type: ignore[import-untyped]
from numpy.typing import NDArray
from pipeline_core.logs import Log
from tokenizers import Encoding, Tokenizer

from nats_stream_processor.batching import batches
from nats_stream_processor.errors import ModelError, NoAnswer, in_one_line
from nats_stream_processor.labels import LabelSet, columns
from nats_stream_processor.modelfiles import ModelFiles, NamedModel, find
from nats_stream_processor.sessions import open_session, open_tokenizer
from nats_stream_processor.text import MAX_CHARACTERS

IDS, MASK, SEGMENTS = "input_ids", "attention_mask", "token_type_ids"
INTEGERS = {"tensor(int64)": np.int64, "tensor(int32)": np.int32}

POSITIONS_BEHIND_PADDING = frozenset(
    {"camembert", "data2vec-text", "ibert", "longformer", "mpnet", "roberta", "xlm-roberta", "xlm-roberta-xl", "xmod"}
)
"""`model_type`s that number a text's positions from the padding token's id plus one: so many fewer tokens fit."""

_DYNAMIC_QUANTISATION = re.compile(rb'"[\x0f-\x7f]DynamicQuantize')
"""In the bytes of an ONNX file: field 4 of a node (its type of operator), its length, and how it begins: alone it is
DynamicQuantizeLinear, fused with what follows DynamicQuantizeMatMul and others."""

_UNREADABLE = re.compile(r"[\ud800-\udfff\x00-\x1f\x7f-\x9f]")

TRIAL = ("", "good", "bad bad table", "I love this so much! 😍", "a " * 60, "日本語の投稿です、最悪だ。")
LARGEST_DIFFERENCE = 0.0005
"""Of a probability on trial: 32-bit floats differ by a millionth or so, and a post may differ by 0.01 at the most, in
worse company than that of the trial."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ClassifierConfig:
    """What the `config.json` of a transformers model says of it."""

    columns: tuple[int, ...]
    """For each of our labels the column of the model's output."""
    independent: bool
    """Whether each label has a probability of its own (sigmoid), or all add up to one (softmax)."""
    pad_id: int | None
    longest: int | None
    """The tokens of a post that fit the model; None where the configuration does not say."""

    @classmethod
    def read(cls, file: Path, labels: LabelSet) -> Self:
        """Raises ModelError where the model has other labels, OSError where the file cannot be read."""
        try:
            fields = json.loads(file.read_bytes())
            names = {int(column): str(name) for column, name in fields["id2label"].items()}
            pad_id = fields.get("pad_token_id")
            positions = fields.get("max_position_embeddings")
            if positions is not None and fields.get("model_type") in POSITIONS_BEHIND_PADDING:
                positions -= pad_id + 1
            problem_type = fields.get("problem_type")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelError(
                f"{file} is not the configuration of a model that classifies ({type(error).__name__}: {error}); "
                "it needs id2label. Name a model for text-classification."
            ) from error
        if problem_type not in (None, "single_label_classification", "multi_label_classification"):
            raise ModelError(f"{file}: a model of the problem_type {problem_type!r} classifies nothing. Name another.")
        try:
            order = columns(names, labels)
        except ValueError as other_labels:
            raise ModelError(f"{file}: {other_labels}. Name another model, or correct id2label.") from other_labels
        independent = labels.independent if problem_type is None else problem_type == "multi_label_classification"
        return cls(order, independent, pad_id, positions)


class SequenceClassifier:
    """One loaded model. `predict` blocks and is meant for one worker thread; it releases the GIL while it computes.

    `alone` says why its posts are read one at a time instead of in batches; None where they are read in batches.
    """

    def __init__(
        self,
        labels: LabelSet,
        config: ClassifierConfig,
        tokenizer: Tokenizer,
        session: onnxruntime.InferenceSession,
        *,
        dynamic: bool,
    ) -> None:
        self.kind, self.labels = labels.kind, labels.names
        self._config, self._tokenizer, self._session = config, tokenizer, session
        self._inputs = {entry.name: INTEGERS.get(entry.type) for entry in session.get_inputs()}
        self._output = _logits(session)
        self.alone = _why_alone(config, self._inputs, dynamic=dynamic)

    @classmethod
    def load(cls, files: ModelFiles, labels: LabelSet, *, threads: int, max_tokens: int) -> Self:
        """`threads` compute one batch together. Posts are cut to `max_tokens`, or to what fits the model if that is
        less. Raises ModelError, OSError."""
        config = ClassifierConfig.read(files.config, labels)
        limit = min(max_tokens, config.longest or max_tokens)
        tokenizer = open_tokenizer(files.tokenizer.read_bytes(), limit, files.tokenizer)
        session = open_session(files.model, threads, files.model)
        classifier = cls(labels, config, tokenizer, session, dynamic=_quantises_dynamically(files.model))
        classifier._try(files.model, limit)
        classifier.alone = classifier.alone or classifier._why_alone_on_trial()
        return classifier

    def predict(self, texts: Sequence[str]) -> Floats:
        """Probabilities [posts, labels] in the order of `labels`; any text will do. They add up to one unless the
        model's labels are independent. Raises NoAnswer."""
        encodings = self._tokenizer.encode_batch_fast([plain(text) for text in texts])
        lengths = [len(encoding) for encoding in encodings]
        probabilities = np.empty((len(texts), len(self.labels)), np.float32)
        for batch in batches(lengths, most_posts=1) if self.alone else batches(lengths):
            probabilities[batch] = self._probabilities([encodings[index] for index in batch])
        return probabilities

    def _probabilities(self, encodings: Sequence[Encoding]) -> Floats:
        logits = self._run(encodings)[:, self._config.columns]
        if not np.isfinite(logits).all():
            raise NoAnswer(f"the {self.kind} model answered with what is not a number")
        return _sigmoid(logits) if self._config.independent else _softmax(logits)

    def _run(self, encodings: Sequence[Encoding]) -> Floats:
        longest = max(1, *(len(encoding) for encoding in encodings))
        arrays = {
            IDS: _padded([encoding.ids for encoding in encodings], longest, self._config.pad_id or 0),
            MASK: _padded([encoding.attention_mask for encoding in encodings], longest, 0),
            SEGMENTS: _padded([encoding.type_ids for encoding in encodings], longest, 0),
        }
        feeds = {name: arrays[name].astype(kind) for name, kind in self._inputs.items()}
        logits: Floats = self._session.run([self._output], feeds)[0].astype(np.float32)
        return logits

    def _try(self, file: Path, limit: int) -> None:
        """A post as long as any, before the first real one comes: a model that cannot read it is none."""
        unknown = [name for name, kind in self._inputs.items() if name not in (IDS, MASK, SEGMENTS) or kind is None]
        if unknown or IDS not in self._inputs:
            raise ModelError(
                f"{file} wants {', '.join(self._inputs)}: of inputs only {IDS}, {MASK} and {SEGMENTS} as integers are "
                "known. Export the model for text-classification."
            )
        longest = self._tokenizer.encode("a " * limit)
        try:
            logits = self._run([longest])
        except Exception as error:  # onnxruntime's errors share no narrower base
            raise ModelError(
                f"{file} cannot read a post of {len(longest)} tokens ({in_one_line(error)}). Set "
                f"{self.kind.upper()}_MAX_SEQUENCE_LENGTH to what it can, or export the model again."
            ) from error
        if logits.shape != (1, len(self.labels)):
            raise ModelError(
                f"{file} answers one post with numbers of the shape {logits.shape}, its config.json names "
                f"{len(self.labels)} labels. Put a model and a configuration of the same export together."
            )
        if not np.isfinite(logits).all():
            raise ModelError(f"{file} answers with what is not a number. Restore it, or export the model again.")

    def _why_alone_on_trial(self) -> str | None:
        """Whatever makes it so, and in whichever operator: texts of different length and words, together and alone."""
        encodings = self._tokenizer.encode_batch_fast(TRIAL)
        try:
            together = self._probabilities(encodings)
            alone = np.concatenate([self._probabilities([encoding]) for encoding in encodings])
        except NoAnswer:
            return "on trial it answered with what is not a number"
        if (largest := float(np.abs(together - alone).max())) > LARGEST_DIFFERENCE:
            return f"in a batch its answer to a post depends on the neighbours: on trial a probability by {largest:.4f}"
        return None


def load_classifier(model: NamedModel, *, threads: int, log: Log, endpoint: str | None = None) -> SequenceClassifier:
    """The model that the settings name, fetched where it is not on this machine. Blocks. Raises ModelError."""
    try:
        files = find(model, log, endpoint)
        classifier = SequenceClassifier.load(files, model.labels, threads=threads, max_tokens=model.max_tokens)
    except OSError as error:
        raise ModelError(f"{error.filename} cannot be read: {error.strerror}. Make it readable.") from error
    log.info("model by name", kind=model.labels.kind, model=model.name, file=str(files.model), threads=threads)
    if classifier.alone:
        log.warning("model reads posts one at a time", kind=model.labels.kind, why=classifier.alone)
    return classifier


def plain(text: str) -> str:
    """A post as models of tweets learnt to read it: mentions are `@user`, links are `http`; all else stays."""
    words = _UNREADABLE.sub(" ", text[:MAX_CHARACTERS]).split()
    return " ".join(map(_anonymous, words))


def _anonymous(word: str) -> str:
    if word.startswith("@") and len(word) > 1:
        return "@user"
    return "http" if word.startswith(("http://", "https://")) else word


def _why_alone(config: ClassifierConfig, inputs: dict[str, Any], *, dynamic: bool) -> str | None:
    if dynamic:
        return "it is quantised dynamically: in a batch a post's answer would depend on its neighbours"
    if MASK not in inputs:
        return f"it takes no {MASK}: in a batch it would read the padding"
    if config.pad_id is None:
        return "its config.json names no pad_token_id"
    return None


def _quantises_dynamically(file: Path) -> bool:
    with file.open("rb") as content, mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ) as graph:
        return _DYNAMIC_QUANTISATION.search(graph) is not None


def _logits(session: onnxruntime.InferenceSession) -> str:
    names = [output.name for output in session.get_outputs()]
    return "logits" if "logits" in names else str(names[0])


def _padded(rows: Sequence[Sequence[int]], width: int, padding: int) -> NDArray[np.int64]:
    result = np.full((len(rows), width), padding, np.int64)
    for number, row in enumerate(rows):
        result[number, : len(row)] = row
    return result


def _softmax(logits: Floats) -> Floats:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: Floats = exponentials / exponentials.sum(axis=1, keepdims=True)
    return shares


def _sigmoid(logits: Floats) -> Floats:
    # By tanh: exp overflows where a logit is large.
    probabilities: Floats = 0.5 * (1.0 + np.tanh(0.5 * logits))
    return probabilities
