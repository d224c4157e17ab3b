from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256

import pytest
from mock_ingest.world import World

SplitCar = Callable[[bytes], tuple[bytes, dict[bytes, bytes]]]


@pytest.fixture(scope="session")
def world() -> World:
    return World(seed=7, rate=200)


@pytest.fixture(scope="session")
def head(world: World) -> int:
    """A moment in 2026; any other would do as well."""
    return world.head(1_795_000_000_000_000)


@pytest.fixture(scope="session")
def split_car() -> SplitCar:
    """A reader of CAR files that shares no code with the writer: the header, and the raw blocks by CID."""

    def varint(data: bytes, at: int) -> tuple[int, int]:
        value = shift = 0
        while True:
            byte = data[at]
            value |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if byte < 0x80:
                return value, at

    def split(car: bytes) -> tuple[bytes, dict[bytes, bytes]]:
        length, at = varint(car, 0)
        header, at = car[at : at + length], at + length
        blocks = {}
        while at < len(car):
            length, at = varint(car, at)
            section, at = car[at : at + length], at + length
            blocks[section[:36]] = section[36:]
        return header, blocks

    return split


@pytest.fixture(scope="session")
def is_sound() -> Callable[[bytes, bytes], bool]:
    """Whether a CID is CIDv1, DAG-CBOR, SHA-256 and the hash is that of the block."""
    return lambda cid, block: cid == b"\x01\x71\x12\x20" + sha256(block).digest()
