"""The command line. It needs the extra ``cli``; without it the command says so."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line with the arguments of the process, and exit."""
    if sys.argv[1:] == ["--version"]:  # answered without loading anything, and without the extra
        _print_version()
        return
    try:
        from jackfield.cli.app import app
    except ModuleNotFoundError as exc:
        if exc.name != "click":
            raise
        print(
            "error: the command line is not installed\nhint: `pip install 'jackfield[cli]'`", file=sys.stderr
        )
        sys.exit(3)
    app.main(prog_name="jackfield")


def _print_version() -> None:
    from jackfield import __version__

    try:
        print(f"jackfield {__version__}", flush=True)
    except BrokenPipeError:
        reader_left()


def reader_left() -> None:
    """Nobody reads on (``| head -1``): nothing is wrong, and nothing more can be written, not even at exit."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        sys.stdout = None  # what Python itself sets for a stream that is not there
