"""Changes one table in the text of a TOML file and leaves all else as it stands, comments too.

A change is read back before it counts: unless the text then says what it said before, and the change, the
answer is ``None``. Nothing here raises, so that no traceback holds what the file holds.
"""

from __future__ import annotations

import re
import tomllib
from typing import Any, NamedTuple

from jackfield.config.keys import provider_id

_BARE = re.compile(r"[A-Za-z0-9_-]+")


class _Statement(NamedTuple):
    """A table's header, or a key with its value, however many lines that takes."""

    lead: str  # the blank lines and comments above it
    body: str
    path: tuple[str, ...]
    header: bool


def with_value(text: str, table: str, key: str, value: str) -> str | None:
    """The text with a key set in a table; ``value`` is printable ASCII."""
    statements, tail = _statements(text)
    line = f"{_name(key)} = {_literal(value)}\n"
    heads = [number for number, found in enumerate(statements) if found.header and found.path == (table,)]
    pieces: list[str] = []
    for number, found in enumerate(statements):
        pieces.append(found.lead if found.path[:2] == (table, key) else found.lead + found.body)
        pieces.append(line if heads[:1] == [number] else "")
    pieces.append(tail if heads else f"{tail}\n[{_name(table)}]\n{line}")
    expected = _tables(text)
    own = expected.get(table)
    expected[table] = {**(own if isinstance(own, dict) else {}), key: value}
    return _confirmed("".join(pieces), expected)


def without_table(text: str, table: str) -> str | None:
    """The text without a table, and without the comments right above what goes."""
    statements, tail = _statements(text)
    kept = [
        _detached(found.lead) if found.path[0] == table else found.lead + found.body for found in statements
    ]
    expected = {name: value for name, value in _tables(text).items() if name != table}
    return _confirmed("".join([*kept, tail]), expected)


def _confirmed(text: str, expected: dict[str, Any]) -> str | None:
    """The text, if it says what it ought to."""
    try:
        return text if _tables(text) == expected else None
    except tomllib.TOMLDecodeError:
        return None


def _tables(text: str) -> dict[str, Any]:
    """What a text says, by id; of a provider written in two spellings the first counts, key by key."""
    found: dict[str, Any] = {}
    for name, value in tomllib.loads(text).items():
        first = found.setdefault(provider_id(name), value)
        if isinstance(first, dict) and isinstance(value, dict):
            found[provider_id(name)] = {**value, **first}
    return found


def _statements(text: str) -> tuple[list[_Statement], str]:
    """The statements of a text, and what follows the last. A statement ends where it can be read alone."""
    found: list[_Statement] = []
    lead, body = "", ""
    table: tuple[str, ...] = ()
    for line in text.rstrip("\n").split("\n") if text.strip() else ():
        body += line + "\n"
        path = _path(body)
        if path is None:
            continue  # an array or a string goes on in the next line
        header = body.lstrip().startswith("[")
        if header:
            table = path
        if path:
            found.append(_Statement(lead, body, _by_id(path if header else (*table, *path)), header))
        lead, body = ("" if path else lead + body), ""
    return found, lead + body


def _path(statement: str) -> tuple[str, ...] | None:
    """The keys that lead to what a statement sets; ``None`` if it is not complete."""
    try:
        value: Any = tomllib.loads(statement)
    except tomllib.TOMLDecodeError:
        return None
    path: list[str] = []
    while isinstance(value, dict) and len(value) == 1:
        ((name, value),) = value.items()
        path.append(name)
    return tuple(path)


def _by_id(path: tuple[str, ...]) -> tuple[str, ...]:
    return (provider_id(path[0]), *path[1:])


def _detached(lead: str) -> str:
    """The comments that a blank line sets apart from what is below them."""
    return lead[: lead.rfind("\n\n") + 1]


def _name(name: str) -> str:
    return name if _BARE.fullmatch(name) else f'"{name}"'


def _literal(value: str) -> str:
    """A TOML string; of printable ASCII two characters need care."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
