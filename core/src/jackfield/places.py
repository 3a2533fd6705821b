"""Where files of ours lie, as text: what a shell that completes asks for at every key, so that little is loaded."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TypeAlias

Folders: TypeAlias = tuple[str, str, str, str]


def folders(env: Mapping[str, str]) -> Folders:
    """The folders for configuration, cache, data and state, by the environment and the platform."""
    moved = env.get("JACKFIELD_HOME")
    if moved:
        return tuple(os.path.join(moved, name) for name in ("config", "cache", "data", "state"))  # type: ignore[return-value]
    home = env.get("HOME") or env.get("USERPROFILE") or os.path.expanduser("~")
    names = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    defaults = _PLATFORMS.get(sys.platform, _xdg)(home, env)
    stated = [env.get(name, "") for name in names]
    # the XDG specification: a relative path is invalid and is left out of account
    config, cache, data, state = (
        os.path.join(path, "jackfield") if os.path.isabs(path) else default
        for path, default in zip(stated, defaults, strict=True)
    )
    return config, cache, data, state


def _xdg(home: str, env: Mapping[str, str]) -> Folders:
    return (
        os.path.join(home, ".config", "jackfield"),
        os.path.join(home, ".cache", "jackfield"),
        os.path.join(home, ".local", "share", "jackfield"),
        os.path.join(home, ".local", "state", "jackfield"),
    )


def _macos(home: str, env: Mapping[str, str]) -> Folders:
    library = os.path.join(home, "Library")
    support = os.path.join(library, "Application Support", "jackfield")
    return support, os.path.join(library, "Caches", "jackfield"), support, os.path.join(support, "state")


def _windows(home: str, env: Mapping[str, str]) -> Folders:
    roaming = os.path.join(env.get("APPDATA") or os.path.join(home, "AppData", "Roaming"), "jackfield")
    local = os.path.join(env.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local"), "jackfield")
    return roaming, os.path.join(local, "cache"), os.path.join(local, "data"), os.path.join(local, "state")


_PLATFORMS = {"darwin": _macos, "win32": _windows}
