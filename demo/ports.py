"""Choosing ports: the usual ones where they are free, else others, said aloud."""

from __future__ import annotations

import errno
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
_EVERYWHERE = [
    (socket.AF_INET, ADDRESS),
    (socket.AF_INET, "0.0.0.0"),  # noqa: S104 - probes that are closed at once
    (socket.AF_INET6, "::1"),
    (socket.AF_INET6, "::"),
]


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
    """Whether nobody listens there, on any address: `localhost` may mean any of them to a browser."""
    for family, address in _EVERYWHERE:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                if family is socket.AF_INET6:
                    probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                probe.bind((address, port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    return False
    return True
