"""Levels follow from rules; scorecards tell them in three forms."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from jackfield.capability import Support
from jackfield.profile import Quality
from jackfield.testing.contract import ProviderContract, rule_of, rules
from jackfield.testing.rules import LEVELS, MEANINGS, Rule
from jackfield.testing.scorecard import Score, Scorecard, badge, level_of, scorecards, shown, written

EVERY = [Rule(level, "why", "mend", name=f"{level}-{number}") for level in LEVELS for number in (1, 2)]
MET = {rule.name: "passed" for rule in EVERY}


def test_a_level_is_reached_with_all_of_its_rules():
    """And with those of all levels below."""
    assert ["none", "bronze", "silver", "gold", "platinum"] == [
        level_of({**MET, **{f"{level}-1": "failed" for level in LEVELS[number:]}}, EVERY)
        for number in range(5)
    ]


def test_a_rule_that_was_not_asked_does_not_count():
    """It did not apply; a level of which no rule was asked is not reached."""
    asked = {name: outcome for name, outcome in MET.items() if name not in {"silver-2", "gold-1", "gold-2"}}

    assert "silver" == level_of(asked, EVERY)


def test_advice_does_not_count():
    """A new rule that is not met leaves the level as it is."""
    new = Rule("bronze", "why", "mend", name="new", advice=True)

    assert "platinum" == level_of({**MET, "new": "failed"}, [new, *EVERY])


@pytest.mark.parametrize(("owner", "level"), [("@acme", "silver"), ("", "bronze")])
def test_a_provider_without_an_owner_is_shown_lower(owner, level):
    """By one level."""
    assert level == Quality("silver", owner).shown


def test_one_failed_case_fails_a_rule():
    """A rule with several cases is met where all are."""
    outcomes = {
        "it_says_hello": {"": "passed"},
        "what_it_cannot_do_is_refused": {"a": "passed", "b": "failed"},
    }

    card = scorecards({"no-such-provider": outcomes})[0]

    assert {"it_says_hello": "passed", "what_it_cannot_do_is_refused": "failed"} == card.rules
    assert "none" == card.level


def test_a_scorecard_is_told_in_lines():
    """Level and claim, capabilities that were asked, exemptions, what is missing."""
    scores = (
        Score("chat", Support.FULL.value, 3, 3),
        Score("tools", Support.PARTIAL.value, 1, 2),
        Score("batch"),
    )
    missing = {"it_says_hello": "passed", "somebody_looks_after_it": "failed"}
    card = Scorecard("acme", "bronze", "silver", "", missing, scores, {"tools": "they are new"}, 7)

    told = "\n".join(shown(card))

    assert "acme: bronze (silver is claimed); 1 of 2 rules met, 7 do not apply" in told
    assert "3/3 ok" in told
    assert "1/2 GAP" in told
    assert "batch" not in told
    assert "exempt: tools (they are new)" in told
    assert "for the next level: somebody_looks_after_it" in told


def test_what_is_refused_as_stated_is_one_line():
    """What it cannot do is most of a modest provider; a refusal that is missing is a row of its own."""
    scores = (
        Score("batch", "unsupported", 1, 1),
        Score("files", "not_implemented", 1, 1),
        Score("rerank", "unsupported", 0, 1),
    )

    told = list(shown(Scorecard("acme", "bronze", "bronze", "@acme", capabilities=scores)))

    assert "  refused, as stated: batch, files" in told
    assert ["  rerank           unsupported      0/1 GAP"] == [line for line in told if "rerank" in line]


def test_no_line_is_wider_than_the_terminal():
    """Long ones go on below, further in."""
    missing = {rule.name: "failed" for rule in rules()[:9]}
    scores = tuple(Score(f"capability_{number}", "unsupported", 1, 1) for number in range(9))

    told = list(shown(Scorecard("acme", "none", "silver", "", missing, scores), 44))

    assert max(map(len, told)) <= 44


def test_scorecards_are_written(tmp_path):
    """As JSON for all, and a badge for each."""
    written([Scorecard("acme", "gold", "silver", "@acme")], tmp_path / "new")

    form = json.loads((tmp_path / "new" / "scorecard.json").read_text())
    assert ("gold", "silver") == (form["acme"]["level"], form["acme"]["claimed"])
    assert "gold" in (tmp_path / "new" / "scorecard-acme.svg").read_text()


@pytest.mark.parametrize("level", ["none", *LEVELS])
def test_a_badge_is_an_image(level):
    """It says provider and level, and is well-formed."""
    root = ET.fromstring(badge("acme", level))

    assert ["acme", level] == ["".join(text.itertext()) for text in root.iter() if text.tag.endswith("text")]


def test_every_rule_is_whole():
    """It has a level, a reason, a way to mend, and a sentence; names are distinct."""
    every = rules()

    assert len({rule.name for rule in every}) == len(every) >= 70
    assert [] == [
        r.name for r in every if r.level not in MEANINGS or not (r.why and r.mend and r.says.endswith("."))
    ]
    assert all(rule_of(ProviderContract, f"test_{rule.name}") is rule for rule in every)
