"""OAuth 2 client credentials: an id and a secret are exchanged for a token, which signs the calls.

The token is fetched when a call needs one, by one flow at a time whoever asks, and again at 80 % of its
lifetime. While the old token lives, a token endpoint that fails is no reason to fail a call. Whatever goes
wrong here is told as a failure of authentication, never as an outage of the provider.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import quote_plus, urlencode, urlsplit

from jackfield import jsontext
from jackfield.auth.tokens import Token, TokenAuth
from jackfield.errors import BadConfig, ErrorInfo, JackfieldError, Malformed
from jackfield.flow import Flow, Send
from jackfield.types import Timeouts
from jackfield.wire import Call, Headers, Reply

if TYPE_CHECKING:
    from jackfield.config import ProviderSettings
    from jackfield.profile import AuthSpec
    from jackfield.secret import Secret

TOTAL = 30.0  # seconds for one exchange
REFRESH_AT = 0.8  # of the lifetime
UNSTATED_LIFETIME = 300.0
LONGEST_LIFETIME = 86_400.0

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


class ClientCredentials(TokenAuth):
    """Signs with a bearer token that it exchanges a client's id and secret for."""

    __slots__ = ("_call", "_host")

    scheme: ClassVar[str] = "client_credentials"

    def __init__(self, call: Call, provider: str = "", source: str = "") -> None:
        super().__init__(provider, source)
        self._call = call
        self._host = urlsplit(call.base).hostname or ""

    @classmethod
    def configured(cls, spec: AuthSpec, settings: ProviderSettings) -> ClientCredentials:
        """The scheme with the user's client id and secret."""
        secrets = settings.fields(spec, spec.fields)
        call = _exchange(spec, secrets, _token_url(spec, settings, secrets))
        return cls(call, settings.provider, secrets["client_secret"].source)

    def fetched(self, started: float) -> Flow[Token | ErrorInfo]:
        """A token from the endpoint."""
        try:
            reply = yield Send(self._call, Timeouts(total=TOTAL), started + TOTAL)
        except JackfieldError as exc:
            return self._failure(exc.info.message, exc.info.status, transient=True)
        return self._read(reply, started)

    def __repr__(self) -> str:
        return f"<{self.scheme} auth at {self._host} from {self.source or 'nowhere'}>"

    def _read(self, reply: Reply, started: float) -> Token | ErrorInfo:
        """The token of a reply, or what is wrong with the reply."""
        body = _object(reply)
        if reply.status != 200:
            code = body.get("error")
            reason = f"it answered {reply.status} {code if isinstance(code, str) else ''}".rstrip()
            return self._failure(
                reason[:200], reply.status, transient=reply.status >= 500 or reply.status == 429
            )
        token = body.get("access_token")
        if not (isinstance(token, str) and token and token.isascii() and token.isprintable()):
            return self._failure("its answer holds no token", reply.status, transient=True)
        lifetime = _lifetime(body.get("expires_in"))
        headers = Headers({"authorization": f"Bearer {token}"})
        return Token(headers, started + REFRESH_AT * lifetime, started + lifetime)

    def _failure(self, reason: str, status: int | None, *, transient: bool) -> ErrorInfo:
        return ErrorInfo(
            "auth",
            f"authentication failed: no token for `{self.provider}` from `{self._host}`: {reason}",
            status=status,
            provider=self.provider,
            hint="" if transient else f"the client id and secret come from {self.source}",
            sent="no",
            should_retry=transient,
        )


def _object(reply: Reply) -> dict[str, Any]:
    """The body of a reply as an object; an empty one for whatever else it is."""
    try:
        body = jsontext.loads(reply.body)
    except Malformed:
        return {}
    return body if isinstance(body, dict) else {}


def _lifetime(raw: object) -> float:
    """How long a token lives, from what token endpoints really say: numbers, texts, nothing, nonsense."""
    if isinstance(raw, str) and raw.strip().lstrip("-").isdigit() and len(raw) < 20:
        raw = int(raw)
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        return UNSTATED_LIFETIME
    return float(min(max(raw, 0), LONGEST_LIFETIME))  # 0 and less: good for the calls that wait for it


def _token_url(spec: AuthSpec, settings: ProviderSettings, secrets: dict[str, Secret]) -> str:
    """Where tokens are made: a user's own endpoint, or the profile's, below the base URL if it is a path."""
    stated = (
        secrets["token_url"].reveal() if "token_url" in secrets else str(spec.options.get("token_url", ""))
    )
    if stated.startswith("/"):
        base = urlsplit(settings.base_url or "")
        stated = f"{base.scheme}://{base.netloc}{stated}"
    parts = urlsplit(stated)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
        msg = f"the token endpoint of `{settings.provider}` must be an https address"
        raise BadConfig(ErrorInfo("config", msg, provider=settings.provider))
    return stated


def _exchange(spec: AuthSpec, secrets: dict[str, Secret], url: str) -> Call:
    """The call that asks for a token."""
    form = {"grant_type": "client_credentials"}
    if spec.options.get("scope"):
        form["scope"] = spec.options["scope"]
    headers = Headers({"content-type": "application/x-www-form-urlencoded", "accept": "application/json"})
    client, secret = secrets["client_id"].reveal(), secrets["client_secret"].reveal()
    if spec.options.get("style", "basic") == "body":
        form |= {"client_id": client, "client_secret": secret}
    else:
        pair = f"{quote_plus(client)}:{quote_plus(secret)}".encode()
        headers["authorization"] = f"Basic {base64.b64encode(pair).decode()}"
    parts = urlsplit(url)
    path = tuple(segment for segment in parts.path.split("/") if segment)
    return Call("POST", path, urlencode(form).encode(), headers, (), f"{parts.scheme}://{parts.netloc}")
