"""The folders we keep things in: whether they can be written, and by whom."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from jackfield.cli.checks.base import OK, WARN, Check

if TYPE_CHECKING:
    from jackfield.cli.invocation import Invocation


def state(run: Invocation) -> Iterator[Check]:
    """All checks of this group."""
    from jackfield.config import Paths

    paths = Paths.of(run.environment)
    for title, folder in (("state folder", paths.state), ("configuration folder", paths.credentials.parent)):
        yield _folder(title, folder)


def _folder(title: str, folder: Path) -> Check:
    there = next((place for place in (folder, *folder.parents) if place.exists()), folder)
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        reason = f"`{folder}` cannot be written: `{there}` does not allow it"
        return Check(title, WARN, reason, "set `JACKFIELD_HOME` to a folder of yours")
    if os.name == "posix" and there == folder and there.stat().st_mode & 0o022:
        return Check(title, WARN, f"others can write to `{folder}`", f"`chmod 700 {folder}`")
    return Check(title, OK, f"`{folder}`" + ("" if there == folder else ", made when needed"))
