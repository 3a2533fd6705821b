"""The table `[state]`: where several processes keep what they share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from jackfield.config.limits import positive
from jackfield.profile.schema import Problems, Table, text
from jackfield.secret import Secret


@frozen
class StateSettings:
    """Who keeps what processes share; how long one waits for it, and how many share where it does not answer."""

    backend: str = "memory"
    url: Secret | None = field(default=None, repr=False)
    timeout: float = 0.05
    replicas: int = 1
    prefix: str = "jackfield"


def short(raw: object, path: str, problems: Problems) -> float:
    """A time of up to a second."""
    if isinstance(raw, (int, float)) and not isinstance(raw, bool) and 0 < raw <= 1:
        return float(raw)
    problems.append(f"{path}: must be a number of seconds above 0 and up to 1")
    return 0.05


def address(raw: object, path: str, problems: Problems) -> Secret | None:
    """An address, which may hold a password, or `env:NAME`; the problem never shows it."""
    if isinstance(raw, Secret):
        return raw
    if isinstance(raw, str) and raw.strip():
        return Secret(raw)
    problems.append(f"{path}: must be an address, or `env:NAME`")
    return None


state_table = Table({"backend": text, "url": address, "timeout": short, "replicas": positive, "prefix": text})


def state_settings(table: Mapping[str, Any], env: Mapping[str, str]) -> StateSettings:
    """The values of a checked table; an address that is missing is a `ValueError` with its path."""
    url: Secret | None = table.get("url")
    backend = table.get("backend", "memory" if url is None else "redis")
    if backend == "redis" and url is None:
        msg = "state.url: is missing: Redis needs an address, as `redis://localhost:6379/0` or `env:NAME`"
        raise ValueError(msg)
    if url is not None and url.reveal().startswith("env:"):
        name = url.reveal().removeprefix("env:")
        if not env.get(name):
            msg = f"state.url: the variable `{name}` is not set"
            raise ValueError(msg)
        url = Secret(env[name], f"env `{name}`")
    plain = {name: table[name] for name in ("timeout", "replicas", "prefix") if name in table}
    return StateSettings(backend, url, **plain)
