"""The tables `[limits]` and `[tiers]`: which limits there are, of what, and for whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from attrs import field, frozen

from jackfield.config.amounts import SPANS, money_of, rate_of, usd_of
from jackfield.profile.schema import Check, Problems, Table, choice, each, free, integer, join, text, texts

SCOPES = (
    "global",
    "provider",
    "account",
    "model",
    "user",
    "key",
    "ip",
    "tenant",
    "route",
    "tag",
    "project",
    "department",
)
"""What a limit or budget may be counted by."""

ALGORITHMS = ("sliding", "fixed", "token_bucket", "leaky_bucket", "adaptive")
PRIORITIES = ("high", "normal", "low")
UNITS = ("requests", "tokens", "cost", "concurrent")

Priority: TypeAlias = Literal["high", "normal", "low"]


@frozen
class Rate:
    """So many units per window. ``concurrent`` has no window; ``cost`` is in nano-dollars."""

    unit: str
    limit: int
    window: float = 0.0

    def __str__(self) -> str:
        if not self.window:
            return str(self.limit)
        amount = f"{usd_of(self.limit).normalize():f} USD" if self.unit == "cost" else str(self.limit)
        return f"{amount} / {self.window:g} seconds"


@frozen
class LimitRule:
    """One limit: its rates, what they are counted by, whom they are for, and what happens when one is reached."""

    name: str
    rates: tuple[Rate, ...]
    scope: tuple[str, ...] = ("global",)
    only: Mapping[str, tuple[str, ...]] = field(factory=dict)
    algorithm: str = "sliding"
    burst: int | None = None
    wait: bool = True
    max_wait: float = 30.0


@frozen
class LimitsSettings:
    """All limits, the share of them that a process may use alone, and how providers' own limits are met."""

    rules: tuple[LimitRule, ...] = ()
    pacing: str = "off"
    waiting: int = 1000


# Tiers as they are sold: requests an hour, requests a minute, calls at once.
_TIERS: Mapping[str, tuple[int, int, int]] = {
    "free": (100, 10, 2),
    "basic": (1_000, 50, 5),
    "premium": (10_000, 200, 20),
    "enterprise": (100_000, 2_000, 100),
}
TIERS: Mapping[str, tuple[Rate, ...]] = {
    name: (Rate("requests", hour, 3600.0), Rate("requests", minute, 60.0), Rate("concurrent", at_once))
    for name, (hour, minute, at_once) in _TIERS.items()
}

# Limits that suit each scope, what a gateway begins with: requests, seconds, and the burst a bucket allows.
PRESETS: Mapping[str, Mapping[str, tuple[int, float, int]]] = {
    "hourly": {
        "user": (1_000, 3600.0, 50),
        "ip": (500, 3600.0, 25),
        "key": (5_000, 3600.0, 100),
        "global": (50_000, 3600.0, 1_000),
    },
    "per_second": {"provider": (100, 1.0, 100), "model": (10, 1.0, 10), "user": (1, 1.0, 1)},
}


def _rate(unit: str) -> Check:
    """`100 / minute`, or several in an array."""

    def check(raw: object, path: str, problems: Problems) -> tuple[Rate, ...]:
        found = []
        for written in texts(raw, path, problems):
            amount = rate_of(written)
            if amount is None:
                problems.append(
                    f"{path}: `{written}` is no rate: write `100 / minute` (second, minute, hour, day)"
                )
            else:
                found.append(Rate(unit, *amount))
        return tuple(found)

    return check


def _cost(raw: object, path: str, problems: Problems) -> tuple[Rate, ...]:
    """`5 USD / hour`, or several in an array."""
    found = []
    for written in texts(raw, path, problems):
        amount = money_of(written)
        if amount is None or amount[1] not in SPANS:
            problems.append(f"{path}: `{written}` is no amount by time: write `5 USD / hour`")
        else:
            found.append(Rate("cost", amount[0], SPANS[amount[1]]))
    return tuple(found)


def _concurrent(raw: object, path: str, problems: Problems) -> tuple[Rate, ...]:
    """So many calls at once."""
    count = positive(raw, path, problems)
    return (Rate("concurrent", count),) if count else ()


def positive(raw: object, path: str, problems: Problems) -> int:
    """A whole number from 1."""
    count = integer(raw, path, problems)
    if isinstance(raw, int) and raw == 0:
        problems.append(f"{path}: must be 1 or more")
    return count


def scopes(raw: object, path: str, problems: Problems) -> tuple[str, ...]:
    """One scope or several, which count together: `["user", "model"]` is for each user and model."""
    words = texts(raw, path, problems)
    return tuple(choice(*SCOPES)(word, path, problems) for word in words)


def only(raw: object, path: str, problems: Problems) -> dict[str, tuple[str, ...]]:
    """Whom a rule is for: patterns by scope, as in `{ model = "large-*" }`."""
    found: dict[str, tuple[str, ...]] = each(texts)(raw, path, problems)
    for name in found:
        choice(*SCOPES[1:], "tier")(name, join(path, name), problems)
    return found


def wait_seconds(raw: object, path: str, problems: Problems) -> float:
    """A wait of up to 30 seconds."""
    if isinstance(raw, (int, float)) and not isinstance(raw, bool) and 0 < raw <= 30:
        return float(raw)
    problems.append(f"{path}: must be a number of seconds above 0 and up to 30")
    return 30.0


_RATES: Mapping[str, Check] = {
    "requests": _rate("requests"),
    "tokens": _rate("tokens"),
    "cost": _cost,
    "concurrent": _concurrent,
}
_RULE = Table(
    {
        **_RATES,
        "tier": text,
        "preset": choice("hourly", "per_second"),
        "scope": scopes,
        "only": only,
        "algorithm": choice(*ALGORITHMS),
        "burst": positive,
        "on_limit": choice("wait", "refuse"),
        "max_wait": wait_seconds,
    }
)
_TIER = Table(_RATES)

# Keys of `[limits]` that are not limits of their own.
_OVERALL: Mapping[str, Check] = {"pacing": choice("learn", "published", "off"), "waiting": positive}


def limits_table(raw: object, path: str, problems: Problems) -> dict[str, Any]:
    """The table `[limits]`: rules by name, and what is about all of them."""
    found: dict[str, Any] = {}
    for name, value in free(raw, path, problems).items():
        below = join(path, name)
        check: Check = _OVERALL.get(name, _rule)
        found[name] = check(value, below, problems)
    return found


def _rule(raw: object, path: str, problems: Problems) -> dict[str, Any]:
    """One limit."""
    rule = _RULE(raw, path, problems)
    if isinstance(raw, dict) and not any(name in rule for name in (*UNITS, "tier", "preset")):
        problems.append(
            f"{path}: limits nothing: give `requests`, `tokens`, `cost`, `concurrent`, `tier` or `preset`"
        )
    preset, first = rule.get("preset"), rule.get("scope", ("global",))[:1]
    if preset and first and first[0] not in PRESETS[preset]:
        problems.append(
            f"{path}.preset: there is none for `{first[0]}`: {', '.join(PRESETS[preset])} have one"
        )
    if "burst" in rule and rule.get("algorithm") != "token_bucket":
        problems.append(
            f'{path}.burst: needs `algorithm = "token_bucket"`: no other has a size beside its rate'
        )
    return rule


def tiers_table(raw: object, path: str, problems: Problems) -> dict[str, Any]:
    """The table `[tiers]`: rates by the tier's name."""
    found: dict[str, Any] = each(_TIER)(raw, path, problems)
    return found


def limits_settings(
    table: Mapping[str, Any], tiers: Mapping[str, Any], pacing: str = "off"
) -> LimitsSettings:
    """The values of checked tables. An unknown tier is a `ValueError` with its path.

    :param pacing: how providers' limits are met where the table does not say
    """
    known = {**TIERS, **{name: _rates(rates) for name, rates in tiers.items()}}
    rules = tuple(_made(name, rule, known) for name, rule in table.items() if name not in _OVERALL)
    return LimitsSettings(rules, table.get("pacing", pacing), table.get("waiting", 1000))


def _made(name: str, rule: Mapping[str, Any], tiers: Mapping[str, tuple[Rate, ...]]) -> LimitRule:
    tier = rule.get("tier")
    if tier is not None and tier not in tiers:
        from jackfield.profile.schema import suggestion

        msg = f"limits.{name}.tier: there is no tier `{tier}`{suggestion(tier, tiers)}"
        raise ValueError(msg)
    scope = rule.get("scope", ("global",))
    preset = PRESETS[rule["preset"]][scope[0]] if "preset" in rule else None
    ready = (Rate("requests", *preset[:2]),) if preset else ()
    return LimitRule(
        name,
        (*ready, *(tiers[tier] if tier else ()), *_rates(rule)),
        scope,
        rule.get("only", {}),
        rule.get("algorithm", "token_bucket" if preset else "sliding"),
        rule.get("burst", preset[2] if preset else None),
        rule.get("on_limit", "wait") == "wait",
        rule.get("max_wait", 30.0),
    )


def _rates(table: Mapping[str, Any]) -> tuple[Rate, ...]:
    return tuple(rate for unit in UNITS for rate in table.get(unit, ()))


__all__ = ["ALGORITHMS", "PRESETS", "PRIORITIES", "SCOPES", "TIERS", "LimitRule", "LimitsSettings", "Rate"]
