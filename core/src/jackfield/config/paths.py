"""Where files of ours lie on this machine."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from jackfield.places import folders


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
        config, cache, data, state = map(Path, folders(env))
        file = env.get("JACKFIELD_CONFIG")
        return cls(
            Path(file) if file else config / "config.toml",
            config / "credentials.toml",
            cache,
            data,
            state,
            () if home else _system(),
        )


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
