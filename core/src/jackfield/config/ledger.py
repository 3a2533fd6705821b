"""The settings of the ledger, and the tags that calls have which do not say whose they are."""

from __future__ import annotations

from typing import Any

from jackfield.profile.schema import Problems
from jackfield.types.tags import fault_of

# A project's file may say what its calls are put down to, but not where a user's accounts are kept.
NOT_IN_PROJECTS = "a project must not choose where a user's accounts are kept"


def ledger(raw: object, path: str, problems: Problems) -> str:
    """Where the ledger is: ``off``, ``sqlite``, a path, an address, or ``env:NAME``; the problem shows none of it."""
    if isinstance(raw, bool):
        return "sqlite" if raw else "off"
    if not isinstance(raw, str) or not raw.strip():
        problems.append(
            f"{path}: must be `off`, `sqlite`, a path, or `env:NAME` for the address of a database"
        )
        return "off"
    value = raw.strip()
    if "://" in value and not value.startswith(("postgresql://", "postgres://")):
        problems.append(f"{path}: of databases there is `postgresql://` alone")
        return "off"
    return value


def tags(raw: object, path: str, problems: Problems) -> dict[str, Any]:
    """Tags by name."""
    fault = fault_of(raw)
    if not fault and isinstance(raw, dict):
        return dict(raw)
    problems.append(f"{path}: {fault}")
    return {}
