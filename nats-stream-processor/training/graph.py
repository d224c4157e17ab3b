"""The network as an ONNX graph with 8-bit linear layers whose answer for a token depends on that token alone.

ONNX Runtime's own dynamic quantisation takes one activation scale for a whole batch, so a post would be told something
else in other company. Here every token gets its own scale: absolute maximum of its row / 127. Weights have one scale
per output column; the products are of integers. Attention, normalisation and heads stay in 32-bit floats.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import onnx
from network import ATTENTION_HEADS, LAYER_NORM_EPSILON, WIDTH
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 21
MICROSOFT_OPSET = 1
ACTIVATION_LEVELS = 127.0
ACTIVATION_ZERO = 128
EMBEDDING_LEVELS = 127
WEIGHT_LEVELS = 63
"""Seven bits: on x86 without VNNI the runtime adds two products (byte × weight) in 16 bits; 2 × 255 × 63 still fits."""
CLIPS = np.linspace(0.7, 1.0, 13)
"""Shares of a column's largest weight that are tried as its range: cutting a rare large weight can serve the others."""
SMALLEST_SCALE = 1e-12
MASKED_SCORE = -1e4
"""Added to the attention score of padding: its exponential is exactly zero, so padding changes nothing."""

DEPTH = WIDTH // ATTENTION_HEADS

Weights = dict[str, NDArray[np.float32]]


class Tokens(NamedTuple):
    """Outputs of nodes: `rows` [all tokens, width] and `shape`, the numbers of posts and of tokens of each."""

    rows: str
    shape: str


class Graph:
    """Collects nodes and initialisers. Every method adds one operation and returns the name of its output."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def add(self, operator: str, *inputs: str, domain: str = "", outputs: int = 1, **attributes: object) -> str:
        name = f"{operator}_{len(self.nodes)}"
        names = [name] + [f"{name}_{extra}" for extra in range(1, outputs)]
        self.nodes.append(helper.make_node(operator, inputs, names, name, domain=domain, **attributes))
        return name

    def constant(self, value: object, dtype: type = np.float32) -> str:
        name = f"constant_{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name


def quantised_columns(weight: NDArray[np.float32], levels: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """A matrix [inputs, outputs] as integers up to ±levels and one scale per output, the one of least squared error."""
    largest = np.maximum(np.abs(weight).max(axis=0), SMALLEST_SCALE)
    integers, scale, error = np.zeros_like(weight), largest, np.full(len(largest), np.inf)
    for clip in CLIPS:
        tried_scale = largest * clip / levels
        tried = np.clip(np.rint(weight / tried_scale), -levels, levels)
        tried_error = ((tried * tried_scale - weight) ** 2).sum(axis=0)
        better = tried_error < error
        integers, scale = np.where(better, tried, integers), np.where(better, tried_scale, scale)
        error = np.where(better, tried_error, error)
    return integers.astype(np.int8), scale.astype(np.float32)


class Encoder(Graph):
    def __init__(self, weights: Weights, max_tokens: int, exact: Collection[str]) -> None:
        super().__init__()
        self.weights = weights
        self.exact = exact
        self.max_tokens = max_tokens
        self.activation_zero = self.constant(ACTIVATION_ZERO, np.uint8)
        self.one = self.constant(1.0)

    def embedded(self, ids: str) -> str:
        """Word and position embeddings, normalised: [posts, tokens, width]. Words are kept in 8 bits, a scale a row."""
        rows, scale = quantised_columns(self.weights["words.weight"].T, EMBEDDING_LEVELS)
        words = self.add("Cast", self.add("Gather", self.constant(rows.T, np.int8), ids), to=TensorProto.FLOAT)
        words = self.add("Mul", words, self.add("Gather", self.constant(scale[:, None]), ids))
        tokens = self.add("Shape", ids, start=1, end=2)
        positions = self.constant(self.weights["positions.weight"][: self.max_tokens])
        positions = self.add("Slice", positions, self.constant([0], np.int64), tokens)
        return self.normalised(self.add("Add", words, positions), "embedding_norm")

    def normalised(self, hidden: str, name: str) -> str:
        gamma = self.constant(self.weights[f"{name}.weight"])
        beta = self.constant(self.weights[f"{name}.bias"])
        return self.add("LayerNormalization", hidden, gamma, beta, axis=-1, epsilon=LAYER_NORM_EPSILON)

    def added_and_normalised(self, product: str, hidden: str, layer_norm: str, bias: str) -> str:
        """Bias and residual, then LayerNormalization: the fused SkipLayerNormalization is five times slower here."""
        biased = self.add("Add", product, self.constant(self.weights[bias]))
        return self.normalised(self.add("Add", biased, hidden), layer_norm)

    def quantised(self, tokens: str) -> tuple[str, str]:
        """Rows [all tokens, n] as unsigned bytes around 128, and the scale of each row [all tokens, 1]."""
        largest = self.add("ReduceMax", self.add("Abs", tokens), self.constant([1], np.int64), keepdims=0)
        scale = self.add("Div", largest, self.constant(ACTIVATION_LEVELS))
        scale = self.add("Max", scale, self.constant(SMALLEST_SCALE))
        zero = self.add(
            "ConstantOfShape",
            self.add("Shape", scale),
            value=helper.make_tensor("zero", TensorProto.UINT8, [1], [ACTIVATION_ZERO]),
        )
        rows = self.add("QuantizeLinear", tokens, scale, zero, axis=0)
        return rows, self.add("Unsqueeze", scale, self.constant([1], np.int64))

    def product(self, rows: str, scale: str, weight: NDArray[np.float32]) -> str:
        """Quantised rows times a matrix [inputs, outputs], back in floats, without bias."""
        integers, column_scale = quantised_columns(weight, WEIGHT_LEVELS)
        product = self.add(
            "MatMulIntegerToFloat",
            rows,
            self.constant(integers, np.int8),
            self.one,
            self.constant(column_scale),
            self.activation_zero,
            domain="com.microsoft",
        )
        return self.add("Mul", product, scale)

    def layer(self, hidden: Tokens, context: Tokens, attention_bias: str, layer: int) -> Tokens:
        """One transformer layer: `hidden` made anew from what it finds in `context`."""
        prefix = f"layers.{layer}."
        [query] = self.projected(hidden, prefix, ("query",))
        key, value = self.projected(context, prefix, ("key", "value"))
        attended = self.linear(self.attention(query, key, value, attention_bias), f"{prefix}attended")
        rows = self.added_and_normalised(attended, hidden.rows, f"{prefix}attention_norm", f"{prefix}attended.bias")
        wide_bias = self.constant(self.weights[f"{prefix}widen.bias"])
        wide = self.add("BiasGelu", self.linear(rows, f"{prefix}widen"), wide_bias, domain="com.microsoft")
        narrow = self.linear(wide, f"{prefix}narrow")
        return Tokens(
            self.added_and_normalised(narrow, rows, f"{prefix}output_norm", f"{prefix}narrow.bias"), hidden.shape
        )

    def linear(self, tokens: str, name: str) -> str:
        if name in self.exact:
            return self.add("MatMul", tokens, self.constant(self.weights[f"{name}.weight"].T))
        return self.product(*self.quantised(tokens), self.weights[f"{name}.weight"].T)

    def projected(self, tokens: Tokens, prefix: str, parts: Sequence[str]) -> list[str]:
        """These parts of all tokens by one product, each [posts, heads, tokens, depth]."""
        weight = np.concatenate([self.weights[f"{prefix}{part}.weight"].T for part in parts], axis=1)
        bias = np.concatenate([self.weights[f"{prefix}{part}.bias"] for part in parts])
        rows = self.add("Add", self.product(*self.quantised(tokens.rows), weight), self.constant(bias))
        heads = self.constant([len(parts), ATTENTION_HEADS, DEPTH], np.int64)
        split = self.add("Reshape", rows, self.add("Concat", tokens.shape, heads, axis=0))
        split = self.add("Transpose", split, perm=[2, 0, 3, 1, 4])
        return [self.add("Gather", split, self.constant(part, np.int64), axis=0) for part in range(len(parts))]

    def attention(self, query: str, key: str, value: str, attention_bias: str) -> str:
        """Attention within each post, to [all queries, width]."""
        query = self.add("Mul", query, self.constant(DEPTH**-0.5))
        scores = self.add("MatMul", query, self.add("Transpose", key, perm=[0, 1, 3, 2]))
        share = self.add("Softmax", self.add("Add", scores, attention_bias), axis=-1)
        context = self.add("Transpose", self.add("MatMul", share, value), perm=[0, 2, 1, 3])
        return self.add("Reshape", context, self.constant([-1, WIDTH], np.int64))

    def head(self, pooled: str, name: str) -> str:
        hidden = self.add(
            "Gemm",
            pooled,
            self.constant(self.weights[f"{name}.hidden.weight"].T),
            self.constant(self.weights[f"{name}.hidden.bias"]),
        )
        return self.add(
            "Gemm",
            self.add("Tanh", hidden),
            self.constant(self.weights[f"{name}.logits.weight"].T),
            self.constant(self.weights[f"{name}.logits.bias"]),
        )


def build(weights: Weights, max_tokens: int, exact: Collection[str] = ()) -> onnx.ModelProto:
    """`input_ids`, `attention_mask` (int64 [posts, tokens]) to `sentiment` [posts, 3] and `topics` [posts, 19].

    The linear layers named in `exact` (`layers.0.narrow`) keep 32 bits."""
    graph = Encoder(weights, max_tokens, exact)
    ids, mask = "input_ids", "attention_mask"
    real = graph.add("Cast", mask, to=TensorProto.FLOAT)
    padding = graph.add("Mul", graph.add("Sub", graph.one, real), graph.constant(MASKED_SCORE))
    attention_bias = graph.add("Unsqueeze", padding, graph.constant([1, 2], np.int64))
    batch_shape, one = graph.add("Shape", ids), graph.constant([1], np.int64)
    hidden = Tokens(graph.add("Reshape", graph.embedded(ids), graph.constant([-1, WIDTH], np.int64)), batch_shape)
    layers = {name.split(".")[1] for name in weights if name.startswith("layers.")}
    for layer in range(len(layers) - 1):
        hidden = graph.layer(hidden, hidden, attention_bias, layer)
    by_post = graph.add(
        "Reshape", hidden.rows, graph.add("Concat", batch_shape, graph.constant([WIDTH], np.int64), axis=0)
    )
    first = Tokens(
        graph.add("Gather", by_post, graph.constant(0, np.int64), axis=1),
        graph.add("Concat", graph.add("Shape", ids, start=0, end=1), one, axis=0),
    )
    first = graph.layer(first, hidden, attention_bias, len(layers) - 1)
    total = graph.add("MatMul", graph.add("Unsqueeze", real, one), by_post)
    total = graph.add("Squeeze", total, one)
    mean = graph.add("Div", total, graph.add("ReduceSum", real, one, keepdims=1))
    pooled = graph.add("Concat", first.rows, mean, axis=1)
    graph.nodes.append(helper.make_node("Softmax", [graph.head(pooled, "sentiment")], ["sentiment"], axis=-1))
    graph.nodes.append(helper.make_node("Sigmoid", [graph.head(pooled, "topics")], ["topics"]))
    shape = ["posts", "tokens"]
    proto = helper.make_graph(
        graph.nodes,
        "post_classifier",
        [helper.make_tensor_value_info(name, TensorProto.INT64, shape) for name in (ids, mask)],
        [
            helper.make_tensor_value_info("sentiment", TensorProto.FLOAT, ["posts", 3]),
            helper.make_tensor_value_info("topics", TensorProto.FLOAT, ["posts", 19]),
        ],
        graph.initializers,
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("com.microsoft", MICROSOFT_OPSET)]
    return helper.make_model(proto, opset_imports=opsets, ir_version=10)
