"""What a failure means for a route: whether the next target stands in, and what is told when none is left."""

from __future__ import annotations

from typing import Literal, TypeAlias

from jackfield.errors import KINDS, ErrorInfo
from jackfield.policy.route.values import Decision

_FAMILIES = {
    "throttle": "throttle",
    "quota": "quota",
    "server": "server",
    "timeout": "timeout",
    "transport": "transport",
    "auth": "auth",
    "model": "model",
    "protocol": "protocol",
    "stream": "stream",
    "config.credentials": "auth",
}


def triggers(route_on: tuple[str, ...], error: ErrorInfo) -> bool:
    """Whether a failure makes the next target stand in."""
    kind = error.kind
    if error.should_retry is False and KINDS[kind].retry == "never":
        return False
    family = _FAMILIES.get(kind) or _FAMILIES.get(kind.partition(".")[0])
    return kind in route_on or (family is not None and family in route_on)


Verdict: TypeAlias = Literal["unable", "not now", "money", "bound", "setup"]

# Where no target is left: what the caller can do about it, by the gravest of the reasons.
_KINDS: dict[str, str] = {
    "not now": "server.overloaded",
    "money": "local.budget",
    "bound": "request.affinity",
    "unable": "request.unsupported",
    "setup": "config",
}


def refusal(decision: Decision) -> ErrorInfo:
    """Why a request has no target, told by what would help soonest: waiting, money, another request, a setting."""
    verdicts = {dropped.kind for dropped in decision.dropped}
    verdict = next((name for name in _KINDS if name in verdicts), "setup")
    told = "; ".join(f"`{dropped.model}`: {dropped.reason}" for dropped in decision.dropped[:6])
    hint = f'`jackfield route explain "…" --route {decision.route}` tells of each target'
    msg = f"no target of `route:{decision.route}` is left: {told or 'it has none'}; nothing was sent"
    if "/" in decision.route:  # a model by itself
        hint = "change the request, or what it asks of the model"
        msg = f"`{decision.route}` cannot serve the request: {told.partition(': ')[2]}; nothing was sent"
    return ErrorInfo(_KINDS[verdict], msg, hint=hint, sent="no")
