"""The way that the processor is measured against: two models of RoBERTa-base's shape, quantised dynamically to 8 bits.

Their weights are random: what they answer means nothing, what they cost is what any model of this shape costs. They are
folders of a hub's shape, so that the service takes them by name. It opens them as it opens every model: their threads
do not spin while they wait, as the runtime's own settings would have it, which would cost them more processor time.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from nats_stream_processor.labels import LabelSet
from nats_stream_processor.modelfiles import CONFIG_FILE, TOKENIZER_FILE
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic  # type: ignore[import-untyped]
from tokenizers import Tokenizer

QUANTISED_FILE = "onnx/model_int8.onnx"
GRAPH = 1  # raise it with every change of the graph: models in the cache are then made anew
PAD = 1  # RoBERTa's padding token; positions are numbered from behind it
OPSET, IR_VERSION = 17, 8  # the first with LayerNormalization, and the format of its time
SPREAD = 0.02  # standard deviation of the weights, as RoBERTa's are before training
EPSILON = 1e-5  # of its layer norms
HIDDEN_FROM_ATTENTION = -1e4  # added to the scores of padding


@dataclass(frozen=True, slots=True)
class Shape:
    """RoBERTa-base's, unless told otherwise."""

    layers: int = 12
    width: int = 768
    heads: int = 12
    inner: int = 3072
    vocabulary: int = 50_265
    positions: int = 514


ROBERTA_BASE = Shape()


class _Graph:
    """Nodes and weights under construction; what adds a node gives the name of its output."""

    def __init__(self, seed: int) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.tensors: list[TensorProto] = []
        self._random = np.random.default_rng(seed)

    def node(self, operator: str, *inputs: str, **attributes: Any) -> str:
        output = f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    def constant(self, value: NDArray[Any]) -> str:
        name = f"tensor_{len(self.tensors)}"
        self.tensors.append(numpy_helper.from_array(value, name))
        return name

    def number(self, value: float) -> str:
        return self.constant(np.array(value, np.float32))

    def integers(self, *values: int) -> str:
        return self.constant(np.array(values, np.int64))

    def weights(self, *shape: int) -> str:
        return self.constant(self._random.standard_normal(shape, np.float32) * np.float32(SPREAD))

    def linear(self, hidden: str, inputs: int, outputs: int) -> str:
        return self.node("Add", self.node("MatMul", hidden, self.weights(inputs, outputs)), self.weights(outputs))

    def normalised(self, hidden: str, width: int) -> str:
        scale = self.constant(np.ones(width, np.float32))
        return self.node("LayerNormalization", hidden, scale, self.weights(width), axis=-1, epsilon=EPSILON)

    def gelu(self, hidden: str) -> str:
        """By its definition, as the exporters write it; the runtime knows the pattern."""
        error = self.node("Erf", self.node("Div", hidden, self.number(math.sqrt(2))))
        both = self.node("Mul", hidden, self.node("Add", error, self.number(1)))
        return self.node("Mul", both, self.number(0.5))


def roberta(labels: int, shape: Shape, seed: int) -> onnx.ModelProto:
    """RobertaForSequenceClassification of transformers: input_ids and attention_mask [posts, tokens] in, logits
    [posts, labels] out."""
    graph = _Graph(seed)
    hidden = _embedded(graph, shape)
    visible = graph.node("Cast", graph.node("Unsqueeze", "attention_mask", graph.integers(1, 2)), to=TensorProto.FLOAT)
    mask = graph.node(
        "Mul", graph.node("Sub", graph.number(1), visible), graph.number(HIDDEN_FROM_ATTENTION)
    )  # [posts, 1, 1, tokens]
    for _ in range(shape.layers):
        hidden = _layer(graph, hidden, mask, shape)
    first = graph.node("Gather", hidden, graph.constant(np.array(0, np.int64)), axis=1)
    pooled = graph.node("Tanh", graph.linear(first, shape.width, shape.width))
    logits = graph.linear(pooled, shape.width, labels)
    graph.nodes.append(helper.make_node("Identity", [logits], ["logits"]))
    made = helper.make_graph(
        graph.nodes,
        "roberta",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["posts", "tokens"])
            for name in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["posts", labels])],
        graph.tensors,
    )
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def _embedded(graph: _Graph, shape: Shape) -> str:
    real = graph.node("Not", graph.node("Equal", "input_ids", graph.constant(np.array(PAD, np.int64))))
    real = graph.node("Cast", real, to=TensorProto.INT64)
    counted = graph.node("Mul", graph.node("CumSum", real, graph.constant(np.array(1, np.int64))), real)
    numbers = graph.node("Add", counted, graph.constant(np.array(PAD, np.int64)))
    words = graph.node("Gather", graph.weights(shape.vocabulary, shape.width), "input_ids")
    places = graph.node("Gather", graph.weights(shape.positions, shape.width), numbers)
    types = graph.weights(1, shape.width)
    return graph.normalised(graph.node("Add", graph.node("Add", words, types), places), shape.width)


def _layer(graph: _Graph, hidden: str, mask: str, shape: Shape) -> str:
    attended = graph.linear(_attention(graph, hidden, mask, shape), shape.width, shape.width)
    hidden = graph.normalised(graph.node("Add", attended, hidden), shape.width)
    inner = graph.gelu(graph.linear(hidden, shape.width, shape.inner))
    return graph.normalised(graph.node("Add", graph.linear(inner, shape.inner, shape.width), hidden), shape.width)


def _attention(graph: _Graph, hidden: str, mask: str, shape: Shape) -> str:
    split = graph.integers(0, 0, shape.heads, shape.width // shape.heads)

    def projected(*order: int) -> str:
        return graph.node(
            "Transpose",
            graph.node("Reshape", graph.linear(hidden, shape.width, shape.width), split),
            perm=order,
        )

    queries, keys, values = projected(0, 2, 1, 3), projected(0, 2, 3, 1), projected(0, 2, 1, 3)
    scores = graph.node("Div", graph.node("MatMul", queries, keys), graph.number(math.sqrt(shape.width // shape.heads)))
    shares = graph.node("Softmax", graph.node("Add", scores, mask), axis=-1)
    heard = graph.node("Transpose", graph.node("MatMul", shares, values), perm=(0, 2, 1, 3))
    return graph.node("Reshape", heard, graph.integers(0, 0, shape.width))


def model_folder(
    cache: Path, labels: LabelSet, tokenizer: Tokenizer, *, seed: int, shape: Shape = ROBERTA_BASE
) -> Path:
    """A folder that the service takes by name. Its ONNX file is made where `cache` has none (of RoBERTa-base's shape
    half a minute and 2.5 GB of memory), configuration and tokenizer are written anew. Raises OSError."""
    kind = f"{labels.kind}-{shape.layers}x{shape.width}-{shape.vocabulary}-{GRAPH}"
    folder = (cache / kind).absolute()
    if not (folder / QUANTISED_FILE).is_file():
        _make(folder / QUANTISED_FILE, len(labels.names), shape, seed)
    (folder / CONFIG_FILE).write_text(json.dumps(_config(labels.names, shape, independent=labels.independent)))
    tokenizer.save(str(folder / TOKENIZER_FILE))
    return folder


def _make(file: Path, labels: int, shape: Shape, seed: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="model-", dir=file.parent) as scratch:
        whole, quantised = Path(scratch, "whole.onnx"), Path(scratch, "quantised.onnx")
        onnx.save(roberta(labels, shape, seed), whole)
        logging.disable(logging.WARNING)  # quantisation asks for a preparation that models of the hub have not had
        try:
            quantize_dynamic(whole, quantised, weight_type=QuantType.QInt8)
        finally:
            logging.disable(logging.NOTSET)
        quantised.replace(file)  # never there by half


def _config(labels: Sequence[str], shape: Shape, *, independent: bool) -> dict[str, Any]:
    return {
        "model_type": "roberta",
        "id2label": {str(column): label for column, label in enumerate(labels)},
        "pad_token_id": PAD,
        "max_position_embeddings": shape.positions,
        "problem_type": "multi_label_classification" if independent else "single_label_classification",
    }
