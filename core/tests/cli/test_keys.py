"""Keys are stored, listed and removed, and never shown."""

from __future__ import annotations

import json
import os
import sys

import pytest

CANARY = "canary-0123456789-abcdefghij"


@pytest.fixture
def stored(run, acme):
    """A stored key."""
    return run("keys", "set", "acme", "--file", piped=f"{CANARY}\n")


def test_a_key_is_stored_for_its_owner(stored, home):
    """The file is closed to others, whatever the umask."""
    file = home / "home" / "config" / "credentials.toml"

    assert (0, 0o600, True) == (stored.exit_code, file.stat().st_mode & 0o777, CANARY in file.read_text())


def test_a_stored_key_is_used(stored, run):
    """What was stored is what a call is signed with, and listed by its place."""
    rows = json.loads(run("keys", "list", "--json").stdout)

    found = next(row for row in rows if row["provider"] == "acme")
    assert ("found", True) == (
        found["state"] if "state" in found else found["key"],
        "credentials.toml" in found["where"],
    )


def test_a_stored_key_is_for_the_address_of_the_provider(stored, run):
    """A variable that says another one does not get the key."""
    rows = json.loads(run("keys", "list", "--json", ACME_BASE_URL="https://far.example/v1").stdout)

    found = next(row for row in rows if row["provider"] == "acme")
    assert " alone" not in stored.stderr
    assert "wrong" == found["key"]


def test_a_key_stored_for_another_address_is_for_that_one(run, acme):
    """The command says which, and the provider's own does not get it."""
    there = {"ACME_BASE_URL": "https://far.example/v1"}
    done = run("keys", "set", "acme", "--file", piped=f"{CANARY}\n", **there)

    assert done.stderr.endswith(", for https://far.example alone\n")
    for variables, state in ((there, "found"), ({}, "wrong")):
        rows = json.loads(run("keys", "list", "--json", **variables).stdout)
        assert state == next(row["key"] for row in rows if row["provider"] == "acme")


def test_what_an_alias_stored_is_removed_by_it(run, acme, home):
    """Both names mean the provider."""
    run("keys", "set", "acme-cloud", "--file", piped=f"{CANARY}\n")

    assert 0 == run("keys", "remove", "acme-cloud").exit_code
    assert CANARY not in (home / "home" / "config" / "credentials.toml").read_text()


def test_a_key_is_typed_without_echo(terminal, acme, home):
    """At a terminal the key is asked for, and not shown."""
    code, shown = terminal("keys", "set", "acme", "--file", typed=f"{CANARY}\n")

    assert 0 == code
    assert CANARY in (home / "home" / "config" / "credentials.toml").read_text()
    assert "api key of acme: " in shown


def test_a_key_is_removed(stored, run, home):
    """What is removed is gone; a second time there is nothing to remove."""
    first, second = run("keys", "remove", "acme"), run("keys", "remove", "acme")

    assert (0, 1) == (first.exit_code, second.exit_code)
    assert CANARY not in (home / "home" / "config" / "credentials.toml").read_text()


def test_an_empty_key_is_refused(run, acme):
    """Nothing is no key."""
    result = run("keys", "set", "acme", "--file", piped="\n")

    assert (3, "error: the credential from stdin is empty\n") == (result.exit_code, result.stderr)


def test_a_key_of_nobody_is_refused(run):
    """A key is stored for providers that are installed."""
    assert 7 == run("keys", "set", "nobody", piped="x" * 20).exit_code


COMMANDS = [
    ("providers",),
    ("providers", "show", "acme"),
    ("models",),
    ("models", "show", "acme/small-latest"),
    ("doctor",),
    ("doctor", "--json"),
    ("config", "show", "--origin"),
    ("config", "check"),
    ("config", "path"),
    ("keys", "list"),
    ("plugins", "--hooks", "acme/small-latest"),
    ("-m", "acme/small-latest", "--dry-run", "hi"),
    ("-vv", "--debug", "--offline", "-m", "acme/small-latest", "hi"),
    ("--debug", "-m", "acme/mute", "-o", "timeout", "0.2", "-o", "max_retries", "0", "hi"),
    ("--debug", "-m", "acme/broken", "hi"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("place", ["environment", "store", "file"])
def test_no_command_shows_a_key(run, server, home, command, place):
    """Wherever a key stands, no command prints it, not even with a traceback."""
    config = home / "home" / "config"
    if place == "store":
        run("keys", "set", "acme", "--file", piped=CANARY)
    elif place == "file":
        config.mkdir(parents=True)
        (config / "config.toml").touch(0o600)
        (config / "config.toml").write_text(
            f'[providers.acme]\napi_key = "{CANARY}"\nheaders = {{ a = "{CANARY}" }}\n'
        )
    env = {"ACME_API_KEY": CANARY if place == "environment" else None}

    result = run(*command, **env)

    assert CANARY not in result.output
    assert os.environ["JACKFIELD_HOME"]


def test_a_keyring_that_is_not_there_is_told(run, acme, monkeypatch):
    """--keyring needs the extra."""
    monkeypatch.setitem(sys.modules, "keyring", None)

    result = run("keys", "set", "acme", "--keyring", piped=CANARY)

    assert (2, "error: there is no keyring") == (result.exit_code, result.stderr.splitlines()[0])


def test_a_closed_stdin_has_no_key(process, acme):
    """There is nothing to read a key from, and nobody to ask."""
    done = process("keys", "set", "acme", "--file", stdin=None, preexec_fn=lambda: os.close(0))

    assert (2, "error: stdin is closed; there is nothing to read a key from") == (
        done.returncode,
        done.stderr.splitlines()[0],
    )
