"""The transport of ``--offline``: it opens no socket, and says so."""

from __future__ import annotations

from typing import NoReturn
from urllib.parse import urlsplit

from jackfield.errors import BadConfig, ErrorInfo
from jackfield.flow import Opened
from jackfield.types import Timeouts
from jackfield.wire import Call


class NoTransport:
    """Refuses every call. Providers that answer within the process do not need it."""

    def send(self, call: Call, timeouts: Timeouts, deadline: float) -> NoReturn:
        """Refuse."""
        raise _refusal(call)

    def open(self, call: Call, timeouts: Timeouts, deadline: float) -> NoReturn:
        """Refuse."""
        raise _refusal(call)

    def read(self, opened: Opened, deadline: float) -> bytes:
        """Nothing: there is no open answer."""
        return b""

    def close_stream(self, opened: Opened) -> None:
        """Nothing to close."""

    def close(self) -> None:
        """Nothing to close."""


def _refusal(call: Call) -> BadConfig:
    msg = f"the call has to go to `{urlsplit(call.base).hostname}`, and `--offline` opens no socket; nothing was sent"
    return BadConfig(
        ErrorInfo("config", msg, hint="leave `--offline` out, or see the request with `--dry-run`", sent="no")
    )
