"""Law 1 of ingest: what upstream tells after our cursor is stored once, whatever fails and in whatever order."""

from __future__ import annotations

import json
import os
import random

import pytest
from mock_ingest.world import World
from nats.js import JetStreamContext
from pipeline_core.testing import Broker

from tests.faults import FAULTS, ingesting_through_faults

SEEDS = int(os.environ.get("FAULT_SEEDS", "3"))
"""Orders of the faults that each mode goes through; a run takes most of a minute."""
RATE = 100.0  # events a second; the last minute or so of them is told again wherever a place is found by time
POST_SHARE, GARBAGE_SHARE = 0.4, 0.03  # of the events; more than in life, so that at any moment some are under way
BACKLOG = 10_000  # events; more than ingest reads until the last fault has happened
GAPS = {"backlog": (50, 800), "live": (5, 100)}
"""Frames between two faults: at most a second or so of reading."""
SEEN = {"close_1000", "close_1001", "close_1006", "close_1008", "error_frame", "silence"}
"""The reasons that ingest must have logged for the connections it lost."""


@pytest.mark.parametrize("seed", range(1, SEEDS + 1))
@pytest.mark.parametrize("mode", GAPS)
async def test_each_message_is_stored_once_through_every_fault(
    mode: str, seed: int, broker: Broker, js: JetStreamContext
) -> None:
    chance = random.Random(f"{mode} {seed}")
    faults = [fault for fault in FAULTS if fault != "broker_away"]
    chance.shuffle(faults)
    faults.insert(chance.randrange(len(faults) // 2), "broker_away")  # early, as others are to happen meanwhile
    world = World(seed, RATE, post_share=POST_SHARE, garbage_share=GARBAGE_SHARE)
    async with ingesting_through_faults(broker, js, world, BACKLOG if mode == "backlog" else 0) as run:
        for fault in faults:
            await run.through(fault, after=chance.randint(*GAPS[mode]))
        await run.finish()
        result = await run.reckoning(js)
    order = ", ".join(faults)
    assert (result.lost, result.doubled, result.strangers) == ([], [], []), order
    assert (result.letters_missing, result.letters_doubled, result.letters_strange) == ([], [], 0), order
    assert result.expected > 500
    assert result.broken > 30
    assert set(FAULTS) <= set(run.happened)
    lines = [json.loads(line) for line in run.log.splitlines()]
    assert {line["reason"] for line in lines if line["event"] == "upstream lost"} >= SEEN
