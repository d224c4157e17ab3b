"""List, read, replay and remove dead letters: what the services could not process, kept with the reason.

Letters are chosen by their numbers, or by --reason, --service and --since; oldest first. NATS_URL names the broker; the
stream is the one beside INPUT_STREAM or NATS_STREAM, as in the services' own containers, or DEAD_LETTER_STREAM.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import re
import shutil
import signal
import sys
from array import array
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import NoReturn

import nats
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from pipeline_core.letterbox import Letter, NotReplayable, Wanted, content, destination, letters, remove, replay
from pipeline_core.refusals import in_words
from pipeline_core.settings import STREAM_NAME, Settings, load
from pipeline_core.shown import cut, shown, shown_bytes
from pipeline_core.timestamps import format_utc, rfc3339_utc
from pipeline_core.topology import dead_letter_stream

LISTED = 50  # letters, unless --limit says otherwise: a screen or two
SHOWN = 4000  # characters of a letter's content: a post whole, of a frame the beginning
CONNECT_TIMEOUT = 5  # seconds
ATTEMPTS = 1  # at each server, beyond the first: somebody is waiting for an answer
DONE, FAILED, MISUSED = 0, 1, 2  # exit codes
INTERRUPTED, UNREAD = 130, 141  # as a shell has them after SIGINT and SIGPIPE
LAST_NUMBER = 2**64 - 1  # that a message of JetStream can have
CELL = 60  # characters of a column that anybody may have written
LEAST_ERROR = 20  # characters of the error, however narrow the terminal
_AGE = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_COLUMNS = ("number", "stored", "service", "reason", "source", "bytes", "error")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    options = parser().parse_args(arguments)
    # A terminal of another encoding is shown escapes, too.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    if options.command in (replay_letters, purge) and not (options.all or chosen(options)):
        sys.exit(misused("Which ones? Give numbers, --reason, --service or --since, or say --all."))
    settings = load(Settings, ["--nats-url", options.nats_url])
    servers = ", ".join(server.rpartition("@")[2] for server in settings.nats_servers)
    try:
        code = asyncio.run(_connected(options, settings.nats_servers))
        sys.stdout.flush()
        sys.exit(code)
    except NotFoundError:
        failure = f"There is no stream {shown(options.stream)} at {servers}: name another with --stream."
    except NotReplayable as missing:
        failure = f"{missing}.{options.undone}"
    except BrokenPipeError:  # whoever reads has enough; the interpreter's own flush shall not find the pipe broken
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(UNREAD)
    except (NatsError, OSError) as error:
        failure = f"The broker at {servers} does not serve this: {shown(in_words(error))}."
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("\nInterrupted.", file=sys.stderr)
        sys.exit(INTERRUPTED)
    print(failure, file=sys.stderr)
    sys.exit(FAILED)


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """End the process."""
        self.exit(MISUSED, f"{self.prog}: {message}\n")


def parser() -> Parser:
    """The command line."""
    top = Parser(prog="dead-letters", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    common = Parser(add_help=False)
    common.add_argument("--nats-url", default=os.environ.get("NATS_URL") or "nats://localhost:4222", help="NATS_URL")
    common.add_argument(
        "--stream", type=stream, default=_default_stream(), help="the dead letters' stream (%(default)s)"
    )
    choice = Parser(add_help=False)
    choice.add_argument("numbers", nargs="*", type=positive, metavar="NUMBER", help="letters, as `list` numbers them")
    choice.add_argument("--reason", help="only with this reason, such as inference_failed")
    choice.add_argument("--service", help="only of this service")
    choice.add_argument("--since", type=since, help="only stored since: 30m, 12h, 7d or 2026-07-04T12:00:00Z")
    form = Parser(add_help=False)
    form.add_argument("-o", "--output", choices=("table", "json"), default="table")
    act = Parser(add_help=False)
    act.add_argument("--all", action="store_true", help="all that there are")
    act.add_argument("-n", "--dry-run", action="store_true", help="say what would be done, and do nothing")

    commands = top.add_subparsers(required=True, metavar="COMMAND")
    listing = commands.add_parser("list", parents=[common, choice, form], help="one line a letter")
    listing.add_argument("--limit", type=positive, default=LISTED, help="this many at the most (%(default)s)")
    listing.set_defaults(command=list_letters, undone="")
    one = commands.add_parser("show", parents=[common, form], help="one letter with its content, escaped")
    one.add_argument("number", type=positive, metavar="NUMBER")
    one.set_defaults(command=show, undone="")
    again = commands.add_parser(
        "replay", parents=[common, choice, act], help="publish letters where they came from, and remove them here"
    )
    again.add_argument("--limit", type=positive, help="this many at the most (else all that are chosen)")
    again.set_defaults(command=replay_letters, undone=" Nothing was replayed.")
    away = commands.add_parser("purge", parents=[common, choice, act], help="remove letters for good")
    away.add_argument("-y", "--yes", action="store_true", help="do not ask")
    away.add_argument("--limit", type=positive, help="this many at the most (else all that are chosen)")
    away.set_defaults(command=purge, undone=" Nothing was removed.")
    return top


async def list_letters(js: JetStreamContext, options: argparse.Namespace) -> int:
    """One line a letter, or an array."""
    most = options.limit
    found = [letter async for letter in letters(js, options.stream, _wanted(options, most + 1))]
    if options.output == "json":
        print(json.dumps([_fields(letter) for letter in found[:most]], indent=2))
    elif found:
        _print_table([_COLUMNS, *(_row(letter) for letter in found[:most])])
    else:
        print(f"No such dead letters in {shown(options.stream)}.", file=sys.stderr)
    if len(found) > most:
        print(f"There are more than these {most}: --limit shows more.", file=sys.stderr)
    return DONE


async def show(js: JetStreamContext, options: argparse.Namespace) -> int:
    """All of one letter."""
    (letter,) = [letter async for letter in letters(js, options.stream, Wanted([options.number]))]
    kept = await content(js, letter)
    if options.output == "json":
        whole = {"content_base64": base64.b64encode(kept).decode(), "content": kept.decode("utf-8", "backslashreplace")}
        print(json.dumps(_fields(letter) | whole, indent=2))
        return DONE
    for name, value in _fields(letter).items():
        print(f"{name:<14} {'-' if value is None else shown(str(value))}")
    text = shown_bytes(kept)
    print(f"\n{text[:SHOWN]}")
    if len(text) > SHOWN:
        print("The rest is not shown; -o json has all that was kept.", file=sys.stderr)
    if letter.whole_size is not None:
        print(f"Only {letter.size} of its {letter.whole_size} bytes were kept.", file=sys.stderr)
    return DONE


async def replay_letters(js: JetStreamContext, options: argparse.Namespace) -> int:
    """Each letter by itself: one that cannot be replayed keeps no other from it. What comes back as a dead letter
    meanwhile is not among them."""
    replayed = failed = 0
    for letter in [letter async for letter in letters(js, options.stream, _wanted(options, options.limit))]:
        try:
            if options.dry_run:
                print(f"{letter.number}: would go to {await destination(js, letter)} in {shown(letter.raw_stream)}")
            else:
                fresh = await replay(js, letter)
                print(f"{letter.number}: {'replayed' if fresh else 'was replayed before, removed'}")
            replayed += 1
        except (NotReplayable, NatsError) as error:
            failed += 1
            print(f"{letter.number}: not replayed: {shown(in_words(error))}", file=sys.stderr)
    print(f"{replayed} {'would be replayed' if options.dry_run else 'replayed'}, {failed} cannot be.")
    return FAILED if failed else DONE


async def purge(js: JetStreamContext, options: argparse.Namespace) -> int:
    """Only what was counted when the question was asked is removed; till then a letter's number alone is kept."""
    found = array("Q")
    async for letter in letters(js, options.stream, _wanted(options, options.limit)):
        found.append(letter.number)
    if options.dry_run or not found:
        print(f"{len(found)} would be removed." if found else "Nothing to remove.")
        return DONE
    question = f"Remove {len(found)} dead letters of {shown(options.stream)} for good? [y/N] "
    if not options.yes:
        if not sys.stdin.isatty():
            return misused("Nothing removed: there is no terminal to ask on. Say --yes if you are sure.")
        if (await answer(question)).strip().lower() not in ("y", "yes"):
            print("Nothing removed.")
            return FAILED
    removed = gone = 0
    try:
        for number in found:
            if await remove(js, options.stream, number):
                removed += 1
            else:
                gone += 1
    finally:  # also where the broker, or whoever asked, ends it half way
        print(f"{removed} removed{f', {gone} were gone already' if gone else ''}.")
    return DONE


async def answer(question: str) -> str:
    """A line from the terminal, empty at its end. The wait for it ends at Ctrl-C, unlike that of a thread."""
    print(question, end="", flush=True)
    loop, given = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin, given.set)
    try:
        await given.wait()
    finally:
        loop.remove_reader(sys.stdin)
    return sys.stdin.readline()


def misused(sentence: str) -> int:
    """Say what is missing; the exit code."""
    print(sentence, file=sys.stderr)
    return MISUSED


def since(text: str) -> datetime:
    """`30m`, `12h`, `7d` ago, or a date and time."""
    if (age := _AGE.fullmatch(text)) is not None:
        try:
            return datetime.now(UTC) - timedelta(**{_UNITS[age[2]]: int(age[1])})
        except OverflowError as invalid:
            raise argparse.ArgumentTypeError("that is before the first year") from invalid
    try:
        return datetime.fromisoformat(rfc3339_utc(text))
    except ValueError as invalid:
        raise argparse.ArgumentTypeError("give 30m, 12h, 7d or 2026-07-04T12:00:00Z") from invalid


def positive(text: str) -> int:
    """The number of a letter, or a number of letters."""
    if (
        not text.isascii()
        or not text.isdigit()
        or len(text) > len(str(LAST_NUMBER))
        or not 0 < int(text) <= LAST_NUMBER
    ):
        raise argparse.ArgumentTypeError(f"give a number from 1 to {LAST_NUMBER}")
    return int(text)


def stream(text: str) -> str:
    """A stream's name."""
    if re.fullmatch(STREAM_NAME, text) is None:
        raise argparse.ArgumentTypeError(f"{shown(text)!r} is no stream's name: no blanks, dots, slashes, * and >")
    return text


def chosen(options: argparse.Namespace) -> bool:
    """Whether any choice was made."""
    return bool(options.numbers or options.reason or options.service or options.since)


@asynccontextmanager
async def _connection(servers: list[str]) -> AsyncIterator[JetStreamContext]:
    async def quiet(_: Exception) -> None:
        """It is raised as well, and told there."""

    client = await nats.connect(
        servers,
        name="dead-letters",
        allow_reconnect=False,
        max_reconnect_attempts=ATTEMPTS,
        reconnect_time_wait=0,
        connect_timeout=CONNECT_TIMEOUT,
        error_cb=quiet,
    )
    try:
        yield client.jetstream()
    finally:
        await client.close()


async def _connected(options: argparse.Namespace, servers: list[str]) -> int:
    command: Callable[[JetStreamContext, argparse.Namespace], Awaitable[int]] = options.command
    task = asyncio.current_task()
    assert task is not None
    # asyncio's own handler does not wake the loop if the signal comes just before it falls asleep.
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, task.cancel)
    async with _connection(servers) as js:
        return await command(js, options)


def _default_stream() -> str:
    named, raw = os.environ.get("DEAD_LETTER_STREAM"), os.environ.get("INPUT_STREAM") or os.environ.get("NATS_STREAM")
    return named or dead_letter_stream(raw or "bluesky-posts", "", 1).name


def _wanted(options: argparse.Namespace, most: int | None) -> Wanted:
    return Wanted(options.numbers, options.reason, options.service, options.since, most)


def _fields(letter: Letter) -> dict[str, str | int | None]:
    return {
        "number": letter.number,
        "stored": format_utc(letter.stored),
        "service": letter.service,
        "reason": letter.reason,
        "error": letter.error,
        "source": letter.source,
        "subject": letter.subject,
        "bytes": letter.size,
        "bytes_before_cut": letter.whole_size,
        "not_replayable": letter.unreplayable(),
    }


def _row(letter: Letter) -> tuple[str, ...]:
    fields = _fields(letter)
    return tuple(shown(str(fields[column])) for column in _COLUMNS)


def _print_table(rows: Sequence[Sequence[str]]) -> None:
    """No cell is too long for a terminal, whatever strangers wrote; what reads a pipe is given the whole error."""
    rows = [[*(cut(cell, CELL) for cell in row[:-1]), row[-1]] for row in rows]
    if sys.stdout.isatty():
        before = sum(max(map(len, column)) + 2 for column in list(zip(*rows, strict=True))[:-1])
        room = max(shutil.get_terminal_size().columns - before, LEAST_ERROR)
        rows = [[*row[:-1], cut(row[-1], room)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


if __name__ == "__main__":
    main()
