"""The whole service with models by name: from a hub of the test's, and from a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hubserver import Hub, running_hub
from nats.aio.client import Client
from nats.js.errors import NotFoundError
from pipeline_core.messages import TOPICS, EnrichedPost, RawPost
from pipeline_core.testing import Broker, ServiceProcess, eventually, running_service
from pipeline_core.topology import Stream, ensure
from tinymodels import tiny_model

RAW, ENRICHED = Stream("bluesky-posts", "bluesky.posts"), "bluesky-posts-enriched"
SENTIMENTS, WORDS = ("NEGATIVE", "NEUTRAL", "POSITIVE"), ("horse", "table", "sailor")
TOPIC_WORDS = tuple(f"word{number}" for number in range(len(TOPICS)))
MODEL = "own/sentiment"


@pytest.fixture
def hub() -> Iterator[Hub]:
    with running_hub() as running:
        yield running


@pytest.fixture
def settings(broker: Broker, hub: Hub, tmp_path: Path) -> dict[str, str]:
    """A sentiment model of the hub, a topic model in a folder; only they know what these words mean."""
    commit = hub.publish(MODEL, tiny_model(tmp_path / "sentiment", SENTIMENTS, WORDS, weight=9.0))
    topics = tiny_model(tmp_path / "topics", TOPICS, TOPIC_WORDS, weight=9.0, problem_type="multi_label_classification")
    return {
        "NATS_URL": broker.url,
        "HF_ENDPOINT": hub.url,
        "THREADS": "1",
        "SENTIMENT_MODEL_NAME": f"{MODEL}@{commit}",
        "SENTIMENT_MODEL_CACHE_DIR": str(tmp_path / "cache"),
        "TOPIC_MODEL_NAME": str(topics),
        "TOPIC_SIGMOID_THRESHOLD": "0.9",
    }


async def publish(client: Client, *texts: str) -> None:
    js = client.jetstream()
    await ensure(js, RAW)
    for number, text in enumerate(texts):
        uri = f"at://did:plc:a/app.bsky.feed.post/{number}"
        raw = RawPost(uri=uri, cid="bafy", author="did:plc:a", text=text, timestamp="2026-07-04T14:38:08.999Z")
        await js.publish("bluesky.posts.create", raw.to_json(), headers={"Nats-Msg-Id": raw.message_id})


async def enriched(client: Client, number: int) -> list[EnrichedPost]:
    """The first `number` posts of the enriched stream, once they are there."""
    js = client.jetstream()

    async def stored() -> bool:
        try:
            return (await js.stream_info(ENRICHED)).state.messages >= number
        except NotFoundError:
            return False

    await eventually(stored, f"{number} enriched posts")
    found = [await js.get_msg(ENRICHED, sequence) for sequence in range(1, number + 1)]
    return [EnrichedPost.model_validate_json(message.data or b"") for message in found]


def told(post: EnrichedPost) -> tuple[str, list[str]]:
    assert post.sentiment
    assert post.topics
    return post.sentiment.label, post.topics.topics


async def test_each_answer_comes_from_the_model_that_its_setting_names(
    client: Client, hub: Hub, settings: dict[str, str]
) -> None:
    await publish(client, "horse word2", "sailor word5 word17", "table word0")
    async with running_service("nats_stream_processor", **settings):
        posts = await enriched(client, 3)
    assert [told(post) for post in posts] == [
        ("NEGATIVE", [TOPICS[2]]),
        ("POSITIVE", [TOPICS[5], TOPICS[17]]),
        ("NEUTRAL", [TOPICS[0]]),
    ]
    assert "onnx/model.onnx" in hub.fetched()


async def test_the_embedded_model_answers_where_no_other_is_named(client: Client, settings: dict[str, str]) -> None:
    await publish(client, "What a match, Arsenal won 3-1 and the striker scored twice! horse")
    del settings["TOPIC_MODEL_NAME"]
    settings["TOPIC_MAX_SEQUENCE_LENGTH"] = "64"
    settings["TOPIC_SIGMOID_THRESHOLD"] = "0.5"
    async with running_service("nats_stream_processor", **settings) as service:
        (post,) = await enriched(client, 1)
        for model in ("sentiment", "embedded"):
            read = f'stream_processor_model_inference_duration_seconds_count{{model="{model}"}}'
            assert await service.metric(read) == 1
        _, printed = await service.stop()
    (loaded,) = (json.loads(line) for line in printed.splitlines() if '"models loaded"' in line)
    assert (loaded["sentiment"], loaded["topics"]) == (settings["SENTIMENT_MODEL_NAME"], "embedded")
    assert "en" in loaded["embedded_languages"]
    (warned,) = (json.loads(line) for line in printed.splitlines() if "no effect" in line)
    assert (warned["level"], warned["given"]) == ("warning", ["TOPIC_MAX_SEQUENCE_LENGTH"])
    assert told(post)[0] == "NEGATIVE"
    assert "sports" in told(post)[1]


async def test_a_second_start_needs_no_hub(client: Client, hub: Hub, settings: dict[str, str]) -> None:
    await publish(client, "horse")
    async with running_service("nats_stream_processor", **settings):
        await enriched(client, 1)
    hub.failing = True
    await publish(client, "horse", "sailor")
    async with running_service("nats_stream_processor", **settings):
        assert told((await enriched(client, 2))[1])[0] == "POSITIVE"


async def test_a_service_that_still_fetches_its_model_is_alive_and_stops_when_told(
    hub: Hub, settings: dict[str, str]
) -> None:
    hub.flowing.clear()
    async with running_service("nats_stream_processor", **settings) as service:

        async def fetching() -> bool:
            return "onnx/model.onnx" in hub.fetched()

        await eventually(fetching, "the model is on its way")
        assert await service.answers("/health", 200)
        assert await service.answers("/ready", 503)
        code, printed = await service.stop()
    assert (code, "Traceback" in printed) == (0, False)


@pytest.mark.parametrize(
    ("setting", "value", "code", "words"),
    [
        ("SENTIMENT_MODEL_SHA256", "0" * 64, 1, "SENTIMENT_MODEL_SHA256 says 000"),
        ("SENTIMENT_MODEL_NAME", "own/none", 1, "no model own/none"),
        ("TOPIC_MODEL_FILE", "other.onnx", 1, "correct TOPIC_MODEL_FILE"),
        ("SENTIMENT_MODEL_NAME", "../../x", 1, "SENTIMENT_MODEL_NAME: there is no folder ../../x"),
        ("SENTIMENT_MODEL_NAME", "a/b/c", 2, "SENTIMENT_MODEL_NAME: give embedded"),
        ("TOPIC_MODEL_FILE", "../x.onnx", 2, "TOPIC_MODEL_FILE: give a file inside"),
        ("TOPIC_MODEL_SHA256", "12", 2, "TOPIC_MODEL_SHA256: "),
    ],
)
async def test_a_model_that_cannot_be_used_ends_the_service_with_one_line(
    settings: dict[str, str], setting: str, value: str, code: int, words: str
) -> None:
    service = ServiceProcess("nats_stream_processor", **settings | {setting: value})
    ended, printed = await service.ended()
    assert (ended, "Traceback" in printed) == (code, False)
    assert words in printed.splitlines()[-1]
