"""The kit, held to providers made up for it: a perfect one is platinum, and each fault is found by one rule."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from faults import FAULTS
from made_up import Fault, build

COMMAND = (
    "-m pytest -q -p jackfield.testing.plugin -p no:cacheprovider -p no:faulthandler --import-mode=importlib"
)


def started(root: Path, card: Path, folders: list[Path]) -> subprocess.Popen[str]:
    """A pytest over some of the made-up providers."""
    paths = os.pathsep.join([str(root / "site"), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, *COMMAND.split(), f"--scorecard={card}", f"--rootdir={root}", *map(str, folders)],
        env={**os.environ, "PYTHONPATH": paths, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture(scope="module")
def cards(tmp_path_factory):
    """The scorecards of all made-up providers, and what two runs of pytest told of them."""
    root = tmp_path_factory.mktemp("made-up")
    folders = [build(root, f"bad-{name}", fault) for name, fault in FAULTS.items()]
    folders.append(build(root, "perfect", Fault()))
    runs = [started(root, root / str(half), folders[half::2]) for half in (0, 1)]
    told = [run.communicate(timeout=300)[0] for run in runs]
    found = {"output": told[0]}
    for half in (0, 1):
        card = root / str(half) / "scorecard.json"
        assert card.is_file(), told[half][-3000:]
        found |= json.loads(card.read_text())
    return found


def test_the_perfect_provider_meets_every_rule(cards):
    """It is platinum, as it claims."""
    card = cards["perfect"]

    assert [] == [name for name, outcome in card["rules"].items() if outcome != "passed"]
    assert ("platinum", "platinum") == (card["level"], card["claimed"])


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_by_one_rule(cards, name):
    """By the one that is named for it, and no other."""
    rules = cards[f"bad-{name}"]["rules"]

    assert [FAULTS[name].rule] == [rule for rule, outcome in rules.items() if outcome != "passed"]


def test_a_failure_is_told_in_three_lines(cards):
    """What, why, how to mend it; and where more is said."""
    told = cards["output"].partition("test_it_does_not_matter_where_bytes_are_cut")[2].splitlines()[1:5]

    assert ["what:", "why:", "mend:", "see:"] == [line.partition(" ")[0] for line in told]
    assert "byte" in told[0]
