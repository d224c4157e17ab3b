"""Choosing ports: the usual ones where they are free, else others, said aloud."""

from __future__ import annotations

import socket
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the parts of one suite listen, all on the loopback address."""

    broker: int
    monitoring: int
    firehose: int
    mock_ingest: int
    ingest: int
    processor: int
    dashboard: int


USUAL = Ports(
    broker=4222, monitoring=8222, firehose=16001, mock_ingest=8085, ingest=8081, processor=8082, dashboard=3000
)
ANY = Ports(*[0] * 7)
ADDRESS = "127.0.0.1"


def choose(wanted: Ports) -> tuple[Ports, list[str]]:
    """Free ports, the wanted ones where possible (0: any), and a sentence for each that was taken."""
    taken: list[str] = []
    chosen: dict[str, int] = {}
    held: list[socket.socket] = []
    try:
        for part in Ports.__dataclass_fields__:
            port = getattr(wanted, part)
            if port and not _is_free(port):
                instead, port = port, 0
            else:
                instead = 0
            holder = socket.socket()
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.append(holder)  # held until all are chosen, so that no two parts are given the same one
            holder.bind((ADDRESS, port))
            chosen[part] = holder.getsockname()[1]
            if instead:
                taken.append(f"port {instead} for the {part.replace('_', '-')} is taken: using {chosen[part]}")
    finally:
        for holder in held:
            holder.close()
    return Ports(**chosen), taken


def _is_free(port: int) -> bool:
    """Whether nobody listens there, on any address: a program on 0.0.0.0 would be hidden by ours on 127.0.0.1."""
    for address in (ADDRESS, "0.0.0.0"):  # noqa: S104 - a probe that is closed at once
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True
