"""A scripted HTTP server on real sockets, and one client face over all five transports."""

from __future__ import annotations

import asyncio
import importlib.util
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from jackfield.transport import default_async_transport, default_transport
from jackfield.types import Timeouts
from jackfield.wire.call import Call, Headers

CANARY = "sk-canary-5f0a77"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
FACES = ("sync-httpx", "sync-httpx2", "async-httpx", "async-httpx2", "async-aiohttp")


class Talk:
    """One connection as the script sees it."""

    def __init__(self, sock: socket.socket, server: Server) -> None:
        self.sock = sock
        self.server = server
        self._rest = b""

    def request(self) -> bytes:
        """The next request, head and body; empty when the client has closed."""
        while b"\r\n\r\n" not in self._rest:
            if not self._more():
                return b""
        head, _, rest = self._rest.partition(b"\r\n\r\n")
        size = next(
            (int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0
        )
        while len(rest) < size:
            if not self._more():
                return b""
            rest = self._rest.partition(b"\r\n\r\n")[2]
        self._rest = rest[size:]
        self.server.requests.append(head + b"\r\n\r\n" + rest[:size])
        self.server.asked.set()
        return self.server.requests[-1]

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self.sock.sendall(data)

    def drip(self, data: bytes, every: float = 0.02) -> None:
        """Send one byte at a time."""
        for at in range(len(data)):
            self.send(data[at : at + 1])
            if self.server.closing.wait(every):
                return

    def hold(self) -> None:
        """Do nothing until the test is over."""
        self.server.closing.wait(60)

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        self.sock.close()

    def _more(self) -> bool:
        data = self.sock.recv(65536)
        self._rest += data
        return bool(data)


Script = Callable[[Talk], None]


class Server:
    """Runs one script per connection, the last one for all further connections."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = scripts
        self.requests: list[bytes] = []
        self.connections = 0
        self.closing = threading.Event()
        self.asked = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.base = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop all scripts."""
        self.closing.set()
        with suppress(OSError):
            self._socket.shutdown(
                socket.SHUT_RDWR
            )  # wakes the thread in accept, which holds the port otherwise
        self._socket.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                sock, _ = self._socket.accept()
                script = self.scripts[min(self.connections, len(self.scripts) - 1)]
                self.connections += 1
                threading.Thread(target=self._serve, args=(script, sock), daemon=True).start()

    def _serve(self, script: Script, sock: socket.socket) -> None:
        sock.settimeout(30)  # no script outlives its test for long
        with suppress(OSError), sock:
            script(Talk(sock, self))


class Face:
    """The five transports behind one blocking face."""

    def __init__(self, name: str) -> None:
        self.kind, _, library = name.partition("-")
        if not importlib.util.find_spec(library):
            pytest.skip(f"{library} is not installed")
        self.runner = asyncio.Runner() if self.kind == "async" else None
        self.transport: Any = default_async_transport(library) if self.runner else default_transport(library)

    def send(self, call: Call, total: float = 60, **clocks: float) -> Any:
        """The whole answer."""
        return self._do("send", call, Timeouts(**clocks), time.monotonic() + total)

    def open(self, call: Call, total: float = 60, **clocks: float) -> Any:
        """The head of the answer."""
        return self._do("open", call, Timeouts(**clocks), time.monotonic() + total)

    def read(self, opened: Any, total: float = 60) -> bytes:
        """The next bytes."""
        data: bytes = self._do("read", opened, time.monotonic() + total)
        return data

    def rest(self, opened: Any) -> bytes:
        """All further bytes."""
        return b"".join(iter(lambda: self.read(opened), b""))

    def close_stream(self, opened: Any) -> None:
        """Drop the answer."""
        self._do("close_stream", opened)

    def close(self) -> None:
        """Close the transport and its loop."""
        self._do("close")
        if self.runner:
            self.runner.close()

    def _do(self, verb: str, *arguments: Any) -> Any:
        outcome = getattr(self.transport, verb)(*arguments)
        return self.runner.run(outcome) if self.runner else outcome


@pytest.fixture(params=FACES)
def face(request: pytest.FixtureRequest) -> Iterator[Face]:
    """Each of the five transports in turn."""
    made = Face(request.param)
    yield made
    made.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Starts servers, and stops them after the test."""
    servers: list[Server] = []

    def start(*scripts: Script) -> Server:
        servers.append(Server(*scripts))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture
def ask() -> Callable[..., Call]:
    """Makes a call to a server."""

    def make(server: Any, body: bytes = b"{}", **headers: str) -> Call:
        base = server if isinstance(server, str) else server.base
        named = Headers({name.replace("_", "-"): value for name, value in headers.items()})
        return Call(
            "POST", ("v1", "chat"), body, Headers({"authorization": f"Bearer {CANARY}", **named}), base=base
        )

    return make


def answering(*answers: bytes) -> Script:
    """A script that gives one answer per request on a connection, the last one again and again."""

    def script(talk: Talk) -> None:
        count = 0
        while talk.request():
            talk.send(answers[min(count, len(answers) - 1)])
            count += 1

    return script


@pytest.fixture
def answers() -> Callable[..., Script]:
    """Makes scripts that answer every request."""
    return answering


@pytest.fixture
def black_hole() -> Iterator[str]:
    """The address of a listener whose queue is full: the system drops whatever knocks."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        knocking = [socket.socket() for _ in range(4)]
        for sock in knocking:
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        for sock in knocking:
            sock.close()
