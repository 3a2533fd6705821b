"""``jackfield doctor``: everything that can be checked here without a socket, and how to mend it."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import click

from jackfield.cli.checks import FAIL, GROUPS, OK, Check
from jackfield.cli.checks.contract import contract as contract_of
from jackfield.cli.console import Style, without_controls
from jackfield.cli.failures import Exit, Misuse
from jackfield.cli.flags import Command
from jackfield.cli.invocation import Invocation, invocation
from jackfield.errors import JackfieldError

_STYLES: dict[str, Style] = {
    "ok": {"fg": "green"},
    "warn": {"fg": "yellow"},
    "fail": {"fg": "red", "bold": True},
}


@click.command(cls=Command)
@click.option("--report", metavar="FILE", help="Write a report for an issue, without anything secret.")
@click.option(
    "--contract",
    is_flag=False,
    flag_value="",
    metavar="[PROVIDER]",
    help="Ask the contract of a provider, or of all.",
)
def doctor(report: str | None, contract: str | None) -> None:
    """Check this installation: packages, configuration, keys, network, state.

    It opens no socket, asks nobody and costs nothing. The exit code is 3 if a check fails. With `--contract` the
    providers that are installed are held to the contract as well, offline: that takes half a second each.
    """
    run = invocation()
    found = [(group, check) for group in GROUPS for check in _checked(group, partial(GROUPS[group], run))]
    if contract is not None:
        found += [("contract", check) for check in _checked("contract", partial(contract_of, run, contract))]
    failed = sum(check.status == FAIL for _, check in found)
    checks = [_form(number, *pair) for number, pair in enumerate(found, 1)]
    form: dict[str, Any] = {"checks": checks, "total": len(found), "failed": failed}
    if report:
        _write(run, Path(report), form)
    if run.json:
        run.console.json(form)
    else:
        _print(run, found)
        run.console.out(f"\n{failed} of {len(found)} checks failed")
    if report:
        run.console.note(f"the report is in `{report}`; read it before you send it")
    click.get_current_context().exit(Exit.SETUP if failed else Exit.DONE)


def _checked(group: str, checks: Callable[[], Iterator[Check]]) -> list[Check]:
    """The checks of a group. What makes all of a group impossible was told of by the group before."""
    try:
        return list(checks())
    except JackfieldError as exc:
        return [Check(group, FAIL, f"cannot be checked: {exc.summary.partition(chr(10))[0]}", exc.info.hint)]


def _form(number: int, group: str, check: Check) -> dict[str, Any]:
    return {
        "number": number,
        "group": group,
        "title": check.title,
        "status": check.status,
        "reason": check.reason,
        "mend": check.mend,
    }


def _print(run: Invocation, found: list[tuple[str, Check]]) -> None:
    last = ""
    for number, (group, check) in enumerate(found, 1):
        if group != last:
            run.console.out(("\n" if last else "") + group[:1].upper() + group[1:], style={"bold": True})
            last = group
        run.console.out(f"{number:>3} ", end="")
        run.console.out(check.status.ljust(5), end="", style=_STYLES[check.status])
        first, *more = without_controls(check.reason).splitlines() or [""]
        run.console.out(check.title + (f": {first}" if first else ""))
        for line in more:
            run.console.out(f"         {line}")
        if check.mend and check.status != OK:
            run.console.out(f"         {check.mend}")


def _write(run: Invocation, path: Path, form: dict[str, Any]) -> None:
    """The report: what was checked, on what machine, with which settings; values that may be secret are not in it."""
    report = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "variables": sorted(name for name in run.environment if name.startswith("JACKFIELD_")),
        "settings": _settings(run),
        **form,
    }
    home = os.path.expanduser("~")
    text = json.dumps(report, indent=2, ensure_ascii=False).replace(f"{home}/", "~/")
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    except OSError as exc:
        msg = f"`{path}` cannot be written: {exc.strerror}"
        raise Misuse(msg) from None
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
        file.write(text + "\n")


def _settings(run: Invocation) -> list[dict[str, str]]:
    from jackfield.cli.config import shown_entries

    try:
        return [{"key": path, "value": value, "origin": place} for path, value, place in shown_entries(run)]
    except JackfieldError:
        return []  # the checks say why
