"""The tables `[routes.NAME]` and `[routing]`: read, checked with path and hint, and made into routes.

Keys and types are checked file by file; what concerns a whole route (its targets, its strategy's needs, what it
leads to) is checked when all places are merged.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

from jackfield.config.values import between, one_of, several_of, whole
from jackfield.profile.schema import (
    Check,
    Problems,
    Table,
    boolean,
    each,
    free,
    integer,
    join,
    listed,
    pattern,
    suggestion,
    text,
    texts,
)
from jackfield.types.answers import FinishReason
from jackfield.types.routes import (
    OBJECTIVES,
    ON_INTERRUPT,
    OPTIONAL_TRIGGERS,
    ROUTE,
    STRATEGIES,
    TASKS,
    TRIGGERS,
    AnswerCheck,
    Conditions,
    Route,
    Routing,
    Rule,
    Target,
    Window,
)

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)\s*-\s*(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")

NAMES = tuple(name for known, others in STRATEGIES.items() for name in (known, *others))


# -- checks of single values ---------------------------------------------------------------------


def model_name(raw: object, path: str, problems: Problems) -> str:
    """``provider/model``."""
    name = text(raw, path, problems).strip()
    provider, slash, model = name.partition("/")
    if isinstance(raw, str) and not (slash and provider and model):
        why = (
            "a route may stand in `fallback` alone" if name.startswith(ROUTE) else "it is no `provider/model`"
        )
        problems.append(f"{path}: `{name:.60}` cannot be a target: {why}")
    return name


def _stand_in(raw: object, path: str, problems: Problems) -> str:
    """``provider/model``, or a route."""
    if isinstance(raw, str) and raw.startswith(ROUTE):
        return ROUTE + route_name(raw.removeprefix(ROUTE))
    return model_name(raw, path, problems)


def route_name(name: str) -> str:
    """A route's name as it is kept."""
    return name.strip().lower().replace("_", "-").replace(" ", "-")


def _hours(raw: object, path: str, problems: Problems) -> tuple[str, ...]:
    windows = texts(raw, path, problems)
    for window in windows:
        if _HOURS.fullmatch(window.strip()) is None:
            problems.append(f"{path}: `{window:.30}` is no time of day, as in `09:00-17:30`")
    return windows


def _days(raw: object, path: str, problems: Problems) -> tuple[str, ...]:
    found = tuple(item.strip().lower() for item in texts(raw, path, problems))
    for item in found:
        if not all(day in _DAYS for day in item.split("-")) or item.count("-") > 1:
            problems.append(f"{path}: `{item:.30}` is no day: there are {', '.join(_DAYS)}, and `mon-fri`")
    return found


def _zone(raw: object, path: str, problems: Problems) -> str:
    name = text(raw, path, problems)
    if isinstance(raw, str) and name != "UTC":
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(name)
        except (OSError, ValueError, LookupError):
            problems.append(f"{path}: `{name:.40}` is no time zone, as in `Europe/Berlin`")
    return name


def _phrases(raw: object, path: str, problems: Problems) -> dict[str, tuple[str, ...]]:
    """Phrases by the task they tell of."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in free(raw, path, problems).items():
        task = _task(name, path, problems)
        found[task] = texts(value, join(path, name), problems)
        if not all(re.search(r"\w", phrase) for phrase in found[task]):
            problems.append(f"{join(path, name)}: a phrase needs a word")
    return found


def _task(name: str, path: str, problems: Problems) -> str:
    plain = re.sub(r"[^a-z]", "", name.lower())
    found = next((task for task in TASKS if task.lower() == plain), None)
    if found is None:
        problems.append(f"{path}: there is no task `{name}`{suggestion(name, TASKS)}")
    return found or name


def _tasks(raw: object, path: str, problems: Problems) -> tuple[str, ...]:
    return tuple(_task(name, path, problems) for name in texts(raw, path, problems))


def _task_targets(raw: object, path: str, problems: Problems) -> dict[str, tuple[str, ...]]:
    """Targets by task."""
    return {
        _task(name, path, problems): tuple(
            model_name(item, join(path, name), problems) for item in texts(value, join(path, name), problems)
        )
        for name, value in free(raw, path, problems).items()
    }


# -- tables --------------------------------------------------------------------------------------

_WHEN = Table(
    {
        "hours": _hours,
        "days": _days,
        "zone": _zone,
        "tier": texts,
        "domain": texts,
        "region": texts,
        "tag": texts,
        "user": texts,
        "organisation": texts,
        "task": _tasks,
    }
)
_TARGET: Mapping[str, Check] = {
    "model": model_name,
    "weight": between(0.001, 1000),
    "priority": between(-100, 100, whole),
    "max_concurrent": between(1, 1e6, integer),
    "region": text,
    "tags": texts,
    "tasks": _tasks,
    "cost": between(0, 1e6),
    "quality": between(0, 1),
    "minimum_quality": between(0, 1),
    "max_latency_ms": between(100, 30000),
    "enabled": boolean,
    "when": _WHEN,
}
_TARGET_TABLE = Table(_TARGET, ("model",))
_FALLBACK_TABLE = Table({**_TARGET, "model": _stand_in, "models": each(model_name)}, ("model",))


_CHECK = Table(
    {
        "finish": several_of(*get_args(FinishReason)),
        "min_characters": integer,
        "max_characters": integer,
        "matches": pattern,
        "excludes": texts,
        "json": boolean,
    }
)
_RULE = Table({"when": _WHEN, "targets": texts}, ("targets",))


def _targets(name: Check, table: Table) -> Check:
    """One target or several; each is a name, or a table with what else is said of it."""

    def check_targets(raw: object, path: str, problems: Problems) -> tuple[dict[str, Any], ...]:
        found = []
        for place, item in enumerate(raw if isinstance(raw, list | tuple) else (raw,)):
            here = f"{path}[{place}]"
            if isinstance(item, dict):
                found.append(table(item, here, problems))
            else:
                found.append({"model": name(item, here, problems)})
        return tuple(found)

    return check_targets


_ROUTE = Table(
    {
        "targets": _targets(model_name, _TARGET_TABLE),
        "strategy": one_of(*NAMES),
        "fallback": _targets(_stand_in, _FALLBACK_TABLE),
        "fallback_on": several_of(*TRIGGERS, *OPTIONAL_TRIGGERS),
        "when": _WHEN,
        "enabled": boolean,
        "timeout": between(0.001, 86400),
        "max_attempts": between(1, 5, integer),
        "primary_attempts": between(1, 5, integer),
        "minimum_quality": between(0, 1),
        "max_cost": between(0, 1e6),
        "max_latency_ms": between(100, 30000),
        "region": texts,
        "compliance": texts,
        "tasks": _task_targets,
        "rules": listed(_RULE),
        "on_interrupt": one_of(*ON_INTERRUPT),
        "check": _CHECK,
        "extension": text,
        "objective": one_of(*OBJECTIVES),
        "tags": texts,
        "metadata": each(text),
    }
)

routing_table = Table(
    {
        "confidence": between(0, 1),
        "cache": boolean,
        "cache_seconds": between(60, 3600),
        "cache_entries": between(100, 10000, integer),
        "alpha": between(0.1, 0.3),
        "telemetry": boolean,
        "phrases": _phrases,
        "system_words": _phrases,
    }
)


def routes_table(raw: object, path: str, problems: Problems) -> dict[str, Any]:
    """The routes of one place by name."""
    found: dict[str, Any] = {}
    for name, value in free(raw, path, problems).items():
        kept = route_name(name)
        if _NAME.fullmatch(kept) is None:
            problems.append(f"{join(path, name)}: a route's name has letters, digits, dots and dashes")
        found[kept] = _ROUTE(value, join(path, name), problems)
    return found


# -- from what is merged to routes ---------------------------------------------------------------


def routes_of(tables: Mapping[str, Any], default: str | None = None) -> tuple[dict[str, Route], Problems]:
    """All routes by name, and what is wrong with them as a whole."""
    problems: Problems = []
    routes = {name: _route(name, table, problems) for name, table in tables.items()}
    for name, route in routes.items():
        _check_stand_ins(route, routes, problems)
        _check_cycle(name, routes, problems)
    if default is not None and default.startswith(ROUTE):
        wanted = route_name(default.removeprefix(ROUTE))
        if wanted not in routes:
            problems.append(f"default: there is no route `{wanted}`{suggestion(wanted, routes)}")
    return routes, problems


def routing_of(table: Mapping[str, Any]) -> Routing:
    """What holds for all routes."""
    return Routing(**table)


def _route(name: str, table: Mapping[str, Any], problems: Problems) -> Route:
    values = dict(table)
    path = f"routes.{name}"
    targets = tuple(_target(item) for item in values.pop("targets", ()))
    if not targets:
        problems.append(f'{path}.targets: is missing; a route needs at least one, as in ["provider/model"]')
    values["fallback"] = tuple(_target(item) for item in values.pop("fallback", ()))
    if "when" in values:
        values["when"] = _conditions(values["when"])
    values["rules"] = tuple(
        Rule(_conditions(rule.get("when", {})), rule["targets"]) for rule in values.pop("rules", ())
    )
    if "check" in values:
        values["check"] = AnswerCheck(**values["check"])
    route = Route(name, targets, **values)
    problems += [f"{path}.{problem}" for problem in _contradictions(route)]
    return route


def _target(table: Mapping[str, Any]) -> Target:
    values = dict(table)
    if "when" in values:
        values["when"] = _conditions(values["when"])
    return Target(**values)


def _conditions(table: Mapping[str, Any]) -> Conditions:
    values = dict(table)
    hours = values.pop("hours", ())
    days = values.pop("days", ())
    zone = values.pop("zone", "UTC")
    if hours or days:
        spans = [_span(window) for window in hours] or [(0, 1440)]
        when = frozenset(_numbered(days)) or frozenset(range(7))
        values["windows"] = tuple(Window(start, end, when, zone) for start, end in spans)
    return Conditions(**values)


def _span(window: str) -> tuple[int, int]:
    start, _, end = window.replace(" ", "").partition("-")
    return _minutes(start), _minutes(end)


def _minutes(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)


def _numbered(days: tuple[str, ...]) -> Iterator[int]:
    for item in days:
        first, _, last = item.partition("-")
        start, end = _DAYS.index(first), _DAYS.index(last or first)
        yield from ((start + step) % 7 for step in range((end - start) % 7 + 1))


def _contradictions(route: Route) -> Iterator[str]:
    """What cannot be meant."""
    names = [target.model for target in route.targets]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        yield f"targets: `{twice}` is named twice"
    for path, told in _told(route):
        for model in told:
            if model not in names:
                yield f"{path}: `{model}` is none of the targets{suggestion(model, names)}"
    if route.strategy == "custom" and not (route.rules or route.extension):
        yield "strategy: `custom` needs `rules`, or the name of an `extension`"
    if route.strategy != "custom" and (route.rules or route.extension):
        yield f"strategy: `rules` and `extension` belong to `custom`, not to `{route.strategy}`"
    yield from _unchecked(route)
    if route.primary_attempts > route.max_attempts:
        yield f"primary_attempts: {route.primary_attempts} is above max_attempts {route.max_attempts}"
    same = next((target.model for target in route.fallback if target.model in names), None)
    if same is not None:
        yield f"fallback: `{same}` is one of the targets already"


def _unchecked(route: Route) -> Iterator[str]:
    """A check that can lead nowhere, or that no answer passes."""
    check = route.check
    if check is None:
        if route.strategy == "cascade":
            yield "strategy: `cascade` needs a `check`, as in { min_characters = 20 }"
        return
    if len(route.targets) + len(route.fallback) < 2:
        yield "check: needs a second target to ask where an answer does not pass"
    if not check.finish:
        yield 'check.finish: names no end, so no answer passes; leave it out for ["stop", "tool_calls"]'
    if check.max_characters is not None and check.max_characters < check.min_characters:
        yield f"check.max_characters: {check.max_characters} is below min_characters {check.min_characters}"


def _told(route: Route) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Where a route speaks of its targets, and of which."""
    yield from ((f"tasks.{task}", models) for task, models in route.tasks.items())
    yield from ((f"rules[{place}].targets", rule.targets) for place, rule in enumerate(route.rules))
    yield from (
        (f"fallback[{place}].models", tuple(each_.models)) for place, each_ in enumerate(route.fallback)
    )


def _check_stand_ins(route: Route, routes: Mapping[str, Route], problems: Problems) -> None:
    for place, target in enumerate(route.fallback):
        name = target.model.removeprefix(ROUTE)
        if target.model.startswith(ROUTE) and name not in routes:
            path = f"routes.{route.name}.fallback[{place}]"
            problems.append(f"{path}: there is no route `{name}`{suggestion(name, routes)}")


def _check_cycle(name: str, routes: Mapping[str, Route], problems: Problems) -> None:
    """A route that leads back to itself would never end."""
    seen = [name]
    for found in _led_to(name, routes, seen):
        if found == name:
            problems.append(f"routes.{name}.fallback: leads back to itself: {' > '.join([*seen, name])}")
            return


def _led_to(name: str, routes: Mapping[str, Route], seen: list[str]) -> Iterator[str]:
    for target in routes[name].fallback:
        below = target.model.removeprefix(ROUTE)
        if target.model.startswith(ROUTE) and below in routes:
            yield below
            if below not in seen:
                seen.append(below)
                yield from _led_to(below, routes, seen)


_Reader = Callable[[str], object]


def _flag(value: str) -> object:
    return {"true": True, "1": True, "false": False, "0": False}.get(value.lower(), value)


def _figure(value: str) -> object:
    try:
        return float(value) if "." in value else int(value)
    except ValueError:
        return value  # the check says what is wrong


def _list(value: str) -> object:
    return [item.strip() for item in value.split(",") if item.strip()]


_FIGURES = [
    "timeout",
    "max_attempts",
    "primary_attempts",
    "minimum_quality",
    "max_cost",
    "max_latency_ms",
    "confidence",
    "cache_seconds",
    "cache_entries",
    "alpha",
]

# How the environment's text is read, by the last name of its path.
READERS: Mapping[str, _Reader] = {
    **dict.fromkeys(_FIGURES, _figure),
    **dict.fromkeys(("enabled", "cache", "telemetry", "aliases"), _flag),
    **dict.fromkeys(
        ("targets", "fallback", "fallback_on", "region", "compliance", "tags", "observers"), _list
    ),
}
