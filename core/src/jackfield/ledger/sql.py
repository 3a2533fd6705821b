"""The ledger's tables, and every statement: the same for all databases."""

from __future__ import annotations

from typing import Any

from jackfield.ledger.rows import BUCKETS, COLUMNS, FINISHED, RECOVERED, STARTED
from jackfield.ledger.store import Batch, Dialect

VERSION = 1

_INTEGERS = frozenset({"at", "estimate", "status", "attempts", *BUCKETS})


def columns() -> tuple[str, ...]:
    """All columns behind the key, each once."""
    return tuple(dict.fromkeys(name for names in COLUMNS.values() for name in names))


def _type(name: str, dialect: Dialect) -> str:
    if name in _INTEGERS:
        return dialect.integer
    return {"charge": dialect.money, "computed": dialect.money, "seconds": dialect.real}.get(name, "TEXT")


def schema(dialect: Dialect, table_end: str = "") -> tuple[str, ...]:
    """The statements that make the tables where they are not there."""
    listed = ", ".join(f"{name} {_type(name, dialect)}" for name in columns())
    integer = dialect.integer
    key = "attempt_id TEXT NOT NULL, kind TEXT NOT NULL"
    numbers = ", ".join(f"{name} {integer} NOT NULL" for name in ("pid", "ticks", "born", "seen"))
    return (
        f"CREATE TABLE IF NOT EXISTS ledger ({key}, {listed}, PRIMARY KEY (attempt_id, kind)){table_end}",
        f"CREATE TABLE IF NOT EXISTS owners (owner TEXT PRIMARY KEY, machine TEXT NOT NULL, {numbers}){table_end}",
    )


def _view() -> str:
    """One line for each attempt: its start, and its end, or what recovery put in place of it."""
    first = [name for name in COLUMNS[STARTED] if name not in ("at", "role")]
    last = [name for name in COLUMNS[FINISHED] if name not in ("at", "role")]
    recovered = ("outcome", "billed", "source", "input")
    ends = [f"coalesce(f.{name}, r.{name}) AS {name}" if name in recovered else f"f.{name}" for name in last]
    chosen = ", ".join([*(f"s.{name}" for name in first), *ends])
    return (
        "CREATE VIEW attempts AS SELECT s.attempt_id,"  # noqa: S608  # of names that stand in the code
        " CASE WHEN s.role = 'batch' THEN s.attempt_id ELSE substr(s.attempt_id, 1, 36) END AS request_id,"
        " s.at AS started, coalesce(f.at, r.at) AS ended, coalesce(f.role, s.role) AS role,"
        f" {chosen} FROM ledger s"
        f" LEFT JOIN ledger f ON f.attempt_id = s.attempt_id AND f.kind = '{FINISHED}'"
        f" LEFT JOIN ledger r ON r.attempt_id = s.attempt_id AND r.kind = '{RECOVERED}'"
        f" WHERE s.kind = '{STARTED}'"
    )


VIEW = _view()


def insert(kind: str, rows: int = 1, mark: str = "?") -> str:
    """The statement that adds so many rows of a kind."""
    names = ("attempt_id", "kind", *COLUMNS[kind])
    one = f"({', '.join([mark] * len(names))})"
    values = ", ".join([one] * rows)
    return f"INSERT INTO ledger ({', '.join(names)}) VALUES {values} ON CONFLICT DO NOTHING"  # noqa: S608  # likewise


AT_ONCE = 32  # rows of one statement: the interpreter's lock changes hands at each


class Inserts:
    """The statements that add rows, by kind and number of rows: made once."""

    def __init__(self, mark: str) -> None:
        self._made = {
            (kind, count): insert(kind, count, mark) for kind in COLUMNS for count in range(1, AT_ONCE + 1)
        }

    def of(self, batch: Batch) -> list[tuple[str, list[Any]]]:
        """Statements with their values, rows of a kind together."""
        found = []
        for kind in COLUMNS:
            rows = batch.get(kind, ())
            for at in range(0, len(rows), AT_ONCE):
                some = rows[at : at + AT_ONCE]
                found.append((self._made[kind, len(some)], [value for row in some for value in row]))
        return found


# -- who writes, and what becomes of attempts whose writer is no more --------------------------------

BEAT = (
    "INSERT INTO owners (owner, machine, pid, ticks, born, seen) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (owner) DO UPDATE SET seen = excluded.seen"
)
OWNERS = "SELECT owner, machine, pid, ticks, born, seen FROM owners"
LEAVE = "DELETE FROM owners WHERE owner = ?"
RECOVER = (
    "INSERT INTO ledger (attempt_id, kind, at, outcome, billed, source, input)"  # noqa: S608  # likewise
    f" SELECT s.attempt_id, '{RECOVERED}', ?, 'unknown', 'maybe', 'estimated', s.estimate FROM ledger s"
    f" WHERE s.attempt_id >= ? AND s.kind = '{STARTED}' AND s.owner = ? AND NOT EXISTS ("
    "SELECT 1 FROM ledger f WHERE f.attempt_id = s.attempt_id"
    f" AND f.kind IN ('{FINISHED}', '{RECOVERED}')) ON CONFLICT DO NOTHING"
)
