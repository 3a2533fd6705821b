"""A loopback server that is never the bottleneck: raw asyncio, answers made beforehand."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

import samples
from samples import Sample


def _whole() -> bytes:
    body = samples.REFERENCE
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _streamed(sample: Sample) -> bytes:
    framed = b"".join(f"{len(event):x}\r\n".encode() + event + b"\r\n" for event in sample.events)
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {sample.media_type}\r\ntransfer-encoding: chunked\r\n\r\n"
    return head.encode() + framed + b"0\r\n\r\n"


def _streams() -> dict[bytes, bytes]:
    """What the paths of streamed calls end in, in lower case, and what is answered there."""
    found = map(samples.sample, samples.WIRES)
    return {sample.path.encode(): _streamed(sample) for sample in found}


class Server(asyncio.Protocol):
    """Answers every request as soon as its body is here."""

    whole: ClassVar[bytes] = b""
    streams: ClassVar[dict[bytes, bytes]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self.transport = transport
        self.buffer = b""

    def data_received(self, data: bytes) -> None:
        """Answer what is complete."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            head = self.buffer[:end].lower()
            at = head.find(b"content-length:")
            size = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self.buffer) < end + 4 + size:
                return
            body, self.buffer = self.buffer[end + 4 : end + 4 + size], self.buffer[end + 4 + size :]
            self.transport.write(self._answer(head.split(b" ", 2)[1], body))  # type: ignore[attr-defined]

    def _answer(self, target: bytes, body: bytes) -> bytes:
        if target.endswith(b"/completions") and b'"stream":true' not in body.replace(b" ", b""):
            return self.whole
        return next(streamed for path, streamed in self.streams.items() if target.endswith(path))


async def _serve() -> None:
    Server.whole, Server.streams = _whole(), _streams()
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    async with server:
        await server.serve_forever()


@contextmanager
def running() -> Iterator[str]:
    """The server in a process of its own; yields its base URL."""
    process = subprocess.Popen([sys.executable, str(Path(__file__))], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1"
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    asyncio.run(_serve())
