"""Fields that are worked out when somebody first asks for them: of most answers nobody ever does."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

Value = TypeVar("Value")


def due(name: str) -> Callable[[type[Value]], type[Value]]:
    """A class of values whose field ``name`` may be a ``partial``: what that returns is the field, from then on.

    Comparing, copying, pickling and changing a value ask, as callers do. Two threads that ask at once may both
    work it out, so what they call returns the same each time. The fields have to be in the ``dict`` of the instance.
    """

    def field(self: Any) -> Any:
        fields = self.__dict__
        found = fields[name]
        if type(found) is partial:
            found = fields[name] = found()
        return found

    def state(self: Any) -> dict[str, Any]:
        return {**self.__dict__, name: field(self)}

    def decorate(cls: type[Value]) -> type[Value]:
        setattr(cls, name, property(field))
        cls.__getstate__ = state  # type: ignore[method-assign]  # of any value, so it is typed loosely
        return cls

    return decorate
