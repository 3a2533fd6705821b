"""Binary event streams (``application/vnd.amazon.eventstream``): bytes to frames, and back.

A frame is its length, the length of its headers, a checksum of those two, typed headers, a payload, and a
checksum of everything before it; all numbers are big endian. Nothing of a frame is believed before its
checksums are right, and no length before its own is.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, TypeAlias
from zlib import crc32

from jackfield.errors import ErrorInfo, Malformed

if TYPE_CHECKING:
    from uuid import UUID

MEDIA_TYPE = "application/vnd.amazon.eventstream"

PRELUDE = 12  # two lengths and their checksum
OVERHEAD = PRELUDE + 4
MOST_HEADERS = 128 * 1024
KEPT = 64  # header blocks remembered: a stream repeats a handful of them


class Byte(int):
    """A header of one byte; a plain number is one of four."""


class Short(int):
    """A header of two bytes."""


class Long(int):
    """A header of eight bytes."""


class Timestamp(int):
    """A moment, in milliseconds since 1970."""


HeaderValue: TypeAlias = "bool | int | bytes | str | UUID"


def _malformed(message: str) -> Malformed:
    return Malformed(ErrorInfo("protocol.body", f"the event stream is damaged: {message}"))


_new = tuple.__new__


class Frame(NamedTuple):
    """One frame. A tuple, because one is made for every chunk of every stream."""

    headers: Mapping[str, HeaderValue]
    data: bytes

    @property
    def kind(self) -> str:
        """What it is: ``event``, ``exception`` or ``error``."""
        kind = self.headers.get(":message-type")
        if isinstance(kind, str) and kind in _NAMES:
            return kind
        raise _malformed("a frame does not say what it is")

    @property
    def name(self) -> str:
        """Which event, exception or error it is."""
        name = self.headers.get(_NAMES[self.kind])
        if isinstance(name, str):
            return name
        raise _malformed(f"an {self.kind} has no name")


_NAMES: Mapping[str, str] = {"event": ":event-type", "exception": ":exception-type", "error": ":error-code"}


class EventStream:
    """Cuts one body into its frames."""

    limit: ClassVar[int] = 24 * 1024 * 1024
    """The longest frame, in bytes."""

    __slots__ = ("_buffer", "_error", "_known", "_needed")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._needed = PRELUDE
        self._known: dict[bytes, Mapping[str, HeaderValue]] = {}
        self._error: Malformed | None = None

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that ``chunk`` completes."""
        if self._error is not None:
            raise self._error
        buffer = self._buffer
        if not buffer and len(chunk) >= OVERHEAD:
            found = self._single(chunk)
            if found is not None:
                return [found]
        buffer += chunk
        if len(buffer) < self._needed:
            return []
        frames: list[Frame] = []
        try:
            self._cut(frames)
        except Malformed as exc:
            self._error = exc
            if not frames:
                raise  # what came before it is handed on first
        return frames

    def end(self) -> list[Frame]:
        """Nothing: half a frame is none, which the end of the stream will tell."""
        if self._error is not None:
            raise self._error
        return []

    def _single(self, chunk: bytes) -> Frame | None:
        """The frame that ``chunk`` is, where it is one and its headers are known: what most reads bring.

        Measured in 2026-11: 1.3 instead of 3.1 µs. Whatever is wrong is left to the usual way to tell.
        """
        size, header_size, checksum = _prelude(chunk, 0)
        if size != len(chunk) or size > self.limit:
            return None
        lengths, split = crc32(chunk[:8]), PRELUDE + header_size
        if lengths != checksum or crc32(chunk[8:-4], lengths) != int.from_bytes(chunk[-4:], "big"):
            return None
        headers = self._known.get(chunk[PRELUDE:split]) if split <= size - 4 else None
        return None if headers is None else _new(Frame, (headers, chunk[split:-4]))

    def _cut(self, frames: list[Frame]) -> None:
        data, start = bytes(self._buffer), 0
        self._needed = PRELUDE
        try:
            while len(data) - start >= PRELUDE:
                size, header_size = self._sizes(data, start)
                if len(data) - start < size:
                    self._needed = size
                    break
                frame = self._frame(data, start, size, header_size)
                start += size
                if frame is not None:
                    frames.append(frame)
        finally:
            del self._buffer[:start]

    def _sizes(self, data: bytes, start: int) -> tuple[int, int]:
        """The length of the frame that begins at ``start``, and of its headers."""
        size, header_size, checksum = _prelude(data, start)
        if crc32(data[start : start + 8]) != checksum:
            raise _malformed("the checksum of a frame's lengths is wrong")
        if size < OVERHEAD or header_size > min(size - OVERHEAD, MOST_HEADERS):
            raise _malformed("the lengths of a frame do not fit together")
        if size > self.limit:
            raise _malformed(f"a frame of more than {self.limit} bytes")
        return size, header_size

    def _frame(self, data: bytes, start: int, size: int, header_size: int) -> Frame | None:
        """The frame; none where a header of an unknown type hides what it is: it is whole, and not for us."""
        end = start + size - 4
        if crc32(data[start:end]) != int.from_bytes(data[end : end + 4], "big"):
            raise _malformed("the checksum of a frame is wrong")
        split = start + PRELUDE + header_size
        block = data[start + PRELUDE : split]
        headers = self._known.get(block)
        if headers is None:
            headers, at = _readable(block)
            if at < len(block) and ":message-type" not in headers:
                return None
            if len(self._known) < KEPT:
                self._known[block] = headers
        return _new(Frame, (headers, data[split:end]))


_prelude: Callable[[bytes, int], tuple[int, int, int]] = struct.Struct(">III").unpack_from


# -- headers ---------------------------------------------------------------------------------------


def read_headers(block: bytes) -> dict[str, HeaderValue]:
    """The headers of one frame by name; what is cut short or said twice is ``Malformed``.

    One of an unknown type is skipped, and those behind it: nobody can say where it ends.
    """
    return _readable(block)[0]


def _readable(block: bytes) -> tuple[dict[str, HeaderValue], int]:
    """The headers that can be read, and where they end."""
    headers: dict[str, HeaderValue] = {}
    try:
        at = 0
        while at < len(block):
            split = at + 1 + block[at]
            name = _piece(block, at + 1, split).decode("utf-8")
            if block[split] >= len(_READERS):
                break
            read, size = _READERS[block[split]]
            at = split + 1
            if size is None:
                size = int.from_bytes(_piece(block, at, at + 2), "big")
                at += 2
            value = read(_piece(block, at, at + size))
            at += size
            if name in headers:
                raise _malformed("a frame has two headers of one name")
            headers[name] = value
    except (IndexError, UnicodeDecodeError):
        raise _malformed("the headers of a frame cannot be read") from None
    return headers, at


def _piece(block: bytes, start: int, end: int) -> bytes:
    if end > len(block):
        raise IndexError(end)
    return block[start:end]


def _number(kind: type[int]) -> Callable[[bytes], int]:
    return lambda data: kind(int.from_bytes(data, "big", signed=True))


def _uuid(data: bytes) -> UUID:
    from uuid import UUID

    return UUID(bytes=data)


# By type: how the value is read, and its length; ``None`` where two bytes before it say so.
_READERS: tuple[tuple[Callable[[bytes], Any], int | None], ...] = (
    (lambda data: True, 0),
    (lambda data: False, 0),
    (_number(Byte), 1),
    (_number(Short), 2),
    (_number(int), 4),
    (_number(Long), 8),
    (bytes, None),
    (lambda data: data.decode("utf-8"), None),
    (_number(Timestamp), 8),
    (_uuid, 16),
)


# -- writing ---------------------------------------------------------------------------------------


def write_frame(headers: Mapping[str, HeaderValue], data: bytes = b"") -> bytes:
    """The bytes of one frame."""
    block = b"".join(_header(name, value) for name, value in headers.items())
    lengths = struct.pack(">II", OVERHEAD + len(block) + len(data), len(block))
    frame = b"".join((lengths, crc32(lengths).to_bytes(4, "big"), block, data))
    return frame + crc32(frame).to_bytes(4, "big")


def write_event(name: str, data: bytes, media_type: str = "application/json") -> bytes:
    """The bytes of one event."""
    return write_frame({":event-type": name, ":content-type": media_type, ":message-type": "event"}, data)


def write_exception(name: str, data: bytes, media_type: str = "application/json") -> bytes:
    """The bytes of one exception, which ends the stream."""
    return write_frame(
        {":exception-type": name, ":content-type": media_type, ":message-type": "exception"}, data
    )


def _header(name: str, value: HeaderValue) -> bytes:
    label = name.encode("utf-8")
    kind, data = _written(value)
    return b"".join((bytes((len(label),)), label, bytes((kind,)), data))


def _written(value: HeaderValue) -> tuple[int, bytes]:
    """A value's type, and its bytes."""
    if isinstance(value, bool):
        return (0 if value else 1), b""
    if isinstance(value, int):
        kind, size = _SIZES.get(type(value), (4, 4))
        return kind, value.to_bytes(size, "big", signed=True)
    if isinstance(value, str):
        return 7, _sized(value.encode("utf-8"))
    if isinstance(value, bytes):
        return 6, _sized(value)
    return 9, value.bytes


_SIZES: Mapping[type, tuple[int, int]] = {Byte: (2, 1), Short: (3, 2), Long: (5, 8), Timestamp: (8, 8)}


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(2, "big") + data
