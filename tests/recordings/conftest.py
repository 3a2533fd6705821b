"""Makes the loader importable, and prints what was judged: provider by capability, passed of how many."""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from cassettes import JUDGED  # noqa: E402


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Note which recording each test is about."""
    judged = config.stash.setdefault(JUDGED, {})
    for item in items:
        exchange = getattr(item, "callspec", None) and item.callspec.params.get("exchange")  # type: ignore[attr-defined]
        if exchange is not None and item.path.parent == HERE:
            judged[item.nodeid] = exchange.case["file"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """The table, whole only where all modules ran."""
    judged = config.stash.get(JUDGED, {})
    if not judged:  # the collecting is done by workers, whose stash this process does not see
        judged = _named_by(terminalreporter)
    table = _counted(terminalreporter, judged)
    if not table:
        return
    terminalreporter.section("recordings: tests passed, by provider and capability")
    for provider, row in sorted(table.items()):
        cells = ", ".join(
            f"{capability} {passed}" + ("" if passed == run else f" of {run}")
            for capability, (passed, run) in sorted(row.items())
        )
        terminalreporter.write_line(f"{provider}: {cells}")


def _named_by(reporter: pytest.TerminalReporter) -> dict[str, str]:
    """The files that test ids name: ``…[provider/capability__rest#0]`` or ``…[7-provider/…]``."""
    found: dict[str, str] = {}
    for outcome in ("passed", "failed", "error"):
        for report in reporter.stats.get(outcome, []):
            node = getattr(report, "nodeid", "")
            if "/recordings/" in f"/{node}" and "[" in node and "__" in node:
                parameters = node.partition("[")[2].rstrip("]")
                provider = parameters.partition("/")[0].rpartition("-")[2]
                found[node] = f"{provider}/{parameters.partition('/')[2].partition('#')[0]}"
    return found


def _counted(
    reporter: pytest.TerminalReporter, judged: dict[str, str]
) -> dict[str, dict[str, tuple[int, int]]]:
    table: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for outcome in ("passed", "failed"):
        for report in reporter.stats.get(outcome, []):
            file = judged.get(getattr(report, "nodeid", ""))
            if file is not None and getattr(report, "when", "call") == "call":
                provider, _, rest = file.partition("/")
                capability = rest.partition("__")[0]
                passed, run = table[provider].get(capability, (0, 0))
                table[provider][capability] = (passed + (outcome == "passed"), run + 1)
    return table
