"""The command ``jackfield``: its commands by name, each loaded when it is typed."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NoReturn

import click

from jackfield.cli.console import is_terminal
from jackfield.cli.failures import Misuse, ended
from jackfield.cli.flags import GLOBALS, VALUED
from jackfield.cli.invocation import Invocation

DEFAULT = "complete"

# Command -> what it does. Each is the function of that name in the module of that name, dashes as underscores.
COMMANDS: Mapping[str, str] = {
    "complete": 'Ask a model. This is what `jackfield "prompt"` does.',
    "chat": "Talk with a model, turn by turn.",
    "models": "List the models of the installed providers.",
    "price": "Compare what a use costs.",
    "usage": "Show what was attempted, used and charged.",
    "cache": "Show and forget the answers that are kept.",
    "providers": "List the providers: installed or not, and whether a key is found.",
    "routes": "List the routes that are set.",
    "route": "Explain what a route decides.",
    "doctor": "Check this installation, offline and free.",
    "keys": "Store, list and remove keys.",
    "config": "Show what is configured, and where.",
    "plugins": "List the installed plugins.",
    "record": "Record the cassettes a provider's tests replay.",
    "new-plugin": "Write a provider's package.",
    "explain": "Explain an error code.",
    "completion": "Print the completion script of a shell.",
}


class Commands(click.Group):
    """The commands of core, those of other distributions, and a prompt where a command might stand."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The global options, and ``--help``."""
        return [*GLOBALS, *super().get_params(ctx)]

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Core's commands, then the others by name."""
        from jackfield.cli.thirdparty import names

        return [*COMMANDS, *(name for name in names() if name not in COMMANDS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, loaded now."""
        if cmd_name in COMMANDS:
            module = cmd_name.replace("-", "_")
            found: click.Command = getattr(import_module(f"jackfield.cli.{module}"), module)
            return found
        from jackfield.cli.thirdparty import command

        return command(cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without loading any."""
        from jackfield.cli.thirdparty import sources

        own = [(name, text) for name, text in COMMANDS.items()]
        others = [(name, f"From `{source}`.") for name, source in sources().items() if name not in COMMANDS]
        with formatter.section("Commands"):
            formatter.write_dl([*own, *others])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments, with the default command put where none is named."""
        return super().parse_args(ctx, self._with_command(args))

    def _with_command(self, args: list[str]) -> list[str]:
        at = _after_globals(args)
        rest = args[at:]
        if not rest:
            return [*args, DEFAULT] if not is_terminal(sys.stdin) else [*args, "--help"]
        if rest[0] in ("-h", "--help", "--version") or self._is_command(rest[0]):
            return args
        _refuse_slip(rest[0])
        return [*args[:at], DEFAULT, *rest]

    @staticmethod
    def _is_command(word: str) -> bool:
        if word in COMMANDS:
            return True
        if word.startswith("-") or not word.replace("-", "").isalnum():
            return False
        from jackfield.cli.thirdparty import names

        return word in names()

    def main(  # type: ignore[override]  # it always exits: failures are told in our own form
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **raw: Any
    ) -> NoReturn:
        """Run, tell of what went wrong, and exit."""
        name = prog_name or "jackfield"
        if "_JACKFIELD_COMPLETE" in os.environ:
            from jackfield.cli.names import complete_after_model_flag

            if complete_after_model_flag(self, name, "_JACKFIELD_COMPLETE"):
                sys.exit(0)
        self._main_shell_completion({}, name, "_JACKFIELD_COMPLETE")
        invocation = Invocation()
        _never_fail_to_print()

        def run() -> None:
            with self.make_context(
                name, list(sys.argv[1:] if args is None else args), obj=invocation
            ) as context:
                self.invoke(context)

        sys.exit(int(ended(run, invocation)))


def _after_globals(args: Sequence[str]) -> int:
    """Where the arguments go on after the global options."""
    flags = {name for option in GLOBALS for name in option.opts}
    at = 0
    while at < len(args) and (args[at].partition("=")[0] in flags or _is_repeated(args[at])):
        at += 2 if args[at] in VALUED else 1
    return min(at, len(args))


def _is_repeated(argument: str) -> bool:
    """``-vv``, ``-qq``."""
    return len(argument) > 2 and argument[0] == "-" and set(argument[1:]) in ({"v"}, {"q"})


def _refuse_slip(word: str) -> None:
    """A single word close to a command is a slip, not a prompt: it would cost money to find out."""
    near = get_close_matches(word, COMMANDS, 1, 0.8) if word.isalpha() else []
    if near:
        hint = f"did you mean `jackfield {near[0]}`? `jackfield complete {word}` sends the word as a prompt"
        raise Misuse(f"there is no command `{word}`", hint)


def _never_fail_to_print() -> None:
    """A character the terminal's encoding lacks becomes a question mark, not a traceback."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def app() -> None:
    """One honest API over every LLM provider, at the command line.

    jackfield "Name three rivers." asks the default model; -m PROVIDER/MODEL chooses another. Text on stdin
    is put before the prompt.
    """
