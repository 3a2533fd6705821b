"""Commands that print a credential."""

from __future__ import annotations

import shlex
import sys

import pytest

from jackfield.config import command
from jackfield.config.command import printed_by


def python(code: str) -> str:
    """A command line that runs Python."""
    return shlex.join([sys.executable, "-c", code])


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (python("import sys; sys.stdout.buffer.write(bytes([255]))"), "printed something that is not text"),
        (python("raise SystemExit(3)"), "ended with status 3"),
        (python("pass"), "printed nothing"),
        ("'", "could not be started: it is not a command line"),
        ("/nowhere/x", "could not be started: No such file or directory"),
    ],
)
def test_what_goes_wrong_is_returned(line: str, fault: str) -> None:
    """Nothing is raised that could hold what was printed."""
    assert ("", fault) == printed_by(line)


def test_a_command_that_does_not_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call does not wait for it for ever."""
    monkeypatch.setattr(command, "TIMEOUT", 0.05)

    assert ("", "did not end within 0.05 seconds") == printed_by(
        python("input() if 0 else __import__('time').sleep(60)")
    )
