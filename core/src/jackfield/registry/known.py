"""The providers that are known to exist, so that a missing one can be named with the command that installs it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from attrs import frozen


@frozen
class KnownProvider:
    """A provider we could install."""

    id: str
    name: str

    @property
    def hint(self) -> str:
        """The command that installs it."""
        return f"`pip install 'jackfield[{self.id}]'`"


@cache
def _table() -> Mapping[str, Mapping[str, str]]:
    file = Path(__file__).parent.parent / "known.toml"
    return tomllib.loads(file.read_text("utf-8"))


@cache
def known_providers() -> Mapping[str, KnownProvider]:
    """All of them by id."""
    return {provider: KnownProvider(provider, name) for provider, name in _table()["providers"].items()}


def known_aliases() -> Mapping[str, str]:
    """Other names, to ids."""
    return _table()["aliases"]


def known(name: str) -> KnownProvider | None:
    """The provider of that id or alias."""
    return known_providers().get(known_aliases().get(name, name))
