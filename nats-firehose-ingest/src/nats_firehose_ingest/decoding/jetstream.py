"""Lines of Jetstream, version 1 and 2, decoded leanly: only what is needed, and the record only of a post. Pure.
Wire formats: docs.bsky.app/blog/jetstream (1); the lexicon network.bsky.jetstream.subscribeEvents (2).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Literal

from msgspec import Raw, Struct, field
from msgspec.json import Decoder

from nats_firehose_ingest.decoding.records import POST, NotAPost, account_change, deletion, raw_post
from nats_firehose_ingest.events import BadInput, Event, UpstreamError
from nats_firehose_ingest.untrusted import LONGEST_WORDS, UNREADABLE, words

Decode = Callable[[str, bytes, str], Event]
"""The event in one line, given its origin, the line and when it was received. Whatever is wrong with it is part of the
event."""

LEAST_TIME_CURSOR = 10**15  # what is less is a sequence number of version 2; what is not, microseconds since 1970
_LAST_MICROSECOND = 253_402_300_799_999_999  # of the year 9999, the last that RFC 3339 can write
_EPOCH = datetime(1970, 1, 1)  # in UTC, but without a zone, as with one each line would take a microsecond longer
_KINDS_V1 = ("commit", "identity", "account")
_NSID = "network.bsky.jetstream.subscribeEvents"
_KINDS_V2 = {f"{_NSID}#{kind}": kind for kind in (*_KINDS_V1, "sync", "info")}


# The members are Any, as a wrong type in what we do not need must not cost the event.
class _Account(Struct):
    active: Any = None
    status: Any = None
    time: Any = None


class _Commit(Struct):
    collection: Any = None
    operation: Any = None
    rkey: Any = None
    rev: Any = None
    cid: Any = None
    record: Raw = field(default_factory=Raw)


class _OutlineV1(Struct):
    kind: Any = None
    time_us: Any = None


class _LineV1(_OutlineV1):
    did: Any = None
    commit: _Commit | None = None
    account: _Account | None = None


class _OutlinePayload(Struct):
    type: Any = field(name="$type", default=None)
    seq: Any = None
    time: Any = None


class _OutlineV2(Struct):
    payload: _OutlinePayload | None = None


class _Payload(_Commit):
    type: Any = field(name="$type", default=None)
    seq: Any = None
    time: Any = None
    did: Any = None
    account: _Account | None = None
    name: Any = None


class _LineV2(Struct):
    type: Any = field(name="$type", default=None)
    payload: _Payload | None = None
    error: Any = None
    message: Any = None


_V1, _OUTLINE_V1 = Decoder(_LineV1), Decoder(_OutlineV1)
_V2, _OUTLINE_V2 = Decoder(_LineV2), Decoder(_OutlineV2)
_RECORD: Decoder[Any] = Decoder()


def decode_v1(origin: str, line: bytes, received_at: str) -> Event:
    """The event in a line of `/subscribe`. Its place is its `time_us`."""
    try:
        told = _V1.decode(line)
    except UNREADABLE as unreadable:
        return _outline_v1(origin, line, unreadable)
    seq, time = _moment(told.time_us)
    kind = told.kind
    if kind not in _KINDS_V1:
        return _unknown(origin, kind, seq, time, line)
    event = Event(origin, kind, seq, time)
    if kind != "identity":
        _read(event, told.did, told.commit, told.account, received_at, line)
    return event


def decode_v2(origin: str, line: bytes, received_at: str) -> Event:
    """The event in a frame of subscribeEvents. UpstreamError for an error frame, which is upstream's last word on this
    connection."""
    try:
        told = _V2.decode(line)
    except UNREADABLE as unreadable:
        return _outline_v2(origin, line, unreadable)
    if told.type == "error":
        raise UpstreamError(str(told.error or "unnamed"), str(told.message or ""))
    payload = told.payload
    if told.type != "message" or payload is None:
        return _broken(origin, None, None, None, ValueError(f"a frame of type {told.type!r:.100}"), line)
    seq, time = _place(payload)
    kind = _KINDS_V2.get(payload.type) if isinstance(payload.type, str) else None
    if kind is None:
        return _unknown(origin, payload.type, seq, time, line)
    event = Event(origin, kind, seq, time)
    if kind in ("commit", "account"):
        _read(event, payload.did, payload, payload.account, received_at, line)
    elif kind == "info":
        event.notice = str(payload.name)[:LONGEST_WORDS]
    return event


def decoder_of(line: bytes) -> Decode:
    """`decode_v2` for a line of version 2, known by its `$type`; else `decode_v1`."""
    try:
        return decode_v1 if _V2.decode(line).type is None else decode_v2
    except UNREADABLE:
        return decode_v1


def _read(
    event: Event, did: Any, commit: _Commit | None, account: _Account | None, received_at: str, line: bytes
) -> None:
    try:
        if event.kind == "account":
            told = account or _Account()
            time = event.time if told.time is None else told.time
            if change := account_change(did, told.active, told.status, time, received_at):
                event.messages = (change,)
        elif commit is None or not isinstance(commit.collection, str):
            raise ValueError("it does not say in which collection")
        elif commit.collection == POST:
            _read_commit(event, did, commit, received_at, line)
    except UNREADABLE as unreadable:
        event.bad = (_bad(f"undecodable_{event.kind}", words(unreadable), line),)


def _read_commit(event: Event, did: Any, commit: _Commit, received_at: str, line: bytes) -> None:
    action, rev = commit.operation, commit.rev if isinstance(commit.rev, str) else None
    if action not in ("create", "update", "delete"):
        event.operations = ("other",)
        return
    event.operations = (action,)
    did, rkey = _word("did", did), _word("rkey", commit.rkey)
    if action == "delete":
        event.messages = (deletion(did, rkey, rev, event.time, received_at),)
        return
    cid, record = _word("cid", commit.cid), bytes(commit.record)
    if not record:
        raise ValueError("record is missing")
    _read_post(event, action, did, rkey, cid, rev, record, received_at, line)


def _read_post(
    event: Event,
    action: Literal["create", "update"],
    did: str,
    rkey: str,
    cid: str,
    rev: str | None,
    record: bytes,
    received_at: str,
    line: bytes,
) -> None:
    where = f"{did}/{POST}/{rkey}"
    try:
        event.messages = (raw_post(action, did, rkey, cid, rev, _RECORD.decode(record), received_at),)
    except NotAPost as other:
        event.bad = (_bad(other.reason, f"{where}: {other}", line),)
    except UNREADABLE as unreadable:
        event.bad = (_bad("undecodable_record", f"{where}: {words(unreadable)}", line),)


def _outline_v1(origin: str, line: bytes, why: Exception) -> Event:
    """The event of a line that is not as it should be: its kind and place, where they at least can be read."""
    try:
        told = _OUTLINE_V1.decode(line)
    except UNREADABLE:
        told = _OutlineV1()
    return _broken(origin, told.kind if told.kind in _KINDS_V1 else None, *_moment(told.time_us), why, line)


def _outline_v2(origin: str, line: bytes, why: Exception) -> Event:
    try:
        told = _OUTLINE_V2.decode(line).payload or _OutlinePayload()
    except UNREADABLE:
        told = _OutlinePayload()
    kind = _KINDS_V2.get(told.type) if isinstance(told.type, str) else None
    return _broken(origin, kind, *_place(told), why, line)


def _broken(origin: str, kind: str | None, seq: int | None, time: str | None, why: Exception, line: bytes) -> Event:
    bad = _bad(f"undecodable_{kind or 'frame'}", words(why), line)
    return Event(origin, kind or "unreadable", seq, time, bad=(bad,))


def _unknown(origin: str, kind: Any, seq: int | None, time: str | None, line: bytes) -> Event:
    if not isinstance(kind, str):
        return _broken(origin, None, seq, time, ValueError(f"kind is {type(kind).__name__}"), line)
    return Event(origin, "unknown", seq, time, bad=(_bad("unknown_event_type", f"{kind!r:.100}", line),))


def _moment(time_us: Any) -> tuple[int | None, str | None]:
    """A time in microseconds, as a place and in RFC 3339."""
    if type(time_us) is not int or not 0 <= time_us <= _LAST_MICROSECOND:
        return None, None
    return time_us, (_EPOCH + timedelta(0, 0, time_us)).isoformat("T", "microseconds") + "Z"


def _place(payload: _Payload | _OutlinePayload) -> tuple[int | None, str | None]:
    seq, time = payload.seq, payload.time
    return (
        seq if type(seq) is int and 0 <= seq < LEAST_TIME_CURSOR - 1 else None,  # what is asked for is the next one
        time if isinstance(time, str) else None,
    )


def _word(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{name} is {type(value).__name__}")
    return value


def _bad(reason: str, detail: str, line: bytes) -> BadInput:
    return BadInput(reason, detail[:LONGEST_WORDS], line)
