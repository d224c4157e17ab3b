"""The dialects of Jetstream: JSON over a WebSocket, each message a zstd frame where that is asked for."""

from __future__ import annotations

import time
from importlib import resources

import aiohttp
from zstandard import (
    DICT_TYPE_FULLDICT,
    FRAME_HEADER,
    ZstdCompressionDict,
    ZstdDecompressor,
    ZstdError,
    frame_content_size,
)

from nats_firehose_ingest.decoding.jetstream import LEAST_TIME_CURSOR, Decode, decode_v1, decode_v2
from nats_firehose_ingest.decoding.records import POST
from nats_firehose_ingest.events import BadInput, Event
from nats_firehose_ingest.untrusted import MOST_AHEAD

PATH_V1 = "/subscribe"
PATH_V2 = "/xrpc/network.bsky.jetstream.subscribeEvents"
DICTIONARY_PATH = "/xrpc/network.bsky.jetstream.getZstdDictionary"
DICTIONARY_V1 = "jetstream_v1.zdict"
LARGEST_DICTIONARY = 8 * 1024 * 1024  # bytes; Bluesky's has about 100 KiB
LARGEST_LINE = 8 * 1024 * 1024  # bytes; a record has 1 MiB at most, and JSON writes some bytes as six
OVERLAP = 1  # microseconds asked for again, as it is nowhere said whether the cursor's own event comes


class JetstreamV1:
    """`/subscribe`. The cursor is the time of the last event that was read, in microseconds; that event may come again,
    and is known by its message id. Accounts and identities come whatever collections are asked for."""

    subprotocols: tuple[str, ...] = ()
    oldest = 1  # a time long before all events: the server begins with the first it has
    contiguous = False

    def __init__(self, compress: bool = True) -> None:
        self._compress = compress
        dictionary = resources.files("nats_firehose_ingest").joinpath("data", DICTIONARY_V1).read_bytes()
        self._zstd = _decompressor(dictionary)

    def origin(self, host: str) -> str:
        """The endpoint."""
        return f"{host}{PATH_V1}"

    def since(self, moment: float) -> int | None:
        """A cursor that is a time."""
        return int(moment * 1_000_000)

    async def url(self, session: aiohttp.ClientSession, host: str, cursor: int | None) -> str:
        """With a cursor just below ours, where there is one."""
        url = f"{host}{PATH_V1}?wantedCollections={POST}"
        if self._compress:
            url += "&compress=true"
        return url if cursor is None else f"{url}&cursor={max(cursor - OVERLAP, self.oldest)}"

    def decode(self, origin: str, data: bytes, received_at: str) -> Event:
        """The event in one message, text or zstd. A time that our clock has long to reach is no place: as the cursor it
        would stay the latest, and nothing would ever come after it."""
        event = _decode(decode_v1, self._zstd, origin, data, received_at)
        if event.seq is not None and event.seq > (time.time() + MOST_AHEAD) * 1_000_000:
            event.seq = None
        return event


class JetstreamV2:
    """`network.bsky.jetstream.subscribeEvents`. The cursor is the sequence of the last event that was read, and what
    follows it is asked for. Only commits are narrowed to posts: accounts, identities and syncs come too.

    The dictionary is fetched for each connection: beside what a connection brings it is little, and so one that the
    host no longer takes is never asked for twice.
    """

    subprotocols: tuple[str, ...] = ("xrpc.v1.json",)
    oldest = LEAST_TIME_CURSOR  # a time long before all events: the server begins with the first it has
    contiguous = False

    def __init__(self, compress: bool = True) -> None:
        self._compress = compress
        self._zstd = ZstdDecompressor()

    def origin(self, host: str) -> str:
        """The endpoint's own name: what it counts is neither the relay's sequence nor a time."""
        return f"{host}/subscribeEvents"

    def since(self, moment: float) -> int | None:
        """A cursor that is a time."""
        return int(moment * 1_000_000)

    async def url(self, session: aiohttp.ClientSession, host: str, cursor: int | None) -> str:
        """With the cursor after ours, where there is one, and the id of the host's dictionary. aiohttp's ClientError
        where that cannot be had."""
        url = f"{host}{PATH_V2}?collections={POST}"
        if self._compress:
            dictionary = await _fetch_dictionary(session, host)
            try:
                self._zstd = _decompressor(dictionary)
            except ZstdError as unusable:
                raise aiohttp.ClientPayloadError(f"{host}{DICTIONARY_PATH}: {unusable}") from unusable
            url += f"&zstdDictionary={ZstdCompressionDict(dictionary).dict_id()}"
        return url if cursor is None else f"{url}&cursor={cursor + 1}"

    def decode(self, origin: str, data: bytes, received_at: str) -> Event:
        """The event in one message, text or zstd."""
        return _decode(decode_v2, self._zstd, origin, data, received_at)


async def _fetch_dictionary(session: aiohttp.ClientSession, host: str) -> bytes:
    dictionary = bytearray()
    async with session.get(f"http{host.removeprefix('ws')}{DICTIONARY_PATH}", raise_for_status=True) as answer:
        async for chunk in answer.content.iter_any():
            dictionary += chunk
            if len(dictionary) > LARGEST_DICTIONARY:
                raise aiohttp.ClientPayloadError(f"a dictionary of more than {LARGEST_DICTIONARY} bytes")
    return bytes(dictionary)


def _decompressor(dictionary: bytes) -> ZstdDecompressor:
    return ZstdDecompressor(dict_data=ZstdCompressionDict(dictionary, dict_type=DICT_TYPE_FULLDICT))


def _decode(read: Decode, zstd: ZstdDecompressor, origin: str, data: bytes, received_at: str) -> Event:
    if not data.startswith(FRAME_HEADER):
        return read(origin, data, received_at)
    try:
        line = _decompressed(zstd, data)
    except (ZstdError, ValueError) as unreadable:
        return Event(origin, "unreadable", bad=(BadInput("undecodable_frame", str(unreadable), data),))
    return read(origin, line, received_at)


def _decompressed(zstd: ZstdDecompressor, data: bytes) -> bytes:
    """ZstdError or ValueError for what cannot be read, or would be too large: a few bytes can stand for gigabytes."""
    told = frame_content_size(data)
    if told > LARGEST_LINE:
        raise ValueError(f"a line of {told} bytes")
    return zstd.decompress(data, max_output_size=LARGEST_LINE)  # this bound holds only where no size is told
