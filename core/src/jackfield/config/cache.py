"""The table `[cache]`: whether answers are kept, where, and for how long."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from attrs import frozen

from jackfield.config.limits import SCOPES, positive, wait_seconds
from jackfield.profile.schema import Problems, Table, boolean, choice, suggestion, text, texts

POLICIES: Mapping[str, float] = {"short": 300.0, "standard": 3600.0, "long": 86400.0}
"""How long answers are kept, by the name of the policy."""

_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kMG]?)B\s*")
_SCALES = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9}


@frozen
class SemanticSettings:
    """Answers to questions that mean the same: among whom, by which model, and how close they must be."""

    model: str
    scope: tuple[str, ...]
    routes: tuple[str, ...]
    similarity: float = 0.95
    timeout: float = 2.0  # seconds that the vector of a question may take


@frozen
class CacheSettings:
    """Which answers are kept, where and for how long."""

    enabled: bool = False
    ttl: float = 3600.0
    entries: int = 1000
    memory: int = 500_000_000
    disk: bool = False
    disk_size: int = 5_000_000_000
    disk_ttl: float = 86400.0
    shared: bool = False
    streams: bool = False
    single_flight: bool = False
    semantic: SemanticSettings | None = None


def lasting(raw: object, path: str, problems: Problems) -> float:
    """A policy's name, or seconds up to 30 days."""
    if isinstance(raw, str) and raw in POLICIES:
        return POLICIES[raw]
    if isinstance(raw, (int, float)) and not isinstance(raw, bool) and 0 < raw <= 30 * 86400:
        return float(raw)
    named = ", ".join(f"`{name}`" for name in POLICIES)
    problems.append(f"{path}: must be one of {named}, or a number of seconds up to 30 days")
    return POLICIES["standard"]


def size(raw: object, path: str, problems: Problems) -> int:
    """`500 MB`."""
    found = _SIZE.fullmatch(raw) if isinstance(raw, str) else None
    amount = int(float(found[1]) * _SCALES[found[2]]) if found else 0
    if not amount:
        problems.append(f"{path}: must be a size, as `500 MB` or `5 GB`")
    return amount


def share(raw: object, path: str, problems: Problems) -> float:
    """A similarity from 0.5 to 1."""
    if isinstance(raw, (int, float)) and not isinstance(raw, bool) and 0.5 <= raw <= 1:
        return float(raw)
    problems.append(f"{path}: must be a number from 0.5 to 1")
    return 0.95


def scope(raw: object, path: str, problems: Problems) -> tuple[str, ...]:
    """Who may see whose answers: at least one of the scopes; `global` says everybody."""
    words = tuple(choice(*SCOPES)(word, path, problems) for word in texts(raw, path, problems))
    if raw in ("", [], ()):
        problems.append(
            f'{path}: must say among whom answers are shared, as `["tenant"]`, or `["global"]` for all'
        )
    return words


_SEMANTIC = Table(
    {"model": text, "scope": scope, "routes": texts, "similarity": share, "timeout": wait_seconds},
    required=("model", "scope", "routes"),
)

cache_table = Table(
    {
        "enabled": boolean,
        "ttl": lasting,
        "entries": positive,
        "memory": size,
        "disk": boolean,
        "disk_size": size,
        "disk_ttl": lasting,
        "shared": boolean,
        "streams": boolean,
        "single_flight": boolean,
        "semantic": _SEMANTIC,
    }
)


def cache_settings(
    table: Mapping[str, Any], routes: Collection[str] = (), enabled: bool | None = None
) -> CacheSettings:
    """The values of a checked table. One that says nothing of it means what the stage means, or else that answers are kept.

    A key that is missing is a ``ValueError``: places may say a part each, and none the whole. So is a route that is
    none of ``routes``.
    """
    found = dict(table)
    semantic = found.pop("semantic", None)
    if semantic is not None:
        missing = next((name for name in ("model", "scope", "routes") if name not in semantic), None)
        if missing is not None:
            msg = f"cache.semantic.{missing}: is missing"
            raise ValueError(msg)
        unknown = next(
            (name for name in semantic["routes"] if name.removeprefix("route:") not in routes), None
        )
        if unknown is not None:
            msg = f"cache.semantic.routes: there is no route `{unknown}`{suggestion(unknown, routes)}"
            raise ValueError(msg)
        found["semantic"] = SemanticSettings(
            semantic["model"],
            semantic["scope"],
            tuple(name.removeprefix("route:") for name in semantic["routes"]),
            semantic.get("similarity", 0.95),
            semantic.get("timeout", 2.0),
        )
    usual = bool(table) if enabled is None else enabled
    return CacheSettings(**{"enabled": usual, **found})
