"""Models of the hub's shape, made in a test: they count words, and each word speaks for one label."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from tokenizers import Tokenizer, models, pre_tokenizers

SPECIAL = ("[PAD]", "[UNK]")
PAD = 0
MOST_POSITIONS = 600
WEIGHT = 1.5  # logits that one word adds to its label
INPUTS = ("input_ids", "attention_mask")


def tiny_model(
    folder: Path,
    labels: Sequence[str],
    words: Sequence[str],
    *,
    file: str = "onnx/model.onnx",
    weight: float = WEIGHT,
    inputs: Sequence[str] = INPUTS,
    integers: int = TensorProto.INT64,
    dynamic: bool = False,
    external_data: bool = False,
    **config: Any,
) -> Path:
    """Writes the folder: `words[i]` speaks for `labels[i]`. `config` is what else config.json says; None: left out."""
    folder.mkdir(parents=True, exist_ok=True)
    fields = {
        "model_type": "bert",
        "id2label": {str(column): label for column, label in enumerate(labels)},
        "pad_token_id": PAD,
        "max_position_embeddings": MOST_POSITIONS,
    } | config
    (folder / "config.json").write_text(
        json.dumps({name: value for name, value in fields.items() if value is not None})
    )
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate([*SPECIAL, *words])}, "[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens([*SPECIAL])
    tokenizer.save(str(folder / "tokenizer.json"))
    target = folder / file
    target.parent.mkdir(parents=True, exist_ok=True)
    graph = word_counter(len(words), weight, inputs, integers)
    if external_data:
        onnx.save(graph, target, save_as_external_data=True, location=f"{target.name}_data", size_threshold=64)
    else:
        onnx.save(graph, target)
    if dynamic:
        quantize_dynamic(target, target, weight_type=QuantType.QInt8)
    return folder


def word_counter(words: int, weight: float, inputs: Sequence[str], integers: int) -> onnx.ModelProto:
    """One row of a table a token, masked, added up, times one weight a label. What stands behind MOST_POSITIONS cannot
    be read."""
    vocabulary = len(SPECIAL) + words
    speaks = np.zeros((vocabulary, words), np.float32)
    speaks[len(SPECIAL) :] = np.eye(words) * weight
    constants = {
        "rows": np.eye(vocabulary, dtype=np.float32),
        "positions": np.zeros((MOST_POSITIONS, 1), np.float32),
        "speaks": speaks,
        "last": np.array([-1], np.int64),
        "first": np.array([1], np.int64),
    }
    nodes = [
        helper.make_node("Gather", ["rows", "input_ids"], ["embedded"]),
        helper.make_node("Shape", ["input_ids"], ["length"], start=1, end=2),
        helper.make_node("Squeeze", ["length"], ["tokens"]),
        helper.make_node("Constant", [], ["zero"], value_int=0),
        helper.make_node("Constant", [], ["one"], value_int=1),
        helper.make_node("Range", ["zero", "tokens", "one"], ["numbers"]),
        helper.make_node("Gather", ["positions", "numbers"], ["placed"]),
        helper.make_node("Add", ["embedded", "placed"], ["hidden"]),
        *masked("attention_mask" in inputs),
        helper.make_node("ReduceSum", ["read", "first"], ["counts"], keepdims=0),
        helper.make_node("MatMul", ["counts", "speaks"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "words",
        [helper.make_tensor_value_info(name, integers, ["posts", "tokens"]) for name in inputs],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["posts", words])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def masked(mask: bool) -> list[onnx.NodeProto]:
    if not mask:
        return [helper.make_node("Identity", ["hidden"], ["read"])]
    return [
        helper.make_node("Cast", ["attention_mask"], ["weights"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["weights", "last"], ["column"]),
        helper.make_node("Mul", ["hidden", "column"], ["read"]),
    ]
