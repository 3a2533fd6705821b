"""The lists of providers and plugins."""

from __future__ import annotations

import json

import pytest

from jackfield.cli.plugins import _answer
from jackfield.registry import known_providers

KEY = "a-key-of-acme-that-is-long"


def test_a_key_is_found_by_its_place(run, acme):
    """Where the key stands is told, never the key."""
    result = run("providers", ACME_API_KEY=KEY)

    assert "acme      1.2.3    bronze  env `ACME_API_KEY`" in result.stdout.splitlines()
    assert KEY not in result.output


def test_every_known_provider_has_a_row(run):
    """Also what is not installed, and what has no package that could be."""
    rows = json.loads(run("providers", "--json").stdout)

    assert set(known_providers()) <= {row["id"] for row in rows}
    assert [("planned", None)] == [(row["state"], row["install"]) for row in rows if row["id"] == "voyage"]


def test_what_is_planned_has_no_command(run):
    """The list ends with the names alone."""
    last = run("providers").stdout.splitlines()[-1]

    assert last.startswith("no package yet: ")
    assert "voyage" in last


def test_json_has_the_documented_keys(run):
    """Every row has the same keys."""
    rows = json.loads(run("providers", "--json").stdout)

    keys = ("id", "name", "state", "distribution", "version", "level", "key", "install", "reason")
    assert {keys} == {tuple(row) for row in rows}


def test_a_broken_one_stays(run, install):
    """A plugin that cannot be read keeps its row, with the reason."""
    install("acme", "jackfield.providers", {"profile.toml": "spec = 1\nid = "})

    row = next(row for row in json.loads(run("providers", "--json").stdout) if row["id"] == "acme")

    assert "broken" == row["state"]
    assert row["reason"].startswith("plugin `jackfield-acme` 1.2.3 has an invalid profile")


def test_show_tells_everything(run, acme):
    """One provider with where its key is looked for and what it can."""
    lines = run("providers", "show", "acme").stdout.splitlines()

    expected = {
        "distribution  jackfield-acme",
        "variables     ACME_API_KEY",
        "settings      team",
        "key           missing",
        "  images_in         unsupported",
    }
    assert expected <= set(lines)


def test_a_command_that_prints_the_key_is_not_run(run, acme, home):
    """To list is not to run what the user stated for calls."""
    (home / "home" / "config").mkdir(parents=True)
    (home / "home" / "config" / "config.toml").write_text(f'[providers.acme]\ncommand = "touch {home}/ran"\n')

    result = run("keys", "list")

    assert (True, False) == ("not run now" in result.stdout, (home / "ran").exists())


def test_plugins_are_listed(run, acme):
    """Name, kind, distribution and version."""
    rows = json.loads(run("plugins", "--json").stdout)

    assert {"kind": "provider", "name": "acme", "distribution": "jackfield-acme", "version": "1.2.3"} in rows


def test_hooks_show_who_answers(run):
    """A plugin's own answers are told from core's."""
    rows = json.loads(run("plugins", "--hooks", "echo/echo-1", "--json").stdout)

    found = {row["hook"]: "jackfield-echo" in row["by"] for row in rows}
    assert {"auth": False, "completion": True, "streaming": False, "pricing": True} == found


def test_a_broken_one_is_told_in_the_table(run, install):
    """Its row says why."""
    install("acme", "jackfield.providers", {"profile.toml": "spec = 1\nid = "})

    (row,) = (line for line in run("providers").stdout.splitlines() if line.startswith("acme "))

    assert ["acme", "1.2.3", "broken"] == row.split()[:3]


def test_a_broken_one_has_a_wrong_key(run, install):
    """Where its key would be cannot be known."""
    install("acme", "jackfield.providers", {"profile.toml": "spec = 1\nid = "})

    rows = {row["provider"]: row["key"] for row in json.loads(run("keys", "list", "--json").stdout)}

    assert "wrong" == rows["acme"]


@pytest.mark.parametrize(
    ("auth", "words"),
    [
        ('scheme = "bearer"\noptional = true', "optional: none is set"),
        ('scheme = "acme-dance"', "plugin: its package finds it itself"),
    ],
)
def test_a_key_that_need_not_be_set(run, install, auth, words):
    """A provider may do without, or find its credential by itself."""
    head = 'spec = 1\nid = "acme"\nname = "Acme"\nwire = "chat_completions"\nbase_url = "https://a.invalid"\n'
    install("acme", "jackfield.providers", {"profile.toml": f"{head}[auth]\n{auth}\n"})

    (row,) = (line for line in run("keys", "list").stdout.splitlines() if line.startswith("acme "))

    assert ["acme", words] == row.split(maxsplit=1)


def test_a_word_too_many_is_refused(run):
    """The hint says how one provider is shown."""
    result = run("providers", "acme")

    assert (2, "error: `providers` does not know `acme`") == (result.exit_code, result.stderr.splitlines()[0])
    assert "hint: `jackfield providers show acme`" in result.stderr


def test_show_as_json(run, acme):
    """The row and the facts are one object."""
    form = json.loads(run("providers", "show", "acme", "--json").stdout)

    assert ("acme", "jackfield-acme", {"state": "missing", "where": ""}) == (
        form["id"],
        form["distribution"],
        form["key"],
    )


def test_plugins_are_a_table(run, acme):
    """One line each."""
    lines = [line.split() for line in run("plugins").stdout.splitlines()]

    assert ["NAME", "KIND", "DISTRIBUTION", "VERSION"] == lines[0]
    assert ["acme", "provider", "jackfield-acme", "1.2.3"] in lines


def test_a_hook_that_cannot_answer_says_why(run, install):
    """A wire nobody has is an answer of its own kind."""
    profile = 'spec = 1\nid = "acme"\nname = "Acme"\nwire = "acme_talk"\nbase_url = "https://a.invalid"\n'
    install("acme", "jackfield.providers", {"profile.toml": profile})

    rows = json.loads(run("plugins", "--hooks", "acme/any", "--json").stdout)

    found = {row["hook"]: row["answer"] for row in rows}
    assert found["completion"].startswith("error: `acme` names wire `acme_talk`")


def test_a_hook_nobody_answers_is_told():
    """An implementation may have no answer, and there may be no other."""
    assert ("nobody", "nothing") == _answer(Silent(), {})


class Silent:
    """A hook whose one implementation has no answer."""

    def __init__(self):
        impl = type(
            "Impl", (), {"function": staticmethod(lambda: None), "argnames": (), "plugin_name": "acme"}
        )
        self._hook = type("Hook", (), {"get_hookimpls": lambda hook: [impl]})()
