"""Every recorded answer with a usage is charged, and the table in the documentation says how it compares."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "recordings")]

from cassettes import ROOT  # noqa: E402

if not ROOT.is_dir():
    pytest.skip(f"no recordings at {ROOT}", allow_module_level=True)

from recorded import PAGE, agree, costed, page, reason, table  # noqa: E402

pytestmark = pytest.mark.recordings


def test_where_both_figures_are_known_they_agree_or_the_reason_is_listed():
    """The provider's own charge and ours, within the provider's rounding."""
    both = [one for one in costed() if one.reported is not None and one.computed is not None]

    unexplained = [one.id for one in both if not agree(one) and reason(one) == "not known"]

    assert len(both) >= 35
    assert not unexplained


def test_what_the_provider_told_is_what_is_charged():
    """To the last digit."""
    told = [one for one in costed() if one.reported is not None]

    assert len(told) >= 44
    assert all(one.charge == one.reported for one in told)


def test_the_table_of_the_documentation_is_current():
    """`python tests/prices/recorded.py` writes it."""
    text = PAGE.read_text("utf-8")

    assert page(text, table()) == text
