"""Where rows are kept: what differs between databases, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from attrs import frozen

Batch: TypeAlias = Mapping[str, Sequence[tuple[Any, ...]]]  # kind of row -> values


class Store(Protocol):
    """A database with the ledger's tables. Its methods are called by one thread at a time; they block."""

    name: str

    def open(self) -> None:
        """Connect, and make the tables where they are not there."""

    def write(self, batch: Batch) -> None:
        """Add rows, all or none; they are on the disk afterwards. Rows that are there already stay as they are."""

    def run(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Execute a statement written with ``?``; what it returns."""

    def change(self, sql: str, values: Sequence[Any] = ()) -> int:
        """Execute a statement written with ``?``; how many rows it changed."""

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query, by a connection of its own: any thread may ask, while others write."""

    def close(self) -> None:
        """Disconnect."""

    def abandon(self) -> None:
        """Forget the connection without touching it: it belongs to the process this one was forked from."""

    @property
    def dialect(self) -> Dialect:
        """Its words."""


@frozen
class Dialect:
    """The words in which databases differ."""

    integer: str
    real: str
    money: str
    exact_sum: str  # of money, as text
    hour: str  # of a column `{}` of microseconds
    day: str


def keep_for_ever(connection: object) -> None:
    """Take care that a connection is never finalised, not even at exit.

    A forked child shares its parent's connection. Closing it would end the parent's session, or remove the
    locks that keep its file whole.
    """
    import ctypes

    ctypes.pythonapi.Py_IncRef(ctypes.py_object(connection))
