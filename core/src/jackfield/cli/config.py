"""``jackfield config``: what holds, where it stands, and whether it is right."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import click

from jackfield.cli.console import counted
from jackfield.cli.flags import Command, Family
from jackfield.cli.invocation import Invocation, invocation
from jackfield.errors import JackfieldError

# What may be shown of a provider's table besides the settings its profile declares: all else may be a credential.
_SHOWN = ("allow_hosts", "base_url", "compliance", "default_model", "max_retries", "timeout")


@click.group(cls=Family)
def config() -> None:
    """Show what is configured, and where."""


@config.command(cls=Command)
@click.option("--origin", is_flag=True, help="Show where each value stands.")
def show(origin: bool) -> None:
    """Show every value that holds. Credentials are hidden."""
    run = invocation()
    found = shown_entries(run)
    if run.json:
        run.console.json([{"key": path, "value": value, "origin": place} for path, value, place in found])
        return
    if not found:
        run.console.note("nothing is configured; the defaults hold")
    for path, value, place in found:
        run.console.out(f"{path} = {value}" + (f"  # {place}" if origin else ""))


def shown_entries(run: Invocation) -> list[tuple[str, str, str]]:
    """Every value that holds, as it may be shown, and where it stands."""
    return [
        (entry.path, _shown(run, entry.path, entry.value), entry.origin) for entry in run.settings.entries()
    ]


def _shown(run: Invocation, path: str, value: str) -> str:
    steps = path.split(".")
    if steps[0] != "providers" or value == "***":
        return value
    if steps[2:] == ["base_url"]:
        return (
            value.replace(f"{urlsplit(value).netloc.rpartition('@')[0]}@", "***@") if "@" in value else value
        )
    return value if steps[2:3] and (steps[2] in _SHOWN or _declared(run, steps[1], steps[2])) else "***"


def _declared(run: Invocation, provider: str, name: str) -> bool:
    try:
        return name in run.registry.profile(provider).settings
    except JackfieldError:
        return False


@config.command(cls=Command)
def path() -> None:
    """Show every place files are read from or kept in."""
    run = invocation()
    places = places_of(run)
    if run.json:
        run.console.json(
            [{"what": what, "path": str(file), "exists": file.exists()} for what, file in places]
        )
        return
    wide = max(len(what) for what, _ in places)
    for what, file in places:
        run.console.out(f"{what.ljust(wide)}  {file}" + ("" if file.exists() else "  (not there)"))


def places_of(run: Invocation) -> list[tuple[str, Path]]:
    """Every place, the most important file first."""
    from jackfield.config import Paths
    from jackfield.config.sources import project_file

    paths = Paths.of(run.environment)
    project, _, _ = project_file(Path.cwd())
    files = [("project", project)] if project else []
    files += [("user", paths.config), *(("system", file) for file in paths.system)]
    kept = [
        ("credentials", paths.credentials),
        ("cache", paths.cache),
        ("data", paths.data),
        ("state", paths.state),
    ]
    return [*files, *kept]


@config.command(cls=Command)
def check() -> None:
    """Check every configuration file, and what it says of each installed provider."""
    run = invocation()
    settings, registry = run.settings, run.registry  # raises what is wrong with the files
    installed = [profile.id for profile in registry.profiles()]  # a broken plugin is no fault of the files
    for name in installed:
        settings.provider(registry.profile(name))
    files = [
        str(file) for what, file in places_of(run) if what in ("project", "user", "system") and file.is_file()
    ]
    warnings = [*settings.warnings, *settings.unknown_providers(registry.names())]
    if run.json:
        run.console.json({"files": files, "providers": installed, "warnings": warnings})
        return
    for warning in warnings:
        run.console.out(f"warning: {warning}")
    verdict = f"{counted(len(warnings), 'warning')}" if warnings else "all is right"
    run.console.out(
        f"{counted(len(files), 'file')} and {counted(len(installed), 'provider')} checked: {verdict}"
    )
