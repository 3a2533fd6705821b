"""The providers that are known to exist, so that a missing one can be named with the command that installs it.

Which of them have a package is what the extras of this distribution say: nothing is promised that is not there.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from attrs import frozen


@frozen
class KnownProvider:
    """A provider that exists, whether or not there is a package for it."""

    id: str
    name: str

    @property
    def install(self) -> str:
        """The command that installs it; empty where there is no package yet."""
        return f"pip install 'jackfield[{self.id}]'" if self.id in _packaged() else ""

    @property
    def hint(self) -> str:
        """What to do to reach it."""
        if self.install:
            return f"`{self.install}`"
        return "there is no package for it yet; `openai-compatible` reaches what speaks that format"


@cache
def _extras() -> frozenset[str]:
    from importlib_metadata import metadata

    return frozenset(metadata("jackfield").get_all("Provides-Extra") or ())


def _packaged() -> frozenset[str]:
    """The extras of this distribution; none where it runs from a folder, without being installed."""
    from importlib_metadata import PackageNotFoundError

    try:
        return _extras()
    except PackageNotFoundError:
        return frozenset()


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
