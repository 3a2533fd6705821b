"""One streamed JSON array: bytes to the texts of its elements. Nothing is decoded here.

Some servers stream one array of answers where no stream of events is asked for. What begins with anything but
a bracket is one value by itself: failures come like that.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from jackfield.errors import ErrorInfo, Malformed
from jackfield.framing.sse import SSE, LargeSSE, Record

_new = tuple.__new__

BOM = b"\xef\xbb\xbf"
_SPACE = b" \t\r\n"
_OUTSIDE = re.compile(rb'["{}\[\],]')
_INSIDE = re.compile(rb'["\\]')


def _malformed(message: str) -> Malformed:
    return Malformed(ErrorInfo("protocol.body", message))


class JSONArray:
    """Cuts one array into the texts of its elements, each as soon as it is complete."""

    limit: ClassVar[int] = 1 << 26
    """The longest element, in bytes: pictures come whole."""

    __slots__ = ("_closed", "_depth", "_error", "_escaped", "_floor", "_inside", "_pieces", "_size", "_start")

    def __init__(self) -> None:
        self._start = b""  # what came before anything that says what it is
        self._floor = -1  # how deep the elements are: 1 in an array, 0 alone, -1 before the beginning
        self._depth = 0
        self._inside = False  # within a string
        self._escaped = False
        self._closed = False
        self._pieces: list[bytes] = []
        self._size = 0
        self._error: Malformed | None = None

    def feed(self, chunk: bytes) -> list[str]:
        """The elements that ``chunk`` completes."""
        if self._error is not None:
            raise self._error
        if self._floor < 0:
            chunk = self._begin(chunk)
        out: list[str] = []
        try:
            self._cut(chunk, out)
        except Malformed as exc:
            if not out:
                raise
            self._error = exc  # what came before it is handed on first
        return out

    def end(self) -> list[str]:
        """A value that only the end completes, such as a number alone; half an element is dropped."""
        if self._error is not None:
            raise self._error
        if self._floor == 0 and not self._depth and not self._inside and not self._closed:
            return self._taken()
        return []

    def _begin(self, chunk: bytes) -> bytes:
        """What follows the bracket that opens the array, once it has come."""
        start = self._start + chunk
        text = start.removeprefix(BOM).lstrip(_SPACE)
        if not text or BOM.startswith(text):
            self._start = start[-16:] if not text else start
            return b""
        self._start = b""
        is_array = text[:1] == b"["
        self._floor = self._depth = int(is_array)
        return text[1:] if is_array else text

    def _cut(self, chunk: bytes, out: list[str]) -> None:
        begin = position = 0
        while position < len(chunk):
            if self._escaped:
                self._escaped = False
                position += 1
                continue
            found = (_INSIDE if self._inside else _OUTSIDE).search(chunk, position)
            if found is None:
                break
            position = found.end()
            if self._step(found[0]):
                self._keep(chunk[begin : found.start() + (found[0] in b"]}" and self._depth >= self._floor)])
                out += self._taken()
                begin = position
        self._keep(chunk[begin:])

    def _step(self, mark: bytes) -> bool:
        """Whether an element ends at ``mark``."""
        if mark == b'"':
            self._inside = not self._inside
        elif mark == b"\\":
            self._escaped = True
        elif mark in b"{[":
            self._depth += 1
        elif mark != b",":
            self._depth -= 1
            return self._depth <= self._floor
        return mark == b"," and self._depth == self._floor

    def _keep(self, piece: bytes) -> None:
        """Keep a piece of an element; pieces are joined once, so one that drips costs no more than another."""
        if not piece:
            return
        if self._closed and piece.strip(_SPACE):
            raise _malformed("text after the end of the array")
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > self.limit:
            raise _malformed(f"an element of more than {self.limit} bytes")

    def _taken(self) -> list[str]:
        """The element that was kept; none between two commas' worth of space."""
        text = b"".join(self._pieces).strip(_SPACE)
        self._pieces, self._size = [], 0
        if self._depth < self._floor:
            self._closed = True
        return [text.decode("utf-8", "replace")] if text else []


class Events(LargeSSE):
    """A stream of events whose lines end in CRLF as a rule."""

    __slots__ = ()

    def feed(self, chunk: bytes) -> list[Record]:
        """The events that ``chunk`` completes."""
        if self._fresh and chunk[:6] == b"data: " and chunk[-4:] == b"\r\n\r\n":
            end = len(chunk) - 4
            if chunk.find(b"\r") == end and chunk.find(b"\n") == end + 1 and end < self.limit:
                return [_new(Record, ("message", chunk[6:-4].decode("utf-8", "replace"), self._id, True))]
        return super().feed(chunk)


class EventsOrArray:
    """Whichever of the two comes: the first byte tells. Records are those of ``SSE``, or texts."""

    __slots__ = ("_framing", "_start")

    def __init__(self) -> None:
        self._framing: SSE | JSONArray | None = None
        self._start = b""

    def feed(self, chunk: bytes) -> list[Any]:
        """The records that ``chunk`` completes."""
        framing = self._framing
        if framing is None:
            self._start += chunk
            text = self._start.removeprefix(BOM).lstrip(_SPACE)
            if not text or BOM.startswith(text):
                return []
            framing = self._framing = JSONArray() if text[:1] == b"[" else Events()
            chunk, self._start = self._start, b""
        found: list[Any] = framing.feed(chunk)
        return found

    def end(self) -> list[Any]:
        """Records that only the end of the bytes completes."""
        return [] if self._framing is None else list(self._framing.end())
