"""The raw payload of a stream: its bytes, read again only if somebody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

from jackfield.errors import Malformed
from jackfield.jsontext import loads
from jackfield.wire.base import Framing


class RawRecords(Sequence[Any]):
    """The records of a stream as the provider sent them, JSON decoded; ``body`` is the bytes."""

    __slots__ = ("_chunks", "_framing", "_records")

    def __init__(self, framing: Callable[[], Framing], chunks: list[bytes]) -> None:
        self._framing = framing
        self._chunks = chunks
        self._records: list[Any] | None = None

    @property
    def body(self) -> bytes:
        """All bytes that came."""
        return b"".join(self._chunks)

    def _read(self) -> list[Any]:
        if self._records is None:
            framing = self._framing()
            framed = [*framing.feed(self.body), *framing.end()]
            self._records = [_value(getattr(record, "data", record)) for record in framed]
        return self._records

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self._read()[index]

    def __len__(self) -> int:
        return len(self._read())

    def __iter__(self) -> Iterator[Any]:
        return iter(self._read())

    def __reduce__(self) -> tuple[Any, ...]:
        """The bytes and the kind of framing: the wire itself stays behind."""
        return RawRecords, (type(self._framing()), self._chunks)

    def __eq__(self, other: object) -> bool:
        return self.body == other.body if isinstance(other, RawRecords) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.body)

    def __repr__(self) -> str:
        return f"<raw stream, {sum(map(len, self._chunks))} bytes>"


def _value(record: Any) -> Any:
    """A record's JSON; text that is none, such as an end marker, stays text."""
    try:
        return loads(record)
    except Malformed:
        return record
