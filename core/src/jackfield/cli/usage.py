"""``jackfield usage``: what was attempted, used and charged, from the ledger."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import asdict

from jackfield.cli.answer import money
from jackfield.cli.console import counted
from jackfield.cli.failures import Exit, Misuse
from jackfield.cli.flags import Command
from jackfield.cli.invocation import Invocation, invocation
from jackfield.cli.names import complete_provider
from jackfield.errors import BadConfig, ErrorInfo, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from jackfield.ledger.book import Book
    from jackfield.ledger.reports import Period, Total

_WORDS = "model, provider, user, key, project, department, route, tag, operation, role, credential, outcome, hour, day"


def _words(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    return [word for word in _WORDS.split(", ") if word.startswith(incomplete)]


@click.command(cls=Command)
@click.option(
    "--since", default="7d", metavar="WHEN", help="From then on: `7d`, `12h`, `2026-11-01`. Default: 7d."
)
@click.option("--until", metavar="WHEN", help="Up to then.")
@click.option(
    "--by",
    multiple=True,
    metavar="WORD",
    shell_complete=_words,
    help=f"Sums by {_WORDS}. May be given several times.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option(
    "--forecast", "ahead", is_flag=True, help="What the next day, week and month will probably cost."
)
@click.option(
    "--reconcile",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="Compare with a provider's own list: CSV or JSON lines with `request_id`.",
)
@click.option(
    "--provider", metavar="ID", shell_complete=complete_provider, help="The provider whose list it is."
)
def usage(**raw: Any) -> None:
    """Show what was attempted, used and charged.

    The ledger tells, which is off unless the setting `ledger` turns it on. Money is in USD.
    """
    run = invocation()
    _check(run, raw)
    book = _book(run)
    try:
        _show(run, book, raw)
    except InvalidRequest as exc:
        raise Misuse(exc.info.message, exc.info.hint or "") from None
    finally:
        book.close()


def _check(run: Invocation, raw: dict[str, Any]) -> None:
    """Refuse flags of which one would have to be passed over."""
    kinds = [name for name in ("--reconcile", "--forecast") if raw[_TAKEN_AS[name]]]
    sums = [name for name in ("--by", "--csv") if raw[_TAKEN_AS[name]]]
    forms = ["--csv", *["--json"] * run.json] if raw["as_csv"] else []
    together = kinds if len(kinds) > 1 else [*kinds, *sums] if kinds and sums else forms
    if len(together) > 1:
        msg = f"`{together[0]}` and `{together[1]}` cannot be given together"
        raise Misuse(msg)
    if raw["provider"] and not raw["reconcile"]:
        msg = "`--provider` says whose list `--reconcile` reads"
        raise Misuse(msg, "`--by provider` sums by provider")


_TAKEN_AS = {"--reconcile": "reconcile", "--forecast": "ahead", "--by": "by", "--csv": "as_csv"}


def _show(run: Invocation, book: Book, raw: dict[str, Any]) -> None:
    from jackfield.ledger.reports import period_of

    period = period_of(raw["since"], raw["until"])
    if raw["reconcile"]:
        _reconcile(run, book, raw, period)
    elif raw["ahead"]:
        _forecast(run, book)
    else:
        _report(run, book, (raw["by"] or ("model",), raw["as_csv"]), period)


def _book(run: Invocation) -> Book:
    from jackfield.ledger.opening import open_ledger

    found = open_ledger(run.settings, run.environment)
    if found is None:
        hint = 'set `ledger = "sqlite"` in the configuration, or JACKFIELD_LEDGER=sqlite'
        raise BadConfig(ErrorInfo("config", "the ledger is off, so nothing was written down", hint=hint))
    return found


def _report(run: Invocation, book: Book, form: tuple[Sequence[str], bool], period: Period) -> None:
    from jackfield.ledger.reports import to_csv, to_json, totals

    by, as_csv = form
    found = totals(book, by, period)
    if as_csv:
        run.console.out(to_csv(found, by), end="")
    elif run.json:
        run.console.json(to_json(found, by))
    elif found:
        _print(run, by, found)
    else:
        run.console.note("nothing was attempted in that time")


_HEAD = ("USD", "REQUESTS", "ATTEMPTS", "FAILED", "INPUT", "OUTPUT", "CACHED")


def _print(run: Invocation, by: Sequence[str], found: list[Total]) -> None:
    rows = [[*(name or "-" for name in total.by), *_cells(total)] for total in found]
    head = [*(name.upper() for name in by), *_HEAD]
    run.console.table(head, rows, right=tuple(range(len(by), len(head))))
    for number, what in (
        (sum(total.unpriced for total in found), "of unknown price, not in the sum"),
        (sum(total.estimated for total in found), "with estimated tokens"),
        (sum(total.open for total in found), "under way or never heard of again"),
    ):
        if number:
            run.console.note(f"{counted(number, 'attempt')} {what}")


def _cells(total: Total) -> list[str]:
    counts = (total.requests, total.attempts, total.failed, total.input, total.output, total.cached)
    return [_money(total), *(f"{count:,}" for count in counts)]


def _money(total: Total) -> str:
    """With four significant digits; a question mark if nothing of it is known, and a plus if not all."""
    if total.unpriced == total.attempts:
        return "?"
    return f"{_usd(total.charge)}{'+' if total.unpriced else ''}"


def _usd(amount: Decimal) -> str:
    return f"{amount:,.2f}" if amount >= 1 else money(amount).removeprefix("$")


def _forecast(run: Invocation, book: Book) -> None:
    from jackfield.ledger.forecast import forecast

    found = forecast(book, time.time())
    if run.json:
        run.console.json([{name: str(value) for name, value in asdict(one).items()} for one in found])
    elif found:
        rows = [(one.horizon, _usd(one.low), _usd(one.likely), _usd(one.high)) for one in found]
        run.console.table(("NEXT", "AT LEAST", "LIKELY", "AT MOST"), rows, right=(1, 2, 3))
        run.console.note(f"in USD, nine times of ten, judged by {counted(found[0].sample, found[0].unit)}")
    else:
        run.console.note("there is no whole day yet to judge by")


def _reconcile(run: Invocation, book: Book, raw: dict[str, Any], period: Period) -> None:
    from jackfield.ledger.reconcile import read_told, reconcile

    if not raw["provider"]:
        raise Misuse("`--reconcile` needs `--provider`, whose list it is")
    found = reconcile(book, raw["provider"], read_told(Path(raw["reconcile"])), period)
    if run.json:
        run.console.json(asdict(found))
    else:
        for one in found.different:
            run.console.out(f"{one.request_id}  {one.what}: {one.ours} here, {one.theirs} there")
        for name in found.only_here:
            run.console.out(f"{name}  only here")
        for name in found.only_there:
            run.console.out(f"{name}  only there")
        run.console.note(f"{counted(found.equal, 'request')} told the same by both")
    if not found.agrees:
        click.get_current_context().exit(Exit.NO)
