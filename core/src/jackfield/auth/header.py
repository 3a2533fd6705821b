"""A key in a header of the provider's own, with or without a word before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from jackfield.auth.pool import pooled
from jackfield.auth.static import StaticHeaders

if TYPE_CHECKING:
    from jackfield.auth.base import Auth
    from jackfield.config import ProviderSettings
    from jackfield.profile import AuthSpec
    from jackfield.secret import Secret


class NamedHeader(StaticHeaders):
    """Signs with one named header."""

    __slots__ = ()

    scheme: ClassVar[str] = "header"

    def __init__(self, secret: Secret, header: str, prefix: str = "") -> None:
        super().__init__({header.lower(): prefix + secret.reveal()}, secret.source)

    @classmethod
    def configured(cls, spec: AuthSpec, settings: ProviderSettings) -> Auth:
        """The scheme with the user's key, or a pool of all of them."""
        return pooled([cls(secret, spec.header, spec.prefix) for secret in settings.credentials(spec)])
