"""Python, the core, the plugins, and whether what is installed fits together."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib import metadata
from typing import TYPE_CHECKING

from jackfield import __version__
from jackfield.cli.checks.base import FAIL, OK, WARN, Check, of_error
from jackfield.errors import JackfieldError
from jackfield.profile import SPEC

if TYPE_CHECKING:
    from jackfield.cli.invocation import Invocation

_OLDEST = (3, 11)
_LIBRARIES = ("attrs", "cattrs", "httpx", "pluggy", "importlib-metadata")
_EXTRAS = ("httpx2", "aiohttp", "orjson", "keyring")


def packages(run: Invocation) -> Iterator[Check]:
    """All checks of this group."""
    yield _python()
    yield _core()
    yield _libraries()
    yield _duplicates()
    yield from _providers(run)


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < _OLDEST:
        return Check(f"Python {version}", FAIL, "it is too old", "install Python 3.11 or newer")
    return Check(f"Python {version}")


def _core() -> Check:
    """What the code says of its version against what its metadata says."""
    title = f"jackfield {__version__}, spec {SPEC}"
    stated = _version("jackfield")
    if not stated:
        return Check(title, WARN, "it runs without being installed", "`pip install jackfield`")
    if stated != __version__:
        reason = f"its metadata says {stated}: an older installation was not replaced wholly"
        return Check(title, FAIL, reason, "`pip install --force-reinstall jackfield`")
    return Check(title)


def _libraries() -> Check:
    missing = [name for name in _LIBRARIES if not _version(name)]
    if missing:
        return Check(
            "dependencies", FAIL, f"not installed: {', '.join(missing)}", "`pip install -U jackfield`"
        )
    found = [f"{name} {version}" for name in (*_LIBRARIES, *_EXTRAS) if (version := _version(name))]
    return Check("dependencies", OK, ", ".join(found))


def _duplicates() -> Check:
    """A distribution that is installed twice: which one counts depends on the path."""
    seen: dict[str, list[str]] = {}
    for found in metadata.distributions():
        name = re.sub(r"[-_.]+", "-", found.name or "").lower()
        if name.startswith("jackfield"):
            seen.setdefault(name, []).append(found.version)
    twice = [
        f"{name} ({', '.join(versions)})" for name, versions in sorted(seen.items()) if len(versions) > 1
    ]
    if twice:
        return Check(
            "installed once",
            FAIL,
            f"installed twice: {', '.join(twice)}",
            "`pip uninstall` them, then install",
        )
    return Check("installed once", OK, f"{len(seen)} distributions of jackfield")


def _providers(run: Invocation) -> Iterator[Check]:
    """Every provider and extension, imported; a broken one is a failure with its reason."""
    try:
        registry = run.registry
        findings = {finding.subject: finding.error for finding in registry.findings()}
        installed = registry.ids()
    except JackfieldError as exc:
        yield of_error("providers", exc)
        return
    if not installed:
        yield Check("providers", FAIL, "none is installed", "`jackfield providers` shows what to install")
    for provider in installed:
        yield _provider(run, provider) if provider not in findings else of_error(provider, findings[provider])
    for subject, error in findings.items():
        if subject not in installed:
            yield of_error(subject, error)


def _provider(run: Invocation, provider: str) -> Check:
    distribution, version = run.registry.installed(provider)
    return Check(provider, OK, f"{distribution} {version}, spec {run.registry.profile(provider).spec}")


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
