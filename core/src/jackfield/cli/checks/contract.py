"""The contract of installed providers, without their tests: asked offline, by a pytest of its own, and summarised."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from jackfield.cli.checks.base import FAIL, OK, WARN, Check

if TYPE_CHECKING:
    from jackfield.cli.invocation import Invocation

SLOWEST = 600.0  # seconds for all of them
PYTEST = (
    "-m",
    "pytest",
    "-q",
    "--no-header",
    "--tb=no",
    "-p",
    "jackfield.testing.plugin",
    "-p",
    "no:cacheprovider",
)
SUITE = ("--pyargs", "jackfield.testing.suite")
INSTALL = "pip install 'jackfield[testing]'"


def contract(run: Invocation, provider: str) -> Iterator[Check]:
    """A check for the provider that is named, or for all."""
    ids = [run.registry.profile(provider).id] if provider else list(run.registry.ids())
    if missing():
        yield Check("contract", WARN, f"`{missing()}` is not installed", INSTALL)
        return
    if not ids:
        yield Check(
            "contract", WARN, "no provider is installed", "`jackfield providers` lists those there are"
        )
        return
    named = [word for one in ids for word in ("--provider", one)]
    cards, printed = cards_of(*SUITE, *named)
    for one in ids:
        yield _check(one, cards.get(one), printed)


def missing() -> str:
    """What the contract needs that is not installed; empty if it is all there."""
    return next((name for name in ("pytest", "yaml") if find_spec(name) is None), "")


def cards_of(*arguments: str, path: Sequence[Path] = ()) -> tuple[Mapping[str, Any], str]:
    """The scorecards of what a pytest is told to ask, with some folders to import from; and what it printed."""
    with TemporaryDirectory(prefix="jackfield-") as folder:
        (Path(folder) / "pytest.ini").write_text("[pytest]\n", "utf-8")  # nobody's project settings
        places = [*map(str, path), *filter(None, [os.environ.get("PYTHONPATH")])]
        more = {"PYTHONPATH": os.pathsep.join(places)} if places else {}
        done = subprocess.run(  # noqa: S603  # our own tests, by our own Python
            [sys.executable, *PYTEST, *arguments, "-c", f"{folder}/pytest.ini", "--scorecard", folder],
            cwd=folder,
            env={
                **os.environ,
                **more,
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            },  # nobody else's plugins
            capture_output=True,
            text=True,
            timeout=SLOWEST,
            check=False,
        )
        file = Path(folder) / "scorecard.json"
        cards: Mapping[str, Any] = json.loads(file.read_text("utf-8")) if file.is_file() else {}
        return cards, done.stdout + done.stderr


def _check(provider: str, card: Mapping[str, Any] | None, printed: str) -> Check:
    if card is None:
        last = printed.strip().rpartition("\n")[2][:200]
        return Check(
            provider,
            FAIL,
            f"the contract could not be asked: {last}",
            f"pytest --pyargs jackfield.testing.suite --provider {provider}",
        )
    met = sum(outcome == "passed" for outcome in card["rules"].values())
    told = f"{card['level']}, {met} of {len(card['rules'])} rules met"
    if card["failed"]:
        mend = f"pytest --pyargs jackfield.testing.suite --provider {provider}"
        return Check(
            provider, FAIL, f"{told}; {card['claimed']} is claimed, but not {', '.join(card['failed'])}", mend
        )
    lower = card["shown"] != card["claimed"]
    return Check(provider, OK, told + (f"; it is shown as {card['shown']}" if lower else ""))
