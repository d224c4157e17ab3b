"""What the engine does around the models: it remembers, and asks the model by name for its own task."""

from collections.abc import Sequence

import numpy as np
import pytest
from nats_stream_processor import engine as engine_module
from nats_stream_processor.embedded import EmbeddedModels, Floats
from nats_stream_processor.engine import REMEMBERED_LETTERS, Engine
from nats_stream_processor.errors import NoAnswer
from nats_stream_processor.prediction import Prediction

SENTIMENT = (0.25, 0.25, 0.5)
TOPICS = (0.5,) * 19


class Named:
    """A model by name that answers every text alike and says what it was asked."""

    def __init__(self, answer: Sequence[float]) -> None:
        self.answer, self.asked = answer, list[str]()

    def predict(self, texts: Sequence[str]) -> Floats:
        self.asked += texts
        return np.array([self.answer] * len(texts), np.float32)


@pytest.fixture(scope="module")
def models() -> EmbeddedModels:
    return EmbeddedModels.load(threads=1)


def test_a_text_is_read_once_as_long_as_it_is_remembered() -> None:
    named = Named(TOPICS)
    engine = Engine(None, topics=named)
    engine.predict(["a", "b", "a"], ["en"] * 3)
    assert engine.predict(["b", "c"], ["en"] * 2) == [Prediction(None, TOPICS)] * 2
    assert named.asked == ["a", "b", "c"]
    assert engine.repeats == 2


def test_a_text_in_another_language_is_another_post() -> None:
    named = Named(TOPICS)
    Engine(None, topics=named).predict(["chat", "chat"], ["en", "fr"])
    assert named.asked == ["chat", "chat"]


def test_what_was_asked_lately_stays_and_what_was_not_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "REMEMBERED_POSTS", 2)
    named = Named(TOPICS)
    engine = Engine(None, topics=named)
    for text in ("a", "b", "a", "c", "a", "b"):
        engine.predict([text], ["en"])
    assert named.asked == ["a", "b", "c", "b"]


def test_more_posts_at_once_than_are_remembered_all_get_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "REMEMBERED_POSTS", 2)
    texts = [str(number) for number in range(5)]
    assert len(Engine(None, topics=Named(TOPICS)).predict(texts, ["en"] * 5)) == 5


def test_long_texts_are_not_kept() -> None:
    named = Named(TOPICS)
    engine = Engine(None, topics=named)
    for _ in range(2):
        engine.predict(["x" * (REMEMBERED_LETTERS + 1)], ["en"])
    assert len(named.asked) == 2


def test_a_model_by_name_answers_its_task_in_any_language_and_the_embedded_ones_the_other(
    models: EmbeddedModels,
) -> None:
    texts, languages = ["I love it", "정말 좋아요"], ["en", "ko"]
    english, korean = Engine(models, sentiment=Named(SENTIMENT)).predict(texts, languages)
    assert english == Prediction(SENTIMENT, models.predict(texts, languages)[0].topics)
    assert korean == Prediction(SENTIMENT, None)


def test_two_models_by_name_need_no_embedded_one() -> None:
    engine = Engine(None, sentiment=Named(SENTIMENT), topics=Named(TOPICS))
    assert engine.predict(["hello"], ["en"]) == [Prediction(SENTIMENT, TOPICS)]


class Embedded:
    """Embedded models that answer one text with what is not a number."""

    languages = frozenset({"en"})

    def __init__(self, wrong: Prediction) -> None:
        self.wrong = wrong

    def predict(self, texts: Sequence[str], _: Sequence[str]) -> list[Prediction]:
        return [self.wrong if text == "wrong" else Prediction(SENTIMENT, TOPICS) for text in texts]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("task", ["sentiment", "topics"])
def test_what_is_not_a_number_is_no_answer_whichever_model_gave_it(number: float, task: str) -> None:
    wrong = {"sentiment": (0.5, number, 0.5), "topics": (number, *TOPICS[1:])}[task]
    for engine in (Engine(Embedded(Prediction(**{task: wrong}))), Engine(None, **{task: Named(wrong)})):
        with pytest.raises(NoAnswer):
            engine.predict(["wrong"], ["en"])


def test_a_post_without_an_answer_fails_each_time_and_its_neighbours_do_not() -> None:
    engine = Engine(Embedded(Prediction((float("nan"),) * 3, TOPICS)))
    for texts in (["good", "wrong"], ["wrong"]):
        with pytest.raises(NoAnswer):
            engine.predict(texts, ["en"] * len(texts))
    assert engine.predict(["good"], ["en"]) == [Prediction(SENTIMENT, TOPICS)]
