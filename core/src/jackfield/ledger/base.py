"""What a ledger is to those who write to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from jackfield.ledger.rows import Row

if TYPE_CHECKING:
    from concurrent.futures import Future


class Ledger(Protocol):
    """Append-only accounts of every attempt. Shared by threads, tasks and event loops; rows keep their order.

    It fails closed: while rows cannot be written ``submit`` fails, and nothing is sent that nobody accounts for.
    """

    def submit(self, *rows: Row) -> Future[None]:
        """Write rows; they are on the disk when the future is done. It fails with ``LedgerFailed``.

        Without an event loop in the calling thread it may have been done by that thread itself. When the queue
        is full the caller waits, and nothing is dropped.
        """

    def record(self, *rows: Row) -> None:
        """Write rows soon, after all that came before; never waits, and never fails.

        They are kept until they can be written. For what has happened already: the end of an attempt.
        """

    def flush(self, timeout: float | None = None) -> None:
        """Wait until all rows so far are on the disk."""

    def close(self) -> None:
        """Write what is left, and let go of the file or the server. Later rows open it again."""
