"""Commands of other distributions: the entry points of ``jackfield.commands``, loaded when they are typed."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "jackfield.commands"


def _found() -> dict[str, EntryPoint]:
    return _on_path(tuple(sys.path))


@cache
def _on_path(path: tuple[str, ...]) -> dict[str, EntryPoint]:
    """The commands of the distributions on a path; it is what the search depends on."""
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name)}


def names() -> tuple[str, ...]:
    """The names of the commands, without loading any."""
    return tuple(_found())


def sources() -> dict[str, str]:
    """The distribution of every command."""
    return {name: entry.dist.name if entry.dist else "unknown" for name, entry in _found().items()}


def command(name: str) -> click.Command | None:
    """The command of that name, loaded; one that cannot be loaded is told of, with whose it is."""
    entry = _found().get(name)
    if entry is None:
        return None
    try:
        loaded = entry.load()
    except Exception as exc:
        raise _broken(name, f"loading it raised {type(exc).__name__}") from exc
    if not isinstance(loaded, click.Command):
        raise _broken(name, f"`{entry.value}` is no click command")
    return loaded


def _broken(name: str, why: str) -> Exception:
    from jackfield.errors import ErrorInfo, PluginFailed

    source = sources()[name]
    hint = f"update or remove it: `pip install -U {source}`"
    return PluginFailed(ErrorInfo("plugin", f"command `{name}` of `{source}` is broken: {why}", hint=hint))
