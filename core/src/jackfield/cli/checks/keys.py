"""The credentials: found, well-formed, and in files nobody else can read. None is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from jackfield.cli.checks.base import FAIL, OK, WARN, Check
from jackfield.cli.credentials import MISSING, WRONG, Key, key_of
from jackfield.errors import JackfieldError

if TYPE_CHECKING:
    from jackfield.cli.invocation import Invocation


def credentials(run: Invocation) -> Iterator[Check]:
    """All checks of this group."""
    yield from _files(run)
    for provider in run.registry.ids():
        try:
            run.registry.profile(provider)
        except JackfieldError:
            continue  # told of among the packages
        yield _of_key(f"key of {provider}", key_of(run, provider))


def _files(run: Invocation) -> Iterator[Check]:
    from jackfield.config import Paths
    from jackfield.config.store import fault_of_mode

    path = Paths.of(run.environment).credentials
    if not path.exists():
        yield Check("stored keys", OK, "there are none")
        return
    fault = fault_of_mode(path)
    if fault:
        yield Check("stored keys", FAIL, f"`{path}` {fault}", f"`chmod 600 {path}`")
    else:
        yield Check("stored keys", OK, f"`{path}` is closed to others")


def _of_key(title: str, key: Key) -> Check:
    if key.state == WRONG:
        return Check(title, FAIL, key.reason, key.hint)
    if key.state == MISSING:
        return Check(title, WARN, "none is found", key.hint)
    return Check(title, OK, key.words)
