"""One writer for all threads, tasks and event loops of a process: rows in order, many to a commit.

A row that somebody waits for is committed at once, together with all that came before it; others wait two
milliseconds for company. While one commit is under way the next group gathers, so the more calls there are,
the less each one pays. A thread without an event loop commits by itself, for all who have gathered, which saves
two changes of threads. An event loop is never held up: a thread of the writer's own commits for its tasks.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future

from jackfield.errors import ErrorInfo, LedgerFailed
from jackfield.ledger.owners import BEAT_EVERY
from jackfield.ledger.rows import AttemptFinished, AttemptStarted, Row

DELAY = 0.002
MOST = 10_000  # rows that may wait; whoever can wait waits then
PAUSE = 1.0  # before rows that could not be written are tried again
PATIENCE = 10.0  # at exit

Commit = Callable[[list[Row]], None]


class Writer:
    """Hands rows to ``commit``, one thread at a time."""

    def __init__(self, commit: Commit, beat: Callable[[], None], forked: Callable[[], None]) -> None:
        self._commit = commit
        self._beat = beat
        self._forked = forked
        self.open = 0  # attempts that have begun and not ended
        self._reset()
        _WRITERS.add(self)

    def _reset(self) -> None:
        self._rows: list[Row] = []
        self._future: Future[None] | None = None  # of those who wait for what is in ``_rows``
        self._committing = threading.Lock()
        self._changed = threading.Condition(threading.Lock())
        self._thread: threading.Thread | None = None
        self._asleep = False
        self._ending = False
        self._tried = 0.0  # when rows could not be written last

    # -- what comes in -----------------------------------------------------------------------------

    def submit(self, *rows: Row) -> Future[None]:
        """Rows that are on the disk when the future is done."""
        here = not _in_event_loop()
        if here and len(self._rows) >= MOST:
            self._wait_for_room()
        with self._changed:
            self._rows += rows
            future = self._future
            if future is None:
                future = self._future = _pending()
            if not here:
                self._wake()
                return future
        with self._committing:
            if not future.done():  # else whoever wrote before has written these, too
                self._write_all()
        return future

    def record(self, *rows: Row) -> None:
        """Rows that are written soon."""
        if not rows:
            return
        with self._changed:
            self._rows += rows
            if self._asleep or self._thread is None:
                self._wake()

    def _wait_for_room(self) -> None:
        with self._changed:
            while len(self._rows) >= MOST:
                self._wake()
                self._changed.wait(PAUSE)

    def _wake(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="jackfield-ledger", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    # -- what goes out -----------------------------------------------------------------------------

    def _write_all(self) -> None:
        """Commit what is there. In silence, while attempts are under way, the lease is renewed."""
        with self._changed:
            batch, future = self._rows, self._future
            self._rows, self._future = [], None
            if len(batch) >= MOST:
                self._changed.notify_all()
        if batch or future is not None:
            self._write(batch, future)
        elif self.open > 0:
            self._beat()

    def _write(self, batch: list[Row], future: Future[None] | None) -> None:
        """Commit a batch, and tell those who wait. Starts that cannot be written are refused; ends are kept."""
        try:
            self._commit(batch)
        except LedgerFailed as exc:
            self._keep([row for row in batch if type(row) is not AttemptStarted])
            if future is not None:
                future.set_exception(exc)
            return
        except BaseException as exc:
            if future is not None:
                future.set_exception(exc)
            raise
        for row in batch:
            self.open += (type(row) is AttemptStarted) - (type(row) is AttemptFinished)
        self._tried = 0.0
        if future is not None:
            future.set_result(None)

    def _keep(self, rows: list[Row]) -> None:
        with self._changed:
            self._rows[:0] = rows
            self._tried = time.monotonic()

    def _run(self) -> None:
        while self._gather():
            with self._committing:
                self._write_all()

    def _gather(self) -> bool:
        """Wait until there is something to be written; false at the end."""
        changed = self._changed
        with changed:
            self._asleep = True
            while not self._rows and self._future is None:
                if self._ending:
                    return False
                if not changed.wait(BEAT_EVERY if self.open > 0 else None):
                    break  # silence: the lease is renewed
            self._asleep = False
            pause = self._tried + PAUSE - time.monotonic() if self._tried else DELAY
            if self._future is None and not self._ending and pause > 0:
                changed.wait_for(lambda: self._future is not None or self._ending, pause)
            return True

    # -- the end -----------------------------------------------------------------------------------

    def flush(self, timeout: float | None = None) -> None:
        """Wait until all rows so far are written."""
        if not (self._rows or self._future is not None):
            # what another thread writes just now is not there any more, and not yet on the disk
            if not self._committing.acquire(timeout=-1 if timeout is None else timeout):
                raise TimeoutError
            self._committing.release()
        if self._rows or self._future is not None:
            with self._changed:
                future = self._future
                if future is None:
                    future = self._future = _pending()
                self._wake()
            future.result(timeout)

    def close(self, timeout: float | None = None) -> None:
        """Write what is left, and end the thread. Later rows begin anew."""
        try:
            self.flush(timeout)
        finally:
            with self._changed:
                thread, self._thread = self._thread, None
                self._ending = True
                self._changed.notify_all()
            if thread is not None and thread is not threading.current_thread():
                thread.join(timeout)
            self._ending = False

    def after_fork(self) -> None:
        """Begin anew in a child: rows, thread and connection are the parent's."""
        self.open = 0
        self._reset()
        self._forked()


_WRITERS: weakref.WeakSet[Writer] = weakref.WeakSet()


def _after_fork() -> None:
    for writer in tuple(_WRITERS):
        writer.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _pending() -> Future[None]:
    """A future that nobody can cancel: many wait for it, and whoever walks away leaves it to the others."""
    future: Future[None] = Future()
    future.set_running_or_notify_cancel()
    return future


def _in_event_loop() -> bool:
    """Whether the calling thread runs an event loop, which must not be held up."""
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None


def failed(name: str, why: str, hint: str = "") -> LedgerFailed:
    """The exception for a ledger that cannot be written."""
    msg = f"the ledger {name} cannot be written: {why}; nothing was sent"
    return LedgerFailed(ErrorInfo("local.ledger", msg, hint=hint, sent="no"))
