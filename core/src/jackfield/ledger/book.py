"""The ledger as it is used: rows go through one writer into a store; attempts without an end are recovered."""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as Late
from typing import TYPE_CHECKING, Any

from jackfield.errors import LedgerFailed
from jackfield.identity import first_id
from jackfield.ledger import sql
from jackfield.ledger.owners import BEAT_EVERY, Owner
from jackfield.ledger.rows import Row, now_us, values_of
from jackfield.ledger.writer import PATIENCE, Writer, failed

if TYPE_CHECKING:
    from jackfield.ledger.store import Store

SLACK = 60.0  # seconds by which the ids of a process may seem older than itself


class Book:
    """A ledger in a store. It is opened by the first row, or the first question."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.recovered = 0  # attempts of dead processes, found when this one opened it
        self._owner: Owner | None = None
        self._seen = 0
        self._writer = Writer(self._commit, self._beat, self._forked)
        _OPEN.add(self)

    # -- writing -----------------------------------------------------------------------------------

    def submit(self, *rows: Row) -> Future[None]:
        """Rows that are on the disk when the future is done."""
        return self._writer.submit(*rows)

    def record(self, *rows: Row) -> None:
        """Rows that are written soon, in order."""
        self._writer.record(*rows)

    def flush(self, timeout: float | None = None) -> None:
        """Wait until all rows so far are on the disk."""
        try:
            self._writer.flush(timeout)
        except Late:
            raise failed(self.store.name, f"{timeout:g} s were not enough") from None

    def close(self, timeout: float | None = PATIENCE) -> None:
        """Write what is left, and disconnect."""
        try:
            self._writer.close(timeout)
        except Late:
            raise failed(self.store.name, f"{timeout:g} s were not enough") from None
        finally:
            owner, self._owner = self._owner, None
            if owner is not None:
                self._leave(owner)
                self.store.close()

    def _commit(self, rows: Sequence[Row]) -> None:
        owner = self._owner or self._open()
        batch: dict[str, list[tuple[Any, ...]]] = {}
        for row in rows:
            kind, values = values_of(row, owner.name)
            batch.setdefault(kind, []).append(values)
        self._beat()
        if batch:
            self.store.write(batch)

    # -- owners and recovery -----------------------------------------------------------------------

    def _open(self) -> Owner:
        owner = Owner.this()
        try:
            self.store.open()
            self.recovered = self.recover()
            self.store.run(sql.BEAT, owner.row())
        except BaseException:
            self.store.close()
            raise
        self._owner, self._seen = owner, now_us()
        return owner

    def _beat(self) -> None:
        """Renew the lease, if it is time."""
        if self._owner is not None and now_us() - self._seen > BEAT_EVERY * 1e6:
            self.store.run(sql.BEAT, self._owner.row())
            self._seen = now_us()

    def recover(self) -> int:
        """Put an end to the attempts of processes that are no more: how many there were.

        What became of them nobody knows: they may have been billed, and their usage is an estimate. The rows
        are of a kind of their own. Doing it twice changes nothing, and living processes are left alone.
        """
        now = now_us()
        dead = [owner for owner in self._owners() if not owner.lives(now)]
        return sum(self._end(owner, now) for owner in dead)

    def _owners(self) -> list[Owner]:
        return [Owner(*row) for row in self.store.run(sql.OWNERS)]

    def _end(self, owner: Owner, now: int) -> int:
        found = self.store.change(sql.RECOVER, (now, first_id(owner.born / 1e6 - SLACK), owner.name))
        self.store.run(sql.LEAVE, (owner.name,))
        return found

    def _leave(self, owner: Owner) -> None:
        """At a clean end, attempts that were never ended are told as such at once."""
        try:
            if self._writer.open > 0:
                self._end(owner, now_us())
            else:
                self.store.run(sql.LEAVE, (owner.name,))
        except LedgerFailed:
            return  # whoever opens it next does this

    def _forked(self) -> None:
        self._owner = None
        self.store.abandon()

    # -- reading -----------------------------------------------------------------------------------

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query of ours, with everything in it that was written before."""
        if self._owner is None:
            self.submit().result()  # opens it
        self.flush()
        return self.store.read(query, values)


_OPEN: weakref.WeakSet[Book] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """Write what is left when the interpreter ends."""
    for book in tuple(_OPEN):
        try:
            book.close()
        except LedgerFailed:
            continue  # what is lost is told by recovery: the attempt's start is on the disk
