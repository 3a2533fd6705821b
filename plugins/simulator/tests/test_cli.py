"""The command: what it prints, and that it serves."""

from __future__ import annotations

import json
import subprocess
import sys
from urllib.request import urlopen

import pytest

COMMAND = [sys.executable, "-m", "jackfield.cli", "simulate"]


def test_env_prints_what_points_clients_here():
    """As a shell reads it; that nobody listens is said beside it."""
    done = subprocess.run([*COMMAND, "--env", "--port", "9"], capture_output=True, text=True, check=True)

    assert "export GROQ_BASE_URL=http://127.0.0.1:9/groq/openai/v1" in done.stdout.splitlines()
    assert "nothing listens" in done.stderr


@pytest.mark.parametrize("server", ["own", "uvicorn"])
def test_it_serves_until_it_is_interrupted(server, tmp_path):
    """By its own server and by uvicorn, with the scenario of a file."""
    scenario = tmp_path / "scenario.toml"
    scenario.write_text('[[answers]]\nthen = { text = "from a file" }')
    command = [*COMMAND, "--port", "0", "--server", server, "--scenario", str(scenario), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as serving:
        assert serving.stdout is not None
        told = json.loads(serving.stdout.readline())
        try:
            with urlopen(f"{told['url']}/_simulator/health", timeout=10) as answer:
                health = json.loads(answer.read())
        finally:
            serving.terminate()

    assert health["ok"]
    assert "groq" in health["providers"]


def test_a_scenario_that_means_nothing_is_refused(tmp_path):
    """With the exit code of a wrong setting."""
    scenario = tmp_path / "scenario.toml"
    scenario.write_text("sead = 1")

    done = subprocess.run(
        [*COMMAND, "--scenario", str(scenario)], capture_output=True, text=True, check=False
    )

    assert 3 == done.returncode
    assert "unknown key `sead`" in done.stderr


def test_nothing_of_it_is_imported_by_pytest_alone():
    """The fixture's module waits for a test that asks."""
    code = (
        "import sys, jackfield_simulator.fixture;"
        "print([name for name in sys.modules if name.startswith('jackfield')])"
    )

    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert "['jackfield_simulator', 'jackfield_simulator.fixture']" == told.strip()
