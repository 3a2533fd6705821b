"""The embedded ledger: one file, which several processes may share. WAL, and every commit on the disk."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from jackfield.ledger import sql
from jackfield.ledger.store import Batch, Dialect, keep_for_ever
from jackfield.ledger.writer import failed

BUSY = 5.0  # seconds to wait for another process that writes
_INSERTS = sql.Inserts("?")

DIALECT = Dialect(
    integer="INTEGER",
    real="REAL",
    money="TEXT",
    exact_sum="exact_sum({})",
    hour="strftime('%Y-%m-%dT%H:00Z', {} / 1000000, 'unixepoch')",
    day="strftime('%Y-%m-%d', {} / 1000000, 'unixepoch')",
)

_HINTS = {
    "SQLITE_BUSY": "another process has held it for 5 s: end that one, or give this one a ledger of its own",
    "SQLITE_FULL": "make room on the disk",
    "SQLITE_READONLY": "let this user write the file and its folder",
    "SQLITE_CANTOPEN": "let this user write the folder",
    "SQLITE_NOTADB": "the file is something else: name another one",
    "SQLITE_CORRUPT": "move the file away; `sqlite3 FILE .recover` may read it",
}


class SqliteStore:
    """A ledger in a file."""

    dialect = DIALECT

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.name = f"`{path}`"
        self._connection: sqlite3.Connection | None = None

    def open(self) -> None:
        """Open the file, which only its owner may read, and make the tables where they are not there."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # SQLite would make it readable for all; its companions take over the mode
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as exc:
            raise failed(self.name, exc.strerror or str(exc), "let this user write there") from None
        self._connection = self._connect()
        for statement in ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL"):
            self.run(statement)
        self._prepare()

    def _prepare(self) -> None:
        version = self.run("PRAGMA user_version")[0][0]
        if version > sql.VERSION:
            hint = "update jackfield, or name another file"
            raise failed(self.name, f"it was made by a later version (its tables are {version})", hint)
        if version == sql.VERSION:
            return
        self.run("BEGIN IMMEDIATE")
        try:
            for statement in sql.schema(self.dialect, " WITHOUT ROWID"):
                self.run(statement)
            self.run("DROP VIEW IF EXISTS attempts")
            self.run(sql.VIEW)
            self.run(f"PRAGMA user_version = {sql.VERSION}")
            self.run("COMMIT")
        except BaseException:
            self.run("ROLLBACK")
            raise

    def _connect(self) -> sqlite3.Connection:
        try:
            return sqlite3.connect(
                self.path, timeout=BUSY, isolation_level=None, check_same_thread=False, cached_statements=256
            )
        except sqlite3.Error as exc:
            raise self._failure(exc) from None

    def write(self, batch: Batch) -> None:
        """Add rows in one transaction."""
        connection = self._connection
        assert connection is not None
        statements = _INSERTS.of(batch)
        try:
            if len(statements) == 1:  # a statement by itself is a transaction, too, at a third of the way
                connection.execute(*statements[0])
                return
            connection.execute("BEGIN IMMEDIATE")
            for statement in statements:
                connection.execute(*statement)
            connection.execute("COMMIT")
        except sqlite3.Error as exc:
            failure = self._failure(exc)
        else:
            return
        self._roll_back(connection)
        raise failure

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            connection.close()  # SQLite rolls back what is left
            self._connection = self._connect()

    def run(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Execute a statement."""
        assert self._connection is not None
        return self._executed(self._connection, statement, values)

    def change(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Execute a statement; how many rows it changed."""
        assert self._connection is not None
        try:
            return self._connection.execute(statement, values).rowcount
        except sqlite3.Error as exc:
            raise self._failure(exc) from None

    def read(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        connection = self._connect()
        try:
            connection.create_aggregate("exact_sum", 1, _ExactSum)  # type: ignore[arg-type]  # typed as returning int
            return self._executed(connection, statement, values)
        finally:
            connection.close()

    def _executed(
        self, connection: sqlite3.Connection, statement: str, values: Sequence[Any]
    ) -> list[tuple[Any, ...]]:
        try:
            return connection.execute(statement, values).fetchall()
        except sqlite3.Error as exc:
            raise self._failure(exc) from None

    def _failure(self, exc: sqlite3.Error) -> BaseException:
        name = getattr(exc, "sqlite_errorname", "")
        hint = next((hint for known, hint in _HINTS.items() if name.startswith(known)), "")
        return failed(self.name, str(exc), hint)

    def close(self) -> None:
        """Close the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def abandon(self) -> None:
        """Leave the parent's connection as it is."""
        if self._connection is not None:
            keep_for_ever(self._connection)
        self._connection = None


class _ExactSum:
    """Adds decimals written as text; nothing is lost, and what is not known counts for nothing."""

    def __init__(self) -> None:
        self._sum: Decimal | None = None

    def step(self, value: str | None) -> None:
        """One more."""
        if value is not None:
            self._sum = (self._sum or Decimal(0)) + Decimal(value)

    def finalize(self) -> str | None:
        """The sum; nothing if there was nothing."""
        return None if self._sum is None else format(self._sum, "f")
