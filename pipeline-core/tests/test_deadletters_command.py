"""The command dead-letters as a process, on a real broker."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import os
import pty
import subprocess
import sys
import termios
import threading
from base64 import b64decode
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import pytest
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError
from pipeline_core import letterbox
from pipeline_core.deadletters import DeadLetters
from pipeline_core.deadletters_command import since
from pipeline_core.letterbox import Wanted
from pipeline_core.logs import Log
from pipeline_core.publisher import Publisher
from pipeline_core.shown import shown, shown_bytes
from pipeline_core.testing import PATIENCE, Broker, free_port, running_broker
from pipeline_core.topology import Stream, dead_letter_stream, ensure
from prometheus_client import Counter

RAW = Stream("bluesky-posts", "bluesky.posts")
LETTERS = dead_letter_stream(RAW.name, RAW.subject, 1)
HOSTILE = b"\x1b]0;owned\x07\x1b[2J\r\n\xff\xfe\x00\x9b31m" + "\u202egnorw\u2028\u0085".encode()
POST = b'{"uri": "at://did:plc:a/app.bsky.feed.post/1", "text": "caf\xc3\xa9 \xe4\xbb\x8a\xe6\x97\xa5"}'


@dataclass(frozen=True)
class Answer:
    code: int
    output: str
    error: str


async def command(broker: Broker | str, *arguments: str, **environment: str) -> Answer:
    """Run it without a terminal."""
    url = broker if isinstance(broker, str) else broker.url
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pipeline_core.deadletters_command", *arguments),
        env={**os.environ, "NATS_URL": url, "PYTHONIOENCODING": "utf-8", **environment},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, error = await process.communicate()
    assert b"Traceback" not in error, error.decode()
    return Answer(process.returncode or 0, output.decode(), error.decode())


async def listed(broker: Broker) -> list[dict[str, object]]:
    return json.loads((await command(broker, "list", "-o", "json")).output)


@pytest.fixture
async def letters(client: Client, js: JetStreamContext, log: Log) -> None:
    """1: a post of which the model despaired, 2: bytes that were no post, 3: a frame that ingest could not read."""
    await ensure(js, RAW, LETTERS)
    counter = Counter("c", "c", ["reason"], registry=None)
    async with Publisher(client, log, Counter("e", "e", registry=None)) as publisher:
        processor = DeadLetters(publisher, LETTERS.subject, "nats-stream-processor", counter)
        ingest = DeadLetters(publisher, LETTERS.subject, "nats-firehose-ingest", counter)
        for number, (payload, reason, error) in enumerate(
            [
                (POST, "inference_failed", "RuntimeError('cannot compute')"),
                (HOSTILE, "invalid_post", HOSTILE.decode("latin1")),
            ]
        ):
            await processor.bury(
                payload,
                reason=reason,
                error=error,
                source=f"bluesky-posts:{number + 7}",
                subject="bluesky.posts.create",
            )
            await publisher.flush()
        await ingest.bury(HOSTILE, reason="wrong_hash", error="block 3", source="wss://relay:123:0")


async def stored(js: JetStreamContext, stream: str) -> int:
    return (await js.stream_info(stream)).state.messages


@pytest.mark.usefixtures("letters")
async def test_the_list_says_where_each_letter_came_from_and_why(broker: Broker) -> None:
    first, second, third = await listed(broker)
    assert (
        first.items()
        >= {
            "number": 1,
            "service": "nats-stream-processor",
            "reason": "inference_failed",
            "error": "RuntimeError('cannot compute')",
            "source": "bluesky-posts:7",
            "subject": "bluesky.posts.create",
            "bytes": len(POST),
            "not_replayable": None,
        }.items()
    )
    assert (second["reason"], third["service"]) == ("invalid_post", "nats-firehose-ingest")
    answer = await command(broker, "list", "--limit", "2")
    assert "--limit" in answer.error, "there is a third"
    table = answer.output.splitlines()
    assert table[0].split() == ["number", "stored", "service", "reason", "source", "bytes", "error"]
    assert [line.split()[3] for line in table[1:]] == ["inference_failed", "invalid_post"]


@pytest.mark.usefixtures("letters")
async def test_letters_are_chosen_by_what_they_say_and_when_they_were_stored(js: JetStreamContext) -> None:
    async def numbers(**choice: Any) -> list[int]:
        return [letter.number async for letter in letterbox.letters(js, LETTERS.name, Wanted(**choice))]

    assert await numbers() == [1, 2, 3]
    assert await numbers(reason="invalid_post") == [2]
    assert await numbers(service="nats-stream-processor") == [1, 2]
    assert await numbers(since=since("1h")) == [1, 2, 3]
    assert await numbers(since=since("2999-01-01T00:00:00Z")) == []
    assert await numbers(limit=2) == [1, 2]
    assert await numbers(numbers=[3, 1, 3]) == [1, 3]
    assert await numbers(numbers=[1, 2], reason="wrong_hash") == []


@pytest.mark.usefixtures("letters")
async def test_hostile_bytes_are_shown_and_never_reach_the_terminal(broker: Broker, js: JetStreamContext) -> None:
    await js.publish(
        "bluesky.dlq.forged.x",
        HOSTILE,
        headers={
            "Dlq-Reason": "a\x1b[31m\u202e\x07é",
            "Dlq-Subject": "a b",
            "Dlq-Truncated-From": "٣",
            "Dlq-Source": ":",
        },
    )
    for arguments in (["list"], ["list", "-o", "json"], ["show", "2"], ["show", "2", "-o", "json"], ["show", "4"]):
        answer = await command(broker, *arguments)
        assert answer.code == 0, answer.error
        assert answer.output.replace("\n", "").isprintable()
    whole = json.loads((await command(broker, "show", "2", "-o", "json")).output)
    assert b64decode(whole["content_base64"]) == HOSTILE
    assert "café 今日" in (await command(broker, "show", "1")).output
    assert (await command(broker, "show", "1", PYTHONIOENCODING="ascii")).code == 0


@pytest.mark.usefixtures("letters")
async def test_a_replay_puts_the_original_bytes_where_they_were_and_takes_the_letter_away(
    broker: Broker, js: JetStreamContext
) -> None:
    rehearsal = await command(broker, "replay", "1", "--dry-run")
    assert (rehearsal.code, await stored(js, RAW.name), await stored(js, LETTERS.name)) == (0, 0, 3)
    assert "bluesky.posts.create" in rehearsal.output
    assert (await command(broker, "replay", "1")).code == 0
    message = await js.get_msg(RAW.name, seq=1)
    assert (message.subject, message.data) == ("bluesky.posts.create", POST)
    assert (await command(broker, "replay", "1")).error == "bluesky-dlq has no dead letter 1. Nothing was replayed.\n"
    assert (await stored(js, RAW.name), await stored(js, LETTERS.name)) == (1, 2)


@pytest.mark.usefixtures("letters")
async def test_a_replay_interrupted_before_the_letter_was_removed_is_harmless_the_second_time(
    broker: Broker, js: JetStreamContext
) -> None:
    config = (await js.stream_info(LETTERS.name)).config
    await js.update_stream(config.evolve(deny_delete=True))
    first = await command(broker, "replay", "1")
    assert first.code == 1, "the letter could not be removed"
    second = await command(broker, "replay", "1")
    assert second.code == 1
    assert await stored(js, RAW.name) == 1


@pytest.mark.usefixtures("letters")
async def test_what_ingest_could_not_read_is_not_replayed_and_that_is_said(
    broker: Broker, js: JetStreamContext
) -> None:
    answer = await command(broker, "replay", "--all")
    assert answer.code == 1
    assert "3: not replayed: it was never a message of the raw stream" in answer.error
    assert answer.output.endswith("2 replayed, 1 cannot be.\n")
    assert await stored(js, RAW.name) == 2
    assert [letter["number"] for letter in await listed(broker)] == [3]


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Dlq-Subject": "bluesky.posts.>"}, "what it names as its subject is none"),
        ({"Dlq-Subject": "bluesky.enriched.x", "Dlq-Source": "bluesky-posts-enriched:1"}, "another stream"),
        ({"Dlq-Subject": "bluesky.enriched.x"}, "does not take its subject bluesky.enriched.x"),
        ({"Dlq-Truncated-From": "999999"}, "only 3 of its 999999 bytes"),
    ],
)
async def test_a_letter_that_lies_goes_nowhere(
    broker: Broker, js: JetStreamContext, headers: dict[str, str], why: str
) -> None:
    await ensure(js, RAW, LETTERS, Stream("bluesky-posts-enriched", "bluesky.enriched"))
    honest = {"Dlq-Subject": "bluesky.posts.create", "Dlq-Source": "bluesky-posts:1"}
    await js.publish("bluesky.dlq.a.b", b"abc", headers=honest | headers)
    for rehearsed in (["--dry-run"], []):
        answer = await command(broker, "replay", "1", *rehearsed)
        assert answer.code == 1
        assert why in answer.error
    assert [await stored(js, name) for name in (RAW.name, "bluesky-posts-enriched", LETTERS.name)] == [0, 0, 1]


@pytest.mark.usefixtures("letters")
async def test_a_purge_asks_and_without_a_terminal_only_takes_a_yes(broker: Broker, js: JetStreamContext) -> None:
    refused = await command(broker, "purge", "--reason", "invalid_post")
    assert (refused.code, await stored(js, LETTERS.name)) == (2, 3)
    assert "--yes" in refused.error
    assert (await command(broker, "purge", "--all", "--dry-run")).output == "3 would be removed.\n"
    assert (await command(broker, "purge", "--reason", "invalid_post", "--yes")).output == "1 removed.\n"
    assert [letter["number"] for letter in await listed(broker)] == [1, 3]
    nothing = await command(broker, "purge", "--yes")
    assert nothing.code == 2
    assert "--all" in nothing.error


async def test_what_cannot_be_is_said_in_a_sentence(broker: Broker, js: JetStreamContext) -> None:
    with pytest.raises(NotFoundError):
        await js.stream_info("bluesky-dlq-dev")
    missing = await command(broker, "list", INPUT_STREAM="bluesky-posts-dev")
    assert (missing.code, "no stream bluesky-dlq-dev" in missing.error) == (1, True)
    away = await command(f"nats://me:secret@127.0.0.1:{free_port()}", "list")
    assert (away.code, "127.0.0.1" in away.error, "secret" in away.error + away.output) == (1, True, False)
    for wrong in (
        ["list", "--since", "yesterday"],
        ["list", "--since", "999999d"],
        ["list", "--limit", "0"],
        ["list", "--stream", "a b>"],
        ["show", "x"],
        ["show", "0"],
        ["replay", "-1"],
        ["replay", "18446744073709551616"],
        ["replay", "9" * 5000],
        [],
    ):
        refused = await command(broker, *wrong)
        assert (refused.code, refused.error.count("\n")) == (2, 1), refused.error
    assert (await command(broker, "purge", "--help")).code == 0


async def test_a_broker_without_jetstream_is_told_as_that() -> None:
    with running_broker(jetstream=False) as bare:
        answer = await command(bare, "list")
    assert answer.code == 1
    assert "JetStream is not enabled on this broker" in answer.error


@pytest.mark.usefixtures("letters")
async def test_where_one_of_the_letters_named_is_none_nothing_is_done(broker: Broker, js: JetStreamContext) -> None:
    for act, undone in (["replay"], "replayed"), (["purge", "--yes"], "removed"):
        answer = await command(broker, *act, "1", "999")
        assert (answer.code, answer.error) == (1, f"bluesky-dlq has no dead letter 999. Nothing was {undone}.\n")
    assert await stored(js, LETTERS.name) == 3


@pytest.mark.usefixtures("letters")
async def test_a_letter_that_was_cut_is_shown_with_its_true_size(broker: Broker, js: JetStreamContext) -> None:
    await js.publish("bluesky.dlq.a.b", b"x" * 5000, headers={"Dlq-Truncated-From": "1234567"})
    answer = await command(broker, "show", "4")
    assert "bytes_before_cut 1234567" in " ".join(answer.output.split())
    assert "Only 5000 of its 1234567 bytes were kept." in answer.error
    assert "all of it" not in answer.error
    assert json.loads((await command(broker, "show", "4", "-o", "json")).output)["bytes_before_cut"] == 1234567


@dataclass(frozen=True)
class Dialogue:
    """The command on a terminal of 80 columns: what it says until it asks, then `keys`, then its end."""

    code: int
    said: str


async def on_a_terminal(
    broker: Broker,
    *arguments: str,
    keys: bytes = b"",
    meanwhile: Callable[[], Coroutine[Any, Any, object]] | None = None,
) -> Dialogue:
    """While it waits for the keys, `meanwhile` happens."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline_core.deadletters_command", *arguments],
        env={**os.environ, "NATS_URL": broker.url, "COLUMNS": "80"},
        stdin=its,
        stdout=its,
        stderr=its,
        start_new_session=True,
        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
    )
    os.close(its)
    patience = threading.Timer(PATIENCE, process.kill)
    patience.start()

    loop = asyncio.get_running_loop()

    def talk() -> str:
        said, answered = b"", not keys
        with contextlib.suppress(OSError):  # the terminal's other end is closed
            while chunk := os.read(ours, 1024):
                said += chunk
                if not answered and b"[y/N] " in said:
                    if meanwhile is not None:
                        asyncio.run_coroutine_threadsafe(meanwhile(), loop).result()
                    os.write(ours, keys)
                    answered = True
        return said.decode()

    try:
        said = await asyncio.to_thread(talk)
        return Dialogue(await asyncio.to_thread(process.wait, PATIENCE), said)
    finally:
        patience.cancel()
        os.close(ours)


@pytest.mark.usefixtures("letters")
@pytest.mark.parametrize(
    ("keys", "code", "left"), [(b"\x03", 130, 3), (b"\x04", 1, 3), (b"n\n", 1, 3), (b"\n", 1, 3), (b"y\n", 0, 0)]
)
async def test_the_question_of_a_purge_takes_a_yes_a_no_and_the_keys_that_end(
    broker: Broker, js: JetStreamContext, keys: bytes, code: int, left: int
) -> None:
    dialogue = await on_a_terminal(broker, "purge", "--all", keys=keys)
    assert "Traceback" not in dialogue.said
    assert (dialogue.code, await stored(js, LETTERS.name)) == (code, left), dialogue.said


@pytest.mark.usefixtures("letters")
async def test_a_purge_goes_past_a_letter_that_somebody_removed_meanwhile_and_leaves_the_new_ones(
    broker: Broker, js: JetStreamContext
) -> None:
    async def others_work() -> None:
        await js.delete_msg(LETTERS.name, 2)
        await js.publish("bluesky.dlq.a.b", b"new")

    dialogue = await on_a_terminal(broker, "purge", "--all", keys=b"y\n", meanwhile=others_work)
    assert (dialogue.code, dialogue.said.splitlines()[-1]) == (0, "2 removed, 1 were gone already."), dialogue.said
    assert [letter["number"] for letter in await listed(broker)] == [4]


@pytest.mark.usefixtures("letters")
async def test_a_purge_that_cannot_go_on_says_how_many_it_removed(broker: Broker, js: JetStreamContext) -> None:
    config = (await js.stream_info(LETTERS.name)).config
    await js.update_stream(config.evolve(deny_delete=True))
    answer = await command(broker, "purge", "--all", "--yes")
    assert (answer.code, answer.output, await stored(js, LETTERS.name)) == (1, "0 removed.\n", 3)


@pytest.mark.usefixtures("letters")
async def test_letters_removed_while_others_are_read_are_not_waited_for(
    js: JetStreamContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letterbox, "BATCH", 1)
    read = []
    async for letter in letterbox.letters(js, LETTERS.name, Wanted()):
        read.append(letter.number)
        await js.purge_stream(LETTERS.name)
    assert read == [1]


@pytest.mark.usefixtures("letters")
async def test_a_long_word_of_a_stranger_does_not_break_the_table(broker: Broker, js: JetStreamContext) -> None:
    await js.publish("bluesky.dlq.a.b", b"x", headers={"Dlq-Error": "e" * 3000, "Dlq-Reason": "r" * 3000})
    lines = (await on_a_terminal(broker, "list")).said.splitlines()
    assert len(lines) == 5
    assert max(map(len, lines)) < 250
    assert "e" * 3000 in (await command(broker, "list")).output, "nothing is kept from a pipe"


@pytest.mark.usefixtures("letters")
async def test_who_reads_only_the_first_line_hears_no_complaint(broker: Broker) -> None:
    piped = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pipeline_core.deadletters_command", "list"),
        env={**os.environ, "NATS_URL": broker.url},
        stdout=(broken := os.pipe())[1],
        stderr=asyncio.subprocess.PIPE,
    )
    for end in broken:
        os.close(end)
    _, error = await piped.communicate()
    assert (piped.returncode, error) == (141, b"")


def test_what_is_shown_is_one_line_that_does_nothing() -> None:
    assert shown("a\x1b\n\u202e\ud800é今") == "a\\x1b\\n\\u202e\\ud800é今"
    assert shown_bytes(b"\xff\x00ok") == "\\xff\\x00ok"
