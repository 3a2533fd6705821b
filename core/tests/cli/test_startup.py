"""What the command costs before it does anything, in time of the processor: what else a machine does is left out."""

from __future__ import annotations

import resource
import subprocess
import sys

import pytest


@pytest.mark.parametrize(("flag", "budget"), [("--version", 0.15), ("--help", 0.2)])
def test_a_start_is_within_its_budget(home, flag, budget):
    """The best of five starts, against a bare Python's: its share is the machine's, not ours."""
    bare = min(_seconds(["-c", "pass"]) for _ in range(5))
    ours = min(_seconds(["-m", "jackfield.cli", flag]) for _ in range(5))

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
    started = _children()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True, timeout=300)
    return _children() - started


def _children():
    """Seconds of the processor that all processes have taken that were started here and are over."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
