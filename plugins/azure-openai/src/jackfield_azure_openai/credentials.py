"""Which credential signs: a key, a token somebody else made, or tokens for an identity. Always exactly one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

import attrs

from jackfield.auth.bearer import Bearer
from jackfield.auth.header import NamedHeader
from jackfield.auth.pool import pooled
from jackfield.errors import BadConfig, ErrorInfo, MissingCredentials
from jackfield_azure_openai.entra import KINDS, Entra, Identity

if TYPE_CHECKING:
    from jackfield.plugin import Auth, Profile, ProviderSettings
    from jackfield.secret import Secret

KEY, TOKEN, AUTO = "key", "token", "auto"
CHOICES = (AUTO, KEY, TOKEN, *KINDS)

# Where tokens are made, and what they are good for, in each cloud.
CLOUDS: Mapping[str, tuple[str, str]] = {
    "public": ("", "https://cognitiveservices.azure.com/.default"),
    "usgov": ("login.microsoftonline.us", "https://cognitiveservices.azure.us/.default"),
    "china": ("login.chinacloudapi.cn", "https://cognitiveservices.azure.cn/.default"),
}

Keyed: TypeAlias = Callable[["Secret"], "Auth"]


def azure_auth(profile: Profile, settings: ProviderSettings, keyed: Keyed | None = None) -> Auth:
    """The auth for a provider's settings; ``keyed`` makes that of a key, where it is not a header `api-key`."""
    chosen = settings.chosen.get("credential", AUTO)
    if chosen not in CHOICES:
        raise _bad(profile, f"`credential` is one of {', '.join(CHOICES)}, not `{chosen:.40}`")
    found = _Found(profile, settings)
    if chosen in KINDS:
        return _entra(found, chosen)
    if chosen == AUTO:
        chosen = _only(found)
    if chosen == KEY and found.keys:
        return pooled([(keyed or _api_key)(key) for key in found.keys])
    if chosen == TOKEN and found.token is not None:
        return Bearer(found.token)
    if chosen in KINDS:
        return _entra(found, chosen)
    raise found.missing()


def _api_key(key: Secret) -> Auth:
    return NamedHeader(key, "api-key")


class _Found:
    """The credentials that are set, and the places that had none."""

    def __init__(self, profile: Profile, settings: ProviderSettings) -> None:
        self.profile = profile
        self._settings = settings
        self._errors: list[MissingCredentials] = []
        self.keys: Sequence[Secret] = self._keys()
        self.token = self._field("azure_ad_token")
        self.identity = Identity(
            settings.chosen.get("tenant_id", ""),
            settings.chosen.get("client_id", ""),
            self._field("client_secret"),
            settings.chosen.get("token_file", ""),
            settings.chosen.get("authority", "") or self._cloud()[0],
        )

    @property
    def scope(self) -> str:
        """What tokens are to be good for."""
        return self._settings.chosen.get("scope", "") or self._cloud()[1]

    def missing(self) -> MissingCredentials:
        """One error for all the places."""
        info = self._settings.missing(self._errors).info
        hint = f'{info.hint}; identities are chosen by `credential`, such as `credential = "default"`'
        return MissingCredentials(attrs.evolve(info, hint=hint))

    def _keys(self) -> Sequence[Secret]:
        try:
            return self._settings.credentials(self.profile.auth)
        except MissingCredentials as exc:
            self._errors.append(exc)
            return ()

    def _field(self, name: str) -> Secret | None:
        spec = self.profile.auth
        try:
            return self._settings.fields(spec, {name: spec.fields[name]})[name]
        except MissingCredentials as exc:
            self._errors.append(exc)
            return None

    def _cloud(self) -> tuple[str, str]:
        name = self._settings.chosen.get("cloud", "public")
        if name not in CLOUDS:
            raise _bad(self.profile, f"`cloud` is one of {', '.join(CLOUDS)}, not `{name:.40}`")
        return CLOUDS[name]


def _only(found: _Found) -> str:
    """The one credential that is given; two of them are a mistake that nobody should have to guess about."""
    secret = found.identity.client_secret
    given = {
        KEY: found.keys[0] if found.keys else None,
        TOKEN: found.token,
        # What stands in the environment may be there for other tools; it counts where nothing else does.
        "client_secret": None if secret is None or secret.source.startswith("env ") else secret,
    }
    named = {kind: secret.source for kind, secret in given.items() if secret is not None}
    if len(named) > 1:
        said = " and ".join(f"`{kind}` from {source}" for kind, source in named.items())
        hint = f'take all but one away, or choose: `credential = "{next(iter(named))}"`'
        raise _bad(found.profile, f"several credentials are set, and a call is signed by one: {said}", hint)
    return next(iter(named), "") or next((kind for kind in KINDS if _complete(found, kind)), KEY)


def _complete(found: _Found, kind: str) -> bool:
    """Whether all an identity needs is set; one that needs nothing is only ever chosen."""
    needs = KINDS[kind].needs
    return bool(needs) and not _lacking(found, kind)


def _lacking(found: _Found, kind: str) -> list[str]:
    return [name for name in KINDS[kind].needs if not getattr(found.identity, name)]


def _entra(found: _Found, kind: str) -> Auth:
    lacking = _lacking(found, kind)
    profile = found.profile
    if lacking:
        names = ", ".join(f"`{name}`" for name in lacking)
        msg = f"`{profile.id}` is to sign as `{kind}`, for which {names} must be set"
        hint = f"set the variables of that, or what is named under `[providers.{profile.id}]`"
        raise MissingCredentials(
            ErrorInfo("config.credentials", msg, provider=profile.id, hint=hint, sent="no")
        )
    make = partial(KINDS[kind].make, found.identity)
    return Entra(make, found.scope, profile.id, f"credential `{kind}`")


def _bad(profile: Profile, message: str, hint: str = "") -> BadConfig:
    return BadConfig(ErrorInfo("config", message, provider=profile.id, hint=hint, sent="no"))
