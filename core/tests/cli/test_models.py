"""The list of models."""

from __future__ import annotations

import json


def test_words_filter(run):
    """All words have to occur in the name."""
    names = [model["name"] for model in json.loads(run("models", "echo", "401", "--json").stdout)]

    assert ["echo/status-401"] == names


def test_the_table_is_complete(run, acme):
    """Numbers stand to the right, capabilities are letters, and the legend goes to stderr."""
    result = run("models", "--provider", "acme")

    expected = (
        "MODEL              CONTEXT  OUTPUT  CAN\n"
        "acme/small-latest   32,000       ?  s-------\n"
        "acme/large-latest  128,000       ?  s-------\n"
    )
    assert expected == result.stdout
    assert result.stderr.startswith("\ns streaming, t tools,")


def test_a_context_is_asked_for(run, acme):
    """What nobody states is not enough."""
    names = [
        model["model"] for model in json.loads(run("models", "--context-min", "100001", "--json").stdout)
    ]

    assert ["large-latest"] == names


def test_a_capability_is_asked_for(run, acme):
    """Only models that are stated to have it are listed."""
    found = json.loads(run("models", "--capability", "tools", "--json").stdout)

    assert {"echo"} == {model["provider"] for model in found}


def test_an_unknown_capability_is_refused(run):
    """A slip is answered with what may have been meant."""
    assert run("models", "--capability", "tool").stderr.endswith("hint: did you mean `tools`?\n")


def test_available_needs_a_key(run, acme):
    """Only models that could be called are listed."""
    args = ("models", "acme", "--available", "--json")

    assert (0, 2) == (
        len(json.loads(run(*args).stdout)),
        len(json.loads(run(*args, ACME_API_KEY="a-key-of-acme").stdout)),
    )


def test_no_match_is_the_answer_no(run, acme):
    """Nothing found ends with 1, and a close name is offered."""
    result = run("models", "acme/smal-latest")

    assert (1, "", True) == (
        result.exit_code,
        result.stdout,
        result.stderr.endswith("hint: did you mean `acme/small-latest`?\n"),
    )


def test_show_tells_everything(run, acme):
    """One model with all its facts; a price that is not known is not 0."""
    lines = run("models", "show", "acme/small-latest").stdout.splitlines()

    assert {"name        acme/small-latest", "context     32,000", "price       unknown"} <= set(lines)


def test_show_has_a_json_form(run, acme):
    """The same as one object."""
    form = json.loads(run("models", "show", "acme/small-latest", "--json").stdout)

    keys = "name provider model aliases mode context max_output dimensions capabilities"
    assert [*keys.split(), "deprecated", "replacement", "note", "price"] == list(form)


def test_show_of_an_unlisted_model(run, acme):
    """The name is corrected."""
    result = run("models", "show", "acme/smal-latest")

    expected = (
        "error: model `acme/smal-latest` not found\n\n"
        "hint: did you mean `acme/small-latest`? `jackfield models --provider acme` lists 2\n"
    )
    assert (4, expected) == (result.exit_code, result.stderr)


def test_show_takes_one_name(run):
    """Neither none nor two."""
    assert [2, 2] == [run("models", "show").exit_code, run("models", "show", "a", "b").exit_code]


def test_show_tells_what_options_may_be(run, install):
    """Only the options that are special here."""
    options = '[options.temperature]\nminimum = 0\nmaximum = 1\nnote = "seen 2026-08"\n[options.seed]\nsupport = "unsupported"\n'
    head = 'spec = 1\nid = "acme"\nname = "Acme"\nwire = "chat_completions"\nbase_url = "https://a.invalid"\n'
    install(
        "acme",
        "jackfield.providers",
        {"profile.toml": head + options, "models.toml": '[[model]]\nid = "x"\n'},
    )

    lines = run("models", "show", "acme/x").stdout.splitlines()

    at = lines.index("options")
    assert [
        "  seed              unsupported",
        "  temperature       full, from 0, to 1, seen 2026-08",
    ] == lines[at + 1 :]
