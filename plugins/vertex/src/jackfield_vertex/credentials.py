"""Signs calls with Google's credentials: bearer tokens made from whatever credentials there are, or a key.

A token is renewed five minutes before it ends. Bindings with the same credentials share their tokens, whichever
provider they are of.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, ClassVar, NoReturn
from weakref import WeakValueDictionary

from jackfield.auth.header import NamedHeader
from jackfield.auth.pool import pooled
from jackfield.auth.tokens import RETRY_AFTER, Token, TokenAuth
from jackfield.errors import ErrorInfo, JackfieldError
from jackfield.plugin import Aside, Call, Flow, Headers
from jackfield_vertex.fetch import Failed, Fetched, fetched
from jackfield_vertex.origin import TOKEN, Origin, is_token, keys_of, origin_of, stated

if TYPE_CHECKING:
    from jackfield.plugin import Auth, Profile, ProviderSettings
    from jackfield.secret import Secret

REFRESH_BEFORE = 300.0  # seconds before a token ends

LOGIN = "run `gcloud auth application-default login`, or name the file of a service account in `credentials`"


class GoogleTokens(TokenAuth):
    """The tokens of one origin, which all who have that origin share."""

    __slots__ = ("__weakref__", "_fetch")

    scheme: ClassVar[str] = "google"

    def __init__(self, fetch: Callable[[], Fetched | Failed], source: str) -> None:
        super().__init__(source=source)
        self._fetch = fetch

    def fetched(self, started: float) -> Flow[Token | ErrorInfo]:
        """A token of the vendor's library, which blocks meanwhile."""
        answer = yield Aside(self._fetch)
        return self._failure(answer) if isinstance(answer, Failed) else _token(answer, started)

    def _failure(self, failed: Failed) -> ErrorInfo:
        if failed.missing:
            return ErrorInfo("config.credentials", "no Google credentials were found", hint=LOGIN, sent="no")
        source = self.source or "the machine it runs on"
        msg = f"authentication failed: no token for the Google credentials from {source}: {failed.reason}"
        hint = "" if failed.transient else "log in again, or exchange the credentials"
        return ErrorInfo("auth", msg, hint=hint, sent="no", should_retry=failed.transient)


def _token(answer: Fetched, started: float) -> Token:
    headers = Headers({"authorization": f"Bearer {answer.token}"})
    if answer.quota_project:
        headers["x-goog-user-project"] = answer.quota_project
    expires = started + answer.lifetime
    # A metadata server gives the same token until four minutes before its end: it is not asked at every call.
    return Token(headers, min(expires, max(expires - REFRESH_BEFORE, started + RETRY_AFTER)), expires)


class GoogleAuth:
    """Signs with the current token, for one provider."""

    __slots__ = ("_tokens", "provider")

    scheme: ClassVar[str] = "google"

    def __init__(self, tokens: GoogleTokens, provider: str = "") -> None:
        self._tokens = tokens
        self.provider = provider

    def sign(self, call: Call) -> Flow[Call]:
        """The call with a token that is good for it; headers that were set stay as they are."""
        try:
            signed = yield from self._tokens.sign(call)
        except JackfieldError as exc:
            raise type(exc)(exc.info.where(provider=self.provider)) from None
        return signed.with_headers(_kept(call))

    def rejected(self, error: ErrorInfo) -> bool:
        """Drop a token that was not accepted; true if a new one may be. A right that is missing stays missing."""
        return error.status != 403 and self._tokens.rejected(error)

    def accepted(self) -> None:
        """Note that the token is a good one."""
        self._tokens.accepted()

    def __repr__(self) -> str:
        return f"<{self.scheme} auth from {self._tokens.source or 'around'}>"

    def __reduce__(self) -> NoReturn:
        msg = "credentials cannot be pickled"
        raise TypeError(msg)


def _kept(call: Call) -> Headers:
    """The project to be charged, if the user has named one: it counts more than that of the credentials."""
    project = call.headers.get("x-goog-user-project")
    return Headers({"x-goog-user-project": project} if project else {})


class AccessToken(NamedHeader):
    """Signs with a token that somebody else made, and replaces."""

    __slots__ = ()

    scheme: ClassVar[str] = "google"

    def __init__(self, token: Secret) -> None:
        super().__init__(token, "authorization", "Bearer ")


# -- which of them ---------------------------------------------------------------------------------

_shared: WeakValueDictionary[bytes, GoogleTokens] = WeakValueDictionary()
_lock = Lock()


def google_auth(profile: Profile, settings: ProviderSettings) -> Auth:
    """The auth for a provider's settings: a token or key that is stated, else tokens made from credentials."""
    found = stated(profile, settings)
    if "access_token" not in found:
        keys = keys_of(profile, settings)
        if keys:
            return pooled([_keyed(key, profile.auth.header) for key in keys])
    origin = origin_of(found)
    if origin.kind == TOKEN:
        return AccessToken(found["access_token"])
    return GoogleAuth(_tokens_of(origin), profile.id)


def _keyed(key: Secret, header: str) -> Auth:
    return NamedHeader(key, header) if header and not is_token(key) else AccessToken(key)


def _tokens_of(origin: Origin) -> GoogleTokens:
    """The tokens of an origin, which all who have that origin share."""
    key = _mark(origin)
    with _lock:
        tokens = _shared.get(key)
        if tokens is None:
            tokens = _shared[key] = GoogleTokens(partial(fetched, origin), origin.source)
        return tokens


def _mark(origin: Origin) -> bytes:
    """What tells one origin from another, and nothing else."""
    digest = sha256(f"{origin.kind} {origin.path} ".encode())
    if origin.secret is not None:
        digest.update(origin.secret.reveal().encode())
    return digest.digest()
