"""A driver for flows that answers effects by hand, with a clock of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jackfield.errors import ErrorInfo, JackfieldError
from jackfield.flow import Flow, Now, Once, Send
from jackfield.wire import Call, Reply


class World:
    """What flows ask of the world: the time, and answers to calls, which are kept."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.sent: list[Call] = []
        self.answer: Callable[[Call], Reply] = lambda call: Reply(500)

    def run(self, flow: Flow[Any]) -> Any:
        """The flow's result."""
        result: Any = None
        failure: Exception | None = None
        while True:
            try:
                effect = flow.throw(failure) if failure else flow.send(result)
            except StopIteration as stop:
                return stop.value
            failure = None
            try:
                result = self.perform(effect)
            except JackfieldError as exc:
                failure = exc

    def perform(self, effect: object) -> Any:
        """The result of one effect."""
        if isinstance(effect, Now):
            return self.now
        if isinstance(effect, Once):
            return self.run(effect.flow())
        assert isinstance(effect, Send)
        self.sent.append(effect.call)
        return self.answer(effect.call)

    def signed(self, auth: Any) -> str:
        """The authorization that a call is signed with."""
        return str(self.run(auth.sign(Call("POST", ("chat",)))).headers["authorization"])


@pytest.fixture
def world() -> World:
    """A fresh one."""
    return World()


@pytest.fixture
def failed() -> Callable[..., ErrorInfo]:
    """Make the failure of a call."""
    return ErrorInfo
