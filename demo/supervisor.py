"""Running parts together: started in order, their lines side by side, ended in reverse order, none left behind.

Process runners such as honcho end everything at once; here the broker must outlive the services that hand over their
work to it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Self

import aiohttp

from demo.parts import Part

START_TIMEOUT = 60.0  # seconds for a part to answer
STOP_TIMEOUT = 10.0  # seconds for a part to hand over its work; then it is killed
POLL = 0.1  # seconds
LONGEST_LINE = 1024 * 1024  # bytes of one line that a part may print
LAST_LINES = 20  # of a failed part's log
_COLOURS = (36, 33, 32, 35, 34, 31)


class PartFailed(Exception):
    """A part did not start, or ended by itself."""

    def __init__(self, part: Part, what: str) -> None:
        lines = (
            part.log.read_text(errors="replace").splitlines()[-LAST_LINES:] if part.log and part.log.exists() else []
        )
        super().__init__("\n".join([*lines, f"{part.name} {what}"]))


class Supervisor:
    """Parts in the order they were started. Leaving the block ends them all, with everything they started."""

    def __init__(self, say: Callable[[str], None] = print) -> None:
        self._say = say
        self._running: list[tuple[Part, asyncio.subprocess.Process]] = []
        self._lines: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for part, process in reversed(self._running):
            await _end(part, process, self._say)
        await asyncio.gather(*self._lines)
        if self._session is not None:
            await self._session.close()

    async def start(self, part: Part) -> None:
        """Start `part` and wait until it answers. PartFailed if it ends or stays silent."""
        process = await asyncio.create_subprocess_exec(
            *part.command,
            cwd=part.folder,
            env={**os.environ, **part.environment},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=LONGEST_LINE,
            start_new_session=True,  # Ctrl-C reaches us alone; and its children end with it
        )
        self._running.append((part, process))
        self._lines.add(asyncio.create_task(self._relay(part, process, len(self._running))))
        try:
            async with asyncio.timeout(START_TIMEOUT):
                while not await self.answers(part.started):
                    if process.returncode is not None:
                        raise PartFailed(part, f"{_end_in_words(process.returncode)} while starting")
                    await asyncio.sleep(POLL)
        except TimeoutError as silent:
            raise PartFailed(part, f"did not answer at {part.started} within {START_TIMEOUT:.0f} s") from silent

    async def answers(self, url: str) -> bool:
        """Whether `url` answers 200."""
        return (await self.get(url))[0] == 200

    async def get(self, url: str) -> tuple[int, str]:
        """Status and body; status 0 where nobody answers."""
        assert self._session is not None
        try:
            async with self._session.get(url) as answer:
                return answer.status, await answer.text()
        except (aiohttp.ClientError, TimeoutError):
            return 0, ""

    async def first_to_end(self) -> None:
        """Wait until any part ends by itself, which is a failure. PartFailed tells which."""
        waits = {asyncio.create_task(process.wait()): part for part, process in self._running}
        try:
            done, _ = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        ended = done.pop()
        raise PartFailed(waits[ended], _end_in_words(ended.result()))

    async def _relay(self, part: Part, process: asyncio.subprocess.Process, number: int) -> None:
        label = f"{part.name:<21}│ "
        if sys.stdout.isatty():
            label = f"\033[{_COLOURS[number % len(_COLOURS)]}m{label}\033[0m"
        assert process.stdout is not None
        while True:
            try:
                line = await process.stdout.readline()
            except ValueError:
                self._say(f"{label}(a line of more than {LONGEST_LINE} bytes)")
                continue
            if not line:
                return
            self._say(label + line.decode(errors="replace").rstrip())


async def _end(part: Part, process: asyncio.subprocess.Process, say: Callable[[str], None]) -> None:
    """SIGTERM and a wait, then SIGKILL for what is left of its process group."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_TIMEOUT):
                await process.wait()
        except TimeoutError:
            say(f"{part.name} did not stop within {STOP_TIMEOUT:.0f} s: killed")
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # nothing of the group is left, as it should be
    await process.wait()


def _end_in_words(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
