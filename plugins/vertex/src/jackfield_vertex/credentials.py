"""Signs calls with Google's credentials: bearer tokens made from whatever credentials there are, or a key.

A token is fetched when a call needs one, by one flow at a time whoever asks, and again five minutes before
it ends. While the old token lives, a failure to get another is no reason to fail a call. Bindings with the
same credentials share their tokens, whichever provider they are of.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, ClassVar, NoReturn
from weakref import WeakValueDictionary

from attrs import field, frozen

from jackfield.auth.header import NamedHeader
from jackfield.auth.pool import pooled
from jackfield.auth.signed import note_signed, signed_with
from jackfield.errors import ErrorInfo, JackfieldError, MissingCredentials, Unauthorized
from jackfield.plugin import Aside, Call, Flow, Headers, Now, Once
from jackfield_vertex.fetch import Failed, Fetched, fetched
from jackfield_vertex.origin import TOKEN, Origin, is_token, keys_of, origin_of, stated

if TYPE_CHECKING:
    from jackfield.plugin import Auth, Profile, ProviderSettings
    from jackfield.secret import Secret

REFRESH_BEFORE = 300.0  # seconds before a token ends
RETRY_AFTER = 30.0  # seconds between attempts while an old token still lives

LOGIN = "run `gcloud auth application-default login`, or name the file of a service account in `credentials`"


@frozen(eq=False)
class Token:
    """A token as the headers it goes in, and how long it is good for on the driver's clock."""

    headers: Headers = field(repr=False)
    refresh_at: float
    expires_at: float


class Tokens:
    """The tokens of one origin, one at a time."""

    __slots__ = ("__weakref__", "_fetch", "_proved", "_token", "source")

    def __init__(self, fetch: Callable[[], Fetched | Failed], source: str) -> None:
        self._fetch = fetch
        self._token: Token | None = None
        self._proved: Token | None = None
        self.source = source

    def current(self) -> Flow[Token]:
        """A token that is good for a call."""
        now = yield Now()
        token = self._token
        if token is None or now >= token.refresh_at:
            token = yield Once(("google token", id(self)), self._renewed)
        return token

    def prove(self, token: object) -> None:
        """Note that a call with this token was accepted."""
        if token is self._token:
            self._proved = self._token

    def drop(self, token: Token) -> bool:
        """Forget a token that was not accepted; true if it once was, so that another may be."""
        if token is not self._token:
            return True  # another has taken its place already
        self._token = None
        return token is self._proved

    def _renewed(self) -> Flow[Token]:
        """A new token; the old one if it still lives and no new one can be had."""
        started = yield Now()
        old = self._token
        if old is not None and started < old.refresh_at:
            return old  # another flow has fetched it meanwhile
        answer = yield Aside(self._fetch)
        if isinstance(answer, Fetched):
            self._token = _token(answer, started)
            return self._token
        if old is not None and started < old.expires_at:
            self._token = Token(old.headers, min(started + RETRY_AFTER, old.expires_at), old.expires_at)
            return self._token
        raise self._failure(answer)

    def _failure(self, failed: Failed) -> JackfieldError:
        if failed.missing:
            return MissingCredentials(
                ErrorInfo("config.credentials", "no Google credentials were found", hint=LOGIN, sent="no")
            )
        source = self.source or "the machine it runs on"
        msg = f"authentication failed: no token for the Google credentials from {source}: {failed.reason}"
        hint = "" if failed.transient else "log in again, or exchange the credentials"
        return Unauthorized(ErrorInfo("auth", msg, hint=hint, sent="no", should_retry=failed.transient))


def _token(answer: Fetched, started: float) -> Token:
    headers = Headers({"authorization": f"Bearer {answer.token}"})
    if answer.quota_project:
        headers["x-goog-user-project"] = answer.quota_project
    expires = started + answer.lifetime
    # A metadata server gives the same token until four minutes before its end: it is not asked at every call.
    return Token(headers, min(expires, max(expires - REFRESH_BEFORE, started + RETRY_AFTER)), expires)


class GoogleAuth:
    """Signs with the current token."""

    __slots__ = ("_tokens", "provider")

    scheme: ClassVar[str] = "google"

    def __init__(self, tokens: Tokens, provider: str = "") -> None:
        self._tokens = tokens
        self.provider = provider

    def sign(self, call: Call) -> Flow[Call]:
        """The call with a token that is good for it; headers that were set stay as they are."""
        try:
            token = yield from self._tokens.current()
        except JackfieldError as exc:
            raise type(exc)(exc.info.where(provider=self.provider)) from None
        note_signed(self, token)
        return call.with_headers(Headers({**token.headers, **_kept(call)}))

    def rejected(self, error: ErrorInfo) -> bool:
        """Drop a token that was not accepted; true if a new one may be. A right that is missing stays missing."""
        used = signed_with(self)
        if error.kind != "auth" or error.status == 403 or not isinstance(used, Token):
            return False
        note_signed(self, None)
        return self._tokens.drop(used)

    def accepted(self) -> None:
        """Note that the token is a good one."""
        self._tokens.prove(signed_with(self))

    def __repr__(self) -> str:
        return f"<{self.scheme} auth from {self._tokens.source or 'around'}>"

    def __reduce__(self) -> NoReturn:
        msg = "credentials cannot be pickled"
        raise TypeError(msg)


def _kept(call: Call) -> dict[str, str]:
    """The project to be charged, if the user has named one: it counts more than that of the credentials."""
    project = call.headers.get("x-goog-user-project")
    return {"x-goog-user-project": project} if project else {}


class AccessToken(NamedHeader):
    """Signs with a token that somebody else made, and replaces."""

    __slots__ = ()

    scheme: ClassVar[str] = "google"

    def __init__(self, token: Secret) -> None:
        super().__init__(token, "authorization", "Bearer ")


# -- which of them ---------------------------------------------------------------------------------

_shared: WeakValueDictionary[bytes, Tokens] = WeakValueDictionary()
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


def _tokens_of(origin: Origin) -> Tokens:
    """The tokens of an origin, which all who have that origin share."""
    key = _mark(origin)
    with _lock:
        tokens = _shared.get(key)
        if tokens is None:
            tokens = _shared[key] = Tokens(partial(fetched, origin), origin.source)
        return tokens


def _mark(origin: Origin) -> bytes:
    """What tells one origin from another, and nothing else."""
    digest = sha256(f"{origin.kind} {origin.path} ".encode())
    if origin.secret is not None:
        digest.update(origin.secret.reveal().encode())
    return digest.digest()
