"""Trials of what may have ended a process: in which order, and what the broker keeps of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError
from pipeline_core.errors import TopologyError
from pipeline_core.logs import Log
from pipeline_core.refusals import in_words
from pipeline_core.topology import Bucket

from nats_stream_processor.delivery import Delivery


def next_on_trial(suspects: Sequence[Delivery]) -> Delivery:
    """The suspect to try next. If it ends the process, those that still wait come again with it, so they are tried
    forwards and backwards in turn: all pass that stand before the first or behind the last that kills."""
    in_order = sorted(suspects, key=lambda suspect: suspect.sequence)
    return in_order[0 if max(suspect.times for suspect in suspects) % 2 else -1]


class Docket:
    """Which suspects are being tried, in a bucket of the broker's, which is made for the first of them. It outlives who
    tries them: what still stands there, and comes again, was not answered for by anybody alive. The number of
    deliveries alone does not show that, as those that end in an orderly hand-back count too.

    A trial that cannot be entered takes place all the same; then its end proves nothing.
    """

    def __init__(self, js: JetStreamContext, raw_stream: str, consumer: str, replicas: int, log: Log) -> None:
        self._js, self._consumer, self._log = js, _plain(consumer), log
        self._bucket = Bucket(f"{_plain(raw_stream)}-trials", replicas)

    async def enter(self, suspect: Delivery) -> None:
        """Before it is tried."""
        suspect.on_docket = True
        try:
            await self._bucket.ensure(self._js)
            await (await self._js.key_value(self._bucket.name)).put(self._key(suspect), b"")
        except (NatsError, JetStreamError, TopologyError) as error:
            self._log.warning("trial not entered", place=suspect.place, why=in_words(error))

    async def holds(self, suspect: Delivery) -> bool:
        """Whether a trial of it has begun and not ended."""
        try:
            await (await self._js.key_value(self._bucket.name)).get(self._key(suspect))
            suspect.on_docket = True
        except NotFoundError:
            pass
        except (NatsError, JetStreamError) as error:
            self._log.warning("docket not read", place=suspect.place, why=in_words(error))
        return suspect.on_docket

    async def strike(self, suspect: Delivery) -> None:
        """It was answered for, or handed back in order."""
        if not suspect.on_docket:
            return
        suspect.on_docket = False
        try:
            await (await self._js.key_value(self._bucket.name)).delete(self._key(suspect))
        except (NatsError, JetStreamError) as error:
            self._log.warning("trial not struck", place=suspect.place, why=in_words(error))

    def _key(self, suspect: Delivery) -> str:
        return f"{self._consumer}.{suspect.sequence}"


def _plain(name: str) -> str:
    """In the characters of a bucket's name and of a key."""
    return re.sub(r"[^-_a-zA-Z0-9]", "_", name)
