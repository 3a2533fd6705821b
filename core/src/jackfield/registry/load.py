"""Imports what an entry point names, and tells whose fault it is if that fails."""

from __future__ import annotations

from importlib import import_module

from jackfield.errors import ErrorInfo, PluginFailed
from jackfield.registry.entries import Entry


def load(entry: Entry) -> object:
    """The plugin behind an entry point; whatever its code raises becomes ``PluginFailed``."""
    try:
        plugin: object = import_module(entry.module)
        for name in filter(None, entry.attribute.split(".")):
            plugin = getattr(plugin, name)
    except (Exception, SystemExit) as exc:
        raise failed(entry, f"could not be imported: {type(exc).__name__}: {exc}") from exc
    return plugin


def failed(entry: Entry, reason: str) -> PluginFailed:
    """The error that names a plugin's distribution and version."""
    msg = f"plugin {entry.shown} {reason}"
    hint = f"`pip install -U {entry.distribution}`, or block it: `JACKFIELD_BLOCK={entry.name}`"
    return PluginFailed(ErrorInfo("plugin", msg, provider=entry.name, hint=hint))
