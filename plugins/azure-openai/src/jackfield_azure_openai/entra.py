"""Tokens for identities of Microsoft Entra, made by the vendor's own library, which is imported when one is needed.

The library blocks and keeps tokens itself. Whatever it raises is told in words here: its frames hold
secrets of clients, so no exception of its leaves this module.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, Protocol

from attrs import field, frozen

from jackfield.auth.tokens import RETRY_AFTER, Token, TokenAuth
from jackfield.errors import ErrorInfo
from jackfield.plugin import Aside, Flow, Headers
from jackfield.secret import Secret

REFRESH_BEFORE = 300.0  # seconds before a token ends
TIMEOUTS: Mapping[str, Any] = {  # the library's own are minutes
    "connection_timeout": 10,
    "read_timeout": 20,
    "retry_total": 1,
}
LONGEST_WORDS = 300


class Issued(Protocol):
    """A token as the library gives it: until when it is good is told in seconds since 1970."""

    @property
    def token(self) -> str:
        """The token."""

    @property
    def expires_on(self) -> int:
        """When it ends."""


class Credential(Protocol):
    """What makes tokens: a credential of the library, or anything that looks like one."""

    def get_token(self, *scopes: str) -> Issued:
        """A token for what the scopes name. It may block."""


@frozen
class Identity:
    """Whose tokens are wanted, as the settings say it."""

    tenant_id: str = ""
    client_id: str = ""
    client_secret: Secret | None = None
    token_file: str = ""
    authority: str = ""


class _Got(NamedTuple):
    """A token, and the seconds it is good for."""

    token: Secret
    lifetime: float


class _Failed(NamedTuple):
    """Why there is none, and whether there may be one soon."""

    reason: str
    transient: bool = False


class Entra(TokenAuth):
    """Signs with tokens of one credential, which is made when the first is needed.

    :param make: makes the credential; asked again after a token was refused, since credentials keep theirs
    :param scope: what the tokens are to be good for
    """

    __slots__ = ("_credential", "_make", "_scope")

    scheme: ClassVar[str] = "entra"

    def __init__(
        self, make: Callable[[], Credential], scope: str, provider: str = "", source: str = ""
    ) -> None:
        super().__init__(provider, source)
        self._make = make
        self._scope = scope
        self._credential: Credential | None = None

    def fetched(self, started: float) -> Flow[Token | ErrorInfo]:
        """A token from the credential."""
        answer = yield Aside(self._asked)
        if isinstance(answer, _Failed):
            return self._failure(answer)
        headers = Headers({"authorization": f"Bearer {answer.token.reveal()}"})
        expires = started + answer.lifetime
        # A credential gives the same token until shortly before its end: it is not asked at every call.
        return Token(headers, min(expires, max(expires - REFRESH_BEFORE, started + RETRY_AFTER)), expires)

    def rejected(self, error: ErrorInfo) -> bool:
        """Drop the token that was not accepted, and the credential that would give it again."""
        again = super().rejected(error)
        if self._token is None:
            self._credential = None
        return again

    def _asked(self) -> _Got | _Failed:
        """A token, or why there is none. It blocks."""
        try:
            if self._credential is None:
                self._credential = self._make()
            issued = self._credential.get_token(self._scope)
            return _Got(Secret(issued.token, self.source), max(issued.expires_on - time.time(), 0.0))
        except Exception as exc:  # noqa: BLE001  # told in words; its frames hold what nobody may see
            return _reason(exc)

    def _failure(self, failed: _Failed) -> ErrorInfo:
        msg = f"authentication failed: no token for `{self.provider}` by {self.source}: {failed.reason}"
        hint = "" if failed.transient else "mend what it says, or choose another `credential`"
        return ErrorInfo(
            "auth", msg, provider=self.provider, hint=hint, sent="no", should_retry=failed.transient
        )


def _reason(exc: Exception) -> _Failed:
    """What the library said, on one line."""
    if isinstance(exc, ImportError):
        return _Failed("the package `azure-identity` is not installed")
    from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError, ServiceResponseError

    known = isinstance(exc, AzureError | ValueError)
    words = " ".join(str(exc).split()) if known else ""
    words = words if len(words) <= LONGEST_WORDS else f"{words[: LONGEST_WORDS - 1]}…"
    status = exc.status_code if isinstance(exc, HttpResponseError) else None
    unreachable = any(isinstance(one, ServiceRequestError | ServiceResponseError) for one in _chain(exc))
    transient = unreachable or (status is not None and (status >= 500 or status == 429))
    return _Failed(words or type(exc).__name__, transient)


def _chain(exc: BaseException | None) -> Iterator[BaseException]:
    """A failure and what led to it: the library calls a place that is away a failure to authenticate."""
    while exc is not None:
        yield exc
        exc = exc.__cause__ or exc.__context__


# -- the credentials -------------------------------------------------------------------------------


def _authority(identity: Identity) -> dict[str, Any]:
    """Where tokens are made; which clouds there are is not asked of the public one if another is named."""
    if not identity.authority:
        return dict(TIMEOUTS)
    return {**TIMEOUTS, "authority": identity.authority, "disable_instance_discovery": True}


def _client_secret(identity: Identity) -> Credential:
    from azure.identity import ClientSecretCredential

    secret = "" if identity.client_secret is None else identity.client_secret.reveal()
    return ClientSecretCredential(identity.tenant_id, identity.client_id, secret, **_authority(identity))


def _workload_identity(identity: Identity) -> Credential:
    from azure.identity import WorkloadIdentityCredential

    return WorkloadIdentityCredential(
        tenant_id=identity.tenant_id,
        client_id=identity.client_id,
        token_file_path=identity.token_file,
        **_authority(identity),
    )


def _managed_identity(identity: Identity) -> Credential:
    from azure.identity import ManagedIdentityCredential

    return ManagedIdentityCredential(client_id=identity.client_id or None, **TIMEOUTS)


def _cli(identity: Identity) -> Credential:
    from azure.identity import AzureCliCredential

    return AzureCliCredential(tenant_id=identity.tenant_id)


def _default(identity: Identity) -> Credential:
    """The library's own chain: environment, workload and managed identity, then what developers logged in with."""
    from azure.identity import DefaultAzureCredential

    mine = {"managed_identity_client_id": identity.client_id} if identity.client_id else {}
    return DefaultAzureCredential(**mine, **_authority(identity))


@frozen
class Kind:
    """One way to have tokens: what it cannot do without, and what makes its credential."""

    make: Callable[[Identity], Credential] = field(repr=False)
    needs: tuple[str, ...] = ()


KINDS: Mapping[str, Kind] = {
    "client_secret": Kind(_client_secret, ("tenant_id", "client_id", "client_secret")),
    "workload_identity": Kind(_workload_identity, ("tenant_id", "client_id", "token_file")),
    "managed_identity": Kind(_managed_identity),
    "cli": Kind(_cli),
    "default": Kind(_default),
}
