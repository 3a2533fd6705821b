"""No authentication: local servers, and providers whose key is optional and not set."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from jackfield.errors import ErrorInfo
from jackfield.flow import Flow
from jackfield.wire import Call

if TYPE_CHECKING:
    from jackfield.config import ProviderSettings
    from jackfield.profile import AuthSpec


class NoAuth:
    """Leaves calls as they are."""

    __slots__ = ()

    scheme: ClassVar[str] = "none"

    @classmethod
    def configured(cls, spec: AuthSpec, settings: ProviderSettings) -> NoAuth:
        """The scheme; nothing is looked up."""
        return cls()

    def sign(self, call: Call) -> Flow[Call]:
        """The call itself."""
        return call
        yield  # a generator like all schemes, though nothing is asked of the world

    def rejected(self, error: ErrorInfo) -> bool:
        """Nothing to be done: there is no credential to change."""
        return False

    def accepted(self) -> None:
        """Nothing to be noted."""

    def __repr__(self) -> str:
        return "<no auth>"
