"""The lines of a conversation: typed, with a history that only their writer can read, or from a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from jackfield.cli.console import is_terminal

if TYPE_CHECKING:
    from jackfield.cli.invocation import Invocation

LONGEST_HISTORY = 1000


def lines(run: Invocation, prompt: Callable[[], str]) -> Generator[str]:
    """Lines until the end of the input. Closing it keeps what was typed."""
    if sys.stdin is None or sys.stdin.closed:
        return
    if not is_terminal(sys.stdin):
        yield from sys.stdin
        return
    history = _history(run.settings.paths.state / "chat_history")
    try:
        yield from _typed(run, prompt)
    finally:
        history()


def _typed(run: Invocation, prompt: Callable[[], str]) -> Iterator[str]:
    while True:
        try:
            line = input(prompt())
        except EOFError:
            run.console.talk("")
            return
        except KeyboardInterrupt:
            run.console.talk("")  # the line is dropped, not the conversation
            continue
        yield line


def _history(file: Path) -> Callable[[], None]:
    """Read the history; what is returned writes it. Where there is no line editing, neither does anything."""
    try:
        import readline
    except ImportError:
        return lambda: None
    with suppress(OSError):  # there is none yet
        readline.read_history_file(file)
    return lambda: _written(readline, file)


def _written(readline: ModuleType, file: Path) -> None:
    with suppress(OSError):  # a history that cannot be kept is no reason to fail
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_WRONLY, 0o600))
        readline.set_history_length(LONGEST_HISTORY)
        readline.write_history_file(file)
        file.chmod(0o600)
