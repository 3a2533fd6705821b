"""The addresses of a host, looked up against the clock: the system's resolver keeps none, and cannot be stopped."""

from __future__ import annotations

import socket
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeAlias

from jackfield.transport.faults import Fault

if TYPE_CHECKING:
    from jackfield.transport.clocks import Moment

Found: TypeAlias = "list[tuple[Any, Any, int, str, Any]]"


def addresses(host: str, port: int, moment: Moment) -> Found:
    """Where ``host`` is; a thread of its own waits for the resolver, and is left to it when the time is up."""
    with suppress(socket.gaierror):
        return socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
    answer: SimpleQueue[Found | BaseException] = SimpleQueue()
    Thread(target=_look_up, args=(host, port, answer), name=f"lookup of {host}", daemon=True).start()
    try:
        found = answer.get(timeout=moment.left())
    except Empty:
        raise Fault(moment.kind, "its name is still being looked up") from None
    if isinstance(found, BaseException):
        raise found
    return found


def _look_up(host: str, port: int, answer: SimpleQueue[Found | BaseException]) -> None:
    try:
        answer.put(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM))
    except BaseException as failure:  # noqa: BLE001  # it is raised where it is waited for
        answer.put(failure)
