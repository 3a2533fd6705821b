"""The pytest plugin: what is chosen, what is told, what is kept closed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from made_up import TODAY, Fault, build

from jackfield import Client, Registry
from jackfield.profile import Capability
from jackfield.testing.contract.refusing import accepted
from jackfield.testing.stage import Stage


@pytest.fixture
def run(tmp_path):
    """Runs pytest over made-up providers; its whole output."""

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-p",
                "jackfield.testing.plugin",
                "-p",
                "no:cacheprovider",
                *arguments,
            ],
            env={**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        return done.stdout + done.stderr

    return run


CLASS = 'from jackfield.testing import ProviderContract\n\n\nclass TestAcme(ProviderContract):\n    provider = "acme"\n'


def test_it_imports_nothing_of_the_library():
    """It is loaded by every pytest, before coverage begins."""
    code = "import sys, jackfield.testing.plugin; print(sorted(m for m in sys.modules if m.startswith('jackfield')))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "['jackfield', 'jackfield.testing', 'jackfield.testing.plugin']" == done.stdout.strip()


def test_rules_above_the_claim_do_not_fail(run, tmp_path):
    """They are told."""
    tests = build(tmp_path, "acme", Fault(swaps=(("README.md", "Troubleshooting", "More"),)), level="silver")

    told = run("-q", "-rx", str(tests), "-k", "trouble")

    assert "1 xfailed" in told
    assert "a gold rule; silver is claimed" in told


def test_an_exempt_rule_is_not_asked(run, tmp_path):
    """The scorecard says why."""
    swaps = (("profile.toml", 'code = "what', 'its_readme_helps_in_trouble = "it is new"\ncode = "what'),)
    tests = build(tmp_path, "acme", Fault(swaps=swaps))

    told = run(str(tests), "-k", "readme")

    assert "1 passed" in told
    assert "exempt: its_readme_helps_in_trouble (it is new)" in told


def test_the_scorecard_tells_what_is_known_from_elsewhere(run, tmp_path):
    """Evidence with its day, where cassettes come from, and the level that is left of the claim."""
    red = Fault(swaps=(("evidence.toml", f"green = {TODAY}", "green = 2025-01-31"),))

    told = run(str(build(tmp_path, "acme", red)), "-k", "readme")

    assert f"mutation         90% killed, {TODAY}" in told
    assert "cassettes        3 recorded, the oldest is 0 days old" in told
    assert "it is shown as gold" in told


def test_a_reasoned_override_is_allowed(run, tmp_path):
    """With a strict `xfail` that says why."""
    body = CLASS.replace("from", "import pytest\n\nfrom", 1) + (
        '\n    @pytest.mark.xfail(reason="see https://acme.example/1", strict=True)\n'
        "    def test_it_streams(self):\n        assert False\n"
    )
    tests = build(tmp_path, "acme", Fault(files={"test_contract.py": body}))

    told = run("-q", str(tests), "-k", "overridden or it_streams")

    assert "1 passed, " in told
    assert "1 xfailed" in told


def test_the_guard_of_overrides_cannot_be_overridden(run, tmp_path):
    """The class cannot even be made."""
    body = CLASS + "\n    test_the_contract_is_not_overridden = None\n"
    tests = build(tmp_path, "acme", Fault(files={"test_contract.py": body}))

    assert "overrides `test_the_contract_is_not_overridden`" in run("-q", str(tests))


def test_an_installed_provider_is_tested_without_its_tests(run, tmp_path):
    """By its name; what speaks of cassettes is not asked."""
    build(tmp_path, "acme", Fault())

    told = run("-q", "--pyargs", "jackfield.testing.suite", "--provider", "acme", "-k", "hello or cassettes")

    assert "1 passed" in told


def test_no_test_of_the_contract_leaves_the_process(run, tmp_path):
    """A provider that opens a socket is told so."""
    wire = (
        "class Broken(ChatCompletions):\n"
        "    def render_completion(self, request, stream):\n"
        "        import socket\n\n"
        "        socket.create_connection(('192.0.2.1', 9))\n"
    )
    tests = build(tmp_path, "acme", Fault(wire=wire))

    assert "no test of the contract leaves the process" in run("-q", str(tests), "-k", "hello")


@pytest.mark.parametrize("name", ["provider", "scorecard", "set-aside", "probe"])
def test_options_of_other_people_may_be_called_alike(run, tmp_path, name):
    """The plugin is there in their test runs as well, and they have never heard of it."""
    taken = f"def pytest_addoption(parser):\n    parser.addoption('--{name}', default='theirs')\n"
    (tmp_path / "conftest.py").write_text(taken)
    (tmp_path / "test_it.py").write_text(
        f"def test_it(request):\n    assert 'theirs' == request.config.getoption('--{name}')\n"
    )

    assert "1 passed" in run("-q", str(tmp_path / "test_it.py"))


def test_their_provider_may_be_named_too(run, tmp_path):
    """Ours is the suite's own option."""
    (tmp_path / "conftest.py").write_text(
        "def pytest_addoption(parser):\n    parser.addoption('--provider', default='theirs')\n"
    )
    (tmp_path / "test_it.py").write_text(
        "def test_it(request):\n    assert 'acme' == request.config.getoption('--provider')\n"
    )

    assert "1 passed" in run("-q", "--provider", "acme", str(tmp_path / "test_it.py"))


def test_a_provider_that_is_not_installed_is_told_so(run, tmp_path):
    """It is what happens to everybody once; how to install it is said, and no traceback is shown."""
    tests = build(tmp_path, "acme", Fault(swaps=(("test_contract.py", '"acme"', '"acne"'),)))

    told = run("-q", str(tests))

    assert "no provider `acne` is installed: `pip install -e .`" in told
    assert "Traceback" not in told
    assert "1 failed" in told


def test_a_broken_profile_is_told_once(run, tmp_path):
    """All other rules wait for it."""
    tests = build(tmp_path, "acme", Fault(swaps=(("profile.toml", "[auth]", "wrong = 1\n\n[auth]"),)))

    told = run("-q", str(tests))

    assert "1 failed" in told
    assert "passed" not in told
    assert "`profile.toml`" in told or "invalid profile" in told


@pytest.mark.parametrize("now", [True, False])
def test_a_stale_cannot_is_found_by_asking(tmp_path, monkeypatch, now):
    """Asked with the refusal lifted, a provider that takes it by now has been found out."""
    from jackfield.errors import InvalidRequest
    from jackfield.testing.answers import ANSWER

    build(tmp_path, "acme", Fault())
    monkeypatch.setenv("ACME_API_KEY", "k" * 40)
    registry = Registry(entry_points=())
    registry.add(tmp_path / "site" / "jackfield_acme")
    stage = Stage()
    client = Client({"max_retries": 0}, registry=registry, transport=stage)
    stage.play(client.bind("acme/large-1").wire, ANSWER if now else InvalidRequest("no documents here"))

    assert now is accepted(client, "acme/large-1", Capability.DOCUMENTS_IN)


def test_tests_of_ones_own_run_beside_the_rules(run, tmp_path):
    """With fixtures, in the same surroundings; a test that stands alone is no rule."""
    body = CLASS.replace("from", "import os\n\nimport pytest\n\nfrom", 1) + (
        "\n    @pytest.fixture\n    def key(self, subject):\n        return os.environ['ACME_API_KEY']\n"
        "\n    def test_of_its_own(self, subject, key):\n"
        "        assert subject.ask().text and key.startswith('kit')\n"
    )
    tests = build(tmp_path, "acme", Fault(files={"test_contract.py": body}))

    assert "2 passed, " in run("-q", str(tests), "-k", "test_of_its_own or says_hello")


def test_cassettes_whose_tests_fail_are_set_aside(run, tmp_path):
    """If that is asked for; `jackfield record` replaces them."""
    tests = build(tmp_path, "acme", Fault(tape="drifted"))
    folder = tests / "cassettes"

    run("-q", str(tests), "-k", "what_is_sent")
    assert 3 == len([*folder.glob("*.yaml")])

    run("-q", "--set-aside", str(tests), "-k", "what_is_sent and completion")
    assert ["completion.yaml"] == [file.name for file in (folder / "_stale").iterdir()]
    assert 2 == len([*folder.glob("*.yaml")])


def test_cassettes_are_recorded_first_if_that_is_asked_for(run, tmp_path, monkeypatch):
    """By the command, which says what it lacks; no test runs over cassettes that could not be made."""
    monkeypatch.setenv("JACKFIELD_HOME", str(tmp_path))
    tests = build(tmp_path, "acme", Fault())

    told = run("-q", "--jackfield-record=missing", str(tests))

    assert "no credentials for `acme`" in told
    assert f"`jackfield record acme --yes --to {tests / 'cassettes'}` says above why not" in told
    assert "1 error" in told


def test_what_differs_with_each_call_need_not_be_as_it_was(run, tmp_path):
    """If the profile names it; headers that it names must be."""
    quality = '[quality]\nvolatile = ["max*_tokens"]\nsignificant = ["content-*"]\n'
    tests = build(tmp_path, "acme", Fault(swaps=(("profile.toml", "[quality]\n", quality),), tape="drifted"))

    assert "3 passed" in run("-q", str(tests), "-k", "what_is_sent")

    for file in (tests / "cassettes").iterdir():
        file.write_text(file.read_text().replace("application/json", "application/acme", 1))
    assert "header content-type: 'application/acme' was recorded" in run(
        "-q", str(tests), "-k", "what_is_sent"
    )


def test_another_failure_is_told_with_where_it_was(run, tmp_path):
    """The three lines, and a traceback that begins at the rule."""
    fault = "class Broken(ChatCompletions):\n    def parse_error(self, reply):\n        return 1 / 0\n"
    tests = build(tmp_path, "acme", Fault(wire=fault))

    told = run("-q", str(tests), "-k", "every_status")

    assert "what: ZeroDivisionError: division by zero (bronze rule" in told
    assert "pluggy" not in told
    assert "return 1 / 0" in told
