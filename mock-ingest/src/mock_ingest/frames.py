"""Events as frames of the AT Protocol event stream: two DAG-CBOR values, a header and a body.

Source: https://atproto.com/specs/event-stream and the lexicon ``com.atproto.sync.subscribeRepos``.
"""

from typing import Any

from libipld import encode_dag_cbor

from mock_ingest.events import Account, Commit, Identity, Op, Sync
from mock_ingest.identifiers import rfc3339
from mock_ingest.repository import Block, Signed, block, car, commit_block, signed

_MESSAGE, _ERROR = 1, -1


def message(kind: str, body: dict[str, Any]) -> bytes:
    """A frame of type ``kind`` (``#commit``, ``#info``, …)."""
    return encode_dag_cbor({"t": kind, "op": _MESSAGE}) + encode_dag_cbor(body)


def error(name: str, text: str) -> bytes:
    """The frame that a server sends before it closes the stream."""
    return encode_dag_cbor({"op": _ERROR}) + encode_dag_cbor({"error": name, "message": text})


def info(name: str, text: str) -> bytes:
    """An ``#info`` frame: it has no sequence number."""
    return message("#info", {"name": name, "message": text})


def frame(event: Commit | Identity | Account | Sync) -> bytes:
    """The frame of a sound event."""
    match event:
        case Commit():
            return message("#commit", commit_body(event, signed(event)))
        case Identity(handle=handle):
            return message("#identity", _head(event) | {"handle": handle})
        case Account(active=active, status=None):
            return message("#account", _head(event) | {"active": active})
        case Account(active=active, status=status):
            return message("#account", _head(event) | {"active": active, "status": status})
        case Sync(did=did, rev=rev):
            root = commit_block(did, rev, block({"e": [], "l": None}).cid)
            return message("#sync", _head(event) | {"rev": rev, "blocks": car(root)})


def commit_body(event: Commit, parts: Signed) -> dict[str, Any]:
    """The body of a ``#commit``. ``prevData`` is left out: the trees of this world do not follow from each other."""
    return {
        "seq": event.seq,
        "rebase": False,
        "tooBig": False,
        "repo": event.did,
        "commit": parts.commit.cid,
        "rev": event.rev,
        "since": event.since,
        "blocks": parts.car,
        "ops": [_op(op, record) for op, record in zip(event.ops, parts.records, strict=True)],
        "blobs": [],
        "time": rfc3339(event.time_us),
    }


def _op(op: Op, record: Block | None) -> dict[str, Any]:
    described: dict[str, Any] = {"action": op.action, "path": op.path, "cid": record.cid if record else None}
    if op.prev is not None:
        described["prev"] = op.prev
    return described


def _head(event: Identity | Account | Sync) -> dict[str, Any]:
    return {"seq": event.seq, "did": event.did, "time": rfc3339(event.time_us)}
