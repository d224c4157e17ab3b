"""The shipped models at work."""

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nats_stream_processor.embedded import MODELS, EmbeddedModels
from nats_stream_processor.enrich import name_topics
from nats_stream_processor.errors import ModelError
from nats_stream_processor.labels import SENTIMENT_LABELS
from nats_stream_processor.prediction import Prediction

TOPIC_THRESHOLD = 0.5
TOLERANCE = 0.01
LARGEST_SHIPPED_MODEL = 37_000_000

HOSTILE_POSTS = [
    "",
    " ",
    "\x00",
    "\ud800",
    "[CLS] [SEP] [PAD] [MASK] [UNK]",
    "good " * 600,
    "x" * 3_000,
    "👍" * 750,
    "👨\u200d👩\u200d👧\u200d👦" * 110,
    "e" + "\u0301" * 2_799,
    "שלום עולם, יום נפלא",
    "\u202eevil text turned around\u202c",
    "日本語の投稿です。とても楽しかった!",
    "&#x1F600; &amp;&amp;amp; &lt;script&gt;alert(1)&lt;/script&gt;",
    "bluesky.enriched.> * {0} %s ${HOME} $(id)",
]
ORDINARY_POSTS = [
    "What a beautiful morning, I love this place so much!",
    "I hate waiting for the bus in the rain. Worst day ever.",
    "The meeting starts at 10:00.",
    "New single out on Friday, listen to it on https://example.com/song 🎶",
    "Final score 3-1, what a match! #football",
]

any_text = st.text(st.characters(exclude_categories=[]), max_size=400)
long_text = st.builds(
    lambda alphabet, size: (alphabet * size)[:size],
    st.text(st.characters(exclude_categories=[]), min_size=1, max_size=40),
    st.integers(min_value=1, max_value=2_800),
)
language = st.sampled_from(["en", "es", "ja", "und"])
post = st.one_of(st.sampled_from(HOSTILE_POSTS + ORDINARY_POSTS), any_text, long_text)


@pytest.fixture(scope="module")
def models() -> EmbeddedModels:
    return EmbeddedModels.load(threads=2)


def predict(models: EmbeddedModels, texts: Sequence[str], language: str = "en") -> list[Prediction]:
    return models.predict(texts, [language] * len(texts))


def sentiment(models: EmbeddedModels, text: str, language: str = "en") -> str:
    prediction = predict(models, [text], language)[0]
    return SENTIMENT_LABELS.names[prediction.sentiment.index(max(prediction.sentiment))]


def topics(models: EmbeddedModels, text: str) -> set[str]:
    return set(named(predict(models, [text])[0]))


def named(prediction: Prediction) -> list[str]:
    return name_topics(prediction.topics, TOPIC_THRESHOLD).topics


def assert_same_answer(one: Prediction, other: Prediction) -> None:
    assert one.sentiment == pytest.approx(other.sentiment, abs=TOLERANCE)
    assert one.topics == pytest.approx(other.topics, abs=TOLERANCE)
    assert one.sentiment.index(max(one.sentiment)) == other.sentiment.index(max(other.sentiment))
    assert named(one) == named(other)


# A post's answer does not depend on its neighbours.


@settings(deadline=None, max_examples=40)
@given(posts=st.lists(st.tuples(post, language), min_size=2, max_size=40))
def test_a_post_is_told_the_same_in_any_company(models: EmbeddedModels, posts: list[tuple[str, str]]) -> None:
    texts, languages = zip(*posts, strict=True)
    for text, its_language, in_company in zip(texts, languages, models.predict(texts, languages), strict=True):
        assert_same_answer(in_company, predict(models, [text], its_language)[0])


def test_a_post_is_told_the_same_beside_the_most_hostile_neighbours(models: EmbeddedModels) -> None:
    alone = predict(models, ORDINARY_POSTS[:1])[0]
    for neighbour in HOSTILE_POSTS:
        assert_same_answer(predict(models, [neighbour, ORDINARY_POSTS[0], neighbour])[1], alone)


def test_answers_come_in_the_order_asked(models: EmbeddedModels) -> None:
    posts = HOSTILE_POSTS + ORDINARY_POSTS
    forwards = predict(models, posts)
    backwards = predict(models, posts[::-1])[::-1]
    for one, other in zip(forwards, backwards, strict=True):
        assert_same_answer(one, other)
    assert len({prediction.topics for prediction in forwards}) > len(ORDINARY_POSTS)


def test_a_worker_thread_is_told_what_the_main_thread_is_told(models: EmbeddedModels) -> None:
    told: list[Prediction] = []
    worker = Thread(target=lambda: told.extend(predict(models, ORDINARY_POSTS)))
    worker.start()
    worker.join()
    for one, other in zip(told, predict(models, ORDINARY_POSTS), strict=True):
        assert_same_answer(one, other)


# Any text gets an answer.


def test_no_posts_get_no_answers(models: EmbeddedModels) -> None:
    assert predict(models, []) == []


@pytest.mark.parametrize("text", HOSTILE_POSTS, ids=[ascii(text[:12]) for text in HOSTILE_POSTS])
def test_a_hostile_post_gets_probabilities(models: EmbeddedModels, text: str) -> None:
    prediction = predict(models, [text])[0]
    assert sum(prediction.sentiment) == pytest.approx(1.0, abs=1e-4)
    assert all(0.0 <= probability <= 1.0 for probability in prediction.topics)


def test_the_names_of_special_tokens_are_ordinary_words_in_a_post(models: EmbeddedModels) -> None:
    assert predict(models, ["[PAD]"])[0] == predict(models, ["[pad]"])[0]


def test_a_post_is_read_to_the_limit_asked_for() -> None:
    short = EmbeddedModels.load(threads=1, max_tokens=8)
    beginning = "one two three four five six"
    assert_same_answer(predict(short, [beginning + " wonderful"])[0], predict(short, [beginning + " terrible"])[0])


# The model knows what it is for.


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("I love this so much, best day of my life! 😍", "positive"),
        ("What a wonderful concert, thank you all ❤️", "positive"),
        ("This is terrible, I hate it and I am so angry 😡", "negative"),
        ("Worst service ever, a disgusting and rude waiter.", "negative"),
        ("The parliament meets on Tuesday at 10:00 to vote.", "neutral"),
    ],
)
def test_an_obvious_sentiment_is_seen(models: EmbeddedModels, text: str, label: str) -> None:
    assert sentiment(models, text) == label


@pytest.mark.parametrize(
    ("language", "glad", "angry"),
    [
        (
            "es",
            "¡Qué día tan maravilloso, me encanta, muchas gracias! 😍",
            "Odio este servicio, es horrible, qué enfado",
        ),
        ("fr", "J'adore ce concert, c'était magnifique, merci beaucoup !", "C'est nul, je déteste ça, quelle honte"),
        ("de", "Ich liebe es, der schönste Tag meines Lebens, vielen Dank!", "Schrecklich, ich hasse das"),
        ("it", "Che bello, sono felicissimo, grazie a tutti!", "Che schifo, odio tutto questo, sono furioso"),
        ("pt", "Amei, que dia lindo, obrigado a todos!", "Que horror, odeio isso, péssimo serviço"),
        ("ja", "とても楽しかった!最高の一日、ありがとう!", "最悪だ、本当に腹が立つ、大嫌い"),
        ("el", "Τι υπέροχη μέρα, σας ευχαριστώ πολύ, το λατρεύω!", "Απαίσιο, ντροπή σας, το μισώ"),
        ("ar", "أحب هذا كثيرا، يوم رائع، شكرا لكم", "هذا سيئ جدا وأنا غاضب، أكره هذا"),
    ],
)
def test_an_obvious_sentiment_is_seen_in_other_languages(
    models: EmbeddedModels, language: str, glad: str, angry: str
) -> None:
    assert [sentiment(models, text, language) for text in (glad, angry)] == ["positive", "negative"]


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("What a match, Arsenal won 3-1 and the striker scored twice!", "sports"),
        ("New album out today, listen to the first song on Spotify", "music"),
        ("The president and the senate passed the new law on immigration", "news_&_social_concern"),
        ("Playing the new Zelda game on my Nintendo Switch all night", "gaming"),
        ("Baked a chocolate cake and pasta for dinner tonight, delicious", "food_&_dining"),
    ],
)
def test_an_obvious_topic_is_seen(models: EmbeddedModels, text: str, topic: str) -> None:
    assert topic in topics(models, text)


def test_the_shipped_models_are_small() -> None:
    for model in MODELS.glob("*/model.onnx"):
        assert model.stat().st_size <= LARGEST_SHIPPED_MODEL


def test_a_language_that_no_model_can_be_trusted_in_is_not_guessed(models: EmbeddedModels) -> None:
    said = models.predict(["I love it", "정말 좋아요", "I love it", "बहुत बढ़िया"], ["en", "ko", "tlh", "hi"])
    assert said[0].sentiment is not None
    assert said[1:] == [Prediction(None, None)] * 3


# A model folder that cannot be used says what is wrong.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MODELS / "english", tmp_path / "english"))


def flip_a_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)


def replace_and_sign(name: str, content: bytes) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        (folder / name).write_bytes(content)
        edit_config(folder, lambda config: config["sha256"].update({name: hashlib.sha256(content).hexdigest()}))

    return damage


def edit_config(folder: Path, edit: Callable[[dict], object]) -> None:
    config = json.loads((folder / "config.json").read_text())
    edit(config)
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize(
    ("damage", "file_named"),
    [
        (lambda folder: flip_a_byte(folder / "model.onnx"), "model.onnx"),
        (lambda folder: flip_a_byte(folder / "tokenizer.json"), "tokenizer.json"),
        (lambda folder: (folder / "model.onnx").unlink(), "model.onnx"),
        (lambda folder: (folder / "config.json").write_text("{"), "config.json"),
        (lambda folder: (folder / "config.json").write_text("[]"), "config.json"),
        (lambda folder: edit_config(folder, lambda config: config.pop("sha256")), "config.json"),
        (lambda folder: edit_config(folder, lambda config: config["topics"].pop()), "config.json"),
        (replace_and_sign("model.onnx", b"not a model"), "model.onnx"),
        (replace_and_sign("tokenizer.json", b"not a tokenizer"), "tokenizer.json"),
    ],
)
def test_a_damaged_folder_is_refused_with_the_file_and_what_to_do(
    folder: Path, damage: Callable[[Path], object], file_named: str
) -> None:
    damage(folder)
    with pytest.raises(ModelError, match=rf"{file_named}.*([Rr]estore|Put)"):
        EmbeddedModels.load(folder.parent, threads=1)


def test_a_folder_without_models_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="holds no model"):
        EmbeddedModels.load(tmp_path, threads=1)


def test_a_whole_folder_elsewhere_answers_like_the_shipped_one(models: EmbeddedModels, folder: Path) -> None:
    elsewhere = EmbeddedModels.load(folder.parent, threads=1)
    for one, other in zip(predict(elsewhere, ORDINARY_POSTS), predict(models, ORDINARY_POSTS), strict=True):
        assert_same_answer(one, other)
