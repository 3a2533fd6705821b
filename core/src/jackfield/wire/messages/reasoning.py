"""How much to reason: our one option, and the two ways the format has to say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield.errors import ErrorInfo, InvalidRequest, Unsupported
from jackfield.wire.messages.tables import BUDGETS, EFFORTS, SMALLEST_BUDGET, Rules


def render_reasoning(body: dict[str, Any], value: str | int, rules: Rules, limited: bool) -> None:
    """Say ``value`` in ``body``; ``limited`` tells that the caller set the length limit."""
    if value in ("none", 0):
        _switch_off(body, rules)
    elif isinstance(value, str) and rules.settings["reasoning_style"] == "adaptive":
        _say_effort(body, value, rules)
    elif isinstance(value, str) or rules.settings["reasoning_budget"]:
        budget = _budget(body, value, rules, limited)
        body["thinking"] = {"type": "enabled", "budget_tokens": budget}
    else:
        msg = f"`{body['model']}` takes an effort to reason with, not a number of tokens; nothing was sent"
        raise Unsupported(
            _local("request.unsupported", msg, rules, f"reasoning= one of {', '.join(EFFORTS)}")
        )


def _switch_off(body: dict[str, Any], rules: Rules) -> None:
    if not rules.settings["reasoning_off"]:
        msg = f"`{body['model']}` always reasons; nothing was sent"
        raise Unsupported(_local("request.unsupported", msg, rules, 'reasoning="low" is the least it does'))
    body["thinking"] = {"type": "disabled"}


def _say_effort(body: dict[str, Any], word: str, rules: Rules) -> None:
    body["thinking"] = {"type": "adaptive"}
    if rules.settings["reasoning_display"]:
        body["thinking"]["display"] = rules.settings["reasoning_display"]
    body.setdefault("output_config", {})["effort"] = rules.named("efforts", EFFORTS, word)


def _budget(body: dict[str, Any], value: str | int, rules: Rules, limited: bool) -> int:
    """The tokens to reason with, always below the length limit: it counts them too."""
    limit = int(body["max_tokens"])
    budget = value if isinstance(value, int) else int(rules.named("budgets", BUDGETS, value))
    if budget < limit:
        return budget
    if not limited and rules.max_output is None:
        body["max_tokens"] = budget + limit
        return budget
    if isinstance(value, str) and limit > SMALLEST_BUDGET:
        return limit - 1
    needed = max(budget if isinstance(value, int) else 0, SMALLEST_BUDGET)
    msg = f"reasoning needs `max_tokens` above {needed}, not {limit}; nothing was sent"
    raise InvalidRequest(_local("request.invalid", msg, rules, "raise `max_tokens`, or lower `reasoning`"))


def _local(kind: str, message: str, rules: Rules, hint: str) -> ErrorInfo:
    return ErrorInfo(kind, message, hint=hint, provider=rules.seal.provider, sent="no")


def read_reasoning(body: Mapping[str, Any], rules: Rules) -> tuple[str | int | None, Mapping[str, Any]]:
    """Our option, and what is left over of the fields that say it."""
    thinking, config = body.get("thinking"), body.get("output_config")
    effort = config.get("effort") if isinstance(config, Mapping) else None
    if thinking == {"type": "disabled"} and effort is None:
        return "none", {}
    if isinstance(thinking, Mapping) and effort is None and thinking.keys() == {"type", "budget_tokens"}:
        if thinking["type"] == "enabled" and isinstance(thinking["budget_tokens"], int):
            return thinking["budget_tokens"], {}
    display = rules.settings["reasoning_display"]
    usual = {"type": "adaptive", "display": display} if display else {"type": "adaptive"}
    if thinking == usual and effort in EFFORTS:
        return str(effort), {}
    left = {} if thinking is None else {"thinking": thinking}
    return None, left if effort is None else {**left, "output_config": {"effort": effort}}
