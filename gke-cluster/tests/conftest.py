"""The command in this process, against a Google of our own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO

import pytest
from gke_cluster import clients, execute
from gke_cluster.cli import main
from gke_command import Result, Run
from local_compute import Compute
from local_container import ClusterManager
from local_google import PROJECT, World


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A project where nothing is."""
    world = World()
    container, container_port = ClusterManager(world).start()
    compute, compute_port = Compute(world).start()
    monkeypatch.setenv(clients.CONTAINER_ENDPOINT, f"http://127.0.0.1:{container_port}")
    monkeypatch.setenv(clients.COMPUTE_ENDPOINT, f"http://127.0.0.1:{compute_port}")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", PROJECT)
    monkeypatch.setattr(execute, "PAUSE", 0.0)
    monkeypatch.setattr(clients, "FIRST_PAUSE", 0.01)
    yield world
    container.stop(None)
    compute.shutdown()
    compute.server_close()


@pytest.fixture
def gke() -> Run:
    """The command."""

    def run(*arguments: str) -> Result:
        both = StringIO()
        out, err = Stream(both), Stream(both)
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main(arguments)
        return Result(int(ended.value.code or 0), out.getvalue(), err.getvalue(), both.getvalue())

    return run


class Stream(StringIO):
    """Keeps what is written, and hands it on to where another writes, too."""

    def __init__(self, both: StringIO) -> None:
        super().__init__()
        self._both = both

    def write(self, text: str) -> int:
        """To both."""
        self._both.write(text)
        return super().write(text)
