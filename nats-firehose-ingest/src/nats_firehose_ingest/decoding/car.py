"""Finding blocks in a CAR v1 archive (ipld.io/specs/transport/car/carv1) without decoding the others. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

# A CIDv1 of DAG-CBOR data under SHA-256, the only kind a repository's records have, and its length in bytes.
CID_PREFIX = b"\x01\x71\x12\x20"
CID_LENGTH = 36
_LONGEST_VARINT = 9  # bytes: 63 bits


def find_blocks(archive: bytes, wanted: Collection[bytes]) -> dict[bytes, bytes]:
    """The blocks of `archive` whose binary CIDs are in `wanted`, by CID; the missing ones are left out.
    ValueError if the archive is cut short or no CAR."""
    length, position = _varint(archive, 0)
    position += length  # the header with the roots
    found: dict[bytes, bytes] = {}
    end = len(archive)
    if position > end:
        raise ValueError(f"a header of {length} bytes in an archive of {end}")
    while position < end and len(found) < len(wanted):
        length = archive[position]
        if length < 0x80:  # by far the most sections have less than 16 KiB: a call for each doubles the cost
            position += 1
        elif position + 1 < end and archive[position + 1] < 0x80:
            length, position = length & 0x7F | archive[position + 1] << 7, position + 2
        else:
            length, position = _varint(archive, position)
        if length < CID_LENGTH or position + length > end:
            raise ValueError(f"a section of {length} bytes at byte {position} of {end}")
        cid = archive[position : position + CID_LENGTH]
        if cid in wanted:
            found[cid] = archive[position + CID_LENGTH : position + length]
        position += length
    return found


def is_block_of(cid: bytes, block: bytes) -> bool:
    """Whether `cid` is the address of `block`."""
    return cid == CID_PREFIX + hashlib.sha256(block).digest()


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """An unsigned LEB128 integer and the position after it."""
    value = 0
    for index in range(_LONGEST_VARINT):
        if position + index >= len(data):
            raise ValueError(f"cut short at byte {position}")
        byte = data[position + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value, position + index + 1
    raise ValueError(f"a length at byte {position} that does not end")
