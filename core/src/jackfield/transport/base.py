"""What a transport is, and which one is taken."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Final, Protocol

from jackfield.errors import BadConfig, ErrorInfo
from jackfield.flow import Opened
from jackfield.types import Timeouts
from jackfield.wire.call import Call, Reply


class Transport(Protocol):
    """Sends calls and blocks meanwhile; shared by threads. ``deadline`` is a moment on ``time.monotonic``."""

    def send(self, call: Call, timeouts: Timeouts, deadline: float) -> Reply:
        """The whole answer."""

    def open(self, call: Call, timeouts: Timeouts, deadline: float) -> Opened:
        """The head of the answer; its body is read in steps."""

    def read(self, opened: Opened, deadline: float) -> bytes:
        """The next bytes; empty at the end."""

    def close_stream(self, opened: Opened) -> None:
        """Drop an answer and its connection, whatever is still to come."""

    def close(self) -> None:
        """Drop all idle connections."""


class AsyncTransport(Protocol):
    """The same for tasks: connections belong to the loop they were opened on."""

    async def send(self, call: Call, timeouts: Timeouts, deadline: float) -> Reply:
        """The whole answer."""

    async def open(self, call: Call, timeouts: Timeouts, deadline: float) -> Opened:
        """The head of the answer; its body is read in steps."""

    async def read(self, opened: Opened, deadline: float) -> bytes:
        """The next bytes; empty at the end."""

    async def close_stream(self, opened: Opened) -> None:
        """Drop an answer and its connection, whatever is still to come."""

    async def close(self) -> None:
        """Drop all idle connections of the running loop."""


# Best first. The first one installed is taken; core itself brings the last.
SYNC: Final = ("httpx2", "httpx")
ASYNC: Final = ("aiohttp", "httpx2", "httpx")


def default_transport(name: str | None = None, proxy: str | None = None) -> Transport:
    """The transport over the library ``name``, or over the best one installed.

    ``proxy`` is an address, or ``"environment"`` to ask the usual variables; without it none is used.
    """
    library = _library(name, SYNC)
    from jackfield.transport.http_x import HttpTransport
    from jackfield.transport.lines import Way

    return HttpTransport(library, way=Way(proxy=proxy))


def default_async_transport(name: str | None = None, proxy: str | None = None) -> AsyncTransport:
    """The asynchronous transport over the library ``name``, or over the best one installed; ``proxy`` as above."""
    library = _library(name, ASYNC)
    from jackfield.transport.lines import Way

    way = Way(proxy=proxy)
    if library.__name__ == "aiohttp":
        from jackfield.transport.aio import AioTransport

        return AioTransport(way=way)
    from jackfield.transport.http_x import AsyncHttpTransport

    return AsyncHttpTransport(library, way=way)


def _library(name: str | None, known: tuple[str, ...]) -> ModuleType:
    if name is not None and name not in known:
        msg = f"{name!r:.40} is not a transport; there are {', '.join(known)}"
        raise BadConfig(ErrorInfo("config", msg, sent="no"))
    installed = [candidate for candidate in ((name,) if name else known) if find_spec(candidate)]
    if not installed:
        msg = f"the transport {name or known[-1]!r} is not installed"
        raise BadConfig(ErrorInfo("config", msg, hint=f"pip install {name or known[-1]}", sent="no"))
    return import_module(installed[0])
