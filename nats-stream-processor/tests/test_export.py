"""A checkpoint becomes a folder that the processor takes by name. What needs transformers is tried where the optional
packages of the export are installed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from nats_stream_processor.classifier import SequenceClassifier, load_classifier
from nats_stream_processor.export import main
from nats_stream_processor.labels import SENTIMENT_LABELS
from nats_stream_processor.modelfiles import NamedModel, sha256
from nats_stream_processor.quantisation import quantised
from onnx import TensorProto, helper, numpy_helper
from pipeline_core import logs
from tinymodels import tiny_model

LABELS, WORDS = ("negative", "neutral", "positive"), ("bad", "table", "good")
POSTS = ["good good", "bad", "table table good", "", "good bad " * 40, "table"]
LONGEST = 64


def load(folder: Path) -> SequenceClassifier:
    log = logs.configure("test", "INFO", "json")
    return load_classifier(NamedModel(SENTIMENT_LABELS, str(folder)), threads=1, log=log)


def assert_same_in_any_company(classifier: SequenceClassifier) -> None:
    assert classifier.alone is None
    for text, in_company in zip(POSTS, classifier.predict(POSTS), strict=True):
        assert in_company == pytest.approx(classifier.predict([text])[0], abs=1e-5)


# Quantised weights.


@pytest.fixture
def eight_bits(tmp_path: Path) -> Path:
    folder = tiny_model(tmp_path / "eight", LABELS, WORDS, weight=0.37)
    file = folder / "onnx/model.onnx"
    onnx.save(quantised(onnx.load(file)), file)
    return folder


def test_weights_in_8_bits_answer_like_the_whole_ones(tmp_path: Path, eight_bits: Path) -> None:
    whole = load(tiny_model(tmp_path / "whole", LABELS, WORDS, weight=0.37))
    assert load(eight_bits).predict(POSTS) == pytest.approx(whole.predict(POSTS), abs=0.02)


def test_weights_in_8_bits_leave_a_post_alone_with_its_neighbours(eight_bits: Path) -> None:
    assert_same_in_any_company(load(eight_bits))


def test_products_and_tables_are_in_8_bits(eight_bits: Path) -> None:
    graph = onnx.load(eight_bits / "onnx/model.onnx").graph
    assert "MatMulNBits" in {node.op_type for node in graph.node}
    large = [tensor for tensor in graph.initializer if len(tensor.dims) > 1 and 1 not in tensor.dims[-1:]]
    assert large
    assert {tensor.data_type for tensor in large} <= {TensorProto.INT8, TensorProto.UINT8}


def test_each_row_of_a_table_is_as_exact_as_8_bits_can_be() -> None:
    sizes = np.logspace(-3, 3, 50, dtype=np.float32)[:, None]
    rows = np.random.default_rng(7).normal(size=(50, 32)).astype(np.float32) * sizes
    rows[20] = 0
    step = np.abs(rows).max(axis=1, keepdims=True) / 127
    graph = helper.make_graph(
        [helper.make_node("Gather", ["table", "ids"], ["found"])],
        "table",
        [helper.make_tensor_value_info("ids", TensorProto.INT64, ["tokens"])],
        [helper.make_tensor_value_info("found", TensorProto.FLOAT, ["tokens", 32])],
        [numpy_helper.from_array(rows, "table")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    with np.errstate(all="raise"):
        small = quantised(model).SerializeToString()
    session = onnxruntime.InferenceSession(small, providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"ids": np.arange(50)})
    assert (np.abs(found - rows) <= 0.51 * step).all()


# The command.


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["a/b/c"], "owner/name"),
        (["./nowhere"], r"no config.json"),
        ([""], "owner/name"),
    ],
)
def test_what_is_no_checkpoint_is_refused_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    assert main([*arguments, "--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert told in error
    assert error.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_that_holds_something_is_left_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint = tiny_model(tmp_path / "checkpoint", LABELS, WORDS)
    assert main([str(checkpoint), "--out", str(checkpoint)]) == 1
    assert "there already" in capsys.readouterr().err


def test_without_the_packages_of_the_export_it_says_how_to_install_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "optimum", None)
    checkpoint = tiny_model(tmp_path / "checkpoint", LABELS, WORDS)
    assert main([str(checkpoint), "--out", str(tmp_path / "out")]) == 1
    assert "pip install -e ./pipeline-core -e './nats-stream-processor[export]'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A RoBERTa of two small layers with random weights."""
    reason = "the export's packages are not installed (nats-stream-processor[export])"
    for package in ("optimum.exporters.onnx", "torch", "transformers"):
        pytest.importorskip(package, reason=reason)
    folder = tiny_model(tmp_path_factory.mktemp("checkpoint"), LABELS, WORDS)
    save_roberta(folder)
    return folder


def save_roberta(folder: Path) -> None:
    import torch
    from transformers import PreTrainedTokenizerFast, RobertaConfig, RobertaForSequenceClassification

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"), pad_token="[PAD]", unk_token="[UNK]", model_max_length=LONGEST
    )
    tokenizer.save_pretrained(folder)
    torch.manual_seed(7)
    config = RobertaConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=256,
        max_position_embeddings=LONGEST + 1,
        pad_token_id=0,
        initializer_range=0.1,
        id2label=dict(enumerate(LABELS)),
        problem_type="single_label_classification",
    )
    RobertaForSequenceClassification(config).eval().save_pretrained(folder)


def by_transformers(folder: Path) -> Any:
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    read = tokenizer([post or "[PAD]" for post in POSTS], padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        logits = AutoModelForSequenceClassification.from_pretrained(folder)(read.input_ids, read.attention_mask).logits
    return logits.softmax(-1).numpy()


@pytest.mark.parametrize(
    ("quantise", "file", "tolerance"), [("none", "model.onnx", 1e-4), ("int8", "model_int8.onnx", 0.05)]
)
def test_an_exported_checkpoint_answers_as_in_transformers(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], quantise: str, file: str, tolerance: float
) -> None:
    out = tmp_path / "new" / "out"
    assert main([str(checkpoint), "--out", str(out), "--quantise", quantise]) == 0
    assert {str(path.relative_to(out)) for path in out.rglob("*.*")} == {
        "config.json",
        "tokenizer.json",
        f"onnx/{file}",
    }
    assert sha256(out / "onnx" / file) in capsys.readouterr().out
    classifier, expected = load(out), by_transformers(checkpoint)
    for number, post in enumerate(POSTS):
        if post:
            assert classifier.predict([post])[0] == pytest.approx(expected[number], abs=tolerance)
    assert np.ptp(expected, axis=0).max() > 2 * tolerance
    assert_same_in_any_company(classifier)
    assert json.loads((out / "config.json").read_text())["id2label"]["2"] == "positive"
