"""What a rule of the contract is: a test with a level, a reason, and the way to mend what it finds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from attrs import field, frozen

from jackfield.capability import Capability

LEVELS = ("bronze", "silver", "gold", "platinum")
MEANINGS = {
    "bronze": "plugs in",
    "silver": "holds under load",
    "gold": "complete",
    "platinum": "exemplary",
}

Test = TypeVar("Test", bound=Callable[..., Any])


@frozen
class Rule:
    """One rule. It is about ``needs``, or about every provider."""

    level: str
    why: str
    mend: str
    needs: tuple[Capability, ...] = ()
    always: bool = False  # asked even of a provider that cannot be bound
    cassettes: bool = False  # speaks of the cassettes beside the tests, which an installed package has not
    advice: bool = False  # new: told, but not counted yet
    name: str = ""
    says: str = ""
    group: str = ""
    parameter: str = ""  # what its test takes besides the provider: there is one case for each


@frozen
class Flags:
    """When a rule is asked, beside what it needs."""

    always: bool = field(default=False)
    cassettes: bool = field(default=False)
    advice: bool = field(default=False)


ALWAYS = Flags(always=True)
ON_TAPE = Flags(cassettes=True)
NEW = Flags(always=True, advice=True)
NEW_ON_TAPE = Flags(cassettes=True, advice=True)


def rule(
    level: str, why: str, mend: str, *needs: Capability, flags: Flags = Flags()
) -> Callable[[Test], Test]:
    """Make a test a rule of the contract."""

    def marked(test: Test) -> Test:
        name = test.__name__.removeprefix("test_")
        says = (test.__doc__ or "").partition("\n")[0]
        group = test.__module__.rpartition(".")[2]
        code = test.__code__
        parameter = "".join(code.co_varnames[2 : code.co_argcount])
        test.contract_rule = Rule(  # type: ignore[attr-defined]  # functions take attributes
            level, why, mend, needs, flags.always, flags.cassettes, flags.advice, name, says, group, parameter
        )
        return test

    return marked


class Unmet(AssertionError):
    """A rule is not met; the text says what was found."""


def unmet(found: str) -> NoReturn:
    """Say what was found instead."""
    raise Unmet(found)


def expect(met: object, found: str) -> None:
    """Say what was found unless it is as it should be."""
    if not met:
        unmet(found)


def same(expected: object, found: object, what: str) -> None:
    """Two values are the same."""
    if expected != found:
        unmet(f"{what}: {_shown(expected)} was expected, {_shown(found)} came")


def among(part: object, whole: Any, what: str) -> None:
    """Something is in something else."""
    if part not in whole:
        unmet(f"{what}: {_shown(part)} is not in {_shown(whole)}")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:199]}…"


def three_lines(found: Rule, what: str) -> str:
    """What failed, why that matters, how to mend it, and where more is said."""
    return f"what: {what} ({found.level} rule `{found.name}`)\nwhy:  {found.why}\nmend: {found.mend}\nsee:  jackfield explain {found.name}"
