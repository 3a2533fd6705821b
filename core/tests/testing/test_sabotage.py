"""The kit, held to providers made up for it: a perfect one is platinum, and each fault is found by one rule."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from faults import FAULTS as BROKEN
from made_up import Fault, build
from slips import SLIPS

FAULTS = {**BROKEN, **SLIPS}

COMMAND = (
    "-m pytest -q -p jackfield.testing.plugin -p no:cacheprovider -p no:faulthandler -p no:logging"
    " --import-mode=importlib"
)


def started(root: Path, name: str, *arguments: str, traced: bool = False) -> subprocess.Popen[str]:
    """A pytest over some of the made-up providers. All rules of all of them are not traced: that takes minutes."""
    kept = {key: value for key, value in os.environ.items() if traced or not key.startswith("COV")}
    paths = os.pathsep.join([str(root / "site"), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, *COMMAND.split(), f"--scorecard={root / name}", f"--rootdir={root}", *arguments],
        env={**kept, "PYTHONPATH": paths, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def told_by(root: Path, name: str, run: subprocess.Popen[str]) -> tuple[dict[str, Any], str]:
    """The scorecards a run has written, and what it told."""
    told = run.communicate(timeout=300)[0]
    card = root / name / "scorecard.json"
    assert card.is_file(), told[-3000:]
    return json.loads(card.read_text()), told


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    """The folder of all made-up providers, and the tests of each."""
    root = tmp_path_factory.mktemp("made-up")
    tests = {name: build(root, f"bad-{name}", fault) for name, fault in FAULTS.items()}
    return root, {**tests, "": build(root, "perfect", Fault())}


@pytest.fixture(scope="module")
def cards(made_up):
    """The scorecards of all made-up providers, and what was told of them."""
    root, tests = made_up
    folders = [str(folder) for folder in tests.values()]
    runs = {half: started(root, half, *folders[int(half) :: 2]) for half in "01"}
    found = {half: told_by(root, half, run) for half, run in runs.items()}
    return {"output": found["0"][1], **found["0"][0], **found["1"][0]}


def test_the_perfect_provider_meets_every_rule(cards):
    """It is platinum, as it claims."""
    card = cards["perfect"]

    assert [] == [name for name, outcome in card["rules"].items() if outcome != "passed"]
    assert ("platinum", "platinum") == (card["level"], card["claimed"])


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_by_one_rule(cards, name):
    """By the one that is named for it, and no other; few faults are of a kind that several rules must see."""
    rules = cards[f"bad-{name}"]["rules"]
    fault = FAULTS[name]

    assert {fault.rule, *fault.also} == {rule for rule, outcome in rules.items() if outcome != "passed"}


def test_each_rule_finds_its_fault_when_asked_alone(made_up):
    """As when somebody mends one thing after another; this is what is traced."""
    root, tests = made_up
    wanted = [
        f"{tests[name]}/test_contract.py::TestAcme::test_{fault.rule}" for name, fault in FAULTS.items()
    ]

    cards, _ = told_by(root, "alone", started(root, "alone", *wanted, traced=True))

    assert {f"bad-{name}": {fault.rule: "failed"} for name, fault in FAULTS.items()} == {
        name: card["rules"] for name, card in cards.items()
    }


def test_a_failure_is_told_in_three_lines(cards):
    """What, why, how to mend it; and where more is said."""
    told = cards["output"].partition("test_it_does_not_matter_where_bytes_are_cut")[2].splitlines()[1:5]

    assert ["what:", "why:", "mend:", "see:"] == [line.partition(" ")[0] for line in told]
    assert "byte" in told[0]
