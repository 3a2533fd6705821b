"""The vendor's own chain of credentials, and its signature: the only module that imports botocore.

Everything here may block, and is called where that holds nobody up. What goes wrong is told without the
frames it went wrong in: they hold credentials.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from typing import Any

from attrs import field, frozen

from jackfield.errors import ErrorInfo
from jackfield.plugin import Call

STAMP = "%Y%m%dT%H%M%SZ"


@frozen
class Wanted:
    """Which credentials are asked for: a profile's, and in which role."""

    region: str
    profile: str = ""
    role_arn: str = ""
    role_session: str = "jackfield"
    external_id: str = ""


@frozen(eq=False)
class Given:
    """Credentials, as they are stated or found; nothing of them is shown."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


def _vendor(name: str) -> Any:
    """A module of the vendor's library, imported when it is first needed."""
    return import_module(f"botocore.{name}")


class Chain:
    """Finds credentials where the vendor's tools do. Made once; what it finds renews itself."""

    __slots__ = ("_found", "_given", "wanted")

    def __init__(self, wanted: Wanted, given: Given | None = None) -> None:
        self.wanted = wanted
        self._given = given
        self._found: Any = None

    def forget(self) -> None:
        """Look everywhere anew when asked next."""
        self._found = None

    def keys(self) -> Given | ErrorInfo:
        """Credentials that are good now, or why there are none."""
        _vendor("auth"), _vendor("awsrequest")  # here they hold nobody up
        failures = _vendor("exceptions")
        try:
            if self._found is None:
                self._found = self._look()
            found = self._found and self._found.get_frozen_credentials()
        except (failures.BotoCoreError, failures.ClientError) as exc:
            return _failure(exc, self.wanted)
        if not found or not (found.access_key and found.secret_key):
            self._found = None
            return _nothing(self.wanted)
        return Given(found.access_key, found.secret_key, found.token)  # which shows nothing of itself

    def _look(self) -> Any:
        wanted = self.wanted
        session = _vendor("session").Session(profile=wanted.profile or None)
        given = self._given
        if given is not None:
            found = _vendor("credentials").Credentials(given.access_key, given.secret_key, given.token)
        else:
            found = session.get_credentials()
        return _in_role(session, found, wanted) if wanted.role_arn and found is not None else found


def _in_role(session: Any, source: Any, wanted: Wanted) -> Any:
    """Credentials of another role, which ``source`` may take on."""
    library = _vendor("credentials")
    extra = {"RoleSessionName": wanted.role_session}
    if wanted.external_id:
        extra["ExternalId"] = wanted.external_id
    client = partial(session.create_client, region_name=wanted.region)
    fetcher = library.AssumeRoleCredentialFetcher(client, source, wanted.role_arn, extra_args=extra)
    return library.DeferredRefreshableCredentials(fetcher.fetch_credentials, "assume-role")


# What the vendor's library raises -> what mends it.
_HINTS = {
    "UnauthorizedSSOTokenError": "run `aws sso login`",
    "SSOTokenLoadError": "run `aws sso login`",
    "TokenRetrievalError": "run `aws sso login`",
    "LoginTokenLoadError": "run `aws login`",
    "ProfileNotFound": "set `AWS_PROFILE`, or `profile` under `[providers.bedrock]`, to one that exists",
    "ClientError": "see whether the role may be taken on by these credentials",
}
_SILENT = frozenset({"CredentialRetrievalError"})  # it quotes what a command of the user's printed


def _failure(exc: Exception, wanted: Wanted) -> ErrorInfo:
    name = next((kind.__name__ for kind in type(exc).__mro__ if kind.__name__ in _HINTS), type(exc).__name__)
    reason = name if type(exc).__name__ in _SILENT else f"{type(exc).__name__}: {str(exc)[:300]}"
    msg = f"authentication failed: no credentials for `bedrock`: {' '.join(reason.split())}"
    transient = "Timeout" in reason or "ConnectionError" in reason
    return ErrorInfo("auth", msg, hint=_HINTS.get(name, ""), sent="no", should_retry=transient)


def _nothing(wanted: Wanted) -> ErrorInfo:
    places = (
        f"profile `{wanted.profile}`" if wanted.profile else "environment, profiles, container and instance"
    )
    msg = f"no credentials for `bedrock`\n  looked at: {places}, as the AWS tools do, and `AWS_BEARER_TOKEN_BEDROCK`"
    hint = "run `aws configure`, or set `AWS_BEARER_TOKEN_BEDROCK` to an API key"
    return ErrorInfo("config.credentials", msg, provider="bedrock", hint=hint, sent="no")


def signed(call: Call, keys: Given, scope: tuple[str, str], skew: timedelta) -> Call:
    """``call`` with its signature; ``scope`` is service and region, ``skew`` how far our clock is behind."""
    headers = {name: value for name, value in call.headers.items() if name == "content-type"}
    request = _vendor("awsrequest").AWSRequest(call.method, call.url, headers, call.body)
    _signer()(keys, scope, skew).add_auth(request)
    added = {name.lower(): str(value) for name, value in request.headers.items()}
    return call.with_headers(added)


def _signer() -> Any:
    """The vendor's signer, which is told the time where our clock is wrong."""

    class Signer(_vendor("auth").SigV4Auth):  # type: ignore[misc]  # the library states no types
        """Signs at the time of the service's clock."""

        def __init__(self, keys: Given, scope: tuple[str, str], skew: timedelta) -> None:
            super().__init__(keys, *scope)
            self._skew = skew

        def _modify_request_before_signing(self, request: Any) -> None:
            if self._skew:
                then = datetime.strptime(request.context["timestamp"], STAMP)  # noqa: DTZ007  # it is UTC
                request.context["timestamp"] = (then + self._skew).strftime(STAMP)
            super()._modify_request_before_signing(request)

    return Signer
