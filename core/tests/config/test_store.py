"""The two stores of credentials, where they refuse."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from jackfield.config import Settings, remove_credential, store_credential, stored_providers
from jackfield.config.store import fault_of_mode, in_file
from jackfield.errors import BadConfig
from jackfield.secret import Secret

Load = Callable[..., Settings]
KEY = Secret("sk-canary-0123456789")


@pytest.fixture
def file(load: Load) -> Path:
    """The file of credentials, closed to others."""
    path = load().paths.credentials
    path.touch(0o600)
    return path


def test_an_open_file_is_not_written(load: Load, file: Path) -> None:
    """Others may have read it already."""
    file.chmod(0o640)

    with pytest.raises(BadConfig, match=r"can be read by others \(mode 0640\)"):
        store_credential(load().paths, "acme", KEY, keyring=False)


def test_a_file_of_somebody_else_is_not_trusted(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever owns it can change it; root may."""
    os.chown(file, 4321, -1) if os.geteuid() == 0 else monkeypatch.setattr(os, "geteuid", lambda: 4321)

    assert "belongs to another user" == fault_of_mode(file)


def test_access_lists_are_left_to_windows(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modes say nothing there."""
    file.chmod(0o644)
    monkeypatch.setattr(os, "name", "nt")

    fault = fault_of_mode(file)

    monkeypatch.undo()
    assert "" == fault


def test_a_damaged_file_is_not_overwritten(load: Load, file: Path) -> None:
    """What is in it may still be mended by hand."""
    file.write_text("[acme\n")

    with pytest.raises(BadConfig, match="is not TOML"):
        stored_providers(load().paths)
    assert (None, True) == (
        in_file(file, "acme", "api_key")[0],
        "is not TOML" in in_file(file, "acme", "api_key")[1],
    )


def test_other_providers_are_passed_over(file: Path) -> None:
    """Names are compared as ids; what is no table holds nothing."""
    file.write_text('[other]\napi_key = "x"\n[Acme_Cloud]\napi_key = "y"\n')

    assert [("y", ""), (None, "")] == [in_file(file, name, "api_key") for name in ("acme-cloud", "nobody")]


def test_a_keyring_that_refuses_is_told_when_it_was_asked_for(load: Load) -> None:
    """Otherwise the file takes what it does not."""
    keyring.set_keyring(NoKeyring())

    with pytest.raises(BadConfig, match="the keyring did not take the credential of `acme`: NoKeyringError"):
        store_credential(load().paths, "acme", KEY, keyring=True)
    assert store_credential(load().paths, "acme", KEY).endswith("credentials.toml`")


def test_nothing_stored_is_nothing_removed(load: Load) -> None:
    """Neither in the file nor in the keyring."""
    assert [False, True, False] == [
        remove_credential(load().paths, "acme"),
        bool(store_credential(load().paths, "acme", KEY)) and remove_credential(load().paths, "acme"),
        remove_credential(load().paths, "acme"),
    ]
