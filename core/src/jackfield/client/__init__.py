"""Bind a model, run a call, account for it."""

from __future__ import annotations

from jackfield.client.binding import Binding
from jackfield.client.client import AsyncClient, Client
from jackfield.client.stream import AsyncStream, Stream

__all__ = ["AsyncClient", "AsyncStream", "Binding", "Client", "Stream"]
