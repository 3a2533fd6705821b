"""``jackfield cache``: what is kept of earlier answers, and how to be rid of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jackfield.cli.console import counted
from jackfield.cli.flags import Command, Family
from jackfield.cli.invocation import Invocation, invocation
from jackfield.errors import ErrorInfo, Unavailable

if TYPE_CHECKING:
    from jackfield.state.disk import DiskFacts, DiskTier

_OFF = "nothing is kept on disk: `disk = true` in the table [cache] turns that on"


@click.group(cls=Family)
def cache() -> None:
    """Show and forget the answers that are kept."""


@cache.command(cls=Command)
def stats() -> None:
    """Show what is kept on disk, how often it was of use, and what that saved.

    What is kept in memory ends with its process, which can be asked for its own figures: `client.cache.statistics`.
    """
    run = invocation()
    disk = _disk(run)
    if disk is None:
        run.console.note(_OFF)
        return
    facts = disk.facts()
    disk.close()
    if run.json:
        run.console.json(_form(facts))
        return
    rate = "-" if _rate(facts) is None else f"{_rate(facts):.0%}"
    row = [
        f"{facts.entries:,}",
        _size(facts.used),
        f"{facts.hits:,}",
        f"{facts.misses:,}",
        rate,
        f"{facts.saved / 1e9:,.4f}",
    ]
    run.console.table(["ANSWERS", "SIZE", "HITS", "MISSES", "HIT RATE", "SAVED USD"], [row], right=range(6))


@cache.command(cls=Command)
def clear() -> None:
    """Forget all answers that are kept on disk, and those that processes share."""
    from concurrent.futures import TimeoutError as Late

    from jackfield.state import StateUnavailable, open_state

    run = invocation()
    disk = _disk(run)
    count = 0
    if disk is not None:
        count = disk.drop()
        disk.close()
    if run.settings.cache.shared:
        state = open_state(run.settings.state)
        try:
            count += 0 if state is None else state.drop("answer:").result(10)
        except (StateUnavailable, Late):
            msg, hint = "the shared state cannot be reached", "see the table [state] of the configuration"
            raise Unavailable(ErrorInfo("transport.connect", msg, hint=hint)) from None
        finally:
            if state is not None:
                state.close()
    run.console.note(f"{counted(count, 'answer')} forgotten")


def _disk(run: Invocation) -> DiskTier | None:
    """The answers on disk, if any are kept there."""
    settings = run.settings.cache
    if not settings.disk:
        return None
    from jackfield.state.disk import DiskTier

    return DiskTier(run.settings.paths.cache, settings.disk_size)


def _rate(facts: DiskFacts) -> float | None:
    asked = facts.hits + facts.misses
    return facts.hits / asked if asked else None


def _form(facts: DiskFacts) -> dict[str, object]:
    """The figures as they are printed with ``--json``; money as text, for JSON has no exact numbers."""
    from jackfield.config.amounts import usd_of

    return {
        "answers": facts.entries,
        "bytes": facts.used,
        "hits": facts.hits,
        "misses": facts.misses,
        "hit_rate": _rate(facts),
        "saved_usd": f"{usd_of(facts.saved):f}",
    }


def _size(count: int) -> str:
    for scale, unit in ((10**9, "GB"), (10**6, "MB"), (10**3, "kB")):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} B"
