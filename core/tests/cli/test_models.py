"""The list of models."""

from __future__ import annotations

import json

import pytest


def test_words_filter(run):
    """All words have to occur in the name."""
    names = [model["name"] for model in json.loads(run("models", "echo", "401", "--json").stdout)]

    assert ["echo/status-401"] == names


def test_the_table_is_complete(run, acme):
    """Numbers stand to the right, capabilities are letters, and the legend goes to stderr."""
    result = run("models", "--provider", "acme")

    expected = (
        "MODEL              CONTEXT  IN $/M  OUT $/M  CAN       PRICE SEEN, SOURCE\n"
        "acme/small-latest   32,000       ?        ?  s-------\n"
        "acme/large-latest  128,000       ?        ?  s-------\n"
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
    more = "status deprecated replacement note regions compliance price origin quirks rates"
    assert [*keys.split(), *more.split()] == list(form)
    assert (None, []) == (form["price"], form["rates"])


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


PRICED = """
[[model]]
id = "m"
aliases = ["mm"]
deprecated = 2020-01-01
replacement = "n"
[[model.rate]]
valid_from = 2026-01-01
checked = 2026-01-02
source = "the page"
per_1M_tokens = { input = "0.15", output = "1.23456" }
[model.rate.tiers.batch]
per_1M_tokens = { input = "0.075" }
[[model.rate.above]]
input_tokens = 200000
per_1M_tokens = { input = "0.30" }
[[model.rate.elsewhere]]
source = "another"
checked = 2026-01-03
per_1M_tokens = { output = "2" }

[[model]]
id = "n"
[[model.rate]]
valid_from = 2026-01-01
source = "the page"
uplift = { eu = "1.1" }
per_1M_tokens = { input = "0.01", output = "0.02" }
[model.rate.off_peak]
utc = ["16:30-24:00"]
per_1M_tokens = { input = "0.005" }
"""
QUIRKY = """
[[quirks]]
drop = ["messages.*.name"]
"""


@pytest.fixture
def priced(install, request):
    """A provider whose models have prices."""
    profile = request.getfixturevalue("acme_profile") + QUIRKY
    return install("acme", "jackfield.providers", {"profile.toml": profile, "models.toml": PRICED})


@pytest.fixture
def acme_profile():
    """The profile of the provider the other tests have."""
    head = 'spec = 1\nid = "acme"\nname = "Acme"\nwire = "chat_completions"\n'
    return head + 'base_url = "https://a.invalid/v1"\n[capabilities]\nchat = "full"\n'


def test_prices_are_told_with_day_and_source(run, priced):
    """With four digits, and a word where sources differ."""
    result = run("models", "--provider", "acme", COLUMNS="90")

    expected = (
        "MODEL   CONTEXT  IN $/M  OUT $/M  CAN       PRICE SEEN, SOURCE\n"
        "acme/m        ?    0.15    1.235  --------  disputed; 2026-01-02 the page\n"
        "acme/n        ?    0.01     0.02  --------  the page\n"
    )
    assert expected == result.stdout


def test_a_price_is_asked_for(run, priced):
    """At most so much, and the cheapest first."""
    names = [
        [model["model"] for model in json.loads(run("models", *args, "--json").stdout)]
        for args in (
            ("--max-price-in", "0.1"),
            ("--max-price-out", "2", "--cheapest"),
            ("--status", "retired"),
        )
    ]

    assert [["n"], ["n", "m"], ["m"]] == names


def test_show_tells_all_prices(run, priced):
    """Steps, variants, hours, regions, and what others say."""
    shown = run("models", "show", "acme/mm").stdout

    expected = (
        "price\n"
        "  from 2026-01-01: the page, seen 2026-01-02\n"
        "    input             0.15 USD per 1M tokens\n"
        "    output            1.23456 USD per 1M tokens\n"
        "    above 200,000 tokens in\n"
        "      input             0.30 USD per 1M tokens\n"
        "    batch\n"
        "      input             0.075 USD per 1M tokens\n"
        "    disputed by another, seen 2026-01-03\n"
        "      output            2 USD per 1M tokens\n"
    )
    assert expected in shown
    assert "status      retired\ndeprecated  2020-01-01\nreplacement n\n" in shown
    assert '  drop              ["messages.*.name"]\n' in shown
    other = run("models", "show", "acme/n").stdout
    assert "    at 16:30-24:00 UTC\n      input             0.005 USD per 1M tokens\n" in other
    assert "    eu                all times 1.1\n" in other


def test_show_has_all_prices_as_json(run, priced):
    """Figures are text, so that none is rounded."""
    form = json.loads(run("models", "show", "acme/m", "--json").stdout)

    assert "1.23456" == form["price"]["output"] == form["rates"][0]["prices"]["output"]["figure"]
    assert ["output"] == form["price"]["conflicts"]
    assert ("another", [{"drop": ["messages.*.name"]}]) == (
        form["rates"][0]["elsewhere"][0]["source"],
        form["quirks"],
    )


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--max-price-in", "cheap"), "USD per million"),
        (("--feature", "streming"), "did you mean `streaming`"),
        (("--mode", "chta"), "did you mean `chat`"),
    ],
)
def test_a_slip_in_a_filter_is_answered(run, acme, args, words):
    """It is misuse, with what may have been meant."""
    result = run("models", *args)

    assert (2, True) == (result.exit_code, words in result.stderr)


def test_refresh_asks_and_keeps(run, server):
    """What is new is counted, and the list knows of it."""
    result = run("models", "refresh", "--provider", "acme")
    listed = json.loads(run("models", "--provider", "acme", "--json").stdout)

    assert "PROVIDER  MODELS  NEW  FAILED\nacme           2    1\n" == result.stdout
    assert ("acme/brand-new", "live") == (listed[-1]["name"], listed[-1]["origin"])


def test_refresh_tells_of_failures(run, acme):
    """One that cannot be asked ends the run with its exit code."""
    result = run("models", "refresh", "--provider", "acme", "--json")

    assert 3 == result.exit_code
    (told,) = json.loads(result.stdout)
    assert ("acme", None, True) == (
        told["provider"],
        told["models"],
        told["error"].startswith("no credentials"),
    )


def test_refresh_is_not_offline(run, acme):
    """It is the one form that opens sockets."""
    assert 2 == run("models", "refresh", "--offline").exit_code


def test_refresh_asks_all_that_have_a_key(run, nobody):
    """Here there is none."""
    result = run("models", "refresh", JACKFIELD_BLOCK=nobody["JACKFIELD_BLOCK"])

    assert (0, "", "no provider with a key lists its models\n") == (
        result.exit_code,
        result.stdout,
        result.stderr,
    )
