"""Where a profile says that answers say what they cost."""

from __future__ import annotations

from pathlib import Path

import pytest

from jackfield.errors import BadConfig
from jackfield.profile import ReportedCharge
from jackfield.profile.reader import profile_of

LEAST = {"spec": 1, "id": "acme", "name": "Acme", "wire": "chat_completions"}


def profile(**tables):
    return profile_of({**LEAST, **tables}, Path("acme"))


def test_nothing_is_said_unless_it_is_stated():
    """Most answers do not tell."""
    assert None is profile().charge


def test_a_field_and_a_unit():
    """The unit is a dollar where none is named."""
    assert ReportedCharge("cost") == profile(charge={"field": "cost"}).charge
    assert ReportedCharge("ticks", 10) == profile(charge={"field": "ticks", "per_usd": 10}).charge


@pytest.mark.parametrize(
    ("charge", "words"),
    [
        ({}, "charge.field"),
        ({"field": "x", "per_usd": 0}, "charge.per_usd"),
        ({"field": "x", "unit": 1}, "unit"),
    ],
)
def test_what_is_wrong_is_told_with_its_path(charge, words):
    """As for all tables."""
    with pytest.raises(BadConfig, match=words):
        profile(charge=charge)
