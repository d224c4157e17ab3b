"""Recorded captures of an upstream, read as a stream: relay frames, each behind its length, or JSON lines of Jetstream;
plain or zstd. What a file is, its content says, not its name.
"""

from __future__ import annotations

import hashlib
import json
import stat
import struct
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import zstandard
from pipeline_core.errors import ServiceError

from nats_firehose_ingest.events import BadInput
from nats_firehose_ingest.sources.subscription import LARGEST_FRAME

Form = Literal["frames", "lines"]
"""Length-prefixed frames (u32, little-endian), or lines of JSON."""

LENGTH = struct.Struct("<I")
# Bytes read of a plain file at once. 1 MiB is new memory from the system each time and tripled the cost of a frame.
CHUNK = 128 * 1024
# Bytes read of a compressed file at once. A block of zstd can be 4 bytes long and 128 KiB unpacked, so this many become
# 128 MiB at the very worst: that bounds our memory, whatever the file was made for.
COMPRESSED_CHUNK = 4 * 1024
IDENTIFIED_BY = 1024 * 1024  # bytes at the start, which with the size tell one capture from another

_ZSTD = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE = b"\x2a\x4d\x18"  # behind one byte of 50 to 5f: how the files of pzstd begin (RFC 8878, 3.1.2)
# What text is made of. As a length, four of these bytes are at least 150 MB, more than LARGEST_FRAME.
_TEXT = frozenset(b"\t\n\r") | frozenset(range(0x20, 0x7F))
_SHOWN = 1024  # bytes kept of a line that is too long


class CaptureError(ServiceError):
    """The file cannot be read as a capture at all, or not be written as one."""


class Capture:
    """A file that holds a capture, open for one reading from its start to its end.

    Iterating gives each record as its bytes, and a BadInput for one that cannot be had: `line_too_long` costs itself
    alone; `truncated_capture` and `damaged_capture` stand for all that is left. CaptureError where the file is not even
    the beginning of a capture. Memory is bounded by LARGEST_FRAME and the worst that COMPRESSED_CHUNK can become.
    """

    def __init__(self, path: Path) -> None:
        try:
            if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe would wait for its writer, perhaps for ever
                raise CaptureError(f"{path} is no regular file: give one that holds a capture")
            self._file = path.open("rb", buffering=0)
            self.size = path.stat().st_size
            start = self._file.read(IDENTIFIED_BY)
            self._file.seek(0)
        except OSError as failed:
            raise CaptureError(f"{path} cannot be read: {failed.strerror}") from failed
        self.origin = f"file:{self.size}-{hashlib.sha256(start).hexdigest()[:32]}"
        """The same for the same content, whatever the file is called."""
        self._path = path
        compressed = _is_zstd(start)
        chunks = self._chunks(COMPRESSED_CHUNK if compressed else CHUNK)
        try:
            self.form, self._records = take_apart(decompressed(chunks) if compressed else chunks)
        except NoCapture as no_capture:
            self._file.close()
            raise CaptureError(f"{path} is no capture: {no_capture}") from no_capture

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def read(self) -> int:
        """Bytes of the file that were read so far, of `size`."""
        return self._file.tell()

    def __iter__(self) -> Iterator[bytes | BadInput]:
        try:
            yield from self._records
        except NoCapture as no_capture:
            raise CaptureError(f"{self._path} is no capture: {no_capture}") from no_capture
        except OSError as failed:
            raise CaptureError(f"{self._path} cannot be read on: {failed.strerror}") from failed

    def _chunks(self, size: int) -> Iterator[bytes]:
        while chunk := self._file.read(size):
            yield chunk


class NoCapture(Exception):
    """Not one record can be read, and why."""


class _Broken(Exception):
    """Nothing more can be read. `rest` is what there is of the record that broke off."""

    def __init__(self, reason: str, detail: str, rest: bytes = b"") -> None:
        super().__init__(detail)
        self.reason, self.rest = reason, rest


def take_apart(chunks: Iterable[bytes]) -> tuple[Form, Iterator[bytes | BadInput]]:
    """The form of a capture, decompressed, and its records. NoCapture, at once or at the first record, where there is
    none."""
    chunks = iter(chunks)
    head = b""
    try:
        while len(head) < LENGTH.size and (chunk := next(chunks, b"")):
            head += chunk
    except _Broken as broken:
        raise NoCapture(str(broken)) from broken
    if not head:
        raise NoCapture("it is empty")
    whole = chain([head], chunks)
    if not _TEXT.issuperset(head[: LENGTH.size]):
        return "frames", _until_broken(_frames(whole))
    if head.lstrip()[:1] not in (b"{", b""):
        raise NoCapture("it is a text, but not of JSON lines")
    return "lines", _until_broken(_lines(whole))


def decompressed(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """What zstd made these chunks of, in one frame or in many, one behind another."""
    decompressor = zstandard.ZstdDecompressor()
    frame: zstandard.ZstdDecompressionObj | None = None
    for chunk in chunks:
        left = chunk
        while left:
            frame = frame or decompressor.decompressobj()
            try:
                content = frame.decompress(left)
            except zstandard.ZstdError as damage:
                raise _Broken("damaged_capture", str(damage)) from damage
            yield from (content[start : start + CHUNK] for start in range(0, len(content), CHUNK))
            left, frame = (frame.unused_data, None) if frame.eof else (b"", frame)
    if frame is not None:
        raise _Broken("truncated_capture", "the file ends within a frame of zstd")


def _until_broken(records: Iterator[bytes | BadInput]) -> Iterator[bytes | BadInput]:
    found = 0
    try:
        for record in records:
            found += 1
            yield record
    except _Broken as broken:
        if not found:
            raise NoCapture(str(broken)) from broken
        yield BadInput(broken.reason, f"behind record {found}: {broken}", broken.rest)
    if not found:
        raise NoCapture("it holds nothing but blank lines")


def _frames(chunks: Iterable[bytes]) -> Iterator[bytes]:
    buffer = bytearray()
    for chunk in chunks:
        buffer += chunk
        position = 0
        with memoryview(buffer) as view:
            while (start := position + LENGTH.size) <= len(buffer):
                (length,) = LENGTH.unpack_from(view, position)
                if not 0 < length <= LARGEST_FRAME:
                    raise _Broken("damaged_capture", f"a frame of {length:,} bytes", bytes(view[position:]))
                if start + length > len(buffer):
                    break
                position = start + length
                yield bytes(view[start:position])
        del buffer[:position]
    if buffer:
        raise _Broken("truncated_capture", f"the file ends {len(buffer)} bytes into a frame", bytes(buffer))


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes | BadInput]:
    """The lines that are not blank. The last may lack its end where it is whole JSON all the same."""
    parts: list[bytes] = []  # of a line whose end has not come yet, as joining them each time would cost their square
    size = 0
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        size += len(first)
        if size <= LARGEST_FRAME:
            parts.append(first)
        else:
            parts = [b"".join(parts)[:_SHOWN]]
        for other in others:
            yield from _line(b"".join(parts), size)
            parts, size = [other], len(other)
    line = b"".join(parts)
    if size > LARGEST_FRAME or _is_json(line):
        yield from _line(line, size)
    elif line.strip():
        raise _Broken("truncated_capture", f"the file ends {size} bytes into a line", line)


def _line(line: bytes, size: int) -> Iterator[bytes | BadInput]:
    """`line`, of which only the beginning is there if its size is too much."""
    if size > LARGEST_FRAME:
        yield BadInput("line_too_long", f"a line of {size:,} bytes", line)
    elif not line.isspace() and line:
        yield line


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _is_zstd(start: bytes) -> bool:
    return start[:4] == _ZSTD or (start[1:4] == _ZSTD_SKIPPABLE and 0x50 <= start[0] <= 0x5F)
