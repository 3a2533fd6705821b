"""The two stores of credentials, where they refuse."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import keyring
import pytest
from keyring.backends.fail import Keyring as NoKeyring

from jackfield.config import Settings, remove_credential, store_credential, stored_providers
from jackfield.config.store import fault_of_mode, in_file, in_keyring
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


HELD = '''
# mine
[acme]
api_key = [
  "sk-one-0123456789",  # the first
  "sk-two-0123456789",
]

[Other_Cloud]  # spelt as the vendor does
client_id = "id"
limit = 3

# of acme's neighbour
[third]
api_key = """sk-three-0123456789"""
'''


def test_storing_a_credential_leaves_all_else_as_it_was(load: Load, file: Path) -> None:
    """Arrays, comments, spellings and values that are no text."""
    file.write_text(HELD)

    store_credential(load().paths, "other-cloud", KEY, keyring=False)
    store_credential(load().paths, "new", KEY, keyring=False)

    header = "[Other_Cloud]  # spelt as the vendor does\n"
    line = f'api_key = "{KEY.reveal()}"\n'
    expected = HELD.replace(header, header + line) + f"\n[new]\n{line}"
    assert expected == file.read_text().partition("may read this file.\n")[2]


def test_an_array_gives_way_to_one_credential(load: Load, file: Path) -> None:
    """The key that is set is replaced whole, and only that."""
    file.write_text(HELD)

    store_credential(load().paths, "acme", KEY, keyring=False)

    found = [in_file(file, name, "api_key")[0] for name in ("acme", "third")]
    assert [KEY.reveal(), "sk-three-0123456789"] == found
    assert ("id", True) == (in_file(file, "other-cloud", "client_id")[0], "sk-one" not in file.read_text())


def test_removing_a_provider_leaves_the_others_as_they_were(load: Load, file: Path) -> None:
    """The comments right above it go with it."""
    file.write_text(HELD)

    removed = remove_credential(load().paths, "acme")

    rest = HELD[HELD.index("\n[Other_Cloud]") :]
    assert (True, rest) == (removed, file.read_text().partition("may read this file.\n")[2])


@pytest.mark.parametrize("text", ['acme.id = "x"\n', 'acme = { id = "x", zone = 1 }\n', "[[acme]]\nid = 1\n"])
def test_what_cannot_be_changed_without_loss_is_not_changed(load: Load, file: Path, text: str) -> None:
    """It is said instead."""
    file.write_text(text)

    with pytest.raises(BadConfig, match="cannot be changed without losing something"):
        store_credential(load().paths, "acme", KEY, keyring=False)
    assert text == file.read_text()


def test_a_folder_that_cannot_be_written_is_told(load: Load, file: Path) -> None:
    """No traceback holds what is in the file."""
    file.unlink()
    file.parent.rmdir()
    file.parent.write_text("")

    with pytest.raises(BadConfig, match=r"credentials.toml` cannot be written: "):
        store_credential(load().paths, "acme", KEY, keyring=False)


class BrokenKeyring(NoKeyring):
    """A backend that raises what no backend ought to."""

    def get_password(self, service: str, username: str) -> str:
        """Fail."""
        raise TypeError

    set_password = delete_password = get_password  # type: ignore[assignment]


def test_a_broken_keyring_holds_nothing(load: Load) -> None:
    """Whatever it raises is named where it was looked, and the file serves."""
    keyring.set_keyring(BrokenKeyring())
    paths = load().paths

    found = in_keyring("acme", "api_key")
    stored = store_credential(paths, "acme", KEY)

    assert ("", "TypeError") == found
    assert (True, True) == (stored.endswith("credentials.toml`"), remove_credential(paths, "acme"))
