"""Flows of the limits run by hand, over a clock that only moves when somebody waits."""

from __future__ import annotations

from typing import Any

import pytest

from jackfield.flow import Await, Now, Sleep


class Bench:
    """Runs flows; time passes where they wait, and nowhere else."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def run(self, flow: Any) -> Any:
        """What the flow returns."""
        step, value = flow.send, None
        while True:
            try:
                effect = step(value)
            except StopIteration as stop:
                return stop.value
            step = flow.send
            try:
                value = self._done(effect)
            except TimeoutError as exc:
                step, value = flow.throw, exc

    def _done(self, effect: Any) -> Any:
        if type(effect) is Now:
            return self.now
        if type(effect) is Sleep:
            return self._pass(effect.seconds)
        assert type(effect) is Await
        future = effect.begin()
        if not future.done():
            self._pass(effect.within)
            raise TimeoutError
        return future.result()

    def _pass(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def bench() -> Bench:
    """A clock at rest."""
    return Bench()
