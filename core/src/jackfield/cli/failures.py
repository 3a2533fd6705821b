"""How a run ends: every failure becomes the three-part message and the exit code its kind has."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from difflib import get_close_matches
from enum import IntEnum
from typing import TYPE_CHECKING

import click

from jackfield.cli import reader_left

if TYPE_CHECKING:
    from jackfield.cli.invocation import Invocation
    from jackfield.errors import JackfieldError


class Exit(IntEnum):
    """The exit codes of the command that no exception of the library carries."""

    DONE = 0
    NO = 1
    USAGE = 2
    SETUP = 3
    REFUSED = 4
    PLUGIN = 7
    BUG = 70
    FULL = 74
    INTERRUPTED = 130


def ended(run: Callable[[], object], invocation: Invocation) -> int:
    """The exit code of ``run``; what went wrong has been told by then."""
    try:
        run()
        sys.stdout and sys.stdout.flush()
    except click.exceptions.Exit as exc:
        return exc.exit_code
    except (click.Abort, KeyboardInterrupt):
        invocation.console.break_line()
        return Exit.INTERRUPTED
    except BrokenPipeError:
        reader_left()
    except OSError as exc:
        return _unwritten(exc, invocation) if exc.errno in _FULL else told(exc, invocation)
    except Exception as exc:  # noqa: BLE001  # the outermost frame: whatever comes here is told
        return told(exc, invocation)
    return Exit.DONE


# What a disk says that takes no more of the output.
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def _unwritten(error: OSError, invocation: Invocation) -> int:
    """The output cannot be written; what is still held back for it is let go."""
    reader_left()
    invocation.console.fail(f"the output cannot be written: {error.strerror}", hint="write it somewhere else")
    return Exit.FULL


def told(error: Exception, invocation: Invocation) -> int:
    """Tell of a failure; its exit code."""
    from jackfield.errors import JackfieldError

    if invocation.debug:
        _print_traceback(error)
    if isinstance(error, click.ClickException):
        return _usage(error, invocation)
    if isinstance(error, JackfieldError):
        return tell(error, invocation)
    return _bug(error, invocation)


def tell(error: JackfieldError, invocation: Invocation) -> int:
    """Tell of an error of the library; its exit code."""
    invocation.console.fail(error.summary, error.details, error.info.hint)
    return error.exit_code


def _usage(error: click.ClickException, invocation: Invocation) -> int:
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f"`{context.command_path} --help` shows what it takes" if context is not None else ""
    message = error.format_message().rstrip(".")
    head, _, more = message.partition("\n")
    invocation.console.fail(
        head[:1].lower() + head[1:], more.strip().splitlines(), getattr(error, "hint", "") or hint
    )
    return Exit.USAGE


def _bug(error: Exception, invocation: Invocation) -> int:
    """A failure nobody foresaw. Its words may hold anything, so only its kind and place are shown."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = (
        "" if place is None else f"{os.path.basename(place.tb_frame.f_code.co_filename)}:{place.tb_lineno}"
    )
    page = _issues_page()
    report = f"report it at <{page}>" if page else "report it"
    invocation.console.fail(
        f"this is a bug in jackfield: {type(error).__name__} at {where}",
        hint=f"{report}, with what `jackfield doctor --report FILE` writes; `--debug` shows the traceback",
    )
    return Exit.BUG


def _issues_page() -> str:
    """Where the distribution says that issues go."""
    from importlib import metadata

    try:
        lines = metadata.metadata("jackfield").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        return ""
    pages = dict(line.split(", ", 1) for line in lines)
    return next(
        (url for name, url in pages.items() if name.lower() in ("issues", "tracker", "bug tracker")), ""
    )


def _print_traceback(error: Exception) -> None:
    import traceback

    sys.stderr and traceback.print_exception(error, file=sys.stderr)


class Misuse(click.UsageError):
    """A wrong flag or argument, with a hint of its own."""

    def __init__(self, message: str, hint: str = "") -> None:
        context = click.get_current_context(silent=True)
        super().__init__(message, context)
        self.hint = hint


def meant(name: str, known: list[str]) -> str:
    """A close match as a question; empty if there is none."""
    near = get_close_matches(name, known, 1)
    return f"did you mean `{near[0]}`?" if near else ""
