"""What follows a failed attempt: the same target again, another key, another target, or the error.

The table says for each kind of failure whether the same target may be tried again, whether others may, and
which comes first. ``decide`` reads it, and holds what it says against the limits of this call: attempts,
time, the provider's own word, the retry budget.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from attrs import frozen

from jackfield.errors import KINDS, ErrorInfo
from jackfield.policy.retry import HARD_CAP, RetryPolicy
from jackfield.policy.retry_budget import RetryBudget

Action: TypeAlias = Literal["same", "other_key", "other_target", "raise"]
Same: TypeAlias = Literal["never", "once", "yes"]
Other: TypeAlias = Literal["never", "asked", "larger", "yes", "first"]


@frozen
class Row:
    """What may follow one kind of failure.

    ``asked`` allows another target only where the caller opted in, ``larger`` only one with a larger context.
    ``first`` prefers another target even before the same one was tried as often as it may be.
    """

    same: Same = "never"
    other: Other = "never"


NEVER: Final = Row()

# Kinds that do not stand here are never tried again anywhere: the request, the settings or the caller is at fault.
TABLE: Final[dict[str, Row]] = {
    "transport.connect": Row("yes", "yes"),
    "config.tls": Row("never", "yes"),
    "transport.reset": Row("yes", "yes"),
    "local.overload": Row("never", "yes"),
    "local.breaker": Row("never", "yes"),
    "timeout.connect": Row("yes", "yes"),
    "timeout.upload": Row("yes", "yes"),
    "timeout.headers": Row("yes", "first"),
    "timeout.first_token": Row("yes", "first"),
    "timeout.idle": Row("yes", "yes"),
    "request.context": Row("never", "larger"),
    "request.policy": Row("never", "asked"),
    "auth": Row("never", "first"),
    "auth.skew": Row("never", "first"),
    "quota.money": Row("never", "first"),
    "model.missing": Row("never", "first"),
    "server.transient": Row("yes", "yes"),
    "server": Row("yes", "yes"),
    "server.overloaded": Row("yes", "first"),
    "throttle": Row("yes", "first"),
    "quota.window": Row("never", "first"),
    "protocol": Row("never", "yes"),
    # An answer that could not be read came, and may have been charged: it is asked for once more, not twice.
    "protocol.body": Row("once", "yes"),
    "stream.truncated": Row("yes", "yes"),
}

# Failures that are the key's own: another key at the same place may fare better, and is the smaller change.
_KEYS: Final = frozenset({"auth", "auth.skew", "quota.money", "quota.window", "throttle"})


@frozen
class Situation:
    """What a decision depends on besides the failure."""

    attempt: int = 1  # attempts made, over all targets; one that only needed a new signature does not count
    sent: int = 1  # the same with those
    max_attempts: int = 3
    tries: int = 1  # attempts at this target
    time_left: float = float("inf")
    opens_in: float = 0.0  # seconds until this target's own gate and breaker admit again
    other_keys: bool = False  # another credential for this target is admitted
    other_targets: bool = False  # another target is admitted
    larger_context: bool = False  # one of them has a larger context
    asked: bool = False  # the caller wants others to be asked where a policy declined
    resign: bool = False  # another signature may fare better: a new token, an offset, the next key
    repeatable: bool = True  # done twice, it is done once
    committed: bool = False  # content was handed on


@frozen
class Decision:
    """What to do next. ``cost`` has been taken from the retry budget, and is given back on success."""

    action: Action
    delay: float = 0.0
    cost: int = 0
    exhausted: bool = False  # the budget, and nothing else, stands against another attempt
    free: bool = False  # it does not count as an attempt


RAISE: Final = Decision("raise")
RESIGN: Final = Decision("same", free=True)


def decide(
    error: ErrorInfo, situation: Situation, policy: RetryPolicy, budget: RetryBudget | None = None
) -> Decision:
    """What follows ``error``; a retry that is decided for has been paid for."""
    if not _may_follow(error, situation, policy):
        return RAISE
    if situation.resign:
        return RESIGN
    if situation.attempt >= min(situation.max_attempts, HARD_CAP):
        return RAISE
    row = TABLE.get(error.kind, NEVER)
    elsewhere = _elsewhere(error, row, situation)
    if elsewhere is not None and (row.other == "first" or situation.tries >= policy.tries):
        return elsewhere
    delay = _delay(error, row, situation, policy)
    if delay is None:
        return elsewhere or RAISE
    return _paid(error, delay, elsewhere, budget)


def _may_follow(error: ErrorInfo, situation: Situation, policy: RetryPolicy) -> bool:
    """Whether any further attempt is possible at all."""
    if situation.committed or situation.sent >= HARD_CAP or not policy.in_time(0.0, situation.time_left):
        return False
    return situation.repeatable or error.sent == "no" or KINDS[error.kind].billed == "no"


def _elsewhere(error: ErrorInfo, row: Row, situation: Situation) -> Decision | None:
    """The move to another key or target that this failure allows and that is possible."""
    if row.other == "never":
        return None
    if row.other == "asked" and not situation.asked:
        return None
    if row.other == "larger" and not situation.larger_context:
        return None
    if error.kind in _KEYS and situation.other_keys:
        return OTHER_KEY
    return OTHER_TARGET if situation.other_targets else None


def _delay(error: ErrorInfo, row: Row, situation: Situation, policy: RetryPolicy) -> float | None:
    """The seconds until the same target is tried again; nothing if it is not, or not in time."""
    if not error.retryable or (row.same == "once" and situation.tries > 1):
        return None
    if policy.too_long(error) or situation.opens_in > policy.longest_wait:
        return None
    delay = max(policy.wait(situation.tries, error), situation.opens_in)
    return delay if policy.in_time(delay, situation.time_left) else None


def _paid(error: ErrorInfo, delay: float, elsewhere: Decision | None, budget: RetryBudget | None) -> Decision:
    if budget is None:
        return Decision("same", delay)
    cost = budget.cost(error.kind)
    if budget.take(cost):
        return Decision("same", delay, cost)
    return elsewhere or Decision("raise", exhausted=True)


OTHER_KEY: Final = Decision("other_key")
OTHER_TARGET: Final = Decision("other_target")
