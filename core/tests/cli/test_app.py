"""The command itself: its commands, the global options, and commands of other distributions."""

from __future__ import annotations

import logging
import re
import subprocess
import sys

import click
import pytest

from jackfield import __version__
from jackfield.cli.app import COMMANDS, app
from jackfield.cli.console import Console
from jackfield.cli.names import complete_model, complete_provider
from jackfield.cli.offline import NoTransport
from jackfield.cli.talk import show_warnings
from jackfield.cli.thirdparty import command

COMMAND = """
import click
import sys

@click.command()
@click.argument("name")
def greet(name):
    "Greet."
    click.echo(f"hello {name}")

sys.modules[__name__] = greet
"""


def test_every_command_is_there_and_helps(run):
    """Each name in the table loads, and its help says what it does."""
    for name in COMMANDS:
        result = run(name, "--help")

        assert (0, f"Usage: jackfield {name}") == (result.exit_code, result.stdout[: 17 + len(name)])


def test_help_lists_all_commands(run):
    """The list comes from the table, without loading any."""
    shown = run("--help").stdout

    assert [] == [name for name in COMMANDS if f"\n  {name} " not in shown]


@pytest.mark.parametrize("args", [("--version",), ("models", "--version"), ("--version", "models")])
def test_the_version_is_printed_anywhere(run, args):
    """--version may stand before or after a command."""
    assert (0, f"jackfield {__version__}\n") == (run(*args).exit_code, run(*args).stdout)


def test_a_slip_is_no_prompt(run):
    """A word close to a command is not sent to a model."""
    result = run("docter")

    text = (
        "error: there is no command `docter`\n\nhint: did you mean `jackfield doctor`? "
        "`jackfield complete docter` sends the word as a prompt\n"
    )
    assert (2, text) == (result.exit_code, result.stderr)


def test_another_distribution_adds_a_command(run, install):
    """An entry point is a command, listed with where it comes from."""
    install("greet", "jackfield.commands", {"__init__.py": COMMAND})

    assert "hello you\n" == run("greet", "you").stdout
    assert "greet       From `jackfield-greet`." in run("--help").stdout


def test_a_broken_command_harms_no_other(run, install):
    """One that cannot be loaded is told of when it is typed, and only then."""
    install("sad", "jackfield.commands", {"__init__.py": "raise RuntimeError('canary')"})

    result = run("sad")

    assert (7, 0) == (result.exit_code, run("explain", "JF301").exit_code)
    assert result.stderr.startswith(
        "error: command `sad` of `jackfield-sad` is broken: loading it raised RuntimeError\n"
    )


def test_without_click_the_command_says_what_to_install():
    """The extra is named, and --version works without it."""
    code = (
        "import sys; sys.modules['click'] = None; sys.argv[1:] = {!r}; from jackfield.cli import main; main()"
    )

    without, version = (
        subprocess.run(
            [sys.executable, "-c", code.format(args)], capture_output=True, text=True, check=False, timeout=60
        )
        for args in (["hi"], ["--version"])
    )

    assert (3, "`pip install 'jackfield[cli]'`" in without.stderr) == (without.returncode, True)
    assert (0, f"jackfield {__version__}\n") == (version.returncode, version.stdout)


def test_the_docs_can_be_made():
    """Every command's help can be rendered from the group alone."""
    context = click.Context(app, info_name="jackfield")

    for name in app.list_commands(context):
        command = app.get_command(context, name)
        assert command is not None
        assert command.get_help(click.Context(command, info_name=name, parent=context))


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(run, shell):
    """Each shell gets a script of its own."""
    assert "_JACKFIELD_COMPLETE" in run("completion", shell).stdout


def test_models_are_completed(home, process):
    """Providers first, then their models, without importing any."""
    env = {"_JACKFIELD_COMPLETE": "bash_complete", "COMP_CWORD": "2"}

    first = process(env={**env, "COMP_WORDS": "jackfield -m ec"})
    second = process(env={**env, "COMP_WORDS": "jackfield -m echo/e"})

    assert ("plain,echo/\n", "plain,echo/echo-1\n") == (first.stdout, second.stdout)


def test_warnings_are_told_and_quiet_hides_them(run):
    """What the library logs is told in our form."""
    args = ("-m", "echo/echo-1", "hi")

    loud = run(*args, JACKFIELD_NONSENSE="1")
    quiet = run("-q", *args, JACKFIELD_NONSENSE="1")

    assert ("warning: the variable `JACKFIELD_NONSENSE` means nothing\n", "") == (loud.stderr, quiet.stderr)


def test_verbose_tells_of_attempts(run):
    """-v shows each attempt with its request id."""
    told = run("-v", "-m", "echo/echo-1", "hi").stderr

    assert re.fullmatch(r"attempt 1, \d\.\d\d s, status 200, request id req_echo\n", told)


def test_something_else_is_no_command(run, install):
    """The distribution it came with is named."""
    install("greet", "jackfield.commands", {})

    result = run("greet")

    assert (7, True) == (
        result.exit_code,
        "`jackfield-greet` is broken: `jackfield_greet` is no click command" in result.stderr,
    )


def test_a_command_nobody_has_is_none():
    """What it is taken for then is decided elsewhere."""
    assert command("nobody-has-this") is None


@pytest.mark.parametrize(
    ("typed", "completed"), [("ech", ["echo/"]), ("echo/echo-", ["echo/echo-1"]), ("nobody/x", [])]
)
def test_the_shell_completes_models(home, typed, completed):
    """Providers first, then the models of one; a name nobody knows has no message."""
    assert completed == complete_model(None, None, typed)


def test_the_shell_completes_providers(home):
    """The installed ones."""
    assert ["echo"] == complete_provider(None, None, "ec")


def test_offline_refuses_whole_answers_too(run, server):
    """Streamed or not, nothing is sent."""
    result = run("-m", "acme/small-latest", "--offline", "--no-stream", "hi")

    assert (3, []) == (result.exit_code, server.seen)
    assert b"" == NoTransport().read(None, 0.0)


def test_verbose_tells_what_the_library_says(capsys):
    """Warnings always, the rest with -v; afterwards nothing more."""
    console = Console()
    console.verbosity = 1
    undo = show_warnings(console)

    logging.getLogger("jackfield").info("a detail")
    logging.getLogger("jackfield").warning("a warning")
    undo()
    logging.getLogger("jackfield").info("nothing")

    assert "a detail\nwarning: a warning\n" == capsys.readouterr().err
