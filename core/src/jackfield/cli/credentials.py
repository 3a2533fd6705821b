"""Whether a provider's credential is found, and where. Nothing here sees or shows a value, or runs a command."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from attrs import frozen

from jackfield.errors import JackfieldError, MissingCredentials

if TYPE_CHECKING:
    from jackfield.cli.invocation import Invocation
    from jackfield.config import Settings
    from jackfield.profile import Profile

FOUND, MISSING, UNNEEDED, OPTIONAL, WRONG, COMMAND, OWN = (
    "found",
    "missing",
    "not needed",
    "optional",
    "wrong",
    "command",
    "plugin",
)


@frozen
class Key:
    """What is known of a provider's credential without showing it."""

    state: str
    where: str = ""
    reason: str = ""
    hint: str = ""

    @property
    def words(self) -> str:
        """For a table."""
        return (
            self.where
            if self.state == FOUND
            else f"{self.state}: {self.reason}"
            if self.reason
            else self.state
        )

    @property
    def usable(self) -> bool:
        """Whether a call would be sent."""
        return self.state not in (MISSING, WRONG)


def key_of(run: Invocation, provider: str) -> Key:
    """The credential of an installed provider."""
    try:
        return _key(run.settings, run.registry.profile(provider))
    except JackfieldError as exc:
        return Key(WRONG, reason=exc.summary.partition("\n")[0], hint=exc.info.hint)


def _key(settings: Settings, profile: Profile) -> Key:
    from jackfield.auth import auth_for
    from jackfield.auth.schemes import SCHEMES

    if profile.auth.scheme == "none" and not profile.auth.alternatives:
        return Key(UNNEEDED)
    if profile.auth.scheme not in SCHEMES:
        return Key(OWN, reason="its package finds it itself")
    try:
        auth = auth_for(profile, _without_commands(settings).provider(profile))
    except MissingCredentials as exc:
        stated = settings.origin(f"providers.{profile.id}.command")
        if stated:
            return Key(COMMAND, stated, "not run now")
        return Key(MISSING, hint=exc.info.hint)
    if auth.scheme == "none":
        return Key(OPTIONAL, reason="none is set")
    return Key(FOUND, str(getattr(auth, "source", "") or "found"))


def _without_commands(settings: Settings) -> Settings:
    """The settings without the commands that print keys: to list is not to run them."""
    from jackfield.config.layers import Layers

    layers = tuple(attrs.evolve(layer, table=_stripped(layer.table)) for layer in settings._layers.layers)
    return attrs.evolve(settings, layers=Layers(layers))


def _stripped(table: Any) -> dict[str, Any]:
    providers = {
        name: {key: value for key, value in own.items() if key != "command"}
        for name, own in table.get("providers", {}).items()
    }
    return {**table, "providers": providers} if providers else dict(table)
