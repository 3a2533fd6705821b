"""Answers on disk: one SQLite file that several processes may use, readable by its owner alone."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from jackfield.state.base import Kept

GIGABYTE = 1_000_000_000
FILE = "answers.sqlite"
BUSY = 0.25  # seconds another process may write; longer, and it is a miss
ROOM = 0.9  # of the size is left when room had to be made
_FORM = 1

_TABLES = """
PRAGMA user_version = 1;
CREATE TABLE IF NOT EXISTS kept (
    key TEXT PRIMARY KEY, data BLOB NOT NULL, expires REAL NOT NULL, used REAL NOT NULL, size INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS kept_used ON kept (used, key, size);
CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT OR IGNORE INTO counts VALUES ('bytes', 0), ('entries', 0), ('hits', 0), ('misses', 0), ('saved', 0);
CREATE TRIGGER IF NOT EXISTS added AFTER INSERT ON kept BEGIN
    UPDATE counts SET value = value + CASE name WHEN 'bytes' THEN new.size ELSE 1 END WHERE name IN ('bytes', 'entries');
END;
CREATE TRIGGER IF NOT EXISTS gone AFTER DELETE ON kept BEGIN
    UPDATE counts SET value = value - CASE name WHEN 'bytes' THEN old.size ELSE 1 END WHERE name IN ('bytes', 'entries');
END;
"""


class DiskFacts(NamedTuple):
    """What is on disk, and how it was used."""

    entries: int
    used: int
    hits: int
    misses: int
    saved: int  # nano-dollars


class DiskTier:
    """At most ``size`` bytes of values. Its methods block: flows call them in ``Aside``.

    Nothing here is precious: a file that is damaged or of another form is begun anew, and an operation that fails is a
    miss. Times are seconds since 1970.
    """

    def __init__(self, folder: Path, size: int = 5 * GIGABYTE) -> None:
        self.file = folder / FILE
        self.size = size
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._process = 0

    def get(self, key: str, now: float) -> Kept | None:
        """The value, if it is there and has not ended."""
        with self._lock:
            try:
                found = (
                    self._open().execute("SELECT data, expires FROM kept WHERE key = ?", (key,)).fetchone()
                )
                if found is None or not isinstance(found[0], bytes) or not found[1] > now:
                    return None
                self._open().execute("UPDATE kept SET used = ? WHERE key = ?", (now, key))
            except (sqlite3.Error, OSError) as exc:
                self._failed(exc)
                return None
            return Kept(*found)

    def put(self, key: str, data: bytes, expires: float, now: float) -> None:
        """Keep a value; what has ended, then what was used longest ago, makes room."""
        if len(data) > self.size:
            return
        with self._lock:
            try:
                self._open().execute(
                    "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?, ?)", (key, data, expires, now, len(data))
                )
                self._make_room(now)
            except (sqlite3.Error, OSError) as exc:
                self._failed(exc)

    def drop(self, prefix: str = "") -> int:
        """Forget the values whose keys begin so; how many there were."""
        with self._lock:
            try:
                gone = self._open().execute(
                    "DELETE FROM kept WHERE substr(key, 1, ?) = ?", (len(prefix), prefix)
                )
            except (sqlite3.Error, OSError) as exc:
                self._failed(exc)
                return 0
            return gone.rowcount

    def count(self, hits: int, misses: int, saved: int) -> None:
        """Add to what was counted in all processes."""
        rows = [(hits, "hits"), (misses, "misses"), (saved, "saved")]
        with self._lock:
            try:
                self._open().executemany("UPDATE counts SET value = value + ? WHERE name = ?", rows)
            except (sqlite3.Error, OSError) as exc:
                self._failed(exc)

    def facts(self) -> DiskFacts:
        """What is there, and how it was used."""
        with self._lock:
            try:
                counts = dict(self._open().execute("SELECT name, value FROM counts").fetchall())
            except (sqlite3.Error, OSError) as exc:
                self._failed(exc)
                return DiskFacts(0, 0, 0, 0, 0)
        return DiskFacts(*(counts[name] for name in ("entries", "bytes", "hits", "misses", "saved")))

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            if self._connection is not None and self._process == os.getpid():
                self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is not None and self._process == os.getpid():
            return self._connection
        self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600))
        os.chmod(self.file, 0o600)
        connection = sqlite3.connect(self.file, timeout=BUSY, isolation_level=None, check_same_thread=False)
        form = connection.execute("PRAGMA user_version").fetchone()[0]
        if form not in {0, _FORM}:
            connection.close()
            raise sqlite3.DatabaseError("it is of another form")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA recursive_triggers = ON")  # what is replaced was there before
        connection.executescript(_TABLES)
        self._connection, self._process = connection, os.getpid()
        return connection

    def _make_room(self, now: float) -> None:
        connection = self._open()
        if self._used(connection) <= self.size:
            return
        connection.execute("DELETE FROM kept WHERE expires <= ?", (now,))
        used = self._used(connection)
        with closing(connection.execute("SELECT key, size FROM kept ORDER BY used")) as oldest:
            gone = []
            for key, size in oldest:
                if used <= self.size * ROOM:
                    break
                gone.append((key,))
                used -= size
        connection.executemany("DELETE FROM kept WHERE key = ?", gone)

    @staticmethod
    def _used(connection: sqlite3.Connection) -> int:
        used: int = connection.execute("SELECT value FROM counts WHERE name = 'bytes'").fetchone()[0]
        return used

    def _failed(self, exc: Exception) -> None:
        """Begin anew where the file is damaged; somebody else's lock or a full disk passes."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if isinstance(exc, sqlite3.DatabaseError) and not isinstance(exc, sqlite3.OperationalError):
            for name in (self.file, self.file.with_name(f"{FILE}-wal"), self.file.with_name(f"{FILE}-shm")):
                name.unlink(missing_ok=True)
