"""The endpoints that give out tokens: OAuth 2 client credentials, Google's JWT grant, Entra, and STS.

They are asked with a form. What they give out is good at every provider here until it expires, and stands for
the client that it was given to: its limits and its money are that client's.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qsl, unquote_plus
from xml.sax.saxutils import escape

from jackfield.errors import Malformed
from jackfield.jsontext import dumps, loads
from jackfield.wire import Call, Headers, Reply
from jackfield_simulator.accounts import WRONG, Accounts

LIFETIME = 3600
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
IAM_GRANT = "urn:ibm:params:oauth:grant-type:apikey"
FORM = "application/x-www-form-urlencoded"
WELL_KNOWN = (".well-known", "openid-configuration")
Form = Mapping[str, str]


class TokenEndpoints:
    """All of them, at every path: the form tells which is meant."""

    def __init__(self, accounts: Accounts, wall: Callable[[], float] = time.time) -> None:
        self._accounts = accounts
        self._wall = wall
        self._given = 0
        self._grants: Mapping[str, Callable[[Call, Form], Reply]] = {
            "client_credentials": self._client,
            "refresh_token": self._refreshed,
            JWT_GRANT: self._asserted,
            IAM_GRANT: self._keyed,
        }

    def reply(self, call: Call) -> Reply | None:
        """What is answered to a call for a token, or for where to get one; nothing if it is neither."""
        if call.method == "GET" and call.path[-2:] == WELL_KNOWN:
            return _configuration(call)
        if call.method != "POST" or not call.headers.get("content-type", "").startswith(FORM):
            return None
        form = dict(parse_qsl(call.body.decode("utf-8", "replace")))
        if form.get("Action", "").startswith("AssumeRole"):
            return self._assumed(call, form)
        grant = form.get("grant_type")
        if grant is None:
            return None
        give = self._grants.get(grant)
        if give is None:
            return _refused(
                call, "unsupported_grant_type", f"the grant type {grant!r:.60} is not supported", 400
            )
        return give(call, form)

    # -- grants ------------------------------------------------------------------------------------

    def _client(self, call: Call, form: Form) -> Reply:
        client, secret = _client_of(call, form)
        assertion = form.get("client_assertion", "")
        if not client or not (secret or assertion) or _is_wrong(client) or _is_wrong(secret):
            return _refused(call, "invalid_client", "the client is unknown, or its secret is wrong", 401)
        return self._token(call, client, form.get("scope", ""), "sim-")

    def _refreshed(self, call: Call, form: Form) -> Reply:
        if not form.get("refresh_token") or _is_wrong(form["refresh_token"]):
            return _refused(call, "invalid_grant", "the refresh token has been revoked", 400)
        return self._token(call, form.get("client_id", "refreshed"), form.get("scope", ""), "ya29.sim-")

    def _keyed(self, call: Call, form: Form) -> Reply:
        if not form.get("apikey") or _is_wrong(form["apikey"]):
            return _refused(call, "invalid_grant", "Provided API key could not be found.", 400)
        return self._token(call, form["apikey"], "ibm openid", "sim-")

    def _asserted(self, call: Call, form: Form) -> Reply:
        claims = _claims(form.get("assertion", ""))
        issued, until = claims.get("iat"), claims.get("exp")
        if not claims.get("iss") or not isinstance(issued, int | float) or not isinstance(until, int | float):
            return _refused(call, "invalid_grant", "Invalid JWT: it is not signed by a service account.", 400)
        now = self._wall()
        if abs(now - issued) > 300 or not now < until <= issued + 3600 + 1:
            words = (
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
                " Check your iat and exp values in the JWT claim."
            )
            return _refused(call, "invalid_grant", words, 400)
        return self._token(call, str(claims["iss"]), str(claims.get("scope", "")), "ya29.sim-")

    def _token(self, call: Call, client: str, scope: str, prefix: str) -> Reply:
        self._given += 1
        token = prefix + hashlib.sha256(f"{client} {self._given}".encode()).hexdigest()[:40]
        self._accounts.issue(token, client, LIFETIME)
        body: dict[str, Any] = {"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME - 1}
        if _is_entra(call):
            body["ext_expires_in"] = LIFETIME - 1
        elif scope:
            body["scope"] = scope
        return Reply(
            200, Headers({"content-type": "application/json", "cache-control": "no-store"}), dumps(body)
        )

    # -- roles -------------------------------------------------------------------------------------

    def _assumed(self, call: Call, form: Form) -> Reply:
        refused = self._accounts._unsigned(call, _signer(call)) if "authorization" in call.headers else None
        role = form.get("RoleArn", "")
        if refused is not None or not role:
            words = (
                refused.message if refused is not None else "1 validation error: `roleArn` must not be null"
            )
            return _xml(
                403,
                f"<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{escape(words)}</Message></Error>",
                "ErrorResponse",
            )
        self._given += 1
        name = hashlib.sha256(f"{role} {self._given}".encode()).hexdigest()
        key, secret, session = f"ASIA{name[:16].upper()}", name[16:56], f"session-{name[:32]}"
        self._accounts.issue(key, role, LIFETIME, secret=secret, session=session)
        until = datetime.fromtimestamp(self._wall() + LIFETIME, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        user = f"{role}/{form.get('RoleSessionName', 'session')}"
        inner = (
            f"<AccessKeyId>{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>"
            f"<SessionToken>{session}</SessionToken><Expiration>{until}</Expiration>"
        )
        who = f"<AssumedRoleUser><AssumedRoleId>AROA:{name[:8]}</AssumedRoleId><Arn>{escape(user)}</Arn></AssumedRoleUser>"
        action = form["Action"]
        return _xml(
            200,
            f"<{action}Result><Credentials>{inner}</Credentials>{who}</{action}Result>",
            f"{action}Response",
        )


def _configuration(call: Call) -> Reply:
    """Where a tenant's endpoints are; its libraries ask, and take no address but one of TLS."""
    tenant = str(call.path[0])
    base = f"https://{call.headers.get('host', 'localhost')}/{tenant}"
    body = {
        "issuer": f"{base}/v2.0",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
    }
    return Reply(200, Headers({"content-type": "application/json"}), dumps(body))


def _client_of(call: Call, form: Form) -> tuple[str, str]:
    """The id and secret of a client, from the header or the form."""
    scheme, _, pair = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client, _, secret = base64.b64decode(pair).decode().partition(":")
        except ValueError:
            return "", ""
        return unquote_plus(client), unquote_plus(secret)
    return form.get("client_id", ""), form.get("client_secret", "")


def _signer(call: Call) -> str:
    from jackfield_simulator.accounts import key_of

    return key_of(call)


def _claims(assertion: str) -> dict[str, Any]:
    """What a JWT claims; nothing if it is none, or bears no signature."""
    head, _, rest = assertion.partition(".")
    payload, _, seal = rest.partition(".")
    try:
        found, kind = loads(_unpadded(payload)), loads(_unpadded(head))
    except (Malformed, ValueError):
        return {}
    return found if isinstance(found, dict) and isinstance(kind, dict) and seal and kind.get("alg") else {}


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _is_wrong(word: str) -> bool:
    return any(fnmatchcase(word, one) for one in WRONG)


def _is_entra(call: Call) -> bool:
    return "oauth2" in call.path and "v2.0" in call.path


def _refused(call: Call, error: str, words: str, status: int) -> Reply:
    body: dict[str, Any] = {"error": error, "error_description": words}
    if _is_entra(call):
        code = 7000215 if error == "invalid_client" else 70003
        body |= {"error_description": f"AADSTS{code}: {words}", "error_codes": [code]}
    return Reply(status, Headers({"content-type": "application/json"}), dumps(body))


def _xml(status: int, inner: str, name: str) -> Reply:
    space = "https://sts.amazonaws.com/doc/2011-06-15/"
    metadata = (
        "<ResponseMetadata><RequestId>00000000-0000-4000-8000-000000000000</RequestId></ResponseMetadata>"
    )
    body = f'<{name} xmlns="{space}">{inner}{metadata}</{name}>'
    return Reply(status, Headers({"content-type": "text/xml"}), body.encode())
