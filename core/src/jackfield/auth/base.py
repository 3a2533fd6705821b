"""The interface of an auth scheme: a flow that signs a call, told when a signature was not accepted."""

from __future__ import annotations

from typing import ClassVar, Protocol

from jackfield.errors import ErrorInfo
from jackfield.flow import Flow
from jackfield.wire import Call


class Auth(Protocol):
    """Signs the calls of one binding. Shared by threads and tasks."""

    scheme: ClassVar[str]

    def sign(self, call: Call) -> Flow[Call]:
        """The call with its credentials; a scheme that needs a token first yields the effects that fetch it."""

    def rejected(self, error: ErrorInfo) -> bool:
        """Take note that a signed call failed; true if another signature may fare better (new token, next key)."""

    def accepted(self) -> None:
        """Take note that a signed call was accepted."""
