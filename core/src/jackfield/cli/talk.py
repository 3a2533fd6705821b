"""What the library logs, told to a person: warnings by default, more with ``-v``, none with ``-q``."""

from __future__ import annotations

import logging
from collections.abc import Callable

from jackfield.cli.console import Console

_LEVELS = {-1: logging.ERROR, 0: logging.WARNING, 1: logging.INFO}


class _ToConsole(logging.Handler):
    def __init__(self, console: Console) -> None:
        super().__init__()
        self._console = console

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record in the form of our own messages."""
        if record.levelno >= logging.WARNING:
            self._console.warn(record.getMessage())
        else:
            self._console.detail(record.getMessage())


def show_warnings(console: Console) -> Callable[[], None]:
    """Show what the library logs from now on, until what is returned is called."""
    logger = logging.getLogger("jackfield")
    handler, before = _ToConsole(console), logger.level
    logger.addHandler(handler)
    logger.setLevel(_LEVELS.get(max(console.verbosity, -1), logging.DEBUG))

    def undo() -> None:
        logger.removeHandler(handler)
        logger.setLevel(before)

    return undo
