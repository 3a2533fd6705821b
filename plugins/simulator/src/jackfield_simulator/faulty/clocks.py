"""Faults of the server's clock: signatures and assertions that are made by the right time are not accepted."""

from __future__ import annotations

from collections.abc import Mapping

from jackfield_simulator.faulty.base import Case, Fault, add
from jackfield_simulator.steps import Steps, plain

SKEWS: Mapping[str, float] = {"skew-ahead": 1200.0, "skew-behind": -1200.0}
"""The seconds by which the clock is off."""


def _by_its_clock(case: Case) -> Steps:
    """The answer as it is: it was made while the clock was off."""
    yield from plain(case.exchange)


for _name, _words in (("skew-ahead", "ahead"), ("skew-behind", "behind")):
    add(Fault(_name, 45, f"the server's clock is 20 min {_words}", _by_its_clock, moment="clock"))
