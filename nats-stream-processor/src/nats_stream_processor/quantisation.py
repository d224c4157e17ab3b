"""A model's weights in 8 bits, its activations left to the runtime: what a post is told does not depend on its batch.

ONNX Runtime's dynamic quantisation takes one scale for the activations of a whole batch, and static scales need texts
to be found by. Weights alone need neither: `MatMulNBits` takes a scale for each block of weights, and for each block
of each token where it rounds activations at all. Only the export needs this module and what it imports.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer  # type: ignore[import-untyped]

BLOCK = 128
"""Weights with one scale; of 32 the answers are a little closer and a quarter slower (see training/README.md)."""
INTEGER_PRODUCTS = 4
"""`accuracy_level` of MatMulNBits: activations are rounded to 8 bits too, which is what makes it fast."""
LARGEST_BYTE = 127


def quantised(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same model with the weights of its products and the rows of its tables in 8 bits."""
    quantizer = MatMulNBitsQuantizer(
        _with_small_tables(model), bits=8, block_size=BLOCK, is_symmetric=True, accuracy_level=INTEGER_PRODUCTS
    )
    quantizer.process()
    result: onnx.ModelProto = quantizer.model.model
    return result


def _with_small_tables(model: onnx.ModelProto) -> onnx.ModelProto:
    """Embeddings with a scale for each row; MatMulNBitsQuantizer knows them with 4 bits only."""
    graph = model.graph
    tables = {table.name: table for table in graph.initializer if _is_table(table)}
    nodes: list[onnx.NodeProto] = []
    for node in graph.node:
        if node.op_type == "Gather" and node.input[0] in tables and not any(field.i for field in node.attribute):
            graph.initializer.extend(_bytes_and_scales(tables[node.input[0]]))
            nodes.extend(_gather_bytes(node))
        else:
            nodes.append(node)
    used = {name for node in nodes for name in node.input}
    initializers = {tensor.name: tensor for tensor in graph.initializer if tensor.name in used}
    del graph.node[:], graph.initializer[:]
    graph.node.extend(nodes)
    graph.initializer.extend(initializers.values())
    return model


def _is_table(tensor: TensorProto) -> bool:
    return tensor.data_type == TensorProto.FLOAT and len(tensor.dims) == 2


def _bytes_and_scales(table: TensorProto) -> list[TensorProto]:
    rows = numpy_helper.to_array(table)
    scales = np.abs(rows).max(axis=1, keepdims=True) / LARGEST_BYTE
    scales[scales == 0] = 1
    integers = np.rint(rows / scales).astype(np.int8)
    return [
        numpy_helper.from_array(integers, f"{table.name}_bytes"),
        numpy_helper.from_array(scales.astype(np.float32), f"{table.name}_scales"),
    ]


def _gather_bytes(node: onnx.NodeProto) -> list[onnx.NodeProto]:
    (table, ids), output = node.input, node.output[0]
    return [
        helper.make_node("Gather", [f"{table}_bytes", ids], [f"{output}_bytes"]),
        helper.make_node("Gather", [f"{table}_scales", ids], [f"{output}_scales"]),
        helper.make_node("Cast", [f"{output}_bytes"], [f"{output}_whole"], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{output}_whole", f"{output}_scales"], [output]),
    ]
