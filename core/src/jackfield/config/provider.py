"""What the user has set for one provider, resolved against its profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from attrs import evolve, field, frozen

from jackfield.config.credentials import Lookup, Need
from jackfield.errors import BadConfig, ErrorInfo, MissingCredentials

if TYPE_CHECKING:
    from jackfield.profile import AuthSpec, Profile
    from jackfield.secret import Secret


@frozen
class ProviderSettings:
    """What a user has set for one provider. Credentials are looked up when they are asked for.

    ``headers`` are all headers that follow from the settings, ``values`` those of the profile's own
    settings alone; ``chosen`` are the profile's settings by name.
    """

    provider: str
    base_url: str | None = None
    timeout: float | None = None
    max_retries: int | None = None
    default_model: str | None = None
    wire: str | None = None
    headers: Mapping[str, str] = field(factory=dict, repr=lambda headers: f"<{', '.join(headers)}>")
    values: Mapping[str, str] = field(factory=dict, repr=False)
    chosen: Mapping[str, str] = field(factory=dict, repr=False)
    keys_url: str = ""
    compliance: tuple[str, ...] = ()  # what it complies with by the user's own word
    _lookup: Lookup | None = field(default=None, repr=False, eq=False)
    one_account: bool = (
        False  # whether several keys are of one account, so that what belongs to it may take any
    )

    def credentials(self, spec: AuthSpec) -> tuple[Secret, ...]:
        """The keys for a scheme, several of them where the user gave several."""
        need = Need("api_key", spec.env, lenient=spec.optional, pattern=spec.key_pattern)
        lookup = self._fresh()
        found = lookup.find(need)
        if not found:
            raise self._nothing(lookup.looked)
        return found

    def fields(self, spec: AuthSpec, names: Mapping[str, Sequence[str]]) -> dict[str, Secret]:
        """Several named credentials, all of which a scheme needs, with the variables of each."""
        lookup = self._fresh()
        found: dict[str, Secret] = {}
        for name, env in names.items():
            secrets = lookup.find(Need(_field(name), tuple(env), key=False))
            if secrets:
                found[name] = secrets[0]
            elif name not in spec.options:
                raise self._nothing(lookup.looked)
        return found

    def missing(self, errors: Sequence[MissingCredentials]) -> MissingCredentials:
        """One error for all alternatives of which none has a credential."""
        places = [place for error in errors for place in error.info.raw or ()]
        return self._nothing(list(dict.fromkeys(places)))

    def _fresh(self) -> Lookup:
        lookup = self._lookup
        if lookup is None:
            msg = f"the settings of `{self.provider}` were made without places to look for credentials"
            raise BadConfig(ErrorInfo("config", msg, provider=self.provider))
        return evolve(lookup, address=self.base_url)

    def _nothing(self, looked: list[str]) -> MissingCredentials:
        msg = f"no credentials for `{self.provider}`\n  looked at: {', '.join(looked)}"
        hint = f"run `jackfield keys set {self.provider}`"
        if self.keys_url:
            hint += f" — keys are made at <{self.keys_url}>"
        return MissingCredentials(
            ErrorInfo(
                "config.credentials", msg, provider=self.provider, hint=hint, sent="no", raw=tuple(looked)
            )
        )


def credential_names(profile: Profile) -> tuple[str, ...]:
    """What the credentials besides a key are called in settings."""
    specs = (profile.auth, *profile.auth.alternatives)
    return tuple(_field(name) for spec in specs for name in (*spec.fields, *spec.headers))


def _field(name: str) -> str:
    """The name of a header or credential as a setting is written."""
    return name.lower().replace("-", "_")


def checked_base_url(raw: str, label: str, path: str) -> str:
    """A base URL that calls can be made below; ``path`` is added to one that has none."""
    parts = urlsplit(raw.strip())
    faults = {
        "is not an http or https address": parts.scheme not in ("http", "https") or not parts.hostname,
        "holds a name or password": "@" in parts.netloc,
        "has a query or fragment": bool(parts.query or parts.fragment),
    }
    for reason, applies in faults.items():
        if applies:  # the address itself is not shown: it may hold what it should not
            raise BadConfig(ErrorInfo("config", f"the base URL from {label} {reason}"))
    if path and parts.path in ("", "/"):
        return f"{parts.scheme}://{parts.netloc}/{path.strip('/')}"
    return raw.strip()


_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104  # where a server listens, and where it is found


def completed_base_url(raw: str, own: str) -> str:
    """A bare host as an address, where the provider's ``own`` is that of a server on this machine.

    Such servers and their clients share a variable that names host and port, or the host alone.
    """
    if "://" in raw or not own.startswith("http://"):
        return raw
    host, slash, path = raw.strip().partition("/")
    name, colon, port = host.rpartition(":")
    if not (colon and port.isdecimal()):  # also in the brackets of an address of numbers
        name, port = host, own.rpartition(":")[2].partition("/")[0]
    return f"http://{_EVERYWHERE.get(name, name) or '127.0.0.1'}:{port}{slash}{path}"
