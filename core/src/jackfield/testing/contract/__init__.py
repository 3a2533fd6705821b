"""The contract: the tests every provider is held to, chosen by its own profile.

    class TestAcme(ProviderContract):
        provider = "acme"

What the profile says a provider can is tested; what it says it cannot is asked for, and must be refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import pytest

from jackfield.errors import JackfieldError
from jackfield.testing.contract.accounting import Policies, Pricing
from jackfield.testing.contract.asking import Asking
from jackfield.testing.contract.binding import BindingRules
from jackfield.testing.contract.calling import Calling
from jackfield.testing.contract.carrying import Carrying
from jackfield.testing.contract.completing import Completing
from jackfield.testing.contract.failing import Failing
from jackfield.testing.contract.operating import Operating
from jackfield.testing.contract.proving import Proving
from jackfield.testing.contract.recorded import Recorded, scenarios
from jackfield.testing.contract.refusing import Refusing, refusals
from jackfield.testing.contract.signing import Signing
from jackfield.testing.contract.streaming import Streaming
from jackfield.testing.contract.structure import Structure
from jackfield.testing.rules import Rule
from jackfield.testing.subject import Subject
from jackfield.testing.surroundings import LOOPBACK

__all__ = ["ProviderContract", "rules"]

READABLE = "its_models_can_be_read"
PROBE = "what_it_cannot_do_is_still_so"
_GUARDED = "test_the_contract_is_not_overridden"


class ProviderContract(
    Structure,
    BindingRules,
    Signing,
    Asking,
    Completing,
    Streaming,
    Calling,
    Carrying,
    Operating,
    Failing,
    Pricing,
    Policies,
    Refusing,
    Recorded,
    Proving,
):
    """Subclass it, name the provider, and run pytest."""

    provider: ClassVar[str] = ""
    settings: ClassVar[Mapping[str, Any]] = {}  # more than [quality.settings] says, for tests alone
    installed: ClassVar[bool] = False  # whether there are no tests beside it, as with an installed package

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if _GUARDED in vars(cls):
            msg = f"{cls.__name__} overrides `{_GUARDED}`, which is what tells of overrides"
            raise TypeError(msg)

    # -- selection ---------------------------------------------------------------------------------

    @classmethod
    def subject_of(cls, tests: Path | None) -> Subject:
        """What is tested; made once a class."""
        found: Subject | None = vars(cls).get("_subject")
        if found is None:
            found = cls._subject = Subject(cls.provider, cls.settings, None if cls.installed else tests)  # type: ignore[attr-defined]
        return found

    @classmethod
    def applies(cls, rule: Rule, subject: Subject) -> str:
        """Why a rule is not asked of this provider; empty if it is."""
        try:
            profile = subject.profile
        except JackfieldError:
            return "" if rule.name == "it_is_found_without_being_imported" else "its profile cannot be read"
        if rule.name != READABLE and subject.unreadable:
            return "its models cannot be read"
        exempt = profile.quality.exempt
        for name in (rule.name, *(need.value for need in rule.needs)):
            if name in exempt:
                return f"exempt: {exempt[name]}"
        if rule.cassettes and subject.tests is None:
            return "there are no tests beside an installed package"
        if rule.needs and not subject.model(*rule.needs):
            return f"not stated: {', '.join(rule.needs)}"
        return ""

    @classmethod
    def cases(cls, parameter: str, subject: Subject) -> list[tuple[str, Any]]:
        """What a rule with cases is asked about: everything that must be refused, or every cassette."""
        try:
            if parameter == "scenario":
                return [(name, name) for name in scenarios(subject)]
            return [(pair[0].value, pair) for pair in refusals(subject)]
        except JackfieldError:
            return []  # the tests of the files say why

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """The cases of a rule that a class overrides."""
        subject = self.subject_of(metafunc.definition.path.parent)
        for name in {"refused", "probed", "scenario"} & set(metafunc.fixturenames):
            found = self.cases(name, subject) or [("none", None)]
            metafunc.parametrize(name, [one[1] for one in found], ids=[one[0] for one in found])

    # -- tests a class adds or overrides -----------------------------------------------------------

    @pytest.fixture(autouse=True)
    def subject(self, request: pytest.FixtureRequest) -> Subject:
        """The provider, in the surroundings all rules have."""
        found = self.subject_of(request.path.parent)
        around = request.node.parent.surroundings
        rule = rule_of(type(self), request.node.originalname)
        if rule is not None and rule.name == PROBE:
            around.leave()  # it is asked live, as the user is
            return found
        around.allowed = LOOPBACK if request.node.get_closest_marker("loopback") else frozenset()
        around.open()
        if rule is not None and not rule.always and found.fault:
            pytest.skip("it cannot be bound; see test_it_can_be_bound")
        return found


def rule_of(cls: type, test: str) -> Rule | None:
    """The rule a test is, also where a class overrides it."""
    for one in cls.__mro__:
        found = getattr(vars(one).get(test), "contract_rule", None)
        if isinstance(found, Rule):
            return found
    return None


@lru_cache(maxsize=1)
def rules() -> tuple[Rule, ...]:
    """Every rule of the contract, in the order of its groups."""
    every = (value for group in ProviderContract.__bases__ for value in vars(group).values())
    found = (getattr(value, "contract_rule", None) for value in every)
    return tuple(rule for rule in found if isinstance(rule, Rule))
