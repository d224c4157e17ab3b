"""A hub for tests: what the library asks of the real one, answered over a real socket."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

LARGE = (".onnx", ".onnx_data")
"""Files that the real hub keeps elsewhere and redirects to."""

Files = dict[str, bytes]


@dataclass
class Hub:
    """`models`: of each model its commits by their hash; `branches`: of each model the commit of each branch or tag."""

    url: str = ""
    url_elsewhere: str = ""
    models: dict[str, dict[str, Files]] = field(default_factory=dict)
    branches: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """The path of each request."""
    gated: set[str] = field(default_factory=set)
    failing: bool = False
    breaking_off: int = 0
    """How many more times a large file is sent by half."""
    flowing: threading.Event = field(default_factory=threading.Event)
    """Large files are sent while it is set."""
    lost: bool = False
    """Large files are listed but cannot be had."""

    def publish(self, model: str, folder: Path, *branches: str) -> str:
        """The folder becomes a commit of the model, at `main` and the branches named; returns the commit's hash."""
        files = {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}
        return self.commit(model, files, *branches)

    def commit(self, model: str, files: Files, *branches: str) -> str:
        commit = hashlib.sha1(repr(sorted(files.items())).encode(), usedforsecurity=False).hexdigest()
        self.models.setdefault(model, {})[commit] = files
        self.branches.setdefault(model, {}).update(dict.fromkeys(("main", *branches), commit))
        return commit

    def fetched(self) -> set[str]:
        """The files that were asked for, not only asked about."""
        sent = (
            re.fullmatch(r"GET /(?:[^/]+/[^/]+/resolve|elsewhere/[^/]+/[^/]+)/[^/]+/(.+)", line) for line in self.asked
        )
        return {found[1] for found in sent if found}


@contextmanager
def running_hub() -> Iterator[Hub]:
    """A hub on a free port."""
    hub = Hub()
    hub.flowing.set()
    server = _Server(("127.0.0.1", 0), type("Answers", (_Answers,), {"hub": hub}))
    hub.url, hub.url_elsewhere = (f"http://{host}:{server.server_port}" for host in ("127.0.0.1", "localhost"))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        hub.flowing.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A client may go away at any time."""


class _Answers(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        """The test asks `hub.asked` instead."""

    def do_HEAD(self) -> None:
        self.answer()

    def do_GET(self) -> None:
        self.answer()

    def answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.asked.append(f"{self.command} {path}")
        if self.hub.failing:
            self.send(503, b"")
        elif found := re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/(revision|tree)/([^/]+))?", path):
            self.answer_listing(found[1], found[2] or "revision", found[3] or "main")
        elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self.answer_file(found[1], found[2], found[3])
        elif (found := re.fullmatch(r"/elsewhere/([^/]+/[^/]+)/([^/]+)/(.+)", path)) and not self.hub.lost:
            self.send_large(self.hub.models[found[1]][found[2]][found[3]])
        else:
            self.send(404, b"")

    def commit_of(self, model: str, revision: str) -> str | None:
        """After an answer that there is none: None."""
        if model not in self.hub.models:
            self.send(404, b"", {"X-Error-Code": "RepoNotFound"})
            return None
        if model in self.hub.gated:
            self.send(403, b"", {"X-Error-Code": "GatedRepo"})
            return None
        commit = self.hub.branches[model].get(revision, revision)
        if commit not in self.hub.models[model]:
            self.send(404, b"", {"X-Error-Code": "RevisionNotFound"})
            return None
        return commit

    def answer_listing(self, model: str, kind: str, revision: str) -> None:
        if (commit := self.commit_of(model, revision)) is None:
            return
        files = self.hub.models[model][commit]
        if kind == "tree":
            listing: object = [
                {"type": "file", "path": name, "size": len(content), "oid": etag(content)}
                for name, content in files.items()
            ]
        else:
            listing = {"id": model, "sha": commit, "siblings": [{"rfilename": name} for name in files]}
        self.send(200, json.dumps(listing).encode(), {"Content-Type": "application/json"})

    def answer_file(self, model: str, revision: str, name: str) -> None:
        if (commit := self.commit_of(model, revision)) is None:
            return
        content = self.hub.models[model][commit].get(name)
        told = {"X-Repo-Commit": commit}
        if content is None:
            self.send(404, b"", told | {"X-Error-Code": "EntryNotFound"})
        elif name.endswith(LARGE):
            linked = {"X-Linked-Etag": f'"{etag(content)}"', "X-Linked-Size": str(len(content))}
            place = f"{self.hub.url_elsewhere}/elsewhere/{model}/{commit}/{name}?Signature=secret"
            self.send(302, b"", told | linked | {"Location": place})
        else:
            self.send(200, content, told | {"ETag": f'"{etag(content)}"'})

    def send_large(self, content: bytes) -> None:
        begun = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        start = int(begun[1]) if begun else 0
        told = {"Content-Range": f"bytes {start}-{len(content) - 1}/{len(content)}"} if begun else {}
        if self.command == "GET":
            self.hub.flowing.wait()
        if self.hub.breaking_off and self.command == "GET":
            self.hub.breaking_off -= 1
            self.send(206 if begun else 200, content[start:], told, whole=False)
            self.close_connection = True
        else:
            self.send(206 if begun else 200, content[start:], told)

    def send(self, status: int, content: bytes, headers: dict[str, str] | None = None, *, whole: bool = True) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content if whole else content[: len(content) // 2])


def etag(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
