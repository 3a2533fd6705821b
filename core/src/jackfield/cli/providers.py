"""``jackfield providers``: every provider there is, whether it is installed, and whether a key is found."""

from __future__ import annotations

from typing import Any

import click
from attrs import frozen

from jackfield.cli.console import Style
from jackfield.cli.credentials import Key, key_of
from jackfield.cli.failures import Misuse
from jackfield.cli.flags import Command
from jackfield.cli.invocation import Invocation, invocation
from jackfield.cli.names import complete_provider
from jackfield.errors import JackfieldError
from jackfield.profile import Profile

_BROKEN: Style = {"fg": "red"}


@frozen
class Row:
    """What is known of one provider."""

    id: str
    name: str
    version: str = ""
    distribution: str = ""
    level: str = ""
    key: Key | None = None
    broken: str = ""
    install: str = ""  # the command that does it

    @property
    def state(self) -> str:
        """Installed, broken, absent, or planned where there is no package to install."""
        if self.broken:
            return "broken"
        if self.distribution:
            return "installed"
        return "absent" if self.install else "planned"

    @property
    def cells(self) -> tuple[str, ...]:
        """For the table."""
        if self.broken:
            return self.id, self.version, "broken", self.broken
        return self.id, self.version, self.level, self.key.words if self.key else ""

    @property
    def form(self) -> dict[str, Any]:
        """For JSON."""
        key = None if self.key is None else {"state": self.key.state, "where": self.key.where}
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "distribution": self.distribution or None,
            "version": self.version or None,
            "level": self.level or None,
            "key": key,
            "install": self.install or None,
            "reason": self.broken or None,
        }


@click.command(cls=Command)
@click.argument("words", nargs=-1, metavar="[show PROVIDER]", shell_complete=complete_provider)
def providers(words: tuple[str, ...]) -> None:
    """List the providers: which are installed, and where the key of each is found.

    `providers show PROVIDER` tells everything about one.
    """
    run = invocation()
    if not words:
        _list(run)
    elif words[0] == "show" and len(words) == 2:
        _show(run, words[1])
    else:
        msg = f"`providers` does not know `{' '.join(words)}`"
        raise Misuse(msg, f"`jackfield providers show {words[-1]}` tells about one provider")


def _list(run: Invocation) -> None:
    rows = all_rows(run)
    if run.json:
        run.console.json([row.form for row in rows])
        return
    here = [row for row in rows if row.state in ("installed", "broken")]
    styles = [_BROKEN if row.state == "broken" else None for row in here]
    if here:
        run.console.table(("PROVIDER", "VERSION", "LEVEL", "KEY"), [row.cells for row in here], styles=styles)
        run.console.out("")
    absent = [(row.id, row.install) for row in rows if row.state == "absent"]
    if absent:
        run.console.table(("NOT INSTALLED", "INSTALLED BY"), absent)
        run.console.out("")
    planned = [row.id for row in rows if row.state == "planned"]
    if planned:
        run.console.out(f"no package yet: {', '.join(planned)}")


def all_rows(run: Invocation) -> list[Row]:
    """The installed providers, then those that could be."""
    from jackfield.registry import known_providers

    installed = run.registry.ids()
    absent = [
        Row(known.id, known.name, install=known.install)
        for known in known_providers().values()
        if known.id not in installed
    ]
    return [*(row_of(run, provider) for provider in installed), *absent]


def row_of(run: Invocation, provider: str) -> Row:
    """One installed provider; a broken one stays in the list, with the reason."""
    from jackfield.registry import known_providers

    known = known_providers().get(provider)
    name = known.name if known else provider
    try:
        distribution, version = run.registry.installed(provider)
    except JackfieldError as exc:
        return Row(provider, name, broken=exc.summary)
    try:
        profile = run.registry.profile(provider)
    except JackfieldError as exc:
        return Row(provider, name, version, distribution, broken=exc.summary)
    level = _level(run, profile)
    return Row(provider, profile.name, version, distribution, level, key_of(run, provider))


def _level(run: Invocation, profile: Profile) -> str:
    """The level it claims; lower where nobody looks after it, or where what was shown of it is no longer so."""
    from jackfield.registry.entries import Entry, folder_of
    from jackfield.testing.evidence import shown

    source = run.registry.source_of(profile.id)
    return shown(profile, folder_of(source) if isinstance(source, Entry) else None)


def _show(run: Invocation, provider: str) -> None:
    profile = run.registry.profile(provider)
    row = row_of(run, profile.id)
    form = {**row.form, **_facts(profile)}
    if run.json:
        run.console.json(form)
        return
    key = row.key or Key("unknown")
    shown = {
        **{
            name: value
            for name, value in form.items()
            if name not in ("key", "capabilities", "install", "reason")
        },
        "key": key.words + (f"\n{' ' * 14}{key.hint}" if key.hint else ""),
    }
    for name, value in shown.items():
        if value:
            text = ", ".join(value) if isinstance(value, list) else str(value)
            run.console.out(f"{name.replace('_', ' ').ljust(13)} {text}")
    run.console.out("capabilities")
    for name, support in form["capabilities"].items():
        run.console.out(f"  {name.ljust(17)} {support.replace('_', ' ')}")


def _facts(profile: Profile) -> dict[str, Any]:
    """What a profile says, for people and for JSON."""
    from jackfield.profile import Capability

    specs = (profile.auth, *profile.auth.alternatives)
    variables = [
        name for spec in specs for name in (*spec.env, *(n for env in spec.headers.values() for n in env))
    ]
    variables += [name for spec in specs for env in spec.fields.values() for name in env]
    return {
        "aliases": list(profile.aliases),
        "wire": profile.wire,
        "base_url": profile.base_url,
        "auth": profile.auth.scheme,
        "variables": list(dict.fromkeys(variables)),
        "settings": sorted(profile.settings),
        "keys_url": profile.keys_url,
        "docs_url": profile.docs_url,
        "models": len(profile.models),
        "capabilities": {capability.value: profile.supports(capability).value for capability in Capability},
    }
