"""The tables `[breaker]` and `[retry]`, and `stage`, which sets several things at once by where a program runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen

from jackfield.profile.schema import Check, Problems, Table, boolean, choice, integer, number
from jackfield.types.resilience import (
    BREAKER_BOUNDS,
    PRESETS,
    RETRY_BOUNDS,
    BreakerRules,
    RetryRules,
    evolved,
)

_WHOLE: Final = frozenset({
    "min_calls", "failures", "probes", "successes", "tries", "budget", "cost", "throttle_cost",
})  # fmt: skip


@frozen
class Stage:
    """What is set where nothing else is: seconds for a call, retries, the preset of the breakers, and so on.

    ``cache`` says whether answers are kept, ``pacing`` how providers' limits are met, ``observers`` who is told.
    """

    timeout: float | None = None
    max_retries: int | None = None
    breaker: str = "default"
    cache: bool | None = None
    pacing: str = "off"
    observers: tuple[str, ...] = ()
    debug: bool = False  # whether logs have all there is to know


STAGES: Final[Mapping[str, Stage]] = {
    "dev": Stage(timeout=10.0, max_retries=1, breaker="dev", cache=False, observers=("log",), debug=True),
    "staging": Stage(breaker="staging", cache=True, pacing="learn"),
    "prod": Stage(breaker="prod", cache=True, pacing="learn", observers=("otel",)),
}
NO_STAGE: Final = Stage()

stage = choice(*STAGES)


def _within(name: str, least: float, most: float) -> Check:
    """A figure between two others."""
    kind = integer if name in _WHOLE else number

    def check(raw: object, path: str, problems: Problems) -> float:
        before = len(problems)
        found: float = kind(raw, path, problems)
        if len(problems) == before and not least <= found <= most:
            problems.append(f"{path}: must be between {least:g} and {most:g}, not {found:g}")
        return found

    return check


def _figures(bounds: Mapping[str, tuple[float, float]]) -> dict[str, Check]:
    return {name: _within(name, *between) for name, between in bounds.items()}


breaker_table = Table({"enabled": boolean, "preset": choice(*PRESETS), **_figures(BREAKER_BOUNDS)})
retry_table = Table(_figures(RETRY_BOUNDS))


def breaker_rules(table: Mapping[str, Any], preset: str = "default") -> BreakerRules:
    """The rules that a checked table means; ``ValueError`` where its figures contradict each other."""
    figures = {name: value for name, value in table.items() if name != "preset"}
    rules: BreakerRules = evolved(PRESETS[table.get("preset", preset)], figures)
    if rules.open_time > rules.open_max:
        msg = (
            f"`breaker.open_time` ({rules.open_time:g} s) is above `breaker.open_max` ({rules.open_max:g} s)"
        )
        raise ValueError(msg)
    if rules.min_state >= rules.open_time:
        msg = f"`breaker.min_state` ({rules.min_state:g} s) is not below `breaker.open_time` ({rules.open_time:g} s)"
        raise ValueError(msg)
    return rules


def retry_rules(table: Mapping[str, Any]) -> RetryRules:
    """The rules that a checked table means; ``ValueError`` where its figures contradict each other."""
    rules: RetryRules = evolved(RetryRules(), table)
    if max(rules.base, rules.throttle_base) > rules.ceiling:
        msg = f"`retry.ceiling` ({rules.ceiling:g} s) is below `retry.base` or `retry.throttle_base`"
        raise ValueError(msg)
    return rules
