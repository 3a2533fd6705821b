"""``jackfield routes``: the routes that are set."""

from __future__ import annotations

from typing import Any

import click

from jackfield.cli.flags import Command
from jackfield.cli.invocation import invocation
from jackfield.types.routes import Route


@click.command(cls=Command)
def routes() -> None:
    """List the routes that are set.

    A route is used like a model: `jackfield -m route:NAME "prompt"`.
    """
    run = invocation()
    found = list(run.settings.routes.values())
    if run.json:
        run.console.json([form_of(route) for route in found])
    elif found:
        run.console.table(["ROUTE", "STRATEGY", "TARGETS", "FALLBACK"], [_row(route) for route in found])
    else:
        run.console.note("no route is set: `[routes.NAME]` in jackfield.toml sets one")


def form_of(route: Route) -> dict[str, Any]:
    """A route as it is printed with ``--json``."""
    return {
        "name": route.name,
        "strategy": route.strategy,
        "enabled": route.enabled,
        "targets": [target.model for target in route.targets],
        "fallback": [target.model for target in route.fallback],
        "fallback_on": list(route.fallback_on),
        "max_attempts": route.max_attempts,
        "tags": list(route.tags),
        "metadata": dict(route.metadata),
    }


def _row(route: Route) -> list[str]:
    targets = ", ".join(target.model for target in route.targets)
    strategy = route.strategy if route.enabled else f"{route.strategy} (off)"
    return [route.name, strategy, targets, ", ".join(target.model for target in route.fallback)]
