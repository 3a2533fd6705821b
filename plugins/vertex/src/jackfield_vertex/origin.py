"""Where a provider's Google credentials come from, as far as it can be told without asking anybody.

What is stated is looked for first: an access token, a key, the credentials themselves or the file they are
in. Else it is what the machine has: the file that `gcloud auth application-default login` writes, then
whatever runs around the process, such as a metadata server.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from attrs import frozen

from jackfield.errors import BadConfig, ErrorInfo, MissingCredentials
from jackfield.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jackfield.plugin import Profile, ProviderSettings

TOKEN, DOCUMENT, AROUND = "token", "document", "around"

TYPES = (
    "service_account",
    "authorized_user",
    "external_account",
    "external_account_authorized_user",
    "impersonated_service_account",
)
"""The kinds of credentials that a document may hold."""

_ACCESS_TOKEN = "ya29."  # noqa: S105  # what Google's access tokens begin with
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_LARGEST = 1 << 16


@frozen
class Origin:
    """What tokens are made from: a token itself, a document, or what is around; ``secret`` is never shown."""

    kind: str
    secret: Secret | None = None
    path: str = ""  # of the document, which is read anew for every token: files are exchanged
    source: str = ""

    def document(self) -> dict[str, Any]:
        """The credentials as they stand now."""
        if self.secret is not None:
            return _document(self.secret.reveal(), self.source)
        return _document(_contents(self.path, self.source), self.source)


def stated(profile: Profile, settings: ProviderSettings) -> Mapping[str, Secret]:
    """The credentials that somebody stated by name: ``access_token``, ``credentials``."""
    return settings.fields(profile.auth, profile.auth.fields)


def keys_of(profile: Profile, settings: ProviderSettings) -> tuple[Secret, ...]:
    """The keys somebody stated; none if nobody did."""
    try:
        return settings.credentials(profile.auth)
    except MissingCredentials:
        return ()


def is_token(key: Secret) -> bool:
    """Whether a key is an access token, as `gcloud auth print-access-token` prints it."""
    return key.reveal().startswith(_ACCESS_TOKEN)


def origin_of(found: Mapping[str, Secret]) -> Origin:
    """What tokens are made from."""
    if "access_token" in found:
        return Origin(TOKEN, found["access_token"], source=found["access_token"].source)
    credentials = found.get("credentials")
    if credentials is None:
        return _of_the_machine(os.environ)
    if credentials.reveal().startswith("{"):
        origin = Origin(DOCUMENT, credentials, source=credentials.source)
    else:
        path = Path(credentials.reveal()).expanduser()
        origin = Origin(DOCUMENT, path=str(path), source=f"`{path}` ({credentials.source})")
    origin.document()  # what is wrong with it is told now, and not when a call is made
    return origin


def _of_the_machine(env: Mapping[str, str]) -> Origin:
    """What a person has logged in with, or else what is around, which is told apart by where it is asked."""
    path = well_known(env)
    if path.is_file():
        return Origin(DOCUMENT, path=str(path), source=f"`{path}`")
    return Origin(AROUND, path=env.get("GCE_METADATA_HOST", ""))


def well_known(env: Mapping[str, str]) -> Path:
    """The file in which the vendor's command line keeps what a person has logged in with."""
    name = "application_default_credentials.json"
    if env.get("CLOUDSDK_CONFIG"):
        return Path(env["CLOUDSDK_CONFIG"]) / name
    if sys.platform == "win32":
        return Path(env.get("APPDATA", "")) / "gcloud" / name
    return Path(env.get("HOME") or Path.home()) / ".config" / "gcloud" / name


def project_in(origin: Origin) -> str:
    """The project that the credentials belong to; nothing if they do not say."""
    if origin.kind != DOCUMENT:
        return ""
    document = origin.document()
    names = (document.get("project_id"), document.get("quota_project_id"))
    return next((name for name in names if isinstance(name, str) and name), "")


def _contents(path: str, source: str) -> str:
    """The text of a file; a fault does not show it."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(_LARGEST + 1)
    except (OSError, UnicodeDecodeError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else "it is no text"
    else:
        return text
    raise _unusable(source, f"cannot be read: {reason}", "the file of a service account is JSON")


def _document(text: str, source: str) -> dict[str, Any]:
    """The text as credentials, if it is that; a fault does not show any of it."""
    try:
        document = json.loads(text) if len(text) <= _LARGEST else None
    except ValueError:
        document = None
    text = ""
    fault, hint = _fault(document)
    if fault:
        document = None
        raise _unusable(source, fault, hint)
    return dict(document or {})


def _fault(document: Any) -> tuple[str, str]:
    """What is wrong with credentials, and what to do about it."""
    if not isinstance(document, dict):
        return "are no JSON object", "give the file's path, or all of its contents"
    kind = document.get("type")
    if kind not in TYPES:
        named = f"are of type `{kind}`" if isinstance(kind, str) and len(kind) < 40 else "state no type"
        return f"{named}, which cannot be used", f"the types are {', '.join(TYPES)}"
    needed = ("client_email", "private_key", "token_uri") if kind == "service_account" else ()
    lacking = [name for name in needed if not isinstance(document.get(name), str)]
    if lacking:
        return f"hold no `{lacking[0]}`", "download the key of the service account again"
    open_url = next((name for name in ("token_uri", "token_url") if not _closed(document.get(name))), "")
    return (f"state a `{open_url}` that is no https address", "") if open_url else ("", "")


def _closed(url: Any) -> bool:
    """Whether secrets may be sent to an address."""
    parts = urlsplit(url) if isinstance(url, str) else None
    return parts is None or parts.scheme == "https" or parts.hostname in _LOOPBACK


def _unusable(source: str, fault: str, hint: str) -> BadConfig:
    return BadConfig(
        ErrorInfo("config", f"the Google credentials from {source} {fault}", hint=hint, sent="no")
    )


def is_keyed(profile: Profile, settings: ProviderSettings) -> bool:
    """Whether calls are signed with a key that is no token; such calls name no project."""
    keys = () if "access_token" in stated(profile, settings) else keys_of(profile, settings)
    return bool(profile.auth.header) and any(not is_token(key) for key in keys)
