"""What is configured, and where."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def config(home, monkeypatch):
    """The user's file; the environment says nothing."""
    monkeypatch.delenv("JACKFIELD_BLOCK")
    folder = home / "home" / "config"
    folder.mkdir(parents=True)
    return folder / "config.toml"


def test_show_gives_values_and_origins(run, config):
    """Each value that holds stands with its place."""
    config.write_text('default = "echo/echo-1"\ntimeout = 20\n')

    rows = json.loads(run("config", "show", "--json", JACKFIELD_TIMEOUT="30").stdout)

    assert [
        {"key": "default", "value": "echo/echo-1", "origin": f"user file {config}"},
        {"key": "timeout", "value": "30.0", "origin": "env `JACKFIELD_TIMEOUT`"},
    ] == rows


def test_show_hides_what_may_be_secret(run, config, acme):
    """Only settings that are known to be none are shown."""
    config.write_text('[providers.acme]\napi_key = "canary-1"\nteam = "blue"\nclient_secret = "canary-2"\n')

    lines = run("config", "show").stdout.splitlines()

    expected = [
        "providers.acme.api_key = ***",
        "providers.acme.client_secret = ***",
        "providers.acme.team = blue",
    ]
    assert expected == lines


def test_nothing_configured_is_told(run, config):
    """Defaults are no error."""
    result = run("config", "show")

    assert (0, "", "nothing is configured; the defaults hold\n") == (
        result.exit_code,
        result.stdout,
        result.stderr,
    )


def test_path_names_all_places(run, home):
    """Every file and folder is named, and whether it is there."""
    rows = {row["what"]: row for row in json.loads(run("config", "path", "--json").stdout)}

    assert {"user", "credentials", "cache", "data", "state"} == set(rows)
    assert (str(home / "home" / "state"), False) == (rows["state"]["path"], rows["state"]["exists"])


def test_check_tells_all_problems(run, config):
    """A wrong file is an error that names each key."""
    config.write_text("timout = 3\nmax_retries = -1\n")

    result = run("config", "check")

    assert (3, True, True) == (result.exit_code, "timout" in result.stderr, "max_retries" in result.stderr)


def test_check_of_a_right_file(run, config, nobody):
    """What is right is said in one line."""
    config.write_text("timeout = 3\n")

    assert "1 file and 0 providers checked: all is right\n" == run("config", "check", **nobody).stdout


def test_check_knows_the_settings_of_providers(run, config, acme):
    """Keys of a provider's table are checked against its profile."""
    config.write_text('[providers.acme]\nteem = "blue"\n')

    assert (3, True) == (
        run("config", "check").exit_code,
        "did you mean `team`?" in run("config", "check").stderr,
    )


def test_another_file_is_read(run, project):
    """--config names the user file."""
    (project / "other.toml").write_text('default = "echo/echo-1"\n')

    assert "hi" == run("--config", "other.toml", "hi").stdout


def test_no_file_is_read(run, config):
    """--no-config leaves the environment alone."""
    config.write_text("nonsense = 1\n")

    assert (3, "hi") == (
        run("hi", "-m", "echo/echo-1").exit_code,
        run("hi", "--no-config", "-m", "echo/echo-1").stdout,
    )


def test_a_file_that_is_not_there_is_a_wrong_flag(run):
    """--config has to name a file."""
    assert 2 == run("--config", "nowhere.toml", "hi").exit_code


def test_check_as_json(run, config, nobody):
    """The files, the providers and the warnings."""
    config.write_text("timeout = 3\n")

    form = json.loads(run("config", "check", "--json", **nobody).stdout)

    assert {"files": [str(config)], "providers": [], "warnings": []} == form


def test_settings_of_nobody_are_hidden(run, config):
    """What is not known to be public is not shown."""
    config.write_text('[providers.nobody]\ncolour = "blue"\n')

    assert "providers.nobody.colour = ***\n" == run("config", "show").stdout
