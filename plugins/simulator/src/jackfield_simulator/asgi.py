"""The simulator as an ASGI application, for any server that speaks ASGI.

    uvicorn jackfield_simulator.asgi:app

It answers as the simulator's own server does, but injects no faults: an ASGI server forbids most of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from jackfield_simulator.app import Simulated
from jackfield_simulator.exchange import Asked, Exchange, Streamed, asked
from jackfield_simulator.settings import from_environment

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

LONGEST_BODY = 256 * 1024 * 1024


class Application:
    """Serves a simulator over ASGI."""

    def __init__(self, simulated: Simulated | None = None) -> None:
        self._simulated = simulated

    @property
    def simulated(self) -> Simulated:
        """What is served: made when it is first asked, of the scenario that the environment names."""
        if self._simulated is None:
            self._simulated = Simulated(from_environment())
        return self._simulated

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one scope."""
        if scope["type"] == "lifespan":
            await _lived(receive, send)
        elif scope["type"] == "http":
            await self._served(scope, receive, send)
        else:
            await send({"type": f"{scope['type']}.close"})  # nobody here speaks anything else

    async def _served(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        body = await _whole(receive)
        if body is None:
            await _plain(send, 413, b"the body is too long")
            return
        exchange = self.simulated.exchange(_call(scope, body, self.simulated))
        if exchange.pause:
            await asyncio.sleep(exchange.pause)
        gone = asyncio.ensure_future(_left(receive))
        try:
            await _answered(exchange, send, gone)
        except OSError:
            return  # the client has gone
        finally:
            gone.cancel()


def _call(scope: MutableMapping[str, Any], body: bytes, simulated: Simulated) -> Asked:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    target = raw.partition(b"?")[0].decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
    if not simulated.url and scope.get("server"):
        host, port = scope["server"][:2]
        simulated.url = f"http://{host}:{port}"
    return asked(scope["method"], target, headers, body, simulated.url)


async def _whole(receive: Receive) -> bytes | None:
    pieces: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > LONGEST_BODY:
            return None
        if not message.get("more_body"):
            return b"".join(pieces)


async def _left(receive: Receive) -> None:
    """Returns when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answered(exchange: Exchange, send: Send, gone: asyncio.Future[None]) -> None:
    reply, line = exchange.reply, exchange.line
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
    if not isinstance(reply, Streamed):
        headers.append((b"content-length", str(len(reply.body)).encode()))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        line.sent += len(reply.body)
        await send({"type": "http.response.body", "body": reply.body})
        return
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    for piece in reply.pieces:
        if piece.pause:
            await asyncio.sleep(piece.pause)
        if gone.done():
            return  # what it did not take is not billed
        line.sent += len(piece.data)
        await send({"type": "http.response.body", "body": piece.data, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _plain(send: Send, status: int, body: bytes) -> None:
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"text/plain")]}
    )
    await send({"type": "http.response.body", "body": body})


async def _lived(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        kind = message["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


app = Application()
