"""Recording before the tests of a provider are collected: what `jackfield record` does, asked for of pytest.

It is another program, in surroundings of the user's own: tests have fake keys and no network.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest

AGAIN = "again"
NOT_ALL = 1
"""What the command ends with where some could not be recorded."""


def record(config: pytest.Config, provider: str, tests: Path, *, mode: str) -> str:
    """Record the cassettes that are missing or stale, or all of them; why that cannot be, or nothing.

    One that could not be recorded is told of where that happens; the tests run all the same.
    """
    if hasattr(config, "workerinput"):
        return "several processes would record the same cassettes: run it with `-n0`"
    again = ["--again"] if mode == AGAIN else []
    command = ["record", provider, "--yes", "--to", str(tests / "cassettes"), *again]
    capture = config.pluginmanager.get_plugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture is not None else nullcontext():
        done = subprocess.run([sys.executable, "-m", "jackfield.cli", *command], check=False)  # noqa: S603  # our own
    failed = done.returncode not in (0, NOT_ALL)
    return f"`jackfield {' '.join(command)}` says above why not" if failed else ""
