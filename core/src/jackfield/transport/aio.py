"""The transport for very many calls at once, over an asynchronous library (extra ``fast``).

Its session is told to do nothing by itself: no redirects, no cookies, no decompression, no environment, no
clocks of its own but the one for connecting. The others are ours: one moment for each exchange, which moves
from step to step.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncGenerator, Awaitable, Callable
from functools import lru_cache
from typing import Any

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from jackfield.errors import ErrorInfo
from jackfield.transport.aio_attempt import CURRENT, SKIPPED, Attempt, Request, Upload, Watch
from jackfield.transport.caps import (
    HEAD_CAP,
    REPLY_CAP,
    STREAM_CAP,
    Body,
    body_for,
    checked_head,
    checked_headers,
)
from jackfield.transport.clocks import Clocks
from jackfield.transport.exchange import PIECE
from jackfield.transport.faults import BODY, POOL, Fault, told
from jackfield.transport.lines import Way
from jackfield.transport.pool import AsyncGate, Limits
from jackfield.transport.proxy import Origin, proxy_for, refused
from jackfield.transport.shell import AsyncShell
from jackfield.wire.call import Call


@lru_cache(maxsize=1024)
def _url(address: str) -> URL:
    try:
        url = URL(address, encoded=True)
        host = url.raw_host  # the library looks at host and port only now
    except ValueError:
        raise Fault("config", "its host or port is none") from None
    if url.scheme not in ("http", "https") or not host:
        raise Fault("config", "it has to begin with https:// or http://")
    return url


@lru_cache(maxsize=64)
def _connect_clock(seconds: float) -> aiohttp.ClientTimeout:
    # the library rounds clocks above the threshold up to whole seconds
    return aiohttp.ClientTimeout(total=None, connect=seconds, ceil_threshold=seconds + 1)


class AioStream:
    """An opened answer."""

    __slots__ = (
        "_attempt",
        "_body",
        "_clocks",
        "_leave",
        "_loop",
        "_response",
        "complete",
        "headers",
        "host",
        "over",
        "status",
    )

    def __init__(
        self, response: aiohttp.ClientResponse, clocks: Clocks, leave: Callable[[], None], attempt: Attempt
    ) -> None:
        self.complete = self.over = True
        self.host = attempt.host
        self.status = response.status
        self.headers = checked_head(response.raw_headers)
        self._body: Body = body_for(self.headers, REPLY_CAP if clocks.whole else STREAM_CAP)
        self._attempt = attempt
        self._clocks = clocks
        self._response = response
        self._leave = leave
        self._loop = asyncio.get_running_loop()
        self.complete = self.over = False

    @property
    def asked(self) -> float:
        """When the last byte of the request was out."""
        return self._clocks.asked

    async def pull(self, deadline: float) -> bytes:
        """The next plain bytes; empty at the end."""
        self._clocks.deadline = deadline
        content = self._response.content
        while not self.complete:
            if content.exception() is None:
                chunk = content.read_nowait() or await self._waited(content)
            else:
                chunk = _rescued(content)
            if content.at_eof():
                self._release()
            if data := self._body.feed(chunk):
                return data
        if not self.over:
            self.over = True
            self._body.end()
        return b""

    def close(self) -> None:
        """Drop the connection, unless the answer is complete already."""
        self.over = True
        self._release()

    fail = close  # what is complete is out of reach already

    def _release(self) -> None:
        """Leave the connection to the library: it keeps one whose answer is complete, and drops any other."""
        if not self.complete:
            self.complete = True
            self._attempt.heed_no_loss()
            if not self._attempt.uploaded or not self._response.content.is_eof():
                self._attempt.drop()
            self._response.close()
            self._leave()

    async def _waited(self, content: aiohttp.StreamReader) -> bytes:
        if content.at_eof():
            return b""
        moment = self._clocks.body()
        self._attempt.heed_loss(content)
        try:
            async with asyncio.timeout(moment.left()):
                return await content.readany()
        except TimeoutError:
            pass
        raise Fault(moment.kind)

    def __del__(self) -> None:
        if not self.complete:
            if not self._loop.is_closed():
                self._loop.call_soon_threadsafe(self.close)
            text = f"a stream from {self.host} was dropped without being closed"
            warnings.warn(text, ResourceWarning, stacklevel=2)


def _rescued(content: aiohttp.StreamReader) -> bytes:
    """What had come before the connection broke, once; then the reason.

    2026-11: when bytes and the failure arrive together, the library raises at once and hides the bytes.
    """
    data: bytes = content._read_nowait(-1) if content._buffer else b""
    return data or content.read_nowait()


class _Home:
    """What one event loop has: a session and its permits."""

    __slots__ = ("__weakref__", "anchor", "gate", "session", "watch")

    def __init__(self, limits: Limits, loop: asyncio.AbstractEventLoop) -> None:
        self.watch = Watch(loop)
        self.gate = AsyncGate(limits.connections)
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=limits.idle_seconds),
            request_class=Request,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            max_field_size=HEAD_CAP,
            skip_auto_headers=SKIPPED,
            trust_env=False,
        )
        self.anchor = _until_the_end(self.session, self.watch)


async def _until_the_end(session: aiohttp.ClientSession, watch: Watch) -> AsyncGenerator[None, None]:
    """A generator that a loop closes when it shuts down, and the session with it."""
    try:
        yield
    finally:
        watch.stop()
        await session.close()
        await asyncio.sleep(0)  # the library's connections close one turn later


class AioTransport(AsyncShell[_Home]):
    """Sends calls from tasks. Each event loop has connections of its own."""

    def __init__(self, limits: Limits | None = None, way: Way | None = None) -> None:
        super().__init__()
        self._limits = limits or Limits()
        self._way = way or Way()

    def _home(self, loop: asyncio.AbstractEventLoop) -> _Home:
        return _Home(self._limits, loop)

    async def _opened(self, call: Call, clocks: Clocks) -> AioStream | ErrorInfo:
        attempt = None
        try:
            attempt = Attempt(call, clocks)
            return await self._ask(call, clocks, attempt)
        except Exception as failure:  # noqa: BLE001  # the one table decides what it is
            return _told(failure, attempt, clocks)
        except BaseException as interruption:
            interruption.__traceback__ = None  # its frames hold the request
            raise

    def _proxy(self, url: URL) -> str | None:
        if self._way.proxy is None:
            return None
        proxy = proxy_for(self._way.proxy, Origin(url.scheme, url.raw_host or "", url.port or 0))
        return proxy.url if proxy else None

    async def _ask(self, call: Call, clocks: Clocks, attempt: Attempt) -> AioStream:
        url = _url(call.url)
        attempt.host = url.raw_host or attempt.host
        loop = asyncio.get_running_loop()
        home = self._homes.get(loop)
        if home is None or self._process.forked():
            home = await self._settled(loop)
        if not home.gate.try_enter():
            await home.gate.enter(clocks.pool())
        response = None
        try:
            CURRENT.set(attempt)
            attempt.begin(home.watch, _task())
            response = await self._request(home.session, url, call, attempt)
            attempt.over()
            attempt.stage = BODY
            return AioStream(response, clocks, home.gate.leave, attempt)
        except BaseException as failure:
            if response is not None:
                response.close()
            attempt.drop()
            home.gate.leave()
            if attempt.stage == POOL or not attempt.over() or not isinstance(failure, asyncio.CancelledError):
                raise
        raise Fault(attempt.moment.kind)

    def _request(
        self, session: aiohttp.ClientSession, url: URL, call: Call, attempt: Attempt
    ) -> Awaitable[aiohttp.ClientResponse]:
        """What asks, when it is awaited."""
        size = len(call.body)
        pairs = checked_headers(call.headers, None, size if size > PIECE else None)
        return session.request(
            call.method,
            url,
            data=Upload(call.body, attempt) if size > PIECE else call.body or None,
            headers=CIMultiDict(pairs),
            proxy=self._proxy(url),
            allow_redirects=False,
            ssl=self._way.tls() if url.scheme == "https" else True,
            timeout=_connect_clock(attempt.clocks.connect_seconds),
        )


def _task() -> asyncio.Task[Any]:
    task = asyncio.current_task()
    assert task is not None
    return task


def _told(failure: Exception, attempt: Attempt | None, clocks: Clocks) -> ErrorInfo:
    if attempt is None:
        return told(failure, "the provider", POOL, clocks.whole)
    if type(failure) is TimeoutError and attempt.stage != POOL:
        failure = Fault(attempt.moment.kind)
    elif isinstance(failure, aiohttp.ClientHttpProxyError):
        failure = refused(str(failure.status))
    return told(failure, attempt.host, attempt.stage, clocks.whole)
