"""How much to think: our one option, and the two ways the format has to say it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jackfield.errors import ErrorInfo, Unsupported
from jackfield.wire.generate_content.tables import BUDGETS, LEVELS, Rules


def render_thinking(model: str, value: str | int, rules: Rules) -> dict[str, Any]:
    """The ``thinkingConfig`` for ``value``; empty where a model that does not think is told not to."""
    style = rules.settings["thinking"]
    if value in ("none", 0):
        return _switched_off(model, style, rules)
    if style == "none":
        raise _unsupported(f"`{model}` does not think", "leave `reasoning` out", rules)
    shown = {"includeThoughts": True} if rules.settings["thoughts"] else {}
    if style == "budget":
        budget = value if isinstance(value, int) else rules.named("budgets", BUDGETS, value)
        return {"thinkingBudget": budget, **shown}
    if isinstance(value, int):
        hint = f"reasoning= one of {', '.join(LEVELS)}"
        raise _unsupported(f"`{model}` is told in a word how much to think, not in tokens", hint, rules)
    return {"thinkingLevel": rules.named("levels", LEVELS, value), **shown}


def _switched_off(model: str, style: str, rules: Rules) -> dict[str, Any]:
    if style == "none":
        return {}
    if not rules.settings["thinking_off"] or style == "level":
        raise _unsupported(f"`{model}` always thinks", 'reasoning="low" is the least it does', rules)
    return {"thinkingBudget": 0}


def _unsupported(words: str, hint: str, rules: Rules) -> Unsupported:
    info = ErrorInfo(
        "request.unsupported",
        f"{words}; nothing was sent",
        hint=hint,
        provider=rules.seal.provider,
        sent="no",
    )
    return Unsupported(info)


def read_thinking(config: Mapping[str, Any], rules: Rules) -> str | int | None:
    """Our option, if all that ``config`` says is what it would be rendered to; else ``None``."""
    shown = {"includeThoughts": True} if rules.settings["thoughts"] else {}
    rest = {name: value for name, value in config.items() if name != "includeThoughts"}
    if rest == {"thinkingBudget": 0} and not config.get("includeThoughts"):
        return "none"
    if {name: config[name] for name in config.keys() & {"includeThoughts"}} != shown or len(rest) != 1:
        return None
    budget, level = rest.get("thinkingBudget"), rest.get("thinkingLevel")
    if isinstance(budget, int) and budget > 0 and rules.settings["thinking"] == "budget":
        return budget
    word = level.lower() if isinstance(level, str) else ""
    # the table may say a word in another; it reads back as the first that is said so
    usual = (word, *LEVELS) if rules.settings["thinking"] == "level" else ()
    return next(
        (ours for ours in usual if ours in LEVELS and rules.named("levels", LEVELS, ours) == word), None
    )
