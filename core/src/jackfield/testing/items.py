"""How pytest runs the rules of the contract: as items of their own, which need none of what test functions need.

A contract has more than a hundred rules, most of which take less than a millisecond; fixtures, signatures and
tracebacks of functions would cost several times what is tested. Tests that a class adds or overrides stay
functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from traceback import format_exception
from types import TracebackType
from typing import Any

import pytest

from jackfield.errors import JackfieldError
from jackfield.testing.anew import record
from jackfield.testing.cassettes import CassetteMismatch
from jackfield.testing.contract import PROBE, ProviderContract, rules
from jackfield.testing.contract.overrides import below
from jackfield.testing.rules import LEVELS, Rule, Unmet, three_lines
from jackfield.testing.subject import Subject
from jackfield.testing.surroundings import Surroundings


class ContractClass(pytest.Class):
    """A class of the contract: an item for each case of each rule, and whatever else the class has."""

    obj: type[ProviderContract]
    surroundings: Surroundings

    @property
    def subject(self) -> Subject:
        """The provider."""
        return self.obj.subject_of(self.path.parent)

    def collect(self) -> Iterator[Any]:
        """The rules; functions only of classes that have some of their own."""
        if not self.obj.provider:
            return
        mode = self.config.getoption("--jackfield-record")
        failed = mode and record(self.config, self.obj.provider, self.path.parent, mode=mode)
        if failed:
            raise self.CollectError(failed)
        for rule in rules():
            if not _is_overridden(self.obj, rule):
                yield from self._cases(rule)
        if any(_is_own(name, value) for one in below(self.obj) for name, value in vars(one).items()):
            yield from super().collect()

    def _cases(self, rule: Rule) -> Iterator[RuleItem]:
        test = f"test_{rule.name}"
        if not rule.parameter:
            yield RuleItem.from_parent(self, name=test, rule=rule)
            return
        for case, value in self.obj.cases(rule.parameter, self.subject):
            yield RuleItem.from_parent(self, name=f"{test}[{case}]", rule=rule, case=case, value=value)

    def istestfunction(self, obj: object, name: str) -> bool:
        """Rules are items already."""
        ours = any(name == f"test_{rule.name}" and not _is_overridden(self.obj, rule) for rule in rules())
        return not ours and super().istestfunction(obj, name)

    def setup(self) -> None:
        """Prepare the surroundings."""
        self.surroundings = Surroundings(self.subject)

    def teardown(self) -> None:
        """Leave nothing of them."""
        self.surroundings.close()


class RuleItem(pytest.Item):
    """One case of one rule."""

    parent: ContractClass

    def __init__(self, *, rule: Rule, case: str = "", value: Any = None, **more: Any) -> None:
        super().__init__(**more)
        self.rule = rule
        self.case = case
        self.value = value

    @property
    def cls(self) -> type[ProviderContract]:
        """The class, as test functions have it."""
        return self.parent.obj

    def setup(self) -> None:
        """Open the surroundings; what is asked live is asked as the user is."""
        if self.rule.name == PROBE:
            self.parent.surroundings.leave()
            return
        self.parent.surroundings.allowed = frozenset()
        self.parent.surroundings.open()
        if not self.rule.always and self.parent.subject.fault:
            pytest.skip("it cannot be bound; see test_it_can_be_bound")

    def runtest(self) -> None:
        """Ask."""
        values = [self.value] if self.rule.parameter else []
        getattr(self.cls(), f"test_{self.rule.name}")(self.parent.subject, *values)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """What failed, why that matters, how to mend it; and where, if it was not the rule that said so."""
        text = told(self.rule, self.case, excinfo.value)
        known = isinstance(excinfo.value, Unmet | CassetteMismatch)
        if known or above(self.parent.subject, self.rule) or self.config.getoption("tbstyle") == "no":
            return text
        return f"{text}\n\n{''.join(format_exception(excinfo.value.with_traceback(_below_the_rule(excinfo.tb))))}"

    def reportinfo(self) -> tuple[Path, int, str]:
        """Where it stands, as pytest tells it."""
        return self.path, 0, f"{self.cls.__name__}.{self.name}"


def _below_the_rule(trace: TracebackType | None) -> TracebackType | None:
    """A traceback without what pytest and this module add to it."""
    while trace is not None and trace.tb_frame.f_code is not RuleItem.runtest.__code__:
        trace = trace.tb_next
    return trace and trace.tb_next


def told(rule: Rule, case: str, fault: BaseException) -> str:
    """A failure in three lines."""
    known = isinstance(fault, Unmet | CassetteMismatch)
    what = str(fault) if known else f"{type(fault).__name__}: {fault}"
    return three_lines(rule, f"{case}: {what}" if case else what)


def above(subject: Subject, rule: Rule) -> str:
    """Why a rule need not be met yet; empty if it must."""
    if rule.advice:
        return "advice: it is new, and does not count yet"
    try:
        claimed = subject.profile.quality.level
    except JackfieldError:
        return ""
    higher = LEVELS.index(rule.level) > LEVELS.index(claimed)
    return f"a {rule.level} rule; {claimed} is claimed" if higher else ""


def _is_overridden(cls: type, rule: Rule) -> bool:
    return any(f"test_{rule.name}" in vars(one) for one in below(cls))


def _is_own(name: str, value: object) -> bool:
    """Whether something in a class is more than a setting: a test, a fixture, a function for one."""
    return not name.startswith("__") and callable(value)
