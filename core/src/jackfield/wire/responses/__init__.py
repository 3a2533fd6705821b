"""The wire format ``responses``: one flat list of typed items in and out, named stream events."""

from __future__ import annotations

from jackfield.wire.responses.wire import Responses

__all__ = ["Responses"]
