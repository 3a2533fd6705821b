"""The pytest plugin: chooses the contract's tests by the profile, tells failures in three lines, keeps the score.

Such modules are loaded by every pytest of an environment, before coverage begins: nothing of this library, and
nothing that takes time, is imported before a test of the contract is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from jackfield.testing.rules import Rule

KEY = "jackfield-contract"
REFUSED, PROBED = "refused", "probed"

_chosen: list[str] = []  # what --provider names, for the suite that is collected without a test folder


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of the contract."""
    group = parser.getgroup("jackfield", "contract of providers")
    group.addoption(
        "--provider",
        action="append",
        default=[],
        help="test this provider (`--pyargs jackfield.testing.suite`)",
    )
    group.addoption(
        "--scorecard", metavar="FOLDER", help="write scorecard.json, and scorecard-ID.svg for each provider"
    )
    group.addoption(
        "--probe", action="store_true", help="ask live for what profiles say cannot be done; this costs money"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Markers, and what was chosen."""
    config.addinivalue_line("markers", "loopback: a test of the contract that serves itself on this machine")
    _chosen[:] = config.getoption("--provider")
    config.stash[_SCORES] = {}


_SCORES: pytest.StashKey[dict[str, Any]] = pytest.StashKey()


def chosen() -> list[str]:
    """The providers named on the command line."""
    return list(_chosen)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep what the profile chooses; the rest is deselected, not skipped."""
    kept: list[pytest.Item] = []
    left: list[pytest.Item] = []
    for item in items:
        (kept if _stays(config, item) else left).append(item)
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = kept
    _in_order(items)


def _in_order(items: list[pytest.Item]) -> None:
    """Files before calls: what a later failure follows from is told first."""
    places = [number for number, item in enumerate(items) if _contract(item) is not None]
    if not places:
        return
    from jackfield.testing.contract import rules

    order = {rule.name: number for number, rule in enumerate(rules())}
    classes: dict[Any, int] = {}

    def key(item: pytest.Item) -> tuple[int, int]:
        found = _contract(item)
        assert found is not None
        return classes.setdefault(found[0], len(classes)), order[found[1].name]

    ours = sorted((items[number] for number in places), key=key)
    for number, item in zip(places, ours, strict=True):
        items[number] = item


def _stays(config: pytest.Config, item: pytest.Item) -> bool:
    found = _contract(item)
    if found is None:
        return True
    cls, rule = found
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    if PROBED in parameters and not config.getoption("--probe"):
        return False
    if any(parameters.get(name, ...) is None for name in (REFUSED, PROBED, "scenario")):
        return False
    subject = cls.subject_of(item.path.parent)
    return not cls.applies(rule, subject)


def _above(subject: Any, rule: Rule) -> str:
    """Why a rule need not be met yet."""
    from jackfield.errors import JackfieldError
    from jackfield.testing.rules import LEVELS

    if rule.advice:
        return "advice: it is new, and does not count yet"
    try:
        claimed = subject.profile.quality.level
    except JackfieldError:
        return ""
    higher = LEVELS.index(rule.level) > LEVELS.index(claimed)
    return f"a {rule.level} rule; {claimed} is claimed" if higher else ""


def _contract(item: pytest.Item) -> tuple[Any, Rule] | None:
    """The class and the rule of a test of the contract; nothing for all other tests."""
    cls: Any = getattr(item, "cls", None)
    if not hasattr(cls, "subject_of") or not hasattr(cls, "applies"):
        return None
    from jackfield.testing.contract import rule_of

    rule = rule_of(cls, getattr(item, "originalname", item.name))
    return None if rule is None else (cls, rule)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure in three lines: what, why, how to mend it."""
    report = yield
    found = _contract(item)
    if found is None:
        return report
    cls, rule = found
    if call.when == "call" or report.skipped or report.failed:
        report.user_properties.append(
            (KEY, {"provider": cls.provider, "rule": rule.name, "case": _case(item)})
        )
    if (
        call.excinfo is not None
        and not report.passed
        and not isinstance(call.excinfo.value, pytest.skip.Exception)
    ):
        _told(report, item, rule, call.excinfo)
    return report


def _case(item: pytest.Item) -> str:
    return item.name.partition("[")[2].rstrip("]")


def _told(
    report: pytest.TestReport, item: pytest.Item, rule: Rule, excinfo: pytest.ExceptionInfo[BaseException]
) -> None:
    from jackfield.testing.cassettes import CassetteMismatch
    from jackfield.testing.rules import Unmet, three_lines

    fault = excinfo.value
    known = isinstance(fault, Unmet | CassetteMismatch)
    what = str(fault) if known else f"{type(fault).__name__}: {fault}"
    case = _case(item)
    text = three_lines(rule, f"{case}: {what}" if case else what)
    above = _above(item.cls.subject_of(item.path.parent), rule) if report.failed else ""  # type: ignore[attr-defined]  # of the contract
    if above:
        report.outcome, report.wasxfail = "skipped", above  # told, and no failure
    elif report.failed:
        more = "" if known or item.config.getoption("tbstyle") == "no" else f"\n\n{report.longrepr}"
        report.longrepr = text + more


# -- the score -------------------------------------------------------------------------------------


class _Keeper:
    """Keeps what became of each rule, also when others ran the tests."""

    def __init__(self, scores: dict[str, Any]) -> None:
        self.scores = scores

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take note."""
        for name, value in report.user_properties:
            if name == KEY and isinstance(value, dict):
                outcome = "passed" if report.passed else "failed" if not report.skipped else "skipped"
                if hasattr(report, "wasxfail"):
                    outcome = "passed" if report.passed else "failed"
                rules = self.scores.setdefault(value["provider"], {})
                rules.setdefault(value["rule"], {})[value["case"]] = outcome


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin to keep the score."""
    session.config.pluginmanager.register(_Keeper(session.config.stash[_SCORES]), "jackfield-keeper")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The scorecard of each provider that was tested."""
    scores = config.stash[_SCORES]
    if not scores:
        return
    from jackfield.testing.scorecard import scorecards, shown, written

    cards = scorecards(scores)
    folder = config.getoption("--scorecard")
    if folder:
        written(cards, folder)
    if config.get_verbosity() >= 0 and (folder or len(cards) == 1 or config.get_verbosity() > 0):
        terminalreporter.section("providers", sep="-")
        for card in cards:
            for line in shown(card):
                terminalreporter.line(line)
