"""The configuration files: which are read, whether they are right, whether the default model exists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jackfield.cli.checks.base import FAIL, OK, WARN, Check, of_error
from jackfield.errors import JackfieldError

if TYPE_CHECKING:
    from jackfield.cli.invocation import Invocation


def configuration(run: Invocation) -> Iterator[Check]:
    """All checks of this group."""
    from jackfield.cli.config import places_of

    files = [
        str(path) for what, path in places_of(run) if what in ("project", "user", "system") and path.is_file()
    ]
    read = [] if run.no_config else files
    try:
        settings = run.settings
    except JackfieldError as exc:
        yield _invalid(exc)
        return
    yield Check("files", OK, f"read: {', '.join(read)}" if read else "there are none; the defaults hold")
    for warning in settings.warnings:
        yield Check("settings", WARN, warning, "`jackfield config show --origin` shows what holds")
    yield from _providers(run)
    yield _default(run)


def _invalid(error: JackfieldError) -> Check:
    return Check(
        "files", FAIL, error.info.message, error.info.hint or "mend the keys named; `jackfield config check`"
    )


def _providers(run: Invocation) -> Iterator[Check]:
    """What is said of each provider, against what it has."""
    wrong = 0
    for provider in run.registry.ids():
        try:
            profile = run.registry.profile(provider)
        except JackfieldError:
            continue  # told of among the packages
        try:
            run.settings.provider(profile)
        except JackfieldError as exc:
            wrong += 1
            yield of_error(f"settings of {provider}", exc)
    if not wrong:
        yield Check("settings of providers", OK, "all keys are known")


def _default(run: Invocation) -> Check:
    name = run.settings.default
    if name is None:
        mend = 'set `JACKFIELD_DEFAULT`, or `default = "provider/model"` in a configuration file'
        return Check("default model", WARN, "none is set: every call has to name one", mend)
    try:
        run.registry.resolve(name)
    except JackfieldError as exc:
        return of_error("default model", exc)
    return Check("default model", OK, name)
