"""A key as ``Authorization: Bearer ...``."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from jackfield.auth.pool import pooled
from jackfield.auth.static import StaticHeaders

if TYPE_CHECKING:
    from jackfield.auth.base import Auth
    from jackfield.config import ProviderSettings
    from jackfield.profile import AuthSpec
    from jackfield.secret import Secret


class Bearer(StaticHeaders):
    """Signs with a bearer token."""

    __slots__ = ()

    scheme: ClassVar[str] = "bearer"

    def __init__(self, secret: Secret, prefix: str = "Bearer ") -> None:
        super().__init__({"authorization": prefix + secret.reveal()}, secret.source)

    @classmethod
    def configured(cls, spec: AuthSpec, settings: ProviderSettings) -> Auth:
        """The scheme with the user's key, or a pool of all of them."""
        prefix = spec.prefix or "Bearer "
        return pooled([cls(secret, prefix) for secret in settings.credentials(spec)])
