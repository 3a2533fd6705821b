"""The table `[budgets]`: how much may be spent, by whom, in which time."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from attrs import field, frozen

from jackfield.config.amounts import PERIODS, money_of, usd_of
from jackfield.config.limits import only, scopes
from jackfield.config.routes import route_name
from jackfield.profile.schema import Problems, Table, choice, each, integer, suggestion, text

ON_EXCEEDED = ("refuse", "warn")
ASSUMED_OUTPUT = 8192
"""Tokens an answer is thought to have at most, where neither call nor catalogue says."""


@frozen
class Amount:
    """Nano-dollars per period."""

    nano: int
    period: str

    def __str__(self) -> str:
        per = "" if self.period == "total" else f" / {self.period}"
        return f"{usd_of(self.nano).normalize():f} USD{per}"


@frozen
class BudgetRule:
    """One budget: nano-dollars per period, counted by scope, and what happens when it is spent.

    ``on_exceeded`` is ``refuse``, ``warn`` or the route to take instead, as ``route:cheap``. ``assume_output`` is how
    many tokens an answer is thought to have at most, where neither the call nor the catalogue says.
    """

    name: str
    limit: int
    period: str = "total"
    scope: tuple[str, ...] = ("global",)
    only: Mapping[str, tuple[str, ...]] = field(factory=dict)
    on_exceeded: str = "refuse"
    unknown_price: str = "refuse"
    assume_output: int = ASSUMED_OUTPUT

    @property
    def hard(self) -> bool:
        """Whether nothing goes beyond the limit."""
        return self.on_exceeded != "warn"


def amount(raw: object, path: str, problems: Problems) -> Amount:
    """`10 USD / day`."""
    written = text(raw, path, problems)
    found = money_of(written)
    if isinstance(raw, str) and (found is None or found[1] not in PERIODS):
        periods = ", ".join(PERIODS[:-1])
        problems.append(
            f"{path}: `{written}` is no budget: write `10 USD / day` ({periods}), or `10 USD` for good"
        )
    return Amount(*(found or (0, "total")))


def on_exceeded(raw: object, path: str, problems: Problems) -> str:
    """`refuse`, `warn`, or a route."""
    word = text(raw, path, problems)
    if isinstance(raw, str) and word not in ON_EXCEEDED and not (word.startswith("route:") and word[6:]):
        problems.append(
            f"{path}: `{word}` is not one of `refuse`, `warn`, `route:NAME`{suggestion(word, ON_EXCEEDED)}"
        )
    return f"route:{route_name(word[6:])}" if word.startswith("route:") else word


_RULE = Table(
    {
        "limit": amount,
        "scope": scopes,
        "only": only,
        "on_exceeded": on_exceeded,
        "unknown_price": choice("refuse", "allow"),
        "assume_output": integer,
    },
    required=("limit",),
)


def budgets_table(raw: object, path: str, problems: Problems) -> dict[str, Any]:
    """The table `[budgets]`: rules by name."""
    found: dict[str, Any] = each(_RULE)(raw, path, problems)
    return found


def budget_rules(table: Mapping[str, Any], routes: Collection[str]) -> tuple[BudgetRule, ...]:
    """The values of a checked table. What is missing, or leads to a route that is none, is a ``ValueError``."""
    for name, rule in table.items():
        if "limit" not in rule:
            msg = f"budgets.{name}.limit: is missing"
            raise ValueError(msg)
        instead = rule.get("on_exceeded", "").removeprefix("route:")
        if rule.get("on_exceeded") not in (None, *ON_EXCEEDED) and instead not in routes:
            msg = f"budgets.{name}.on_exceeded: there is no route `{instead}`{suggestion(instead, routes)}"
            raise ValueError(msg)
    return tuple(
        BudgetRule(
            name,
            rule["limit"].nano,
            rule["limit"].period,
            rule.get("scope", ("global",)),
            rule.get("only", {}),
            rule.get("on_exceeded", "refuse"),
            rule.get("unknown_price", "refuse"),
            rule.get("assume_output", ASSUMED_OUTPUT),
        )
        for name, rule in table.items()
    )
