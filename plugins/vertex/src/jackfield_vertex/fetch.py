"""Fetches access tokens with the vendor's library. It blocks; nothing of the library is imported before.

Whatever goes wrong becomes words here: frames of the library hold private keys, so no exception of its
leaves this module.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import field, frozen

from jackfield.errors import JackfieldError
from jackfield_vertex.origin import AROUND, Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
TIMEOUT = 30.0  # seconds for one exchange with a token endpoint
UNSTATED_LIFETIME = 300.0
_LONGEST_WORDS = 200

Document: TypeAlias = dict[str, Any]


@frozen
class Fetched:
    """A token, for how many seconds it is good, and the project it is charged to where that is another."""

    token: str = field(repr=False)
    lifetime: float
    quota_project: str = ""


@frozen
class Failed:
    """Why there is no token: nothing was found, or what was found did not serve, for good or for now."""

    reason: str
    missing: bool = False
    transient: bool = False


def fetched(origin: Origin) -> Fetched | Failed:
    """A new token, or why there is none."""
    try:
        return _fetched(origin)
    except JackfieldError as exc:
        return Failed(exc.info.message)
    except Exception as exc:  # noqa: BLE001  # told in words; its frames hold what nobody may see
        return _failure(exc)


def _fetched(origin: Origin) -> Fetched | Failed:
    from google.auth.transport.requests import Request
    from requests import Session

    with Session() as session:
        request: Any = Request(session)
        if origin.kind == AROUND:  # a metadata server is asked with short time limits of the library's own
            credentials = _around(request)
        else:
            credentials = _loaded(origin.document())
            request = partial(request, timeout=TIMEOUT)
        credentials.refresh(request)
    return _told(credentials)


def _around(request: Any) -> Any:
    """What the library finds around the process."""
    import google.auth

    credentials, _ = google.auth.default(scopes=SCOPES, request=request)
    return credentials


def _loaded(document: Document) -> Any:
    """The library's credentials for a document, by its type."""
    return _LOADERS[document["type"]](document)


def _told(credentials: Any) -> Fetched | Failed:
    token = credentials.token
    if not (isinstance(token, str) and token and token.isascii() and token.isprintable()):
        return Failed("the answer holds no token", transient=True)
    lifetime = UNSTATED_LIFETIME
    if credentials.expiry is not None:  # without a zone, and meant as UTC
        lifetime = (credentials.expiry.replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds()
    return Fetched(token, max(lifetime, 0.0), getattr(credentials, "quota_project_id", None) or "")


def _failure(exc: Exception) -> Failed:
    """What the library said, if that is meant for people."""
    from google.auth import exceptions

    if isinstance(exc, exceptions.DefaultCredentialsError):
        return Failed("none are found", missing=True)
    if isinstance(exc, exceptions.TransportError):
        return Failed("whoever makes tokens cannot be reached, or answers with an error", transient=True)
    words = exc.args[0] if isinstance(exc, exceptions.GoogleAuthError) and exc.args else ""
    # Where an answer has no words of its own the library repeats all of it, whatever that holds.
    if not isinstance(words, str) or "{" in words:
        words = ""
    said = " ".join(words.split())[:_LONGEST_WORDS]
    transient = bool(getattr(exc, "retryable", False))
    return Failed(said or f"they cannot be used ({type(exc).__name__})", transient=transient)


# -- by type ---------------------------------------------------------------------------------------


def _service_account(document: Document) -> Any:
    from google.oauth2.service_account import Credentials

    return Credentials.from_service_account_info(document, scopes=SCOPES)  # type: ignore[no-untyped-call]


def _authorized_user(document: Document) -> Any:
    from google.oauth2.credentials import Credentials

    return Credentials.from_authorized_user_info(document)  # type: ignore[no-untyped-call]


def _external_account(document: Document) -> Any:
    """Workload identity: signed by AWS, printed by a command the user allows, or read from file or address."""
    from google.auth import aws, identity_pool, pluggable

    source = document.get("credential_source")
    maker: Any = identity_pool.Credentials
    if document.get("subject_token_type") == "urn:ietf:params:aws:token-type:aws4_request":
        maker = aws.Credentials
    elif isinstance(source, dict) and "executable" in source:
        maker = pluggable.Credentials
    return maker.from_info(document, scopes=SCOPES)


def _external_user(document: Document) -> Any:
    from google.auth.external_account_authorized_user import Credentials

    return Credentials.from_info(document)  # type: ignore[no-untyped-call]


def _impersonated(document: Document) -> Any:
    from google.auth.impersonated_credentials import Credentials

    return Credentials.from_impersonated_service_account_info(document, scopes=SCOPES)  # type: ignore[no-untyped-call]


_LOADERS: Mapping[str, Callable[[Document], Any]] = {
    "service_account": _service_account,
    "authorized_user": _authorized_user,
    "external_account": _external_account,
    "external_account_authorized_user": _external_user,
    "impersonated_service_account": _impersonated,
}
