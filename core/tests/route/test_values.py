"""What is told of a candidate."""

from __future__ import annotations

import pytest

from jackfield.policy.route import Candidate


@pytest.mark.parametrize(
    ("quality", "cost", "found"), [(0.8, 0.02, 40.0), (0.8, 0.0, None), (0.8, None, None), (None, 0.02, None)]
)
def test_quality_has_a_price(quality, cost, found):
    """As much as a dollar buys, where both are known and something is to be paid."""
    assert found == Candidate("a/b", 1.0, ("",), cost, quality).quality_per_usd
