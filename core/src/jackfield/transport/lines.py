"""One connection over a blocking socket, every step against a moment on the clock."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

from attrs import field, frozen

from jackfield.transport.clocks import Clocks, Moment
from jackfield.transport.exchange import PIECE, Exchange, Head
from jackfield.transport.faults import CONNECT, HEAD, POOL, UPLOAD, Fault
from jackfield.transport.lookup import addresses
from jackfield.transport.proxy import Origin, proxy_for, tunnelled
from jackfield.transport.tls import shared_context

# Long answers come after long silence: without these a router on the way forgets the connection.
KEEP_ALIVE: Final = (("SO_KEEPALIVE", 1), ("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 60), ("TCP_NODELAY", 1))


class Watched(threading.local):
    """Who wants to know which line this thread waits for, so as to shut it from another one."""

    by: Any = None


watched = Watched()


@frozen
class Way:
    """How connections are made: which TLS context, through which proxy."""

    tls: Callable[[], ssl.SSLContext] = shared_context
    proxy: str | None = field(default=None, repr=False)  # it may hold a password


class Answer:
    """The answer as the library's transport wants to see it. Iterating it reads the body."""

    extensions: Final[dict[str, Any]] = {}

    def __init__(self, line: Line, head: Head) -> None:
        self._line = line
        self.status = head.status
        self.headers = head.pairs
        self.stream = self

    def __iter__(self) -> Iterator[bytes]:
        self._line.tapped = True  # whoever recorded or replaced the body holds it now
        while chunk := self._line.pull():
            yield chunk

    def close(self) -> None:
        """The line is given back, or dropped, by its owner."""


class Line:
    """A connection to one origin; carries one exchange at a time."""

    __slots__ = (
        "_sock",
        "clocks",
        "exchange",
        "head",
        "idle_since",
        "origin",
        "stage",
        "tapped",
        "uploaded",
        "watcher",
        "way",
    )

    def __init__(self, origin: Origin, way: Way) -> None:
        self.origin = origin
        self.way = way
        self.exchange = Exchange()
        self.clocks: Clocks | None = None
        self.head: Head | None = None
        self.stage = POOL
        self.tapped = False
        self.uploaded = False
        self.watcher: Any = None  # who may shut it while this exchange lasts
        self.idle_since = 0.0
        self._sock: socket.socket | None = None

    @property
    def opened(self) -> bool:
        """Whether a socket stands behind it."""
        return self._sock is not None

    def stale(self) -> bool:
        """Whether the server has closed an idle connection, or spoken out of turn on it."""
        return self._sock is None or readable(self._sock)

    def begin(self, clocks: Clocks) -> None:
        """Take the clocks of the next exchange."""
        self.clocks = clocks
        self.head = None
        self.tapped = False
        self.uploaded = False
        self.stage = POOL
        self.watcher = watched.by
        if self.watcher is not None:
            self.watcher.line = self

    def handle_request(self, request: Any) -> Answer:
        """Carry out one exchange up to the head of the answer; called by the library's transport."""
        assert self.clocks is not None
        if self._sock is None:
            self.stage = CONNECT
            self._sock = connected(self.origin, self.way, self.clocks.connect())
            if self.watcher is not None and self.watcher.abandoned.is_set():
                self.shut()  # whoever shut it before found no socket
        body = b"".join(request.stream)
        self._upload(self.exchange.render(request.method, request.url.target, request.headers, body))
        self.stage = self.exchange.stage = HEAD
        moment = self.clocks.head()
        while (head := self.exchange.head()) is None:
            self._more(moment)
        self.stage = self.exchange.stage
        self.head = head
        return Answer(self, head)

    def pull(self) -> bytes:
        """The next bytes of the body; empty at its end."""
        assert self.clocks is not None
        while not (data := self.exchange.body()) and not self.exchange.complete:
            self._more(self.clocks.body())
        return data

    def recycle(self) -> bool:
        """Whether the line can carry another exchange; it is made ready for it."""
        if self.watcher is not None:
            self.watcher.let_go(self)
        return self.uploaded and self._sock is not None and self.exchange.recycle()

    def settled(self) -> bool:
        """Whether the rest of the answer is here already; nothing is waited for."""
        if (
            self._sock is not None
            and self.head is not None
            and not self.exchange.complete
            and readable(self._sock)
        ):
            self._sock.settimeout(0)
            with suppress(OSError, Fault):
                self.exchange.feed(self._sock.recv(PIECE))
                self.exchange.body()
        return self.exchange.complete

    def drop(self) -> None:
        """Close the socket at once, whatever is still to come on it."""
        sock, self._sock = self._sock, None
        if sock is not None:
            sock.close()

    def shut(self) -> None:
        """End what another thread waits for on this line: it reads the end of the connection."""
        sock = self._sock
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """The same, for the library's transport."""
        self.drop()

    def _more(self, moment: Moment) -> None:
        assert self._sock is not None
        self._sock.settimeout(moment.left())
        try:
            data = self._sock.recv(PIECE)
        except TimeoutError:
            data = None
        if data is None:
            raise Fault(moment.kind)
        self.exchange.feed(data)

    def _upload(self, data: bytes) -> None:
        """Send all of ``data``; a server that closes meanwhile may have answered before, so its word is heard."""
        first = self.stage != CONNECT
        self.stage = UPLOAD
        view = memoryview(data)
        try:
            while view:
                view = view[self._push(view) :]
                first = False
        except (ConnectionError, ssl.SSLError):
            if first:
                raise Unsent from None
            return
        self.uploaded = True

    def _push(self, view: memoryview) -> int:
        assert self._sock is not None
        assert self.clocks is not None
        moment = self.clocks.upload()
        self._sock.settimeout(moment.left())
        try:
            return self._sock.send(view[:PIECE])
        except TimeoutError:
            pass
        raise Fault(moment.kind)


class Unsent(Exception):
    """A reused connection was closed before it took a single byte: the request is safe to send again."""


def connected(origin: Origin, way: Way, moment: Moment) -> socket.socket:
    """A socket to ``origin``. Its addresses are tried in turn, each with a fair share of the time left."""
    proxy = proxy_for(way.proxy, origin)
    place = proxy or origin
    found = addresses(place.host, place.port, moment)
    failure: OSError | None = None
    for left, (family, kind, protocol, _, address) in zip(range(len(found), 0, -1), found, strict=True):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(moment.left() / left)
            sock.connect(address)
            keep_alive(sock)
            if proxy:
                _tunnel(sock, proxy.request(origin), moment)
            return _secured(sock, origin, way, moment)
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
    raise failure or OSError


def _tunnel(sock: socket.socket, request: bytes, moment: Moment) -> None:
    sock.settimeout(moment.left())
    sock.sendall(request)
    answer = b""
    while not tunnelled(answer):
        sock.settimeout(moment.left())
        data = sock.recv(PIECE)
        if not data:
            raise Fault("transport.connect", "its proxy closed the connection")
        answer += data


def _secured(sock: socket.socket, origin: Origin, way: Way, moment: Moment) -> socket.socket:
    if origin.scheme == "http":
        return sock
    sock.settimeout(moment.left())
    return way.tls().wrap_socket(sock, server_hostname=origin.host)


def keep_alive(sock: socket.socket) -> None:
    """Set what a long-lived connection needs, as far as the platform knows it."""
    for name, value in KEEP_ALIVE:
        option = getattr(socket, name, None)
        if option is not None:
            level = socket.SOL_SOCKET if name.startswith("SO_") else socket.IPPROTO_TCP
            with suppress(OSError):
                sock.setsockopt(level, option, value)


def readable(sock: socket.socket) -> bool:
    """Whether a read would not block: bytes are here, or the other side has closed."""
    if sock.fileno() < 0:
        return False  # collected before whoever reads it: nothing will come
    if not hasattr(select, "poll"):
        return bool(select.select([sock], [], [], 0)[0])
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))
