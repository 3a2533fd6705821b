"""``jackfield route explain``: what a route would decide for a prompt, and why. Nothing is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jackfield.cli.asking import options_of, piped_text
from jackfield.cli.failures import Exit, Misuse
from jackfield.cli.flags import Family
from jackfield.cli.invocation import Invocation, invocation
from jackfield.cli.plain import plain

if TYPE_CHECKING:
    from jackfield.policy.route import Candidate, Decision

_ROUTE = "route:"


@click.group(cls=Family)
def route() -> None:
    """Look into routes. `jackfield routes` lists them."""


def _complete_route(context: click.Context, parameter: click.Parameter, typed: str) -> list[str]:
    """The routes that begin like what is typed."""
    from jackfield.config import Settings
    from jackfield.errors import JackfieldError

    try:
        names = list(Settings.load().routes)
    except JackfieldError:
        return []
    return [name for name in names if name.startswith(typed.removeprefix(_ROUTE))]


@route.command()
@click.argument("prompt", nargs=-1)
@click.option(
    "--route", "name", metavar="NAME", shell_complete=_complete_route, help="The route; else the default."
)
@click.option("-s", "--system", metavar="TEXT", help="The system prompt.")
@click.option(
    "-o",
    "--option",
    "pairs",
    nargs=2,
    multiple=True,
    metavar="KEY VALUE",
    help="Set an option of the call, as `task`, `max_cost` or `region`.",
)
def explain(prompt: tuple[str, ...], name: str | None, system: str | None, pairs: Any) -> None:
    """Tell what a route would decide for PROMPT, and why.

    Each target is shown with what kept it or dropped it. Nothing is sent, and no target loses its turn.
    """
    run = invocation()
    text = " ".join(prompt) or piped_text()
    if not text:
        msg = "there is no prompt to explain a route for"
        raise Misuse(msg, '`jackfield route explain "…"`')
    options = options_of(pairs) | ({"system": system} if system else {})
    decision = run.client().explain(_named(run, name), text, **options)
    if run.json:
        run.console.json(form_of(decision))
    else:
        _print(run, decision)
    if decision.chosen is None:
        click.get_current_context().exit(Exit.NO)


def _named(run: Invocation, name: str | None) -> str:
    """The route that is asked for: the one named, the default, or the only one."""
    routes = list(run.settings.routes)
    default = run.settings.default or ""
    if name is not None:
        return name
    if default.startswith(_ROUTE):
        return default
    if len(routes) == 1:
        return routes[0]
    hint = f"`--route` one of {', '.join(routes)}" if routes else "set `[routes.NAME]` in jackfield.toml"
    msg = "no route is named, and the default is none" if routes else "no route is set"
    raise Misuse(msg, hint)


def form_of(decision: Decision) -> dict[str, Any]:
    """A decision as it is printed with ``--json``."""
    return {
        "route": decision.route,
        "strategy": decision.strategy,
        "task": decision.task,
        "confidence": decision.confidence,
        "chosen": decision.candidates[0].model if decision.candidates else None,
        "reason": decision.reason,
        "cost": _rounded(decision.cost),
        "candidates": [_candidate(each) for each in decision.candidates],
        "dropped": [plain(each) for each in decision.dropped],
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "model": candidate.model,
        "score": _rounded(candidate.score),
        "reason": candidate.reason,
        "cost": _rounded(candidate.cost),
        "quality": None if candidate.quality is None else round(candidate.quality, 4),
        "quality_per_usd": _rounded(candidate.quality_per_usd),
        "latency_ms": candidate.latency_ms,
        "fallback": candidate.fallback,
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 9)


def _print(run: Invocation, decision: Decision) -> None:
    told = f"route {decision.route}: strategy {decision.strategy}, task {decision.task}"
    run.console.note(f"{told} ({decision.confidence:.0%} sure)")
    words = [
        (each.model, ("chosen" if place == 0 else "fallback" if each.fallback else f"then {place + 1}"), each)
        for place, each in enumerate(decision.candidates)
    ]
    rows = [
        [model, f"{word}: {decision.reason if word == 'chosen' else each.reason}"]
        for model, word, each in words
    ]
    rows += [[each.model, f"dropped: {each.reason}"] for each in decision.dropped]
    for model, reason in rows:
        width = max(len(row[0]) for row in rows)
        run.console.out(f"{model.ljust(width)}  {reason}")
