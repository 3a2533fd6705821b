"""Values that are made quickly are what they would be otherwise."""

from __future__ import annotations

from inspect import signature

import attrs
import pytest
from attrs import field, frozen

from jackfield.types.quick import quick


@frozen
class Slow:
    """The class as attrs makes it."""

    name: str
    count: int = field(default=1, converter=int)
    facts: dict[str, int] = field(factory=dict)


@quick
@frozen
class Quick:
    """The same, made quickly, in slots."""

    name: str
    count: int = field(default=1, converter=int)
    facts: dict[str, int] = field(factory=dict)


@quick
@frozen(slots=False)
class Open:
    """The same, made quickly, in a dict."""

    name: str
    count: int = field(default=1, converter=int)
    facts: dict[str, int] = field(factory=dict)


@pytest.mark.parametrize("made", [Quick, Open])
def test_the_fields_are_the_same(made: type[Quick]) -> None:
    """Defaults, factories and converters do what they say, by place and by name."""
    assert attrs.asdict(Slow("a")) == attrs.asdict(made("a"))
    assert attrs.asdict(Slow("a", 2, {"b": 1})) == attrs.asdict(made("a", "2", facts={"b": 1}))


@pytest.mark.parametrize("made", [Quick, Open])
def test_each_value_has_a_default_of_its_own(made: type[Quick]) -> None:
    """What a factory makes is not shared."""
    assert made("a").facts is not made("a").facts


@pytest.mark.parametrize("made", [Quick, Open])
def test_it_is_still_frozen_and_equal(made: type[Quick]) -> None:
    """A value cannot be changed, compares by its fields, and evolves."""
    value = made("a")

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        value.name = "b"  # type: ignore[misc]
    assert made("b") == attrs.evolve(value, name="b")


def test_mistaken_arguments_are_told() -> None:
    """A missing or unknown argument is a ``TypeError`` that names the class."""
    with pytest.raises(TypeError, match=r"Quick\.__init__"):
        Quick()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected"):
        Quick("a", other=1)  # type: ignore[call-arg]


def test_the_signature_is_the_same() -> None:
    """Editors and ``help`` show what they would."""
    ours, theirs = signature(Quick), signature(Slow)

    assert list(theirs.parameters) == list(ours.parameters)
    assert [str(found.annotation) for found in theirs.parameters.values()] == [
        str(found.annotation) for found in ours.parameters.values()
    ]
