"""What a provider has shown elsewhere: mutants that were killed, a benchmark, a canary that asks it live.

Whoever measures writes it into ``evidence.toml`` beside the profile, by hand or by a job:

    [mutation]
    date = 2026-11-20
    tool = "mutmut 3"
    killed = 172
    total = 200

    [benchmark]
    date = 2026-11-20
    figures = { overhead_us = 21.5 }

    [canary]
    date = 2026-11-21
    passed = true
    green = 2026-11-21      # the last day it passed

What is not there is missing; what is there is dated.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from jackfield.errors import BadConfig, ErrorInfo
from jackfield.profile import Profile
from jackfield.profile.profile import QUALITY_LEVELS

FILE: Final = "evidence.toml"
LIVE: Final = 7
"""The days a canary's word is good for."""

RED: Final = 30
"""The days after which a canary that does not pass costs a level."""

_FIELDS: Final[Mapping[str, Mapping[str, type]]] = {
    "mutation": {"date": date, "tool": str, "killed": int, "total": int},
    "benchmark": {"date": date, "figures": dict},
    "canary": {"date": date, "passed": bool, "green": date},
}


@frozen
class Evidence:
    """The tables of the file, each with all of its keys; empty where nothing was shown."""

    mutation: Mapping[str, Any]
    benchmark: Mapping[str, Any]
    canary: Mapping[str, Any]

    @classmethod
    def of(cls, folder: Path) -> Evidence:
        """What lies beside a profile; raises where it cannot be read."""
        file = folder / FILE
        try:
            tables = tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}
        except ValueError as exc:
            raise _unreadable(str(exc)) from None
        unknown = sorted(tables.keys() - _FIELDS.keys())
        if unknown:
            raise _unreadable(f"unknown table `{unknown[0]}`")
        return cls(**{name: _checked(name, tables.get(name)) for name in _FIELDS})

    @property
    def score(self) -> float | None:
        """The share of mutants that were killed."""
        total = self.mutation.get("total")
        return self.mutation["killed"] / total if total else None

    def canary_age(self, today: date | None = None) -> int | None:
        """The days since the canary passed; nothing where there is none."""
        return (_today(today) - self.canary["green"]).days if self.canary else None


def shown(profile: Profile, folder: Path | None, today: date | None = None) -> str:
    """The level as it is told: one lower where nobody looks after it, and one where its canary is red for long."""
    level = profile.quality.shown
    if folder is None or not (folder / FILE).is_file():
        return level
    try:
        age = Evidence.of(folder).canary_age(today)
    except BadConfig:
        age = RED + 1  # nobody can tell
    red = age is not None and age > RED
    return QUALITY_LEVELS[max(0, QUALITY_LEVELS.index(level) - red)]


def evidence_of(folder: Path) -> Iterator[tuple[str, str]]:
    """What is known from elsewhere, in words; what is missing is said to be."""
    try:
        found = Evidence.of(folder)
    except BadConfig as exc:
        yield "evidence", exc.summary
        return
    score = found.score
    yield "mutation", "missing" if score is None else f"{score:.0%} killed, {found.mutation['date']}"
    yield "benchmark", str(found.benchmark["date"]) if found.benchmark else "missing"
    state = "green" if found.canary.get("passed") else "red"
    yield "canary", f"{state}, {found.canary['date']}" if found.canary else "missing"


def _checked(name: str, table: Any) -> Mapping[str, Any]:
    if table is None:
        return {}
    kinds = _FIELDS[name]
    wrong = [
        key for key in {**kinds, **table} if key not in kinds or not isinstance(table.get(key), kinds[key])
    ]
    if wrong:
        raise _unreadable(f"`{name}.{wrong[0]}` is missing, unknown, or of the wrong kind")
    found: Mapping[str, Any] = table
    return found


def _unreadable(why: str) -> BadConfig:
    keys = "; ".join(f"[{name}] {', '.join(kinds)}" for name, kinds in _FIELDS.items())
    return BadConfig(ErrorInfo("config", f"`{FILE}` cannot be read: {why}", hint=f"there is {keys}"))


def _today(today: date | None) -> date:
    return today or datetime.now(UTC).date()
