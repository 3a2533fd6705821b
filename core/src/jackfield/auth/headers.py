"""Several credentials, each in a header of its own: a key and a secret, a token and its kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from jackfield.auth.static import StaticHeaders

if TYPE_CHECKING:
    from jackfield.config import ProviderSettings
    from jackfield.profile import AuthSpec
    from jackfield.secret import Secret


class NamedHeaders(StaticHeaders):
    """Signs with several named headers."""

    __slots__ = ()

    scheme: ClassVar[str] = "headers"

    def __init__(self, secrets: Mapping[str, Secret]) -> None:
        sources = dict.fromkeys(secret.source for secret in secrets.values())
        headers = {name.lower(): secret.reveal() for name, secret in secrets.items()}
        super().__init__(headers, ", ".join(sources))

    @classmethod
    def configured(cls, spec: AuthSpec, settings: ProviderSettings) -> NamedHeaders:
        """The scheme with the user's credentials, all of which it needs."""
        return cls(settings.fields(spec, spec.headers))
