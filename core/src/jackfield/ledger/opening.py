"""From a setting to a ledger; one for each file or server in a process, whoever asks."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from jackfield.errors import BadConfig, ErrorInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jackfield.config import Settings
    from jackfield.ledger.book import Book
    from jackfield.ledger.store import Store

FILE = "ledger.sqlite"
OFF = ("", "off", "none", "false")
ADDRESSES = ("postgresql://", "postgres://")

_BOOKS: dict[str, Book] = {}
_LOCK = threading.Lock()


def open_ledger(settings: Settings, env: Mapping[str, str] | None = None) -> Book | None:
    """The ledger that the settings name; none, which is the default, if it is off.

    Nothing is opened before the first row. Who asks again for the same file or server gets the same ledger.
    """
    named = _resolved(settings.ledger or "", os.environ if env is None else env)
    if named.lower() in OFF:
        return None
    target = str(settings.paths.state / FILE) if named.lower() == "sqlite" else named
    with _LOCK:
        if target not in _BOOKS:
            _BOOKS[target] = book_at(target)
        return _BOOKS[target]


def book_at(target: str | Path) -> Book:
    """A ledger of one's own at a path, or at the address of a PostgreSQL database."""
    from jackfield.ledger.book import Book

    return Book(_store(str(target)))


def _store(target: str) -> Store:
    if target.startswith(ADDRESSES):
        from jackfield.ledger.postgres import PostgresStore

        return PostgresStore(target)
    from jackfield.ledger.sqlite import SqliteStore

    return SqliteStore(Path(target).expanduser())


def _resolved(named: str, env: Mapping[str, str]) -> str:
    """The value of a variable where the setting refers to one; the fault never shows it."""
    if not named.startswith("env:"):
        return named
    variable = named.removeprefix("env:")
    value = env.get(variable, "").strip()
    if not value:
        msg = f"`ledger` refers to the variable `{variable}`, which is not set"
        raise BadConfig(ErrorInfo("config", msg, hint=f"set {variable}, or `ledger` to `sqlite` or `off`"))
    return value
