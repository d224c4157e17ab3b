"""What the processor is measured against is what it is said to be, and what it is measured with costs something."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from nats_stream_processor.classifier import load_classifier
from nats_stream_processor.enrich import language
from nats_stream_processor.labels import SENTIMENT_LABELS, TOPIC_LABELS, LabelSet
from nats_stream_processor.modelfiles import NamedModel
from pipeline_core.logs import configure

from benchmarks.bpe import SPECIAL, TOKENS_A_WORD, byte_level_bpe
from benchmarks.posts import from_file, made_up
from benchmarks.roberta import PAD, Shape, model_folder, roberta

SMALL = Shape(layers=2, width=16, heads=2, inner=32, vocabulary=2000, positions=66)


@pytest.mark.parametrize("labels", [SENTIMENT_LABELS, TOPIC_LABELS], ids=lambda labels: labels.kind)
def test_the_references_models_are_taken_by_name_and_read_one_post_at_a_time(labels: LabelSet, tmp_path: Path) -> None:
    texts = [post.text for post in made_up(50, {"en"})]
    folder = model_folder(tmp_path, labels, byte_level_bpe(texts, SMALL.vocabulary), seed=1, shape=SMALL)

    model = load_classifier(NamedModel(labels, str(folder)), threads=1, log=configure("test", "ERROR", "json"))

    assert "quantised dynamically" in str(model.alone)
    together, alone = model.predict(texts), np.concatenate([model.predict([text]) for text in texts])
    assert np.array_equal(together, alone)
    assert len({tuple(row) for row in alone.tolist()}) > 40, "it does not read the posts"


def test_padding_says_nothing_to_the_references_models() -> None:
    session = onnxruntime.InferenceSession(roberta(3, SMALL, seed=1).SerializeToString())
    ids = np.array([[0, 50, 60, 70, 2]])

    def answer(padding: int) -> np.ndarray:
        padded = np.pad(ids, ((0, 0), (0, padding)), constant_values=PAD)
        logits: np.ndarray = session.run(None, {"input_ids": padded, "attention_mask": (padded != PAD).astype(int)})[0]
        return logits

    assert np.allclose(answer(0), answer(9), atol=1e-6)


def test_the_references_tokenizer_splits_words_as_finely_as_it_says() -> None:
    texts = [post.text for post in made_up(300, {"en"})]
    tokenizer = byte_level_bpe(texts, 50_265)

    encodings = tokenizer.encode_batch(texts)

    tokens = sum(len(encoding) - len(("<s>", "</s>")) for encoding in encodings)
    assert tokens / sum(len(text.split()) for text in texts) == pytest.approx(TOKENS_A_WORD, abs=0.1)
    assert [tokenizer.id_to_token(number) for number in range(len(SPECIAL))] == [*SPECIAL]
    assert encodings[0].tokens[0] == "<s>"
    assert encodings[0].tokens[-1] == "</s>"


def test_no_text_is_measured_twice_and_none_in_a_language_that_no_model_reads() -> None:
    posts = made_up(300, {"es", "pt"})

    assert len({post.text for post in posts}) == len(posts) == 300
    assert {language(post) for post in posts} == {"es", "pt"}


def test_posts_of_a_file_are_told_apart_by_their_text(tmp_path: Path) -> None:
    file = tmp_path / "posts.jsonl"
    texts = [
        "The concert was wonderful",
        "The concert was wonderful",
        "Das Konzert war wunderbar",
        "I missed the train",
    ]
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))

    assert [post.text for post in from_file(file, 2, {"en"})] == [texts[0], texts[3]]
    with pytest.raises(ValueError, match="has 2 different posts"):
        from_file(file, 3, {"en"})


def test_a_file_of_something_else_is_refused_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "posts.jsonl"
    file.write_text('{"text": "Good morning to you all"}\n{"words": 3}\n')

    with pytest.raises(ValueError, match="line 2 of"):
        from_file(file, 2, {"en"})
