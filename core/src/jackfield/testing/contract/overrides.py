"""Which tests of the contract a class has changed without saying why."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

CONTRACT = "jackfield.testing.contract"


def overridden(cls: type) -> list[str]:
    """The tests of the contract that a class replaces without a strict, reasoned ``xfail``."""
    found = {name: value for one in below(cls) for name, value in vars(one).items() if _is_ours(cls, name)}
    return sorted(name for name, value in found.items() if not _reasoned(value))


def below(cls: type) -> Iterator[type]:
    """The class, and all of its bases that are not the contract's own."""
    return (one for one in cls.__mro__ if not one.__module__.startswith(CONTRACT) and one is not object)


def _is_ours(cls: type, name: str) -> bool:
    """Whether the contract has a test of that name."""
    return name.startswith("test_") and any(
        name in vars(one) for one in cls.__mro__ if one.__module__.startswith(CONTRACT)
    )


def _reasoned(value: Any) -> bool:
    marks = getattr(value, "pytestmark", [])
    return any(
        mark.name == "xfail" and mark.kwargs.get("reason") and mark.kwargs.get("strict") is True
        for mark in marks
    )
