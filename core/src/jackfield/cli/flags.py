"""The global options: the same everywhere, before or after the command."""

from __future__ import annotations

from typing import Any

import click

from jackfield.cli.invocation import Invocation

EPILOG = "The global options of `jackfield --help` may stand here too."


def _invocation(context: click.Context) -> Invocation:
    found = context.find_root().obj
    assert isinstance(found, Invocation)
    return found


def _set(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value:
        setattr(_invocation(context), str(parameter.name), value)


def _louder(context: click.Context, parameter: click.Parameter, value: int) -> None:
    _invocation(context).console.verbosity += value


def _quieter(context: click.Context, parameter: click.Parameter, value: int) -> None:
    _invocation(context).console.verbosity -= value


def _colourless(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value:
        _invocation(context).console.no_color = True


def _version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        from jackfield import __version__

        _invocation(context).console.out(f"jackfield {__version__}")
        context.exit()


def _flag(*names: str, help: str, callback: Any = _set, **raw: Any) -> click.Option:  # noqa: A002  # click's word
    return click.Option(list(names), help=help, callback=callback, expose_value=False, is_flag=True, **raw)


_FILE = click.Path(exists=True, dir_okay=False)
GLOBALS: tuple[click.Option, ...] = (
    click.Option(
        ["-v", "--verbose"], count=True, callback=_louder, expose_value=False, help="Say more; -vv most."
    ),
    click.Option(["-q", "--quiet"], count=True, callback=_quieter, expose_value=False, help="Say less."),
    _flag("--json", help="Print one JSON document instead of text."),
    _flag("--no-color", callback=_colourless, help="Never colour."),
    click.Option(["--config"], type=_FILE, callback=_set, expose_value=False, help="The user file to read."),
    _flag("--no-config", help="Read no configuration file; stored keys still count."),
    _flag("--offline", help="Open no socket."),
    _flag("--debug", help="Show the traceback of a failure."),
    _flag("--version", callback=_version, is_eager=True, help="Print the version."),
)
VALUED = ("--config",)  # those that are followed by a value


def _hidden(option: click.Option) -> click.Option:
    from copy import copy

    twin = copy(option)
    twin.hidden = True
    return twin


_HIDDEN = tuple(map(_hidden, GLOBALS))


class Command(click.Command):
    """A command that takes the global options too. One that has no JSON form refuses ``--json``."""

    json_form = True

    def __init__(self, *args: Any, **raw: Any) -> None:
        raw.setdefault("epilog", EPILOG)
        super().__init__(*args, **raw)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own options, then the global ones."""
        return [*super().get_params(ctx), *_HIDDEN]

    def invoke(self, ctx: click.Context) -> Any:
        """Carry it out."""
        if _invocation(ctx).json and not self.json_form:
            msg = f"`{ctx.command_path}` has no `--json`"
            raise click.UsageError(msg, ctx)
        return super().invoke(ctx)


class Plain(Command):
    """A command without a JSON form."""

    json_form = False


class Family(click.Group):
    """A command made of several: each takes the global options."""

    command_class = Command

    def __init__(self, *args: Any, **raw: Any) -> None:
        raw.setdefault("epilog", EPILOG)
        super().__init__(*args, **raw)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Its own options, then the global ones."""
        return [*super().get_params(ctx), *_HIDDEN]
