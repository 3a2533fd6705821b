"""Every exit code is produced, and every failure has its three parts."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from jackfield.cli import reader_left
from jackfield.cli.failures import tell
from jackfield.cli.invocation import Invocation
from jackfield.errors import KINDS, ErrorInfo


@pytest.mark.parametrize(
    ("model", "code"),
    [("echo-1", 0), ("status-401", 3), ("status-400", 4), ("status-429", 5), ("status-500", 5)],
)
def test_a_status_decides_the_code(run, model, code):
    """What the provider answers tells a script whom to blame."""
    assert code == run("-m", f"echo/{model}", "-o", "max_retries", "0", "hi").exit_code


def test_a_deadline_is_6(process, server):
    """A call that takes too long ends as a timeout."""
    assert 6 == process("-m", "acme/mute", "-o", "timeout", "0.3", "-o", "max_retries", "0", "hi").returncode


def test_an_absent_provider_is_7(run):
    """One without a package is told so, in the words of the house."""
    result = run("-m", "voyage/voyage-4", "hi")

    assert 7 == result.exit_code
    assert result.stderr.startswith(
        "error: provider `voyage` is known but has no package yet\n\nhint: there is"
    )


def test_a_local_limit_is_8(capsys):
    """Our own limits have a code of their own."""
    assert 8 == tell(ErrorInfo("local.limit", "too many calls").to_exception(), Invocation())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_failure_has_a_documented_code(kind):
    """No failure of the library leaves the table of exit codes."""
    assert KINDS[kind].leaf.exit_code in {1, 3, 4, 5, 6, 7, 8}


def test_a_missing_key_names_the_places(run, acme):
    """What failed, where was looked, and the command that mends it."""
    result = run("-m", "acme/small-latest", "hi")

    assert 3 == result.exit_code
    assert result.stderr.startswith(
        "error: no credentials for `acme`\n  looked at: option `api_key`, env `JACKFIELD"
    )
    assert result.stderr.endswith(
        "\n\nhint: run `jackfield keys set acme` — keys are made at <https://acme.invalid/keys>\n"
    )


def test_what_a_model_cannot_is_refused(run, acme, project):
    """Nothing is sent that cannot succeed."""
    (project / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n0")

    result = run("-m", "acme/small-latest", "-a", "a.png", "hi", ACME_API_KEY="a-key-of-acme")

    assert (4, "error: `acme/small-latest` cannot take images (declared unsupported); nothing was sent") == (
        result.exit_code,
        result.stderr.partition("\n")[0],
    )


def test_a_wrong_flag_is_2(run):
    """Usage errors name the flag and the help."""
    result = run("models", "--contextmin", "3")

    assert (2, "\nhint: `jackfield models --help` shows what it takes\n") == (
        result.exit_code,
        result.stderr[result.stderr.index("\n\n") + 1 :],
    )


def test_a_bug_is_70(run, install):
    """What nobody foresaw is told without its words, which may hold anything."""
    code = "import click\nimport sys\n@click.command()\ndef sad():\n    raise KeyError('canary-secret')\nsys.modules[__name__] = sad\n"
    install("sad", "jackfield.commands", {"__init__.py": code})

    result = run("sad")

    assert (70, "error: this is a bug in jackfield: KeyError at __init__.py:5") == (
        result.exit_code,
        result.stderr.partition("\n")[0],
    )
    assert "canary" not in result.stderr


def test_debug_shows_the_traceback(run):
    """Without --debug nobody sees a traceback; with it everybody does."""
    args = ("-m", "echo/status-400", "hi")

    assert ("Traceback" in run(*args).stderr, "Traceback" in run("--debug", *args).stderr) == (False, True)


def test_offline_opens_no_socket(run, server):
    """A call that would leave the machine is refused, and an echo is not."""
    result = run("--offline", "-m", "acme/slow", "hi")

    assert (3, 0, []) == (
        result.exit_code,
        run("hi", "--offline", "-m", "echo/echo-1").exit_code,
        server.seen,
    )
    assert "`--offline` opens no socket; nothing was sent" in result.stderr


def test_ctrl_c_keeps_what_came(server):
    """An interrupted stream keeps its text, tells what was used, and ends with 130."""
    command = [sys.executable, "-m", "jackfield.cli", "-m", "acme/slow", "hi"]
    running = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    came = running.stdout.read(len("the first words"))
    running.send_signal(signal.SIGINT)

    rest, talk = running.communicate(timeout=300)

    assert (130, b"the first words", b"") == (running.returncode, came, rest)
    assert talk.startswith(b"partial: acme/slow \xc2\xb7 usage unknown")


def test_a_broken_stream_keeps_what_came(run, server):
    """A stream that breaks off is an error, after its text."""
    result = run("-m", "acme/broken", "hi")

    assert (5, "the first words") == (result.exit_code, result.stdout)
    assert result.stderr.startswith("error: `acme/broken` broke off")


LEFT = [("-m", "echo/echo-1", "hi"), ("models",), ("doctor",), ("--help",), ("--version",)]


@pytest.mark.parametrize("args", LEFT, ids=" ".join)
def test_a_reader_that_leaves_is_no_error(process, args):
    """`| head -1` is silent: nobody reads on, and nothing is wrong."""
    reading, writing = os.pipe()
    os.close(reading)

    with os.fdopen(writing, "w") as stdout:
        done = process(*args, stdin=subprocess.DEVNULL, stdout=stdout)

    assert (0, "") == (done.returncode, done.stderr)


def test_a_closed_stdin_is_no_error(process):
    """A process without stdin asks with its argument alone."""
    done = process("-m", "echo/echo-1", "hi", stdin=None, preexec_fn=lambda: os.close(0))

    assert (0, "hi") == (done.returncode, done.stdout)


def test_a_closed_stdout_is_no_error(process):
    """Nobody listens, and nothing breaks."""
    done = process("-m", "echo/echo-1", "hi", preexec_fn=lambda: os.close(1))

    assert (0, "") == (done.returncode, done.stderr)


def test_a_narrow_encoding_is_no_error(process):
    """What the encoding lacks becomes a question mark; JSON loses nothing."""
    env = {"PYTHONIOENCODING": "ascii"}

    text = process("-m", "echo/echo-1", "naïve ✓", env=env)
    whole = process("-m", "echo/echo-1", "naïve ✓", "--json", env=env)

    assert ("na?ve ?", True) == (text.stdout, '"na\\u00efve \\u2713"' in whole.stdout)


def test_a_stream_without_a_descriptor_is_left_alone(monkeypatch):
    """Whoever replaced stdout is not told by way of the system."""
    monkeypatch.setattr(sys, "stdout", io.StringIO())

    reader_left()

    assert sys.stdout is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_an_output_that_cannot_be_written_is_74(process):
    """It is the disk's fault, and no bug."""
    with Path("/dev/full").open("wb") as full:
        result = process("-m", "echo/echo-1", "hi", stdout=full)

    assert 74 == result.returncode
    assert "error: the output cannot be written: No space left on device" in result.stderr
