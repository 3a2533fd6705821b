"""The wire format ``messages``: turns of typed blocks, reasoning with signatures, named stream events."""

from __future__ import annotations

from jackfield.wire.messages.wire import Messages

__all__ = ["Messages"]
