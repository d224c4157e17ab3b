"""How far a long reading has come, for whoever looks on: a bar on a terminal, nothing on a pipe."""

from __future__ import annotations

import logging
import sys
import time
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class Bar:
    """Inside the block a line at the foot of the terminal that stderr goes to: bytes of the file, records, records a
    second, time left. Log lines scroll above it. Where stderr is no terminal nothing is shown."""

    def __init__(self, name: str) -> None:
        self._name, self._started = name, 0.0
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),  # a file's name is no markup
            BarColumn(),
            DownloadColumn(binary_units=True),
            TextColumn("{task.fields[records]:,} records"),
            TextColumn("{task.fields[rate]:,.0f}/s"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
            redirect_stdout=sys.stdout.isatty(),
        )
        self._task: TaskID | None = None
        self._handlers: list[logging.StreamHandler[TextIO]] = []

    def __enter__(self) -> Self:
        stdout = sys.stdout
        self._progress.start()
        self._started = time.monotonic()
        self._task = self._progress.add_task(self._name, total=None, records=0, rate=0.0)
        if sys.stdout is not stdout:  # lines that went past the bar would be written into it
            self._handlers = [handler for handler in _handlers() if handler.stream is stdout]
            for handler in self._handlers:
                handler.setStream(sys.stdout)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
        for handler in self._handlers:
            handler.setStream(sys.stdout)

    def moved(self, read: int, size: int, records: int) -> None:
        """`read` of the file's `size` bytes were read, in all so many records."""
        if self._task is not None:
            rate = records / max(time.monotonic() - self._started, 1e-3)
            self._progress.update(self._task, completed=read, total=size, records=records, rate=rate)


def _handlers() -> list[logging.StreamHandler[TextIO]]:
    return [handler for handler in logging.getLogger().handlers if isinstance(handler, logging.StreamHandler)]
