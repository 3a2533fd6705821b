"""Every provider on your laptop, faults included.

from jackfield_simulator import Simulator

with Simulator() as simulator:
    client = simulator.client("groq")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jackfield_simulator.app import Simulated
    from jackfield_simulator.embedded import Simulator
    from jackfield_simulator.scenario import Scenario

__all__ = ["Scenario", "Simulated", "Simulator"]

_HOMES = {"Scenario": "scenario", "Simulated": "app", "Simulator": "embedded"}


def __getattr__(name: str) -> object:
    """Names are imported when they are first used: pytest loads the fixture's package in every run."""
    home = _HOMES.get(name)
    if home is None:
        msg = f"module 'jackfield_simulator' has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    value: object = getattr(import_module(f"jackfield_simulator.{home}"), name)
    globals()[name] = value
    return value
