"""Faults that begin before there is a connection: each has an address of its own."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TypeAlias

from jackfield.errors import BadConfig, ErrorInfo
from jackfield_simulator.faulty.base import Case, Fault, add
from jackfield_simulator.steps import Steps

Door: TypeAlias = Callable[[], AbstractContextManager[str]]
NOWHERE = "http://nowhere.invalid"  # a name that never resolves, by RFC 2606


@contextmanager
def refusing() -> Iterator[str]:
    """An address at which nobody listens, and nobody else can."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@contextmanager
def nowhere() -> Iterator[str]:
    """An address whose name does not resolve."""
    yield NOWHERE


@contextmanager
def black_hole() -> Iterator[str]:
    """An address whose queue is full: the system drops whatever knocks."""
    knocking = [socket.socket() for _ in range(4)]
    try:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(0)
            for sock in knocking:
                sock.setblocking(False)
                sock.connect_ex(listener.getsockname())
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        for sock in knocking:
            sock.close()


DOORS: Mapping[str, Door] = {"refuse": refusing, "unresolvable": nowhere, "black-hole": black_hole}
"""Addresses that need no server behind them."""

CERTIFICATES: Mapping[str, str] = {
    "tls-expired": "expired",
    "tls-wrong-host": "stranger",
    "tls-self-signed": "own",
}
"""Addresses with a server behind TLS, by what is wrong with its certificate."""


def door_named(name: str) -> Door:
    """The address of that name, for as long as it is needed."""
    found = DOORS.get(name)
    if found is None:
        msg = f"there is no door {name!r:.60}"
        raise BadConfig(ErrorInfo("config", msg, hint=f"there are {', '.join(DOORS)}"))
    return found


def tls_context(name: str) -> ssl.SSLContext:
    """What a server behind TLS shows: ``good``, or a certificate with the fault of that name."""
    from jackfield_simulator.certificates import context_for

    return context_for(CERTIFICATES.get(name, "good"))


def _at_the_door(case: Case) -> Steps:
    """Nothing: there is no connection to say it on."""
    yield from ()


for _number, _name, _says in (
    (1, "refuse", "nobody listens"),
    (2, "unresolvable", "the name of the host does not resolve"),
    (3, "black-hole", "whatever knocks is dropped"),
    (4, "tls-expired", "the certificate has expired"),
    (4, "tls-wrong-host", "the certificate is another host's"),
    (4, "tls-self-signed", "the certificate is signed by itself"),
):
    add(Fault(_name, _number, _says, _at_the_door, moment="door", charged=False))
