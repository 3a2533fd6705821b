"""What was shown elsewhere: read strictly, dated, and missing where it is missing."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from jackfield import BadConfig
from jackfield.profile import Profile, Quality
from jackfield.testing.evidence import FILE, RED, Evidence, evidence_of, shown

DAY = date(2026, 11, 21)
GREEN = "[canary]\ndate = 2026-11-21\npassed = true\ngreen = 2026-11-21\n"
KILLED = '[mutation]\ndate = 2026-11-20\ntool = "mutmut"\nkilled = 172\ntotal = 200\n'


def profile(level="gold", owner="@acme"):
    return Profile("acme", "Acme", "chat_completions", quality=Quality(level, owner))


def test_what_is_missing_is_told_as_missing(tmp_path):
    """Nothing is made of a file that is not there."""
    assert [("mutation", "missing"), ("benchmark", "missing"), ("canary", "missing")] == [
        *evidence_of(tmp_path)
    ]


def test_what_is_there_is_told_with_its_day(tmp_path):
    """The score of mutants, the day of a benchmark, the colour of a canary."""
    benchmark = "[benchmark]\ndate = 2026-11-19\nfigures = { overhead_us = 21.5 }\n"
    (tmp_path / FILE).write_text(KILLED + benchmark + GREEN)

    told = dict(evidence_of(tmp_path))

    assert {
        "mutation": "86% killed, 2026-11-20",
        "benchmark": "2026-11-19",
        "canary": "green, 2026-11-21",
    } == told
    assert 0.86 == Evidence.of(tmp_path).score


@pytest.mark.parametrize(
    "text",
    [
        "[mutants]\n",
        "[canary]\npassed = true\n",
        KILLED.replace("172", '"172"'),
        KILLED + "more = 1\n",
        "[",
        GREEN.replace("true", "1"),
    ],
)
def test_what_cannot_be_read_is_an_error(tmp_path, text):
    """A typing error is no evidence, and not the lack of it."""
    (tmp_path / FILE).write_text(text)

    with pytest.raises(BadConfig, match=r"evidence\.toml"):
        Evidence.of(tmp_path)
    assert "evidence" == next(evidence_of(tmp_path))[0]


@pytest.mark.parametrize(("days", "level"), [(0, "gold"), (RED, "gold"), (RED + 1, "silver")])
def test_a_canary_that_is_red_for_long_costs_a_level(tmp_path, days, level):
    """Counted from the last day it was green."""
    (tmp_path / FILE).write_text(GREEN)

    assert level == shown(profile(), tmp_path, DAY + timedelta(days))


def test_without_owner_and_with_a_red_canary_two_levels_are_lost(tmp_path):
    """But never more than all; a file nobody can read counts as red."""
    (tmp_path / FILE).write_text("[")

    assert "bronze" == shown(profile(owner=""), tmp_path, DAY)
    assert "bronze" == shown(profile("bronze", ""), tmp_path, DAY)
    assert "gold" == shown(profile(), tmp_path / "elsewhere", DAY)
