"""A model of the hub's shape at work."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hubserver import Hub, running_hub
from hypothesis import given, settings
from hypothesis import strategies as st
from nats_stream_processor import classifier as classifier_module
from nats_stream_processor.classifier import SequenceClassifier, load_classifier, plain
from nats_stream_processor.errors import ModelError, NoAnswer
from nats_stream_processor.labels import SENTIMENT_LABELS, TOPIC_LABELS, LabelSet
from nats_stream_processor.modelfiles import NamedModel
from onnx import TensorProto
from pipeline_core import logs
from pipeline_core.messages import TOPICS
from tinymodels import WEIGHT, tiny_model

SENTIMENTS, WORDS = ("negative", "neutral", "positive"), ("bad", "table", "good")
TOPIC_WORDS = tuple(f"word{number}" for number in range(len(TOPICS)))
TOLERANCE = 1e-6

HOSTILE_POSTS = [
    *("", " ", "\x00", "\ud800", "[PAD] [UNK]", "good " * 900, "x" * 4_000, "👍" * 750, "שלום", "日本語の投稿です"),
    *("e" + "\u0301" * 2_799, "<script>alert(1)</script>", "{0} %s ${HOME} $(id)"),
]
post = st.one_of(
    st.sampled_from(HOSTILE_POSTS),
    st.lists(st.sampled_from([*WORDS, "unknown"]), max_size=60).map(" ".join),
    st.text(st.characters(exclude_categories=[]), max_size=60),
)


def load(
    folder: Path, labels: LabelSet = SENTIMENT_LABELS, max_tokens: int = 512, endpoint: str | None = None
) -> SequenceClassifier:
    model = NamedModel(labels, str(folder), max_tokens=max_tokens)
    return load_classifier(model, threads=1, log=logs.configure("test", "INFO", "json"), endpoint=endpoint)


def softmax(*logits: float) -> list[float]:
    return [float(np.exp(logit) / np.exp(logits).sum()) for logit in logits]


def sigmoid(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))


def one(classifier: SequenceClassifier, text: str) -> list[float]:
    return [float(probability) for probability in classifier.predict([text])[0]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("sentiment"), SENTIMENTS, WORDS)


@pytest.fixture(scope="module")
def classifier(folder: Path) -> SequenceClassifier:
    return load(folder)


@pytest.fixture(scope="module")
def dynamic(tmp_path_factory: pytest.TempPathFactory) -> SequenceClassifier:
    return load(tiny_model(tmp_path_factory.mktemp("dynamic"), SENTIMENTS, WORDS, weight=0.3, dynamic=True))


# What the answers are.


def test_labels_of_one_kind_add_up_to_one(classifier: SequenceClassifier) -> None:
    assert one(classifier, "good good table") == pytest.approx(softmax(0, WEIGHT, 2 * WEIGHT))


def test_labels_that_go_together_have_a_probability_each(tmp_path: Path) -> None:
    topics = load(tiny_model(tmp_path, TOPICS, TOPIC_WORDS, problem_type="multi_label_classification"), TOPIC_LABELS)
    answer = one(topics, "word3 word3 word18")
    assert answer[3] == pytest.approx(sigmoid(2 * WEIGHT))
    assert answer[18] == pytest.approx(sigmoid(WEIGHT))
    assert answer[0] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("problem_type", "adds_up"),
    [("single_label_classification", True), ("multi_label_classification", False), (None, None)],
)
def test_what_the_configuration_says_of_the_problem_counts_and_else_the_kind_of_label(
    tmp_path: Path, problem_type: str | None, adds_up: bool | None
) -> None:
    for labels, words, ours, usual in (
        (SENTIMENTS, WORDS, SENTIMENT_LABELS, True),
        (TOPICS, TOPIC_WORDS, TOPIC_LABELS, False),
    ):
        answer = one(
            load(tiny_model(tmp_path / ours.kind, labels, words, problem_type=problem_type), ours), "good word3"
        )
        assert (sum(answer) == pytest.approx(1)) is (usual if adds_up is None else adds_up)


def test_answers_are_in_our_order_whatever_the_models(tmp_path: Path, classifier: SequenceClassifier) -> None:
    other = load(tiny_model(tmp_path, ("Positive", "Negative", "Neutral"), ("good", "bad", "table")))
    assert other.labels == SENTIMENTS
    for text in WORDS:
        assert one(other, text) == pytest.approx(one(classifier, text))
    assert int(np.argmax(one(other, "good"))) == 2


def test_no_posts_get_no_answers(classifier: SequenceClassifier) -> None:
    assert classifier.predict([]).shape == (0, 3)


def test_answers_are_32_bit_numbers_one_row_a_post(classifier: SequenceClassifier) -> None:
    answers = classifier.predict(["good", "bad"])
    assert (answers.shape, answers.dtype) == ((2, 3), np.float32)


# A post's answer does not depend on its neighbours.


@settings(deadline=None, max_examples=40)
@given(posts=st.lists(post, min_size=2, max_size=40))
def test_a_post_is_told_the_same_in_any_company(classifier: SequenceClassifier, posts: list[str]) -> None:
    for text, in_company in zip(posts, classifier.predict(posts), strict=True):
        assert in_company == pytest.approx(one(classifier, text), abs=TOLERANCE)


@settings(deadline=None, max_examples=20)
@given(posts=st.lists(post, min_size=2, max_size=10))
def test_a_dynamically_quantised_model_reads_posts_one_at_a_time(dynamic: SequenceClassifier, posts: list[str]) -> None:
    for text, in_company in zip(posts, dynamic.predict(posts), strict=True):
        assert list(in_company) == one(dynamic, text)


def test_a_dynamically_quantised_model_would_tell_a_post_something_else_in_a_batch(
    dynamic: SequenceClassifier,
) -> None:
    company = ["good bad table table", "good " * 500]
    together = dynamic._probabilities(dynamic._tokenizer.encode_batch_fast(company))
    assert np.abs(together[0] - dynamic.predict(company)[0]).max() > 0.01


def test_the_log_says_that_and_why_posts_are_read_one_at_a_time(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    load(tiny_model(tmp_path, SENTIMENTS, WORDS, dynamic=True))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    (warning,) = [line for line in lines if line["level"] == "warning"]
    assert "dynamically" in warning["why"]
    assert warning["kind"] == "sentiment"


def fuse(file: Path) -> None:
    """Saves the graph as the runtime optimises it."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    options.optimized_model_filepath = str(file)
    onnxruntime.InferenceSession(file.read_bytes(), options, providers=["CPUExecutionProvider"])


def test_a_model_whose_dynamic_quantisation_is_fused_with_its_products_reads_posts_one_at_a_time(
    tmp_path: Path,
) -> None:
    folder = tiny_model(tmp_path, SENTIMENTS, WORDS, weight=0.3, dynamic=True)
    fuse(folder / "onnx/model.onnx")
    graph = (folder / "onnx/model.onnx").read_bytes()
    assert (b"DynamicQuantizeLinear" in graph, b"DynamicQuantizeMatMul" in graph) == (False, True)
    assert load(folder).alone


def test_a_model_is_tried_in_company_whatever_its_operators_are_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifier_module, "_quantises_dynamically", lambda _: False)
    tried = load(tiny_model(tmp_path, SENTIMENTS, WORDS, weight=0.3, dynamic=True))
    assert tried.alone
    assert "on trial" in tried.alone


@pytest.mark.parametrize(
    ("made", "why"),
    [
        ({"inputs": ("input_ids",)}, "attention_mask"),
        ({"pad_token_id": None}, "pad_token_id"),
    ],
)
def test_a_model_that_cannot_tell_padding_reads_posts_one_at_a_time(
    tmp_path: Path, made: dict[str, Any], why: str
) -> None:
    careful = load(tiny_model(tmp_path, SENTIMENTS, WORDS, **made))
    assert careful.alone
    assert why in careful.alone
    company = ["good", "bad " * 30, ""]
    for text, in_company in zip(company, careful.predict(company), strict=True):
        assert list(in_company) == one(careful, text)


def test_a_model_with_floats_reads_posts_in_batches(classifier: SequenceClassifier) -> None:
    assert classifier.alone is None


# Any text gets an answer, and only numbers are one.


@pytest.mark.parametrize("text", HOSTILE_POSTS, ids=[ascii(text[:12]) for text in HOSTILE_POSTS])
def test_a_hostile_post_gets_probabilities(classifier: SequenceClassifier, text: str) -> None:
    assert sum(one(classifier, text)) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("problem_type", ["single_label_classification", "multi_label_classification"])
def test_however_sure_a_model_is_its_answer_is_a_probability(tmp_path: Path, problem_type: str) -> None:
    sure = load(tiny_model(tmp_path, SENTIMENTS, WORDS, weight=1e30, problem_type=problem_type))
    assert one(sure, "good") == pytest.approx([0, 0, 1] if problem_type.startswith("single") else [0.5, 0.5, 1])


def test_what_is_not_a_number_is_no_answer(tmp_path: Path) -> None:
    broken = load(tiny_model(tmp_path, SENTIMENTS, WORDS, weight=3e38))
    assert np.isfinite(broken.predict(["good"])).all()
    with pytest.raises(NoAnswer, match="sentiment model"):
        broken.predict(["good good"])


def test_a_model_that_never_answers_with_numbers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"not a number"):
        load(tiny_model(tmp_path, SENTIMENTS, WORDS, weight=float("nan")))


def test_the_names_of_special_tokens_are_ordinary_words_in_a_post(classifier: SequenceClassifier) -> None:
    assert len(classifier._tokenizer.encode("[PAD]").ids) == 3  # two brackets and a word


def test_mentions_and_links_are_anonymous_and_all_else_stays() -> None:
    assert plain("@alice.bsky.social: look, https://example.com/x?y  a@b @ 😀👍🏽\nTWO") == (
        "@user look, http a@b @ 😀👍🏽 TWO"
    )


# Posts are cut to what fits.


@pytest.mark.parametrize(
    ("model_type", "positions", "asked", "read"),
    [("bert", 600, 512, 512), ("bert", 100, 512, 100), ("roberta", 103, 512, 100), ("bert", None, 64, 64)],
)
def test_a_post_is_read_to_the_limit_of_the_setting_or_of_the_model(
    tmp_path: Path, model_type: str, positions: int | None, asked: int, read: int
) -> None:
    # The padding token's id is 2 here: RoBERTa's kind counts positions from 3.
    pad = {"pad_token_id": 2}
    made = tiny_model(tmp_path, SENTIMENTS, WORDS, model_type=model_type, max_position_embeddings=positions, **pad)
    cut = load(made, max_tokens=asked)
    assert one(cut, "filler " * (read - 1) + "good") == one(cut, "good")
    assert one(cut, "filler " * read + "good") == one(cut, "")
    assert one(cut, "good") != one(cut, "")


def test_a_model_that_cannot_read_as_much_as_it_says_is_refused_at_once(tmp_path: Path) -> None:
    made = tiny_model(tmp_path, SENTIMENTS, WORDS, max_position_embeddings=2_000)
    with pytest.raises(ModelError, match=r"(?s)700 tokens.*SENTIMENT_MAX_SEQUENCE_LENGTH"):
        load(made, max_tokens=700)


# What a model may be made of.


@pytest.mark.parametrize(
    "made",
    [
        {"inputs": ("input_ids", "attention_mask", "token_type_ids")},
        {"inputs": ("attention_mask", "input_ids")},
        {"integers": TensorProto.INT32},
        {"external_data": True},
    ],
)
def test_models_that_want_something_else_answer_the_same(
    tmp_path: Path, classifier: SequenceClassifier, made: dict[str, Any]
) -> None:
    other, posts = load(tiny_model(tmp_path, SENTIMENTS, WORDS, **made)), ["good", "bad bad table", ""]
    assert other.predict(posts) == pytest.approx(classifier.predict(posts))


def edit_config(**changes: Any) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | changes))

    return edit


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda folder: (folder / "config.json").write_text("{"), r"config\.json is not the configuration"),
        (lambda folder: (folder / "config.json").write_text("[]"), r"config\.json is not the configuration"),
        (edit_config(id2label=None), r"config\.json is not the configuration.*id2label"),
        (edit_config(model_type="roberta", pad_token_id=None), r"config\.json is not the configuration"),
        (edit_config(problem_type="regression"), r"'regression'"),
        (edit_config(id2label={"0": "joy", "1": "anger"}), r"unknown or named twice joy, anger"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), r"tokenizer\.json is not a tokenizer"),
        (lambda folder: (folder / "onnx/model.onnx").write_bytes(b"not a model"), r"model\.onnx cannot be loaded"),
        (lambda folder: (folder / "onnx/model.onnx").write_bytes(b""), r"model\.onnx cannot be loaded"),
        (lambda folder: tiny_model(folder / "x", ("a", "b"), ("a", "b")), None),
    ],
)
def test_a_damaged_model_is_refused_with_the_file_that_is_wrong(
    tmp_path: Path, damage: Callable[[Path], object], told: str | None
) -> None:
    made = tiny_model(tmp_path, SENTIMENTS, WORDS)
    damage(made)
    if told is None:  # a model of two labels beside a configuration of three
        shutil.copy(made / "x/onnx/model.onnx", made / "onnx/model.onnx")
        told = r"shape \(1, 2\).*3 labels"
    with pytest.raises(ModelError, match=told):
        load(made)


def test_a_model_that_wants_an_unknown_input_is_refused(tmp_path: Path) -> None:
    made = tiny_model(tmp_path, SENTIMENTS, WORDS, inputs=("input_ids", "attention_mask", "pixel_values"))
    with pytest.raises(ModelError, match=r"wants input_ids, attention_mask, pixel_values"):
        load(made)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as running:
        yield running


def test_a_model_comes_from_the_hub_by_its_name(
    hub: Hub, folder: Path, tmp_path: Path, classifier: SequenceClassifier
) -> None:
    commit = hub.publish("own/er", folder)
    model = NamedModel(SENTIMENT_LABELS, f"own/er@{commit}", cache=tmp_path)
    log = logs.configure("test", "INFO", "json")
    fetched = load_classifier(model, threads=1, log=log, endpoint=hub.url)
    assert fetched.predict(list(WORDS)) == pytest.approx(classifier.predict(list(WORDS)))
