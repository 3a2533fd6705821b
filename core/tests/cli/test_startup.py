"""What the command costs before it does anything. The ceilings are generous: the machines of CI are slow."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest


@pytest.mark.parametrize(("flag", "budget"), [("--version", 0.15), ("--help", 0.2)])
def test_a_start_is_within_its_budget(home, flag, budget):
    """The best of three starts, against a bare Python's: its share is the machine's, not ours."""
    bare = min(_seconds(["-c", "pass"]) for _ in range(3))
    ours = min(_seconds(["-m", "jackfield.cli", flag]) for _ in range(3))

    assert ours <= max(budget * 2, bare * 8)


@pytest.mark.parametrize("flag", ["--version", "--help"])
def test_a_start_loads_nothing_it_does_not_need(home, flag):
    """No HTTP library, no client, no converter."""
    code = "import sys; sys.argv[1:] = [{!r}]; from jackfield.cli import main\ntry: main()\nexcept SystemExit: pass\n"
    code += "print(*sorted(sys.modules), file=sys.stderr)"

    done = subprocess.run(
        [sys.executable, "-c", code.format(flag)], capture_output=True, text=True, check=True, timeout=60
    )

    heavy = {
        "attrs",
        "httpx",
        "httpx2",
        "aiohttp",
        "cattrs",
        "rich",
        "pluggy",
        "jackfield.client",
        "jackfield.errors",
    }
    assert set() == heavy & set(done.stderr.split())


def _seconds(arguments):
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True, timeout=60)
    return time.perf_counter() - started
