"""The pytest fixture ``simulator``: a simulator of its own for each test that asks for it.

    def test_survives_an_overload(simulator):
        simulator.fault("overloaded-529", times=1)
        assert my_application(base_url=simulator.base_url("anthropic")) == "…"
        simulator.assert_requests(2, provider="anthropic")

Nothing of it is imported before a test asks. ``simulator_scenario`` may be overridden to tell it what to be.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from jackfield_simulator.embedded import Simulator


@pytest.fixture
def simulator_scenario() -> Any:
    """What the simulator is told to be: values, or the path of a TOML file; by default nothing special."""
    return None


@pytest.fixture
def simulator(simulator_scenario: Any) -> Iterator[Simulator]:
    """Every provider on a port of the loopback interface, for the time of one test."""
    from jackfield_simulator.embedded import Simulator

    with Simulator(simulator_scenario) as running:
        yield running
