"""The checks of an installation."""

from __future__ import annotations

import json
import sys
from importlib import import_module, metadata

import pytest

contract = import_module("jackfield.cli.checks.contract")
packages = import_module("jackfield.cli.checks.packages")  # the function of that name hides it


def checks(result):
    """Status and reason by title."""
    return {
        check["title"]: (check["status"], check["reason"]) for check in json.loads(result.stdout)["checks"]
    }


def test_a_sound_installation(run):
    """All is told with numbers, and the last line counts."""
    result = run("doctor", JACKFIELD_DEFAULT="echo/echo-1")

    lines = result.stdout.splitlines()
    assert ("Python and packages", 0) == (lines[0], result.exit_code)
    assert lines[1].startswith("  1 ok   Python 3.")
    assert lines[-1].startswith("0 of ")


def test_a_broken_plugin_fails(run, install):
    """Its code is imported, and what is wrong with it is named with the way to mend it."""
    install("acme", "jackfield.providers", {"__init__.py": "import nothing_like_it"})

    result = run("doctor")

    assert (3, True) == (result.exit_code, "1 of " in result.stdout.splitlines()[-1])
    assert "plugin `jackfield-acme` 1.2.3 has no `profile.toml`" in result.stdout


def test_a_missing_key_is_a_warning(run, acme):
    """A provider without a key is no failure: nobody has to use it."""
    found = checks(run("doctor", "--json"))

    assert ("warn", "none is found") == found["key of acme"]


def test_an_open_file_of_keys_fails(run, home):
    """Keys that others can read are a failure, mended by a command to paste."""
    file = home / "home" / "config" / "credentials.toml"
    file.parent.mkdir(parents=True)
    file.touch(0o644)

    result = run("doctor")

    assert (3, True) == (result.exit_code, f"chmod 600 {file}" in result.stdout)


def test_an_unknown_key_fails(run, project):
    """What a file says in vain is told with what may have been meant."""
    (project / "jackfield.toml").write_text("timout = 3\n")

    status, reason = checks(run("doctor", "--json"))["files"]

    assert ("fail", True) == (status, "did you mean `timeout`?" in reason)


def test_proxies_are_warned_of(run):
    """Variables that are not obeyed are named."""
    status, reason = checks(run("doctor", "--json", HTTPS_PROXY="http://user:canary@proxy:3128"))["proxies"]

    assert ("warn", "`HTTPS_PROXY` set, but proxies of the environment are used only when asked for") == (
        status,
        reason,
    )


@pytest.mark.parametrize(
    ("setting", "reason"),
    [
        ("environment", "those of the environment are used: `HTTPS_PROXY`"),
        ("http://p:1", "one is set, and used"),
    ],
)
def test_proxies_that_are_asked_for_are_told(run, setting, reason):
    """And no address of one is shown: it may hold a password."""
    variables = {"HTTPS_PROXY": "http://user:canary@proxy:3128", "JACKFIELD_PROXY": setting}

    assert ("ok", reason) == checks(run("doctor", "--json", **variables))["proxies"]


def test_a_key_in_clear_fails(run, acme):
    """A key is not sent in clear, except to this machine."""
    found = checks(run("doctor", "--json", ACME_BASE_URL="http://far.invalid/v1"))

    assert ("fail", "keys would be sent in clear: `acme` at far.invalid") == found["addresses"]


@pytest.mark.parametrize("model", ["echo/", "nobody/x"])
def test_a_default_that_is_not_there_fails(run, model):
    """The default model is looked up."""
    assert "fail" == checks(run("doctor", "--json", JACKFIELD_DEFAULT=model))["default model"][0]


def test_json_has_the_documented_keys(run):
    """One object: the checks, and how many failed."""
    form = json.loads(run("doctor", "--json").stdout)

    assert ["checks", "total", "failed"] == list(form)
    assert {("number", "group", "title", "status", "reason", "mend")} == {
        tuple(check) for check in form["checks"]
    }
    assert {"Python and packages", "configuration", "credentials", "network", "state"} == {
        check["group"] for check in form["checks"]
    }


def test_the_report_is_redacted(run, acme, home, project):
    """A report for an issue holds no key and no header, and only its writer can read it."""
    (home / "home" / "config").mkdir(parents=True)
    config = '[providers.acme]\napi_key = "canary-in-file-12345"\nbase_url = "https://a.invalid"\nteam = "canary-2"\n'
    (home / "home" / "config" / "config.toml").write_text(config + 'headers = { x-a = "canary-3" }\n')

    run("doctor", "--report", "report.json", ACME_API_KEY="canary-in-env-12345")

    report = project / "report.json"
    assert ("canary-in" not in report.read_text(), "canary-3" not in report.read_text()) == (True, True)
    assert (0o600, True) == (report.stat().st_mode & 0o777, "checks" in json.loads(report.read_text()))


def test_several_lines_are_indented(run, project):
    """A reason of more than one line stays one check."""
    (project / "jackfield.toml").write_text("timout = 3\nmax_retries = -1\n")

    lines = run("doctor").stdout.splitlines()

    assert [line for line in lines if line.startswith("         ") and "max_retries" in line]


def test_no_provider_fails(run, nobody):
    """Without any there is nobody to call."""
    found = checks(run("doctor", "--json", **nobody))

    assert ("fail", "none is installed") == found["providers"]


def test_two_versions_of_one_distribution_fail(run, acme, tmp_path, monkeypatch):
    """Which of them counts depends on the path."""
    info = tmp_path / "other" / "jackfield_acme-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: jackfield-acme\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(str(info.parent))

    found = checks(run("doctor", "--json"))

    assert ("fail", "installed twice: jackfield-acme (1.0, 1.2.3)") == found["installed once"]


def test_a_variable_without_meaning_is_a_warning(run):
    """It is told with what may have been meant."""
    found = checks(run("doctor", "--json", JACKFIELD_TIMOUT="3"))

    assert ("warn", True) == (found["settings"][0], "JACKFIELD_TIMEOUT" in found["settings"][1])


def test_a_wrong_setting_of_a_provider_fails(run, acme, home):
    """What a file says of a provider is held against its profile."""
    (home / "home" / "config").mkdir(parents=True)
    (home / "home" / "config" / "config.toml").write_text('[providers.acme]\nteem = "blue"\n')

    status, reason = checks(run("doctor", "--json"))["settings of acme"]

    assert ("fail", True) == (status, "did you mean `team`?" in reason)


def test_a_folder_that_cannot_be_written_is_a_warning(run, tmp_path):
    """It is said which folder is in the way."""
    (tmp_path / "file").touch()

    status, reason = checks(run("doctor", "--json", JACKFIELD_HOME=str(tmp_path / "file" / "x")))[
        "state folder"
    ]

    assert ("warn", True) == (status, reason.endswith(f"`{tmp_path / 'file'}` does not allow it"))


def test_a_folder_that_others_can_write_to_is_a_warning(run, home):
    """Whoever can write there can read what is written."""
    folder = home / "home" / "state"
    folder.mkdir(parents=True)
    folder.chmod(0o777)

    assert ("warn", f"others can write to `{folder}`") == checks(run("doctor", "--json"))["state folder"]


def test_a_report_that_cannot_be_written_is_told(run):
    """The reason is the system's."""
    result = run("doctor", "--report", "no/where.json")

    assert (2, True) == (result.exit_code, "`no/where.json` cannot be written: No such file" in result.stderr)


def test_a_report_of_a_wrong_file_is_written(run, project):
    """What cannot be read has no settings to report."""
    (project / "jackfield.toml").write_text("timout = 3\n")

    run("doctor", "--report", "report.json")

    assert [] == json.loads((project / "report.json").read_text())["settings"]


def missing(name):
    raise metadata.PackageNotFoundError(name)


@pytest.mark.parametrize(
    ("version", "status", "reason"),
    [
        (missing, "warn", "it runs without being installed"),
        (
            lambda name: "0.0.1",
            "fail",
            "its metadata says 0.0.1: an older installation was not replaced wholly",
        ),
    ],
)
def test_metadata_and_code_have_to_agree(monkeypatch, version, status, reason):
    """Half an installation is the worst kind."""
    monkeypatch.setattr(metadata, "version", version)

    check = packages._core()

    assert (status, reason) == (check.status, check.reason)


def test_a_library_that_is_missing_fails(monkeypatch):
    """It is named, with the command that installs it."""
    monkeypatch.setattr(metadata, "version", missing)

    check = packages._libraries()

    assert ("fail", "not installed: attrs, cattrs, httpx, pluggy, importlib-metadata") == (
        check.status,
        check.reason,
    )


def test_an_old_python_fails(monkeypatch):
    """The oldest that will do is named."""
    monkeypatch.setattr(sys, "version_info", (3, 10, 4))

    assert ("Python 3.10.4", "fail") == (packages._python().title, packages._python().status)


def test_providers_are_held_to_the_contract(run):
    """The one that is named: offline, with its level."""
    found = checks(run("doctor", "--contract", "echo", "--json"))

    status, reason = found["echo"]
    assert ("ok", "silver", " rules met") == (status, reason.partition(",")[0], reason[-10:])


def test_what_is_claimed_but_not_met_fails(home, run):
    """The check names the rules, and the command that tells more."""
    card = {
        "level": "none",
        "claimed": "silver",
        "shown": "silver",
        "failed": ["it_streams"],
        "rules": {"it_streams": "failed"},
    }

    found = contract._check("acme", card, "")

    assert ("fail", "none, 0 of 1 rules met; silver is claimed, but not it_streams") == (
        found.status,
        found.reason,
    )
    assert found.mend == "pytest --pyargs jackfield.testing.suite --provider acme"


def test_without_pytest_the_contract_is_not_asked(run, monkeypatch):
    """It is an extra."""
    monkeypatch.setattr(contract, "find_spec", lambda name: None)

    assert ("warn", "`pytest` is not installed") == checks(run("doctor", "--contract", "--json"))["contract"]
