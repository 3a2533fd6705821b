"""`jackfield price` compares what a use costs; unknown is never 0."""

from __future__ import annotations

import json

import pytest

RATES = """
[[model]]
id = "small-latest"
context = 32000
max_output = 1000
[[model.rate]]
valid_from = 2026-01-01
checked = 2026-10-21
source = "acme's page"
per_1M_tokens = { input = "1", cache_read = "0.1", output = "10" }
per_image = { images_out = "0.04" }
tiers.batch.per_1M_tokens = { input = "0.5", cache_read = "0.05", output = "5" }

[[model]]
id = "large-latest"
[[model.rate]]
valid_from = 2026-01-01
source = "acme's page"
per_1M_tokens = { input = "5", output = "10" }
elsewhere = [{ source = "a blog", checked = 2026-02-01, per_1M_tokens = { input = "4" } }]

[[model]]
id = "brush"
[[model.rate]]
valid_from = 2026-01-01
source = "acme's page"
per_1M_tokens = { input = "5", output_image = "40" }
without_tokens = { per_image = { images_out_high_10x10 = "0.2" } }

[[model]]
id = "new"
"""
ALL = ("acme/new", "acme/large-latest", "acme/small-latest")


@pytest.fixture(autouse=True)
def _priced(acme):
    """The provider of these tests, with prices."""
    (acme / "models.toml").write_text(RATES)


def test_the_cheapest_comes_first(run):
    """With total, tier, date and source; what is unknown says why."""
    result = run("price", *ALL, "--in", "100000", "--out", "3000")

    assert [
        "MODEL                TOTAL  TIER      CHECKED     SOURCE",
        "acme/small-latest    $0.13  standard  2026-10-21  acme's page",
        "acme/large-latest    $0.53  standard              acme's page",
        "acme/new           unknown  standard",
    ] == result.stdout.splitlines()
    assert "`acme/new`: nobody states a price" in result.stderr
    assert "`acme/large-latest`: sources disagree on input" in result.stderr


@pytest.mark.parametrize(
    ("flags", "total"),
    [
        (("--in", "1000000"), "1"),
        (("--in", "1000000", "--cached", "500000"), "0.55"),
        (("--in", "1000000", "--batch"), "0.5"),
        (("--in", "1000000", "--tier", "batch"), "0.5"),
        (("--in", "1000000", "--tier", "flex"), None),
        (("--in", "1000000", "--at", "2025-12-31"), None),
        (("--in", "1000000", "--at", "2026-01-01T00:00"), "1"),
        (("--out", "10"), "0.0001"),
    ],
)
def test_flags_say_what_is_used(run, flags, total):
    """What was cached is a part of what goes in."""
    (form,) = json.loads(run("price", "acme/small-latest", *flags, "--json").stdout)

    assert total == form["total"]


@pytest.mark.parametrize(
    ("model", "flags", "total"),
    [
        ("small-latest", ("--images", "2"), "0.08"),
        ("small-latest", ("--images", "2", "--in", "1000000"), "1.08"),
        ("brush", ("--images", "2", "--quality", "high", "--size", "10x10"), "0.4"),
        ("brush", ("--images", "2", "--quality", "high", "--size", "10x10", "--in", "1000"), "0.405"),
        ("brush", ("--images", "2", "--quality", "low", "--size", "10x10"), None),
        ("large-latest", ("--images", "2", "--in", "10"), None),
    ],
)
def test_pictures_are_never_free_unknown(run, model, flags, total):
    """Those with no price of their own make the total unknown; those of a quality and size cost what is stated."""
    (form,) = json.loads(run("price", f"acme/{model}", *flags, "--json").stdout)

    assert total == form["total"]


def test_json_has_the_documented_keys(run):
    """One object a model."""
    (form,) = json.loads(run("price", "acme/large-latest", "--in", "1", "--json").stdout)

    assert [
        "model", "total", "currency", "tier", "answered_by", "source", "url", "checked", "valid_from", "conflicts", "why",
    ] == list(form)  # fmt: skip
    assert ("USD", "2026-01-01", ["input"]) == (form["currency"], form["valid_from"], form["conflicts"])


DEAL = """
from jackfield.plugin import RatesBook, hookimpl

DEAL = {"valid_from": __import__("datetime").date(2026, 1, 1), "source": "contract 7"}
DEAL["per_1M_tokens"] = {"input": "0.1", "output": "0.2"}

@hookimpl
def pricing(profile, model):
    return RatesBook.stated(DEAL, source="deal") if profile.id == "acme" and model.id == "new" else None
"""


def test_negotiated_prices_win(run, install):
    """An extension answers for one model of a provider it does not own; who answered is told."""
    install("deal", "jackfield.extensions", {"__init__.py": DEAL})

    found = json.loads(run("price", "acme/new", "acme/small-latest", "--in", "1000000", "--json").stdout)

    assert [
        ("acme/new", "0.1", "deal", "contract 7"),
        ("acme/small-latest", "1", "catalogue", "acme's page"),
    ] == [(form["model"], form["total"], form["answered_by"], form["source"]) for form in found]


def test_prompts_of_a_file_are_counted(run, home):
    """A line is an object with a prompt, or the text."""
    (home / "work" / "prompts.jsonl").write_text('{"prompt": "Name three rivers."}\n\n"Why?"\n')

    (form,) = json.loads(run("price", ALL[2], "--file", "prompts.jsonl", "--out", "100", "--json").stdout)

    assert 0.002 < float(form["total"]) < 0.0021


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "no model is named"),
        (("acme/new",), "there is nothing to price"),
        (("acme/new", "--in", "1", "--size", "10x10"), "`--quality` and `--size` are of `--images`"),
        (("acme/new", "--images", "1", "--size", "ten"), "a size such as 1024x1024"),
        (("acme/new", "--in", "1", "--cached", "2"), "is more than `--in 1`"),
        (("acme/new", "--in", "1", "--at", "soon"), "`--at` must be a date"),
        (("acme/new", "--file", "absent"), "`absent` cannot be read"),
        (("acme/new", "--file", "wrong"), "`wrong:1` holds no prompt"),
        (("check",), "takes one file"),
        (("check", "absent"), "`absent` cannot be read"),
        (("check", "wrong"), "`wrong` holds no prices"),
    ],
)
def test_what_makes_no_sense_is_refused(run, home, arguments, says):
    """As misuse, with exit code 2."""
    (home / "work" / "wrong").write_text("[5]\n")

    result = run("price", *arguments)

    assert 2 == result.exit_code
    assert says in result.stderr


@pytest.mark.parametrize(
    ("figures", "code", "shown"),
    [
        ({"input": "1", "output": 10}, 0, []),
        ({"input": "2"}, 1, ["acme/small-latest  input     1       2"]),
        ({"reasoning": "2"}, 1, ["acme/small-latest  reasoning  unknown       2"]),
    ],
)
def test_drift_is_found(run, home, figures, code, shown):
    """Tables that differ from a neutral file are shown, and the answer is no."""
    (home / "work" / "neutral.json").write_text(json.dumps({"acme/small-latest": figures}))

    result = run("price", "check", "neutral.json")

    assert code == result.exit_code
    assert shown == result.stdout.splitlines()[1:]


def test_drift_has_a_json_form(run, home):
    """A list of differences."""
    (home / "work" / "neutral.json").write_text('{"acme/small-latest": {"input": "2"}}')

    form = json.loads(run("price", "check", "neutral.json", "--json").stdout)

    assert [{"model": "acme/small-latest", "of": "input", "ours": "1", "theirs": "2"}] == form


def test_a_dry_run_quotes(run):
    """At most so much, for so many tokens."""
    result = run("-m", "acme/small-latest", "--dry-run", "hi", ACME_API_KEY="canary-key")

    assert result.stdout.endswith("input + at most 1,000 output\n")
    assert "quote: ≤ $0.0100" in result.stdout


def test_a_limit_refuses_before_sending(run, server):
    """What may cost more exits with 8; nothing is sent."""
    result = run("-m", "acme/small-latest", "--max-cost", "0.001", "hi")

    assert (8, []) == (result.exit_code, server.seen)
    assert "may cost $0.0100" in result.stderr
    assert "at most $0.001 was allowed" in result.stderr


@pytest.mark.parametrize("limit", ["much", "-1", "nan"])
def test_a_limit_is_an_amount(run, limit):
    """Anything else is misuse."""
    result = run("-m", "acme/small-latest", f"--max-cost={limit}", "hi")

    assert 2 == result.exit_code
    assert "must be an amount of USD" in result.stderr
