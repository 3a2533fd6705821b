"""A server in a process of its own, for storms: its descriptors and its work are not the client's.

Run as a program it prints one line of JSON, behaviour to address, and serves until its stdin closes.
"""

from __future__ import annotations

import asyncio
import json
import sys

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
ENOUGH = 1.0  # a storm cancels its calls after some milliseconds


class Silent(asyncio.Protocol):
    """Hears every request, and says nothing."""

    def __init__(self):
        self.heard = b""

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.heard += data
        while b"\r\n\r\nxx" in self.heard:
            self.heard = self.heard.partition(b"\r\n\r\nxx")[2]
            self.answer()

    def answer(self):
        """Say what this server says."""


class Quick(Silent):
    """Answers every request."""

    def answer(self):
        self.transport.write(OK)


class HalfAHead(Silent):
    """Begins an answer."""

    def answer(self):
        self.transport.write(b"HTTP/1.1 200 OK\r\nx-half: ")


class Endless(Silent):
    """Streams until the client has gone."""

    def answer(self):
        self.transport.write(CHUNKED)
        self.go_on()

    def go_on(self):
        if not self.transport.is_closing():
            self.transport.write(b"5\r\nhello\r\n")
            asyncio.get_running_loop().call_later(0.001, self.go_on)


class Deaf(Silent):
    """Takes nothing in. It cannot see a client go, so it hangs up by itself after a while."""

    def connection_made(self, transport):
        transport.pause_reading()
        asyncio.get_running_loop().call_later(ENOUGH, transport.abort)


class Rash(Deaf):
    """Answers before it is asked, and takes nothing in."""

    def connection_made(self, transport):
        super().connection_made(transport)
        transport.write(CHUNKED + b"5\r\nhello\r\n")


SERVERS = {
    "quick": Quick,
    "silent": Silent,
    "half a head": HalfAHead,
    "endless": Endless,
    "deaf": Deaf,
    "rash": Rash,
}


async def main():
    """Serve all behaviours."""
    loop = asyncio.get_running_loop()
    bases = {}
    for name, made in SERVERS.items():
        server = await loop.create_server(made, "127.0.0.1", 0, backlog=1024)
        bases[name] = "http://127.0.0.1:{1}".format(*server.sockets[0].getsockname())
    print(json.dumps(bases), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
