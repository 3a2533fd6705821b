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
KEEPER = "jackfield-keeper"
PROBED = "probed"

SUITE = "jackfield.testing.suite"
PROVIDER, RECORD = "provider", "record"
OPTIONS: dict[str, dict[str, Any]] = {
    PROVIDER: {"action": "append", "default": [], "help": f"test this provider, with `--pyargs {SUITE}`"},
    "scorecard": {
        "metavar": "FOLDER",
        "help": "write scorecard.json, and scorecard-ID.svg for each provider",
    },
    RECORD: {
        "choices": ("missing", "again"),
        "help": "record cassettes first, those missing or stale or all of them; this needs a key and costs money",
    },
    "set-aside": {
        "action": "store_true",
        "help": "move cassettes whose tests fail to `_stale/`: `jackfield record` replaces them",
    },
    "probe": {
        "action": "store_true",
        "help": "ask live for what profiles say cannot be done; this costs money",
    },
}

_chosen: list[str] = []  # what `--provider` names, for the suite that is collected without a test folder


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Options of the contract.

    This is loaded by every pytest of an environment, and people have options of their own in `conftest.py`: ours
    have a prefix, and their short names only where those are typed. That of providers is the suite's.
    """
    group = parser.getgroup("jackfield", "contract of providers")
    typed = _typed(pluginmanager)
    for name, how in OPTIONS.items():
        ours, short = f"--jackfield-{name}", f"--{name}"
        wanted = short in typed and (name != PROVIDER or SUITE in typed)
        told = f"{how['help']} ({short} for short)" if name != RECORD else how["help"]
        group.addoption(ours, *([short] if wanted else []), dest=_dest(name), **{**how, "help": told})


def _typed(plugins: pytest.PytestPluginManager) -> set[str]:
    """The words of the command line, without the values of options."""
    config = plugins.get_plugin("pytestconfig")
    args = () if config is None else config.invocation_params.args
    return {str(arg).partition("=")[0] for arg in args} - {f"--{RECORD}"}  # which is another plugin's


def _dest(name: str) -> str:
    return f"jackfield_{name.replace('-', '_')}"


def pytest_configure(config: pytest.Config) -> None:
    """Markers, and what was chosen."""
    config.addinivalue_line("markers", "loopback: a test of the contract that serves itself on this machine")
    _chosen[:] = config.getoption(_dest(PROVIDER))
    config.stash[_SCORES] = {}


_SCORES: pytest.StashKey[dict[str, Any]] = pytest.StashKey()


def chosen() -> list[str]:
    """The providers named on the command line."""
    return list(_chosen)


def pytest_pycollect_makeitem(collector: Any, name: str, obj: object) -> pytest.Collector | None:
    """A class of the contract is collected by its rules."""
    if not (isinstance(obj, type) and hasattr(obj, "subject_of") and collector.istestclass(obj, name)):
        return None
    from jackfield.testing.items import ContractClass

    found: pytest.Collector = ContractClass.from_parent(collector, name=name, obj=obj)
    return found


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
    found = [(number, item, _contract(item)) for number, item in enumerate(items)]
    ours = [(number, item, *pair) for number, item, pair in found if pair is not None]
    if not ours:
        return
    from jackfield.testing.contract import rules

    order = {rule.name: number for number, rule in enumerate(rules())}
    classes = {one[2]: number for number, one in reversed(list(enumerate(ours)))}
    ranked = sorted(ours, key=lambda one: (classes[one[2]], order[one[3].name]))
    for (number, *_), (_, item, *_) in zip(ours, ranked, strict=True):
        items[number] = item


def _stays(config: pytest.Config, item: pytest.Item) -> bool:
    found = _contract(item)
    if found is None:
        return True
    cls, rule = found
    if rule.parameter == PROBED and not config.getoption(_dest("probe")):
        return False
    parameters = getattr(getattr(item, "callspec", None), "params", {})  # of a test that is overridden
    if rule.parameter and parameters.get(rule.parameter, ...) is None:
        return False
    return not cls.applies(rule, cls.subject_of(item.path.parent))


def _contract(item: pytest.Item) -> tuple[Any, Rule] | None:
    """The class and the rule of a test of the contract; nothing for all other tests."""
    cls: Any = getattr(item, "cls", None)
    if not hasattr(cls, "subject_of"):
        return None
    rule = getattr(item, "rule", None)
    if rule is None:
        from jackfield.testing.contract import rule_of

        rule = rule_of(cls, getattr(item, "originalname", item.name))
    return None if rule is None else (cls, rule)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure in three lines: what, why, how to mend it. One above the level that is claimed is told, and is none."""
    report = yield
    found = _contract(item)
    if found is None:
        return report
    cls, rule = found
    if call.when == "call" or not report.passed:
        told = {"provider": cls.provider, "rule": rule.name, "case": item.name.partition("[")[2].rstrip("]")}
        told["tests"] = "" if cls.installed else str(item.path.parent)
        report.user_properties.append((KEY, told))
    if call.excinfo is not None and report.failed:
        _tell(report, item, found, call.excinfo.value)
    return report


def _tell(
    report: pytest.TestReport, item: pytest.Item, found: tuple[Any, Rule], fault: BaseException
) -> None:
    from jackfield.testing.items import above, told

    cls, rule = found
    if not hasattr(item, "rule"):  # a test that is overridden
        report.longrepr = f"{told(rule, item.name.partition('[')[2].rstrip(']'), fault)}\n\n{report.longrepr}"
    if rule.parameter == "scenario" and item.config.getoption(_dest("set-aside")):
        _set_aside(cls.subject_of(item.path.parent), item.name.partition("[")[2].rstrip("]"))
    reason = above(cls.subject_of(item.path.parent), rule)
    if reason:
        report.outcome, report.wasxfail = "skipped", reason  # told, and no failure


def _set_aside(subject: Any, name: str) -> None:
    from jackfield.testing.shelf import Shelf

    shelf = Shelf(subject.cassettes)
    if shelf.file(name).exists():
        shelf.set_aside(name)


# -- the score -------------------------------------------------------------------------------------


class _Keeper:
    """Keeps what became of each rule, also when others ran the tests."""

    def __init__(self, scores: dict[str, Any]) -> None:
        self.scores = scores
        self.folders: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take note."""
        for name, value in report.user_properties:
            if name == KEY and isinstance(value, dict):
                outcome = "passed" if report.passed else "failed" if not report.skipped else "skipped"
                if hasattr(report, "wasxfail"):
                    outcome = "passed" if report.passed else "failed"
                self.folders[value["provider"]] = value["tests"]
                rules = self.scores.setdefault(value["provider"], {})
                rules.setdefault(value["rule"], {})[value["case"]] = outcome


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin to keep the score."""
    session.config.pluginmanager.register(_Keeper(session.config.stash[_SCORES]), KEEPER)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """The scorecard of each provider that was tested."""
    scores = config.stash[_SCORES]
    if not scores:
        return
    from jackfield.testing.scorecard import scorecards, shown, written

    keeper = config.pluginmanager.get_plugin(KEEPER)
    cards = scorecards(scores, keeper.folders if keeper is not None else {})
    folder = config.getoption(_dest("scorecard"))
    if folder:
        written(cards, folder)
    if config.get_verbosity() >= 0 and (folder or len(cards) == 1 or config.get_verbosity() > 0):
        terminalreporter.section("providers", sep="-")
        for card in cards:
            for line in shown(card, terminalreporter._tw.fullwidth):
                terminalreporter.line(line)
