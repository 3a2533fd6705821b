"""The contract: the tests every provider is held to, chosen by its own profile.

    class TestAcme(ProviderContract):
        provider = "acme"

What the profile says a provider can is tested; what it says it cannot is asked for, and must be refused.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
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
from jackfield.testing.contract.recorded import Recorded, scenarios
from jackfield.testing.contract.refusing import Refusing, refusals
from jackfield.testing.contract.signing import Signing
from jackfield.testing.contract.streaming import Streaming
from jackfield.testing.contract.structure import Structure
from jackfield.testing.rules import Rule, unmet
from jackfield.testing.subject import Subject

__all__ = ["ProviderContract", "rules"]

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
        exempt = profile.quality.exempt
        for name in (rule.name, *(need.value for need in rule.needs)):
            if name in exempt:
                return f"exempt: {exempt[name]}"
        if rule.cassettes and subject.tests is None:
            return "there are no tests beside an installed package"
        if rule.needs and not subject.model(*rule.needs):
            return f"not stated: {', '.join(rule.needs)}"
        return ""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One refusal test for each thing that must be refused, one cassette test for each cassette."""
        subject = self.subject_of(metafunc.definition.path.parent)
        cases: dict[str, list[tuple[str, Any]]] = {}
        try:
            if "refused" in metafunc.fixturenames or "probed" in metafunc.fixturenames:
                found = [(pair[0].value, pair) for pair in refusals(subject)]
                cases = {"refused": found, "probed": found}
            elif "scenario" in metafunc.fixturenames:
                cases = {"scenario": [(name, name) for name in scenarios(subject)]}
        except JackfieldError:
            cases = {"refused": [], "probed": [], "scenario": []}  # the tests of the files say why
        for name in cases.keys() & set(metafunc.fixturenames):
            ids, values = [one[0] for one in cases[name]], [one[1] for one in cases[name]]
            metafunc.parametrize(name, values or [None], ids=ids or ["none"])

    # -- surroundings ------------------------------------------------------------------------------

    @pytest.fixture(autouse=True)
    def subject(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Subject:
        """The provider, in a home of its own: fake credentials, nothing of the machine's, and no network."""
        found = self.subject_of(request.path.parent)
        if found.home is None:
            found.home = request.getfixturevalue("tmp_path_factory").mktemp("home")
        rule = rule_of(type(self), request.node.originalname)
        if rule is not None and rule.name == PROBE:
            return found  # it is asked live, as the user is
        _surround(found, monkeypatch)
        allowed = {"127.0.0.1", "::1", "localhost"} if request.node.get_closest_marker("loopback") else set()
        _guard(monkeypatch, allowed)
        if rule is not None:
            self._skip(rule, found)
        return found

    def _skip(self, rule: Rule, subject: Subject) -> None:
        """What could not be chosen while tests were collected."""
        reason = self.applies(rule, subject)
        if reason:
            pytest.skip(reason)
        if not rule.always and subject.fault:
            pytest.skip("it cannot be bound; see test_it_can_be_bound")


def _surround(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a user who has set fake credentials, and nothing else."""
    try:
        variables, values = subject.variables(), subject.environment()
    except JackfieldError:
        variables, values = set(), {}
    for name in variables | {name for name in os.environ if name.startswith("JACKFIELD_")}:
        monkeypatch.delenv(name, raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    assert subject.home is not None
    monkeypatch.setenv("JACKFIELD_HOME", str(subject.home))
    monkeypatch.chdir(subject.home)


def _guard(monkeypatch: pytest.MonkeyPatch, allowed: set[str]) -> None:
    connect = socket.socket.connect

    def refuse(where: object) -> None:
        unmet(f"a socket to {where!r:.60} is opened; no test of the contract leaves the process")

    def guarded(self: socket.socket, address: Any) -> Any:
        host = address[0] if isinstance(address, tuple) else address
        return connect(self, address) if host in allowed else refuse(address)

    def looked_up(host: Any, *arguments: Any, **named: Any) -> Any:
        return lookup(host, *arguments, **named) if host in allowed else refuse(host)

    lookup = socket.getaddrinfo
    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr(socket.socket, "connect_ex", guarded)
    monkeypatch.setattr(socket, "getaddrinfo", looked_up)


def rule_of(cls: type, test: str) -> Rule | None:
    """The rule a test is, also where a class overrides it."""
    for one in cls.__mro__:
        found = getattr(vars(one).get(test), "contract_rule", None)
        if isinstance(found, Rule):
            return found
    return None


def rules() -> tuple[Rule, ...]:
    """Every rule of the contract, in the order of its groups."""
    every = (value for group in ProviderContract.__bases__ for value in vars(group).values())
    found = (getattr(value, "contract_rule", None) for value in every)
    return tuple(rule for rule in found if isinstance(rule, Rule))
