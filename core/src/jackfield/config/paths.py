"""Where files of ours lie on this machine."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen


@frozen
class Paths:
    """The places of one user: configuration, credentials, and what we keep."""

    config: Path
    credentials: Path
    cache: Path
    data: Path
    state: Path
    system: tuple[Path, ...] = ()

    @classmethod
    def of(cls, env: Mapping[str, str]) -> Paths:
        """The places that the environment and the platform say."""
        home = env.get("JACKFIELD_HOME")
        config, cache, data, state = _moved(Path(home)) if home else _places(env)
        file = env.get("JACKFIELD_CONFIG")
        return cls(
            Path(file) if file else config / "config.toml",
            config / "credentials.toml",
            cache,
            data,
            state,
            () if home else _system(),
        )


def _moved(home: Path) -> tuple[Path, Path, Path, Path]:
    return home / "config", home / "cache", home / "data", home / "state"


def _places(env: Mapping[str, str]) -> tuple[Path, Path, Path, Path]:
    """Configuration, cache, data and state by the platform's custom; XDG variables count everywhere."""
    home = Path(env.get("HOME") or env.get("USERPROFILE") or os.path.expanduser("~"))
    defaults = _PLATFORMS.get(sys.platform, _xdg)(home, env)
    names = ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
    stated = [env.get(name, "") for name in names]
    # the XDG specification: a relative path is invalid and is left out of account
    config, cache, data, state = (
        Path(path) / "jackfield" if os.path.isabs(path) else default
        for path, default in zip(stated, defaults, strict=True)
    )
    return config, cache, data, state


def _xdg(home: Path, env: Mapping[str, str]) -> tuple[Path, ...]:
    below = (".config", ".cache", ".local/share", ".local/state")
    return tuple(home / folder / "jackfield" for folder in below)


def _macos(home: Path, env: Mapping[str, str]) -> tuple[Path, ...]:
    library = home / "Library"
    support = library / "Application Support" / "jackfield"
    return support, library / "Caches" / "jackfield", support, support / "state"


def _windows(home: Path, env: Mapping[str, str]) -> tuple[Path, ...]:
    roaming = Path(env.get("APPDATA") or home / "AppData" / "Roaming") / "jackfield"
    local = Path(env.get("LOCALAPPDATA") or home / "AppData" / "Local") / "jackfield"
    return roaming, local / "cache", local / "data", local / "state"


_PLATFORMS = {"darwin": _macos, "win32": _windows}


def _system() -> tuple[Path, ...]:
    """System files, the more important one first."""
    if sys.platform == "win32":
        return ()
    return (Path("/etc/jackfield/config.toml"), Path("/etc/xdg/jackfield/config.toml"))


def shown(path: Path, env: Mapping[str, str]) -> str:
    """A path as a person writes it: ``~`` for the home folder."""
    home = env.get("HOME")
    text = str(path)
    return f"~{text[len(home) :]}" if home and text.startswith(home.rstrip("/") + "/") else text
