"""Whether conditions hold: of time, tier, domain, region, tag, user, organisation and task."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

from jackfield.policy.route.tasks import Detection, Signals
from jackfield.policy.route.values import Facts
from jackfield.types.routes import ALWAYS, Conditions, Window

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def unmet(when: Conditions, facts: Facts, detection: Detection, signals: Signals) -> str:
    """The first condition that does not hold, in words; empty if all do."""
    if when is ALWAYS:
        return ""
    if when.windows and not any(is_open(window, facts.moment) for window in when.windows):
        return "outside its hours"
    tags = facts.hints.tags
    stated: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
        "tier": (when.tier, (tags.get("tier", ""),)),
        "user": (when.user, (tags.get("user", ""),)),
        "organisation": (when.organisation, (tags.get("organisation", ""), tags.get("department", ""))),
        "tag": (when.tag, tuple(tags.values())),
        "region": (when.region, facts.hints.region),
        "domain": (when.domain, (signals.domain,)),
        "task": (when.task, (detection.task,)),
    }
    for name, (wanted, found) in stated.items():
        if wanted and not any(value in wanted for value in found):
            return f"only for {name} {' or '.join(f'`{value}`' for value in wanted)}"
    return ""


def is_open(window: Window, moment: float) -> bool:
    """Whether a moment lies in the window."""
    local = datetime.fromtimestamp(moment, UTC).astimezone(_zone(window.zone))
    minute, day = local.hour * 60 + local.minute, local.weekday()
    if window.start < window.end:
        return day in window.days and window.start <= minute < window.end
    # Past midnight it is still the window of the day before.
    if minute >= window.start:
        return day in window.days
    return minute < window.end and (day - 1) % 7 in window.days


@lru_cache(maxsize=64)
def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


def shown(window: Window) -> str:
    """A window for people."""
    hours = f"{window.start // 60:02}:{window.start % 60:02}-{window.end // 60:02}:{window.end % 60:02}"
    days = "" if len(window.days) == 7 else " " + ",".join(_DAYS[day] for day in sorted(window.days))
    return f"{hours} {window.zone}{days}"
