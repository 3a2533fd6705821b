"""Where tests of the contract run: a home of their own, fake credentials, no keyring of anybody's, and no network."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from tempfile import mkdtemp
from types import ModuleType
from typing import Any

import pytest

from jackfield.errors import JackfieldError
from jackfield.testing.rules import unmet
from jackfield.testing.subject import Subject

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class Surroundings:
    """The surroundings of one provider's tests, opened before the first and closed after the last."""

    def __init__(self, subject: Subject) -> None:
        self.allowed: frozenset[str] = frozenset()  # hosts a test may reach
        self._subject = subject
        self._changes: pytest.MonkeyPatch | None = None
        self._home: Path | None = None

    def open(self) -> None:
        """Be a user who has set fake credentials, and nothing else."""
        if self._changes is not None:
            return
        if self._home is None:
            self._home = Path(mkdtemp(prefix="jackfield-"))
        self._changes = pytest.MonkeyPatch()
        _set_variables(self._subject, self._changes, self._home)
        self._changes.setitem(sys.modules, "keyring", _empty_keyring())
        self._changes.chdir(self._home)
        self._close_network(self._changes)

    def leave(self) -> None:
        """Be the user who runs the tests again, for a while."""
        if self._changes is not None:
            self._changes.undo()
            self._changes = None

    def close(self) -> None:
        """Nothing is left of it."""
        self.leave()
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = None

    def _close_network(self, changes: pytest.MonkeyPatch) -> None:
        connect, lookup = socket.socket.connect, socket.getaddrinfo

        def guarded(opened: socket.socket, address: Any) -> Any:
            host = address[0] if isinstance(address, tuple) else address
            return connect(opened, address) if host in self.allowed else _refuse(host)

        def looked_up(host: Any, *arguments: Any, **named: Any) -> Any:
            return lookup(host, *arguments, **named) if host in self.allowed else _refuse(host)

        changes.setattr(socket.socket, "connect", guarded)
        changes.setattr(socket.socket, "connect_ex", guarded)
        changes.setattr(socket, "getaddrinfo", looked_up)


def _refuse(where: object) -> None:
    unmet(f"a socket to {where!r:.60} is opened; no test of the contract leaves the process")


def _set_variables(subject: Subject, changes: pytest.MonkeyPatch, home: Path) -> None:
    try:
        variables, values = subject.variables(), subject.environment()
    except JackfieldError:
        variables, values = set(), {}
    for name in variables | {name for name in os.environ if name.startswith("JACKFIELD_")}:
        changes.delenv(name, raising=False)
    for name, value in values.items():
        changes.setenv(name, value)
    changes.setenv("JACKFIELD_HOME", str(home))


def _empty_keyring() -> ModuleType:
    """A keyring that holds nothing: the machine's may hold a key, or ask its user to be opened."""
    module: Any = ModuleType("keyring")
    module.__spec__ = ModuleSpec("keyring", None)
    module.get_password = lambda service, name: None
    return module  # type: ignore[no-any-return]  # attributes of modules are anything
