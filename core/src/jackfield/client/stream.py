"""A stream as callers see it: an iterator of events that closes what it opened, once sync and once async.

All decisions are in ``Session``; these two differ only in how they wait.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import AsyncIterator, Generator, Iterator
from typing import TYPE_CHECKING, Self, TypeAlias

from jackfield.client.call import with_value
from jackfield.errors import ErrorInfo, InvalidRequest, JackfieldError, StreamInterrupted, TimedOut
from jackfield.events import Event, TextDelta
from jackfield.types import Completion

if TYPE_CHECKING:
    from jackfield.client.continuing import Continued
    from jackfield.client.session import Session
    from jackfield.flow import Flow
    from jackfield.transport import AsyncDriver, SyncDriver

    _Session: TypeAlias = Session | Continued

GRACE = 0.05  # how long the end of the body may follow the end of the answer, to keep the connection


class _Shared:
    """What both streams have in common."""

    def __init__(self, opening: Flow[Session]) -> None:
        self._opening = opening
        self._session: _Session | None = None
        self._completion: Completion | None = None
        self._closed = False
        self._kept = False  # by a `with`, which closes it
        self._left = False  # its text was left early, outside of a `with`

    @property
    def partial(self) -> Completion:
        """What has arrived so far; the whole completion once the stream is through."""
        if self._completion is not None:
            return self._completion
        return Completion(()) if self._session is None else self._session.completion()

    def _settled(self, session: _Session) -> None:
        """Keep the completion of a stream that ended well."""
        completion = session.completion(session.seconds(time.monotonic()))
        self._completion = with_value(session.plan, completion)

    def _late(self, session: _Session, error: JackfieldError) -> JackfieldError:
        """The error as it is to be told: a read that timed out because all time is up is the deadline's doing.

        One that ended before that had only as long as a stream may be silent.
        """
        if isinstance(error, TimedOut) and time.monotonic() >= session.deadline:
            return TimedOut(ErrorInfo("deadline", "the whole call took longer than its total time"))
        if error.info.kind == "deadline":
            msg = "the provider fell silent in the middle of the answer"
            return TimedOut(ErrorInfo("timeout.idle", msg, hint="raise Timeouts.idle"))
        return error

    def _whole(self) -> Completion:
        if self._completion is None:
            msg = "the stream was closed before it ended; `partial` holds what came"
            raise InvalidRequest(ErrorInfo("request.invalid", msg, sent="yes"))
        return self._completion

    def __del__(self) -> None:
        session = self._session
        if session is not None and not self._closed:
            session.settle(
                time.monotonic(), gone=not session.done
            )  # an event loop that is gone ends no streams
        if session is not None and not self._closed and not session.done:
            warnings.warn(
                "a stream was dropped without being closed: use `with`", ResourceWarning, stacklevel=2
            )


class Stream(_Shared):
    """Events as they come. Iterate it, or its ``text``; leave it early and the connection is dropped."""

    def __init__(self, opening: Flow[Session], driver: SyncDriver) -> None:
        super().__init__(opening)
        self._driver = driver
        self._events = self._run()

    def __iter__(self) -> Iterator[Event]:
        return self._events

    def __next__(self) -> Event:
        return next(self._events)

    def __enter__(self) -> Self:
        self._kept = True
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def text(self) -> Iterator[str]:
        """The text alone, piece by piece. Outside of a ``with``, to leave it early is to close the stream."""
        if self._left:
            self._whole()  # or what follows would look like the end
        try:
            for event in self._events:
                if type(event) is TextDelta:
                    yield event.text
        finally:
            if not self._kept:
                self._left = True
                self.close()

    def completion(self) -> Completion:
        """The whole answer; what has not been read yet is read first."""
        for _ in self._events:
            pass
        return self._whole()

    def close(self) -> None:
        """Drop what is still to come, and the connection with it."""
        self._events.close()  # type: ignore[attr-defined]  # a generator, typed as what callers may rely on
        self._closed = True

    def _run(self) -> Iterator[Event]:
        driver = self._driver
        session: _Session = driver.run(self._opening)
        self._session = session
        try:
            while (broken := (yield from self._piece(session))) is not None:
                if session.sequel is None:
                    raise broken
                session = self._session = driver.run(session.sequel.going_on(session, broken))
            self._settled(session)
            self._drain(session)
        finally:
            self._closed = True
            session.settle(time.monotonic(), gone=not session.done)
            driver.close(session.opened)

    def _piece(self, session: _Session) -> Generator[Event, None, StreamInterrupted | None]:
        """The events of one answer up to its end; returns what broke it, if anything did."""
        driver, opened = self._driver, session.opened
        yield from session.held
        while not session.done:
            try:
                chunk = driver.read(opened, session.until(time.monotonic()))
            except JackfieldError as exc:
                failure = self._late(session, exc)
            else:
                yield from session.feed(chunk) if chunk else session.end()
                continue
            return session.interrupted(failure)
        return None if session.failure is None else session.broken()

    def _drain(self, session: _Session) -> None:
        """Read on to the end of the body, if it is there already, so that the connection can serve again."""
        try:
            self._driver.read(session.opened, time.monotonic() + GRACE)
        except JackfieldError:
            return  # the answer is whole; the connection is dropped by ``close``


class AsyncStream(_Shared):
    """Events as they come. Iterate it, or its ``text``; leave it early and the connection is dropped."""

    def __init__(self, opening: Flow[Session], driver: AsyncDriver) -> None:
        super().__init__(opening)
        self._driver = driver
        self._events = self._run()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events

    async def __anext__(self) -> Event:
        return await anext(self._events)

    async def __aenter__(self) -> Self:
        self._kept = True
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @property
    async def text(self) -> AsyncIterator[str]:
        """The text alone, piece by piece. Outside of an ``async with``, to leave it early is to close the stream."""
        if self._left:
            self._whole()  # or what follows would look like the end
        try:
            async for event in self._events:
                if type(event) is TextDelta:
                    yield event.text
        finally:
            if not self._kept:
                self._left = True
                await self.aclose()

    async def completion(self) -> Completion:
        """The whole answer; what has not been read yet is read first."""
        async for _ in self._events:
            pass
        return self._whole()

    async def aclose(self) -> None:
        """Drop what is still to come, and the connection with it."""
        await self._events.aclose()  # type: ignore[attr-defined]  # a generator, typed as what callers may rely on
        self._closed = True

    async def _run(self) -> AsyncIterator[Event]:
        driver = self._driver
        session: _Session = await driver.run(self._opening)
        self._session = session
        try:
            while True:
                broken = None
                for event in session.held:
                    yield event
                while not session.done:
                    try:
                        chunk = await driver.read(session.opened, session.until(time.monotonic()))
                    except JackfieldError as exc:
                        broken = session.interrupted(self._late(session, exc))
                    else:
                        for event in session.feed(chunk) if chunk else session.end():
                            yield event
                if session.failure is None:
                    break
                broken = broken or session.broken()
                if session.sequel is None:
                    raise broken
                session = self._session = await driver.run(session.sequel.going_on(session, broken))
            self._settled(session)
            await self._drain(driver, session)
        finally:
            self._closed = True
            session.settle(time.monotonic(), gone=not session.done)
            await driver.close(session.opened)

    async def _drain(self, driver: AsyncDriver, session: _Session) -> None:
        """Read on to the end of the body, if it is there already, so that the connection can serve again."""
        try:
            await driver.read(session.opened, time.monotonic() + GRACE)
        except JackfieldError:
            return  # the answer is whole; the connection is dropped by ``close``
