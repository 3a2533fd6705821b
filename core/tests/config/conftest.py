"""A home folder, an environment and a project of a test's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError

from jackfield.config import Settings

Load = Callable[..., Settings]


class MemoryKeyring(KeyringBackend):
    """A keyring that forgets with the process."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """What is kept."""
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep it."""
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        """Forget it."""
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError


@pytest.fixture(autouse=True)
def memory() -> MemoryKeyring:
    """The keyring of all tests."""
    found = MemoryKeyring()
    keyring.set_keyring(found)
    return found


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder that ``JACKFIELD_HOME`` names."""
    folder = tmp_path / "home"
    (folder / "config").mkdir(parents=True)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder of a project."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def user_file(home: Path) -> Callable[[str], Path]:
    """Write the user's file."""

    def write(text: str) -> Path:
        file = home / "config" / "config.toml"
        file.write_text(text)
        file.chmod(0o600)
        return file

    return write


@pytest.fixture
def load(home: Path, project: Path) -> Load:
    """Load settings of that home, in that project."""

    def loaded(
        overrides: dict[str, Any] | None = None, flags: dict[str, Any] | None = None, **env: str
    ) -> Settings:
        return Settings.load(overrides, {"JACKFIELD_HOME": str(home), **env}, project, flags)

    return loaded
