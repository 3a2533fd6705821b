"""Faults of binary event streams: checksums, lengths, headers, exceptions."""

from __future__ import annotations

import struct
from zlib import crc32

from jackfield.framing.event_stream import write_exception, write_frame
from jackfield.jsontext import dumps
from jackfield_simulator.exchange import Piece
from jackfield_simulator.faulty.base import Case, Fault, add
from jackfield_simulator.faulty.streams import Edit, sent
from jackfield_simulator.records import FRAMES, contents, records
from jackfield_simulator.steps import Steps


def _framed(name: str, says: str, edit: Edit) -> None:
    def perform(case: Case) -> Steps:
        yield from sent(case, edit(records(case.exchange), case))

    add(Fault(name, 40, says, perform, frozenset({FRAMES})))


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes((data[at] ^ 0xFF,)) + data[at + 1 :]


def _lengths(pieces: list[Piece], case: Case) -> list[Piece]:
    return [pieces[0]._replace(data=_flipped(pieces[0].data, 8)), *pieces[1:]]


def _payload(pieces: list[Piece], case: Case) -> list[Piece]:
    return [pieces[0]._replace(data=_flipped(pieces[0].data, len(pieces[0].data) - 1)), *pieces[1:]]


def _endless(pieces: list[Piece], case: Case) -> list[Piece]:
    lengths = struct.pack(">II", 1 << 31, 0)
    return [Piece(0.0, lengths + crc32(lengths).to_bytes(4, "big")), *pieces]


def _exception(pieces: list[Piece], case: Case) -> list[Piece]:
    return [Piece(0.0, write_exception("throttlingException", dumps({"message": "Too many requests"})))]


def _exception_later(pieces: list[Piece], case: Case) -> list[Piece]:
    at = contents(pieces)[1]  # some writers hold a piece back
    return [*pieces[: at + 1], *_exception(pieces, case)]


def _unknown_header(pieces: list[Piece], case: Case) -> list[Piece]:
    """A frame whose header has a type that is none; its checksums are right."""
    frame = write_frame({"surprise": True}, b"{}")
    block = frame[12:-6].replace(b"surprise\x00", b"surprise\x63")
    body = frame[:12] + block + frame[-6:-4]
    return [Piece(0.0, body + crc32(body).to_bytes(4, "big")), *pieces]


_framed("frame-lengths-checksum", "the checksum of a frame's lengths is wrong", _lengths)
_framed("frame-checksum", "the checksum of a frame is wrong", _payload)
_framed("frame-length", "a frame claims to have 2 GiB", _endless)
_framed("frame-exception", "the first frame is an exception", _exception)
_framed("frame-exception-later", "after some content comes an exception", _exception_later)
_framed("frame-header", "a frame has a header of an unknown type", _unknown_header)
