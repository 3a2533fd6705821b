"""What a rate may say, and what is refused with its place."""

from __future__ import annotations

from datetime import date

import pytest

from jackfield.errors import BadConfig
from jackfield.profile import Price, read_profile
from jackfield.profile.rates import QUANTITIES, UNITS, rate

SINCE = {"valid_from": date(2026, 1, 1), "source": "acme"}
HEAD = 'spec = 1\nid = "acme"\nname = "Acme"\nwire = "chat_completions"\n'


def read(tmp_path, models):
    (tmp_path / "profile.toml").write_text(HEAD)
    (tmp_path / "models.toml").write_text(models)
    return read_profile(tmp_path)


def test_a_price_keeps_its_unit():
    """It is stated per something, and shown so."""
    found = rate({**SINCE, "per_1M_tokens": {"input": "1.25"}, "per_hour": {"seconds_in": "0.2"}}, "", [])

    assert {"input": Price("1.25", "per_1M_tokens"), "seconds_in": Price("0.2", "per_hour")} == dict(
        found.standard.prices
    )
    assert "0.2 per hour" == str(found.standard.prices["seconds_in"])


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"per_1M_tokens": {"input": 1.25}}, "r.per_1M_tokens.input: must be a decimal figure as text"),
        ({"per_1M_tokens": {"input": "-1"}}, "r.per_1M_tokens.input: must be a decimal figure as text"),
        ({"per_1M_tokens": {"inptu": "1"}}, "is not counted in tokens, did you mean `input`?"),
        ({"per_second": {"input": "1"}}, "r.per_second.input: is not counted in seconds"),
        ({"per_1M_token": {"input": "1"}}, "unknown key, did you mean `per_1M_tokens`?"),
        ({"per_1M_tokens": {"input": "1"}, "per_token": {"input": "1"}}, "r.input: has two prices"),
        ({"off_peak": {"utc": ["25:00-26:00"]}}, "r.off_peak.utc: `25:00-26:00` is not of the form"),
        ({"above": [{"per_1M_tokens": {}}]}, "r.above[0].input_tokens: is missing"),
        ({"tiers": {"batch": {"above": 5}}}, "r.tiers.batch.above: must be an array"),
        ({"elsewhere": [{"source": "b"}]}, "r.elsewhere[0].checked: is missing"),
        ({"uplift": {"eu": 1.1}}, "r.uplift.eu: must be a decimal figure as text"),
    ],
)
def test_what_is_wrong_is_refused_with_its_path(fields, problem):
    """Floats are not exact, and a misspelt price would be an unknown one."""
    problems = []

    rate({**SINCE, **fields}, "r", problems)

    assert problem in "; ".join(problems)


@pytest.mark.parametrize("missing", ["valid_from", "source"])
def test_a_price_without_date_or_source_is_refused(missing):
    """It would be a rumour."""
    problems = []

    rate({name: value for name, value in SINCE.items() if name != missing}, "r", problems)

    assert [f"r.{missing}: is missing"] == problems


def test_every_quantity_has_a_unit():
    """Whatever is counted can be priced."""
    assert set(QUANTITIES.values()) == {kind for kind, _ in UNITS.values()}


APART = """
[[model]]
id = "one"
aliases = ["latest"]
[[model]]
id = "two"
[[model.rate]]
valid_from = 2026-01-01
source = "acme"
per_1M_tokens = { input = "2" }

[[rate]]
model = "one"
valid_from = 2026-01-01
source = "acme"
per_1M_tokens = { input = "1" }
"""


@pytest.mark.parametrize(("name", "figure"), [("one", "1"), ("latest", "1"), ("two", "2")])
def test_prices_may_stand_apart_from_their_model(tmp_path, name, figure):
    """A model written by hand keeps its block; by id, by alias and all together the price is the same."""
    found = read(tmp_path, APART).model(name)

    assert [figure] == [one.standard.prices["input"].figure for one in found.rates]
    assert found in read(tmp_path, APART).models


def test_a_price_of_nobody_is_refused_with_its_model(tmp_path):
    """The path names the model it is about."""
    profile = read(
        tmp_path, APART.replace('model = "one"\nvalid_from = 2026-01-01\nsource', 'model = "one"\nnote')
    )

    with pytest.raises(BadConfig, match=r"rate of `one`\.source: is missing"):
        tuple(profile.models)
