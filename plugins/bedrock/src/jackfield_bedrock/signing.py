"""How calls are signed: with an API key, or with keys of the cloud's own, found when a call needs them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, ClassVar, NoReturn
from urllib.parse import urlsplit

import attrs

from jackfield.auth.bearer import Bearer
from jackfield.auth.signed import note_signed, signed_with
from jackfield.errors import BadConfig, ErrorInfo, MissingCredentials
from jackfield.plugin import Aside, Auth, Call, Flow, Now, Once, Profile, ProviderSettings
from jackfield_bedrock.chain import STAMP, Chain, Given, Wanted, signed
from jackfield_bedrock.places import MANTLE, region_set

if TYPE_CHECKING:
    from jackfield.profile import AuthSpec

ASK_AGAIN = 60.0  # seconds: what was found renews itself before it ends, if it is asked
SERVICE = "bedrock"
SCHEMES = ("auto", "bearer", "sigv4")

# It says when we signed, and in parentheses what time it is there.
_SKEWED = re.compile(r"(?:expired|not yet current): (\d{8}T\d{6}Z)\b.{0,80}?\((\d{8}T\d{6}Z) [+-]")
_SMALLEST_SKEW = timedelta(minutes=1)


def auth_of(profile: Profile, settings: ProviderSettings, model: str = "", service: str = SERVICE) -> Auth:
    """The auth that the user's settings ask for: stated keys, else an API key, else the vendor's chain."""
    scheme = _scheme(settings)
    given = None if scheme == "bearer" else _stated(profile.auth, settings)
    if given is None and scheme != "sigv4":
        try:
            return Bearer.configured(profile.auth, settings)
        except MissingCredentials:
            if scheme == "bearer":
                raise
    chosen = settings.chosen
    wanted = Wanted(
        region_set(settings, model),
        chosen.get("profile", ""),
        chosen.get("role_arn", ""),
        chosen.get("role_session", "jackfield"),
        chosen.get("external_id", ""),
    )
    return SigV4(Chain(wanted, given), service)


def _scheme(settings: ProviderSettings) -> str:
    stated = settings.chosen.get("auth_scheme", "auto")
    first = stated.partition(",")[0].strip().lower()
    scheme = {"httpbearerauth": "bearer"}.get(first, first)
    if scheme not in SCHEMES:
        msg = f"`auth_scheme` of `{settings.provider}` must be one of {', '.join(SCHEMES)}"
        raise BadConfig(ErrorInfo("config", msg, provider=settings.provider))
    return scheme


def _stated(spec: AuthSpec, settings: ProviderSettings) -> Given | None:
    """The keys that the user's own settings state; the vendor's variables are left to its chain."""
    own = attrs.evolve(spec, env=(), options={"session_token": ""})
    try:
        found = settings.fields(own, dict.fromkeys(spec.fields, ()))
    except MissingCredentials:
        return None
    token = found.get("session_token")
    return Given(
        found["access_key_id"].reveal(),
        found["secret_access_key"].reveal(),
        token.reveal() if token is not None else None,
    )


class SigV4:
    """Signs with version 4 of the vendor's signatures. Shared by threads and tasks."""

    __slots__ = ("_ask_again", "_chain", "_doubted", "_keys", "_service", "_skew", "source")

    scheme: ClassVar[str] = "sigv4"

    def __init__(self, chain: Chain, service: str = SERVICE) -> None:
        self._chain = chain
        self._service = service
        self._keys: Given | None = None
        self._ask_again = 0.0
        self._skew = timedelta()
        self._doubted = False
        self.source = f"profile `{chain.wanted.profile}`" if chain.wanted.profile else "the AWS chain"

    def sign(self, call: Call) -> Flow[Call]:
        """The call with a signature by credentials that are good now."""
        now = yield Now()
        keys = self._keys
        if keys is None or now >= self._ask_again:
            keys = yield Once(("sigv4", id(self)), self._refreshed)
        note_signed(self, keys)
        return signed(call, keys, (self._service_at(call.base), self._chain.wanted.region), self._skew)

    def _service_at(self, base: str) -> str:
        """The name the signature is for: one of the hosts has its own."""
        host = urlsplit(base).hostname or ""
        if host.startswith(f"{MANTLE}."):
            return MANTLE
        return SERVICE if host.startswith((f"{SERVICE}-", f"{SERVICE}.")) else self._service

    def _refreshed(self) -> Flow[Given]:
        """Credentials from the chain; those at hand while it fails, for it asks long before they end."""
        started = yield Now()
        old = self._keys
        if old is not None and started < self._ask_again:
            return old  # another flow has asked meanwhile
        found: Given | ErrorInfo = yield Aside(self._chain.keys)
        if isinstance(found, ErrorInfo):
            if old is None or not found.should_retry:
                raise found.to_exception()
            found = old
        self._keys = found
        self._ask_again = started + ASK_AGAIN
        return found

    def rejected(self, error: ErrorInfo) -> bool:
        """Mend the clock or drop the credentials; true if the next signature may fare better."""
        if error.kind == "auth.skew":
            return self._mend_clock(error.message)
        used = signed_with(self)
        if error.kind != "auth" or used is None:
            return False
        note_signed(self, None)
        if used is not self._keys:
            return True  # others have taken their place already
        self._keys = None
        self._chain.forget()
        doubted, self._doubted = self._doubted, True
        return not doubted

    def accepted(self) -> None:
        """Note that credentials from there are good ones."""
        self._doubted = False

    def _mend_clock(self, words: str) -> bool:
        """Take over the service's time, which it names when it refuses ours; true if that changes anything."""
        told = _SKEWED.search(words)
        if told is None:
            return False
        behind = _moment(told[2]) - _moment(told[1])
        self._skew += behind
        return abs(behind) > _SMALLEST_SKEW

    def __repr__(self) -> str:
        return f"<{self.scheme} auth from {self.source}>"

    def __reduce__(self) -> NoReturn:
        msg = "credentials cannot be pickled"
        raise TypeError(msg)


def _moment(stamp: str) -> datetime:
    return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
