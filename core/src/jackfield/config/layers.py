"""The places settings come from, each as one table with the names of where its values stand.

A layer never shows its values: they may be credentials, and layers stand in the frames that exceptions
are raised from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias

from attrs import field, frozen

Kind: TypeAlias = Literal["argument", "command line", "environment", "project", "user", "system"]
Path: TypeAlias = tuple[str, ...]


@frozen
class Layer:
    """What one place says."""

    kind: Kind
    name: str
    table: Mapping[str, Any] = field(factory=dict, repr=False)
    labels: Mapping[Path, str] = field(
        factory=dict, repr=False
    )  # where single values stand, if not at ``name``

    def at(self, path: Path) -> Any:
        """The value at ``path``; ``None`` if this place does not say."""
        value: Any = self.table
        for name in path:
            if not isinstance(value, Mapping):
                return None
            value = value.get(name)
        return value

    def label(self, path: Path) -> str:
        """Where the value at ``path`` stands."""
        return self.labels.get(path, self.name)

    def leaves(self) -> Iterator[tuple[Path, Any]]:
        """Every value with its path."""
        return _leaves(self.table, ())


def _leaves(table: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, (*path, name))
        else:
            yield (*path, name), value


@frozen
class Found:
    """A value, where it stands, and what kind of place that is."""

    value: Any = field(repr=False)
    label: str
    kind: str


@frozen
class Layers:
    """All places, the most important first."""

    layers: tuple[Layer, ...]

    def first(self, *path: str) -> Found | None:
        """The value of the most important place that states one."""
        for layer in self.layers:
            value = layer.at(path)
            if value is not None:
                return Found(value, layer.label(path), layer.kind)
        return None

    def merged(self, *path: str) -> dict[str, Any]:
        """A table that several places add to: by key, the most important place holds."""
        found: dict[str, Any] = {}
        for layer in reversed(self.layers):
            table = layer.at(path)
            if isinstance(table, Mapping):
                found.update(table)
        return found

    def effective(self) -> dict[Path, Found]:
        """Every value that holds, by path."""
        found: dict[Path, Found] = {}
        for layer in reversed(self.layers):
            for path, value in layer.leaves():
                found[path] = Found(value, layer.label(path), layer.kind)
        return dict(sorted(found.items()))
