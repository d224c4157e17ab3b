"""Frames of com.atproto.sync.subscribeRepos, decoded leanly: the paths of the operations first, and of the blocks only
those of posts. Pure. Wire format: atproto.com/specs/event-stream; fields: the lexicon of subscribeRepos.
"""

from __future__ import annotations

from typing import Any, Literal

import libipld
from pipeline_core.messages import RawMessage

from nats_firehose_ingest.decoding.car import find_blocks, is_block_of
from nats_firehose_ingest.decoding.records import POST, NotAPost, account_change, deletion, raw_post
from nats_firehose_ingest.events import BadInput, Event, UpstreamError
from nats_firehose_ingest.untrusted import LONGEST_WORDS, UNREADABLE, words

_POST_PATH = f"{POST}/"
_MESSAGE, _ERROR = 1, -1
_ACTIONS = {"create", "update", "delete"}
_MOST_OPERATIONS = 200  # of one commit, by the lexicon
_KNOWN = {"#commit", "#identity", "#account", "#sync", "#info"}


def decode(origin: str, frame: bytes, received_at: str) -> Event:
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
    except UNREADABLE as unreadable:
        return Event(origin, "unreadable", bad=[BadInput("undecodable_frame", words(unreadable), frame)])
    if type(seq) is not int or seq < 0:
        seq = None
    if not isinstance(time, str):
        time = None
    if kind not in _KNOWN:
        return Event(origin, "unknown", seq, time, bad=[BadInput("unknown_event_type", f"{kind!r:.100}", frame)])
    event = Event(origin, kind[1:], seq, time)
    try:
        if kind == "#commit":
            _read_commit(event, body, received_at, frame)
        elif kind == "#account":
            if change := account_change(body.get("did"), body.get("active"), body.get("status"), time, received_at):
                event.messages = [change]
        elif kind == "#info":
            event.notice = str(body.get("name"))[:LONGEST_WORDS]
    except UNREADABLE as unreadable:
        # What was read of it so far would be published twice if it stayed beside the dead letter.
        return Event(origin, kind[1:], seq, time, bad=[BadInput(f"undecodable_{kind[1:]}", words(unreadable), frame)])
    return event


def _read_commit(event: Event, body: dict[str, Any], received_at: str, frame: bytes) -> None:
    if body.get("tooBig"):
        event.bad = [BadInput("commit_too_big", "upstream left the operations out", frame)]
        return
    if len(body["ops"]) > _MOST_OPERATIONS:
        raise ValueError(f"{len(body['ops'])} operations")
    ops = [op for op in body["ops"] if op["path"].startswith(_POST_PATH)]
    if not ops:
        return
    event.operations = [op["action"] if op["action"] in _ACTIONS else "other" for op in ops]
    did, rev = body["repo"], body.get("rev")
    if not isinstance(did, str):
        raise TypeError(f"repo is {type(did).__name__}")
    if not isinstance(rev, str):
        rev = None
    messages: list[RawMessage] = []
    bad: list[BadInput] = []
    written = {op["path"]: _cid(op) for op in ops if op["action"] in ("create", "update")}
    blocks = find_blocks(body["blocks"], set(written.values())) if written else {}
    records = {cid: _record(cid, block) for cid, block in blocks.items()}  # once each: many operations may name one
    missing = [path for path, cid in written.items() if cid not in blocks]
    if missing:
        bad.append(
            BadInput(
                "missing_block", f"{len(missing)} of {len(written)}, first {did}/{missing[0]}"[:LONGEST_WORDS], frame
            )
        )
    for op in ops:
        path, action = op["path"], op["action"]
        rkey = path.removeprefix(_POST_PATH)
        if action == "delete":
            messages.append(deletion(did, rkey, rev, event.time, received_at))
        elif (cid := written.get(path)) is not None and (block := blocks.get(cid)) is not None:
            post = _post(action, did, rkey, rev, cid, block, records[cid], received_at)
            if isinstance(post, BadInput):
                bad.append(post)
            else:
                messages.append(post)
    event.messages, event.bad = messages, bad


def _cid(op: dict[str, Any]) -> bytes:
    cid = op["cid"]
    if not isinstance(cid, bytes):
        raise TypeError(f"cid is {type(cid).__name__}")
    return cid


def _record(cid: bytes, block: bytes) -> Any:
    """What a block holds, or the NotAPost that says why that cannot be told."""
    if not is_block_of(cid, block):
        return NotAPost("wrong_hash", "another block stands under its address")
    try:
        return libipld.decode_dag_cbor(block)
    except (ValueError, RecursionError) as unreadable:
        return NotAPost("undecodable_record", words(unreadable))


def _post(
    action: Literal["create", "update"],
    did: str,
    rkey: str,
    rev: str | None,
    cid: bytes,
    block: bytes,
    record: Any,
    received_at: str,
) -> RawMessage | BadInput:
    if not isinstance(record, NotAPost):
        try:
            return raw_post(action, did, rkey, libipld.encode_cid(cid), rev, record, received_at)
        except NotAPost as other:
            record = other
        except (ValueError, RecursionError) as unreadable:
            record = NotAPost("undecodable_record", words(unreadable))
    return BadInput(record.reason, f"{did}/{_POST_PATH}{rkey}: {record}"[:LONGEST_WORDS], block)
