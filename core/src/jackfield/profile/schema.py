"""Checks of TOML data: every problem is noted with its path, nothing is guessed and nothing is dropped.

A check takes a value, the path where it stands and the list of problems; it returns the value as the
program wants it. Checks are composed in tables, so that a file's schema reads as one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, TypeAlias

from attrs import frozen

Problems: TypeAlias = list[str]
Check: TypeAlias = Callable[[object, str, Problems], Any]

HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def suggestion(word: str, known: Iterable[str]) -> str:
    """``, did you mean `x`?`` for the closest known word; nothing if none is close."""
    from difflib import get_close_matches  # needed only where something is wrong

    close = get_close_matches(word, list(known), 1)
    return f", did you mean `{close[0]}`?" if close else ""


def join(path: str, name: str) -> str:
    """The path of ``name`` below ``path``."""
    return f"{path}.{name}" if path else name


def _wrong(path: str, problems: Problems, wanted: str) -> None:
    problems.append(f"{path}: must be {wanted}")


def text(raw: object, path: str, problems: Problems) -> str:
    """A string."""
    if isinstance(raw, str):
        return raw
    _wrong(path, problems, "text")
    return ""


def texts(raw: object, path: str, problems: Problems) -> tuple[str, ...]:
    """A string, or an array of strings."""
    if isinstance(raw, str):
        return (raw,)
    if isinstance(raw, (list, tuple)) and all(isinstance(item, str) for item in raw):
        return tuple(raw)
    _wrong(path, problems, "text or an array of texts")
    return ()


def integer(raw: object, path: str, problems: Problems) -> int:
    """A whole number that is not negative."""
    if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 0:
        return raw
    _wrong(path, problems, "a whole number, 0 or more")
    return 0


def number(raw: object, path: str, problems: Problems) -> float:
    """A finite number."""
    if isinstance(raw, (int, float)) and not isinstance(raw, bool) and abs(raw) < float("inf"):
        return raw
    _wrong(path, problems, "a number")
    return 0


def boolean(raw: object, path: str, problems: Problems) -> bool:
    """``true`` or ``false``."""
    if isinstance(raw, bool):
        return raw
    _wrong(path, problems, "true or false")
    return False


def day(raw: object, path: str, problems: Problems) -> date | None:
    """A date."""
    if type(raw) is date:
        return raw
    _wrong(path, problems, "a date such as 2026-11-21")
    return None


def free(raw: object, path: str, problems: Problems) -> Mapping[str, Any]:
    """A table whose contents somebody else checks."""
    if isinstance(raw, dict):
        return raw
    _wrong(path, problems, "a table")
    return {}


def anything(raw: object, path: str, problems: Problems) -> object:
    """A value that somebody else checks."""
    return raw


def pattern(raw: object, path: str, problems: Problems) -> str:
    """A regular expression that compiles."""
    expression = text(raw, path, problems)
    try:
        re.compile(expression)
    except re.error as exc:
        problems.append(f"{path}: not a regular expression: {exc}")
    return expression


def header_name(raw: object, path: str, problems: Problems) -> str:
    """The name of a header, in lower case."""
    name = text(raw, path, problems)
    if name and HEADER_NAME.fullmatch(name) is None:
        problems.append(f"{path}: not a header name")
    return name.lower()


def header_value(raw: object, path: str, problems: Problems) -> str:
    """The value of a header; the problem never shows it."""
    value = text(raw, path, problems)
    if not (value.isascii() and value.isprintable()):
        problems.append(f"{path}: has characters that no header can carry")
    return value


def headers(raw: object, path: str, problems: Problems) -> Mapping[str, str]:
    """A table of headers, their names in lower case."""
    found: dict[str, str] = {}
    for name, value in free(raw, path, problems).items():
        below = join(path, name)
        found[header_name(name, below, problems)] = header_value(value, below, problems)
    return found


def choice(*known: str) -> Check:
    """One of a few words."""

    def check(raw: object, path: str, problems: Problems) -> str:
        word = text(raw, path, problems)
        if isinstance(raw, str) and word not in known:
            listed = ", ".join(f"`{name}`" for name in known)
            problems.append(f"{path}: `{word}` is not one of {listed}")
        return word

    return check


def each(check: Check) -> Check:
    """A table of any names whose values all pass ``check``."""

    def check_all(raw: object, path: str, problems: Problems) -> dict[str, Any]:
        return {
            name: check(value, join(path, name), problems)
            for name, value in free(raw, path, problems).items()
        }

    return check_all


def listed(check: Check) -> Check:
    """An array whose items all pass ``check``."""

    def check_all(raw: object, path: str, problems: Problems) -> tuple[Any, ...]:
        if not isinstance(raw, list):
            _wrong(path, problems, "an array")
            return ()
        return tuple(check(item, f"{path}[{number}]", problems) for number, item in enumerate(raw))

    return check_all


@frozen
class Table:
    """A table with known keys: another key is a problem, and so is a missing one that is required."""

    keys: Mapping[str, Check]
    required: tuple[str, ...] = ()

    def __call__(self, raw: object, path: str, problems: Problems) -> dict[str, Any]:
        """The values that pass their checks, by key."""
        found: dict[str, Any] = {}
        for name, value in free(raw, path, problems).items():
            check = self.keys.get(name)
            if check is None:
                problems.append(f"{join(path, name)}: unknown key{suggestion(name, self.keys)}")
            else:
                found[name] = check(value, join(path, name), problems)
        problems.extend(f"{join(path, name)}: is missing" for name in self.required if name not in found)
        return found


def message(file: str, problems: Problems) -> str:
    """All problems of one file in the house form."""
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    return f"`{file}` is not valid ({count})" + "".join(f"\n  {problem}" for problem in problems)
