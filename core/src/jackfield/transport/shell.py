"""What asynchronous transports have in common: their verbs, a home for each event loop, the end of failures."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator
from typing import Generic, Protocol, TypeVar, cast

from jackfield.errors import ErrorInfo
from jackfield.flow import Opened
from jackfield.transport.clocks import Clocks
from jackfield.transport.faults import BODY, told
from jackfield.transport.pool import Process
from jackfield.types import Timeouts
from jackfield.wire.call import Call, Headers, Reply


class Pulled(Protocol):
    """An opened answer that is read piece by piece."""

    status: int
    headers: Headers
    host: str

    @property
    def asked(self) -> float:
        """When the last byte of the request was out."""

    async def pull(self, deadline: float) -> bytes:
        """The next plain bytes; empty at the end."""

    def fail(self) -> None:
        """Drop the connection: what is on it cannot be trusted any more."""

    def close(self) -> None:
        """Drop the connection, unless the answer is complete already."""


class Home(Protocol):
    """What one event loop has. ``anchor`` is a generator that a loop closes when it shuts down, and all with it."""

    anchor: AsyncGenerator[None, None]


Place = TypeVar("Place", bound=Home)


class AsyncShell(ABC, Generic[Place]):
    """The verbs of a transport for tasks. Each event loop has connections of its own."""

    def __init__(self) -> None:
        self._process = Process()
        self._homes: dict[asyncio.AbstractEventLoop, Place] = {}

    @abstractmethod
    async def _opened(self, call: Call, clocks: Clocks) -> Pulled | ErrorInfo:
        """The opened answer, or why there is none."""

    @abstractmethod
    def _home(self, loop: asyncio.AbstractEventLoop) -> Place:
        """What a loop is to have."""

    async def send(self, call: Call, timeouts: Timeouts, deadline: float) -> Reply:
        """The whole answer."""
        opened = await self._opened(call, Clocks(timeouts, deadline, whole=True))
        outcome = opened if isinstance(opened, ErrorInfo) else await _whole(opened, deadline)
        if isinstance(outcome, Reply):
            return outcome
        raise outcome.to_exception()

    async def open(self, call: Call, timeouts: Timeouts, deadline: float) -> Opened:
        """The head of the answer; its body is read in steps."""
        opened = await self._opened(call, Clocks(timeouts, deadline, whole=False))
        if isinstance(opened, ErrorInfo):
            raise opened.to_exception()
        return opened

    async def read(self, opened: Opened, deadline: float) -> bytes:
        """The next bytes; empty at the end."""
        outcome = await _next(cast("Pulled", opened), deadline)  # it has opened it itself
        if isinstance(outcome, bytes):
            return outcome
        raise outcome.to_exception()

    async def close_stream(self, opened: Opened) -> None:
        """Drop an answer and its connection, whatever is still to come."""
        cast("Pulled", opened).close()

    async def close(self) -> None:
        """Close what the running loop has."""
        home = self._homes.pop(asyncio.get_running_loop(), None)
        if home is not None:
            await home.anchor.aclose()

    async def _settled(self, loop: asyncio.AbstractEventLoop) -> Place:
        """The home of a loop, made anew; those of loops that are closed are forgotten."""
        for old in [known for known in list(self._homes) if known.is_closed()]:
            self._homes.pop(old, None)
        home = self._homes[loop] = self._home(loop)
        await anext(home.anchor)
        return home


async def _next(stream: Pulled, deadline: float) -> bytes | ErrorInfo:
    try:
        return await stream.pull(deadline)
    except Exception as failure:  # noqa: BLE001  # the one table decides what it is
        stream.fail()
        return told(failure, stream.host, BODY, whole=False)
    except BaseException as interruption:
        stream.fail()
        interruption.__traceback__ = None  # its frames hold the request
        raise


async def _whole(stream: Pulled, deadline: float) -> Reply | ErrorInfo:
    pieces: list[bytes] = []
    try:
        while piece := await stream.pull(deadline):
            pieces.append(piece)
    except Exception as failure:  # noqa: BLE001  # as above
        stream.fail()
        return told(failure, stream.host, BODY, whole=True)
    except BaseException as interruption:
        stream.fail()
        interruption.__traceback__ = None  # its frames hold the request
        raise
    return Reply(stream.status, stream.headers, pieces[0] if len(pieces) == 1 else b"".join(pieces))
