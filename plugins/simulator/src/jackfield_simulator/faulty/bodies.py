"""Faults of the body: cut, mismeasured, badly compressed."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Callable
from functools import lru_cache

from jackfield.wire import Headers, Reply
from jackfield_simulator.exchange import Streamed
from jackfield_simulator.faulty.base import Case, Fault, add, fault
from jackfield_simulator.records import WHOLE
from jackfield_simulator.steps import CHUNKED, LAST, End, Send, Steps, chunk, head, opening, whole

BOMB = 200 * 1024 * 1024
MIB = 1 << 20
GZIP_HEAD = b"\x1f\x8b\x08" + bytes(6) + b"\xff"


def body_of(case: Case) -> bytes:
    """The body of the answer, whole."""
    reply = case.exchange.reply
    if isinstance(reply, Reply):
        return reply.body
    return b"".join(piece.data for piece in reply.pieces)


def status_of(case: Case) -> int:
    """The status of the answer."""
    return case.exchange.reply.status


def headers_of(case: Case) -> Headers:
    """The headers of the answer."""
    return Headers(case.exchange.reply.headers)


@fault(23, "half-json", {WHOLE})
def half_json(case: Case) -> Steps:
    """Half of the JSON, as if it were all."""
    body = body_of(case)
    yield whole(Reply(status_of(case), headers_of(case), body[: len(body) // 2]))


def _measured(case: Case, *lengths: int) -> Send:
    body = body_of(case)
    measures = [("content-length", str(len(body) + more)) for more in lengths]
    return Send(head(status_of(case), (*headers_of(case).items(), *measures)) + body, len(body))


@fault(24, "length-too-long")
def length_too_long(case: Case) -> Steps:
    """The head promises ten bytes more than come."""
    yield _measured(case, 10)
    yield End()


@fault(24, "length-too-short", {WHOLE})
def length_too_short(case: Case) -> Steps:
    """Ten bytes more come than the head promises."""
    body = body_of(case)
    measure = ("content-length", str(len(body)))
    yield Send(head(status_of(case), (*headers_of(case).items(), measure)) + body + b"0123456789", len(body))


@fault(24, "length-twice")
def length_twice(case: Case) -> Steps:
    """The head says two lengths."""
    yield _measured(case, 0, 10)


@fault(25, "chunk-cut")
def chunk_cut(case: Case) -> Steps:
    """The connection is closed within a chunk."""
    body = body_of(case)
    half = body[: len(body) // 2]
    yield opening(status_of(case), headers_of(case))
    yield Send(b"%x\r\n%b" % (len(body), half), len(half))
    yield End()


@fault(25, "chunk-size")
def chunk_size(case: Case) -> Steps:
    """The size of the first chunk is no number."""
    body = body_of(case)
    yield Send(
        opening(status_of(case), headers_of(case)).data + b"many\r\n" + body + b"\r\n0\r\n\r\n", len(body)
    )


# -- compression -----------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    """Blanks by the hundred million, in some hundred thousand bytes: one block of them, packed once and repeated."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(b" " * MIB) + packer.flush(zlib.Z_FULL_FLUSH)
    sum_of = 0
    for _ in range(BOMB // MIB):
        sum_of = zlib.crc32(b" " * MIB, sum_of)
    return GZIP_HEAD + block * (BOMB // MIB) + b"\x03\x00" + struct.pack("<II", sum_of, BOMB)


def _damaged(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes(byte ^ 0xFF for byte in data[middle : middle + 8]) + data[middle + 8 :]


def _packed(name: str, says: str, encoding: str, pack: Callable[[bytes], bytes]) -> None:
    def perform(case: Case) -> Steps:
        data = pack(body_of(case))
        pairs = (*headers_of(case).items(), ("content-encoding", encoding))
        if isinstance(case.exchange.reply, Streamed):
            yield Send(head(status_of(case), (*pairs, CHUNKED)))
            yield chunk(data)
            yield LAST
        else:
            yield Send(head(status_of(case), (*pairs, ("content-length", str(len(data))))) + data, len(data))

    add(Fault(name, 39, says, perform))


_packed("gzip-bomb", "200 MB of blanks in 200 kB", "gzip", lambda _: _bomb())
_packed(
    "gzip-twice", "compressed twice", "gzip, gzip", lambda data: gzip.compress(gzip.compress(data, mtime=0))
)
_packed("brotli", "an encoding nobody asked for", "br", lambda data: b"\x8b\x01\x80" + data)
_packed(
    "gzip-cut",
    "compressed, and cut short",
    "gzip",
    lambda data: gzip.compress(data, mtime=0)[: -9 - len(data) // 9],
)
_packed(
    "gzip-damaged", "compressed, and damaged", "gzip", lambda data: _damaged(gzip.compress(data, mtime=0))
)
