"""Frames of com.atproto.sync.subscribeRepos, decoded leanly: the paths of the operations first, and of the blocks only
those of posts. Pure. Wire format: atproto.com/specs/event-stream; fields: the lexicon of subscribeRepos.
"""

from __future__ import annotations

from typing import Any

import libipld

from nats_firehose_ingest.car import find_blocks, is_block_of
from nats_firehose_ingest.events import BadInput, Event, UpstreamError
from nats_firehose_ingest.records import POST, NotAPost, raw_post

_POST_PATH = f"{POST}/"
_MESSAGE, _ERROR = 1, -1
# What the decoder and our own reading of untrusted values raise; nesting without end is the RecursionError.
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
_ACTIONS = {"create", "update", "delete"}
_LONGEST_WORDS = 200  # characters of upstream's own words in a log line or header
_KNOWN = {"#commit", "#identity", "#account", "#sync", "#info"}


def decode(host: str, frame: bytes, received_at: str) -> Event:
    """The event in one frame. Whatever is wrong with it is part of the event: a bad frame is never an exception.
    UpstreamError for an error frame, which is upstream's last word on this connection."""
    try:
        header, body = libipld.decode_dag_cbor_multi(frame)
        op, kind = header["op"], header.get("t")
        if op == _ERROR:
            raise UpstreamError(str(body.get("error", "unnamed")), str(body.get("message") or ""))
        if op != _MESSAGE or not isinstance(kind, str) or not isinstance(body, dict):
            raise ValueError(f"header {header!r:.100}")
        seq, time = body.get("seq"), body.get("time")
    except _UNREADABLE as unreadable:
        return Event(host, "unreadable", bad=[BadInput("undecodable_frame", _words(unreadable), frame)])
    if type(seq) is not int or seq < 0:
        seq = None
    if not isinstance(time, str):
        time = None
    if kind not in _KNOWN:
        return Event(host, "unknown", seq, time, bad=[BadInput("unknown_event_type", f"{kind!r:.100}", frame)])
    event = Event(host, kind[1:], seq, time, notice=str(body.get("name"))[:_LONGEST_WORDS] if kind == "#info" else None)
    if kind == "#commit":
        try:
            _read_commit(event, body, received_at, frame)
        except _UNREADABLE as unreadable:
            # What was read of it so far would be published twice if it stayed beside the dead letter.
            return Event(host, "commit", seq, time, bad=[BadInput("undecodable_commit", _words(unreadable), frame)])
    return event


def _read_commit(event: Event, body: dict[str, Any], received_at: str, frame: bytes) -> None:
    if body.get("tooBig"):
        event.bad.append(BadInput("commit_too_big", "upstream left the operations out", frame))
        return
    created: dict[str, bytes] = {}
    for op in body["ops"]:
        path, action = op["path"], op["action"]
        if not path.startswith(_POST_PATH):
            continue
        event.operations.append(action if action in _ACTIONS else "other")
        if action == "create":
            if not isinstance(op["cid"], bytes):
                raise TypeError(f"cid is {type(op['cid']).__name__}")
            created[path] = op["cid"]
    if not created:
        return
    did = body["repo"]
    if not isinstance(did, str):
        raise TypeError(f"repo is {type(did).__name__}")
    blocks = find_blocks(body["blocks"], set(created.values()))
    missing = [path for path, cid in created.items() if cid not in blocks]
    if missing:
        detail = f"{len(missing)} of {len(created)}, first {did}/{missing[0]}"
        event.bad.append(BadInput("missing_block", detail[:_LONGEST_WORDS], frame))
    for path, cid in created.items():
        if (block := blocks.get(cid)) is None:
            continue
        if not is_block_of(cid, block):
            event.bad.append(BadInput("wrong_hash", f"{did}/{path}"[:_LONGEST_WORDS], block))
        else:
            _read_post(event, did, path.removeprefix(_POST_PATH), cid, block, received_at)


def _read_post(event: Event, did: str, rkey: str, cid: bytes, block: bytes, received_at: str) -> None:
    try:
        record = libipld.decode_dag_cbor(block)
        event.posts.append(raw_post(did, rkey, libipld.encode_cid(cid), record, received_at))
    except NotAPost as other:
        event.bad.append(BadInput(other.reason, f"{did}/{rkey}: {other}"[:_LONGEST_WORDS], block))
    except (ValueError, RecursionError) as unreadable:
        event.bad.append(BadInput("undecodable_record", f"{did}/{rkey}: {_words(unreadable)}"[:_LONGEST_WORDS], block))


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_LONGEST_WORDS]
