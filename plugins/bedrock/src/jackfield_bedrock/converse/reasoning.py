"""How much to reason: our one option, and the ways the makers of the models have to say it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from jackfield.errors import ErrorInfo, InvalidRequest, Unsupported
from jackfield_bedrock.converse.tables import Rules
from jackfield_bedrock.families import reasoning_style

BUDGETS: Mapping[str, int] = {
    "minimal": 1024,
    "low": 1024,
    "medium": 2048,
    "high": 4096,
    "xhigh": 8192,
    "max": 16384,
}
SMALLEST_BUDGET = 1024
DEFAULT_MAX_TOKENS = 4096

_ADAPTIVE: Mapping[str, str] = {"minimal": "low"}
_THREE: Mapping[str, str] = {"minimal": "low", "xhigh": "high", "max": "high"}
_TWO: Mapping[str, str] = {"minimal": "low", "medium": "high", "xhigh": "high", "max": "high"}

Fields = dict[str, Any]


def style_of(model: str, rules: Rules) -> str:
    """How ``model`` is told; empty if it cannot be."""
    stated = str(rules.settings["reasoning_style"])
    return reasoning_style(model) if stated == "auto" else stated


def render_reasoning(value: str | int, model: str, rules: Rules, config: dict[str, Any]) -> Fields:
    """The model's own fields that say ``value``; ``config`` holds the length limit, which counts it too."""
    style = STYLES.get(style_of(model, rules))
    if style is None:
        raise _refused(f"`{model}` cannot be told how much to reason", rules)
    return style(value, model, rules, config)


def _thinking(value: str | int, model: str, rules: Rules, config: dict[str, Any]) -> Fields:
    if value in ("none", 0):
        return {"thinking": {"type": "disabled"}}
    budget = _budget(value, rules, config)
    return {"thinking": {"type": "enabled", "budget_tokens": budget}}


def _budget(value: str | int, rules: Rules, config: dict[str, Any]) -> int:
    """The tokens to reason with, always below the length limit."""
    budget = value if isinstance(value, int) else int({**BUDGETS, **rules.settings["budgets"]}[value])
    limit = config.get("maxTokens")
    if limit is None:
        limit = rules.max_output or DEFAULT_MAX_TOKENS
        if budget >= limit:
            limit = config["maxTokens"] = budget + DEFAULT_MAX_TOKENS
    if budget < limit:
        return budget
    if isinstance(value, str) and limit > SMALLEST_BUDGET:
        return int(limit) - 1
    needed = max(budget if isinstance(value, int) else 0, SMALLEST_BUDGET)
    msg = f"reasoning needs `max_tokens` above {needed}, not {limit}; nothing was sent"
    hint = "raise `max_tokens`, or lower `reasoning`"
    raise InvalidRequest(ErrorInfo("request.invalid", msg, hint=hint, sent="no"))


def _adaptive(value: str | int, model: str, rules: Rules, config: dict[str, Any]) -> Fields:
    if value in ("none", 0):
        return {"thinking": {"type": "disabled"}}
    word = _ADAPTIVE.get(_word(value, model, rules), str(value))
    return {"thinking": {"type": "adaptive"}, "output_config": {"effort": word}}


def _nova(value: str | int, model: str, rules: Rules, config: dict[str, Any]) -> Fields:
    if value in ("none", 0):
        return {"reasoningConfig": {"type": "disabled"}}
    word = _word(value, model, rules)
    return {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": _THREE.get(word, word)}}


def _effort(value: str | int, model: str, rules: Rules, config: dict[str, Any]) -> Fields:
    if value in ("none", 0):
        raise _refused(f"`{model}` always reasons", rules)
    word = _word(value, model, rules)
    return {"reasoning_effort": _THREE.get(word, word)}


def _object(value: str | int, model: str, rules: Rules, config: dict[str, Any]) -> Fields:
    return {"reasoning": {"effort": _word(value or "none", model, rules)}}


def _two_words(value: str | int, model: str, rules: Rules, config: dict[str, Any]) -> Fields:
    if value in ("none", 0):
        return {}  # it reasons only when told to
    word = _word(value, model, rules)
    return {"reasoning_config": _TWO.get(word, word)}


STYLES: Mapping[str, Callable[[str | int, str, Rules, dict[str, Any]], Fields]] = {
    "thinking": _thinking,
    "adaptive": _adaptive,
    "nova": _nova,
    "effort": _effort,
    "object": _object,
    "word": _two_words,
}
"""The ways to say it, by the word that `reasoning_style` takes."""


def _word(value: str | int, model: str, rules: Rules) -> str:
    if isinstance(value, str):
        return value
    hint = f"reasoning= one of {', '.join(BUDGETS)}"
    raise _refused(f"`{model}` takes an effort to reason with, not a number of tokens", rules, hint)


def _refused(message: str, rules: Rules, hint: str = "") -> Unsupported:
    msg = f"{message}; nothing was sent"
    provider = rules.seal.provider
    return Unsupported(ErrorInfo("request.unsupported", msg, hint=hint, provider=provider, sent="no"))


# -- the way back ----------------------------------------------------------------------------------


def read_reasoning(fields: Fields, model: str, rules: Rules) -> tuple[str | int | None, Fields]:
    """Our option, and the model's own fields without those that say it."""
    value, said = READ.get(style_of(model, rules), _nothing)(fields)
    return value, {name: field for name, field in fields.items() if name not in said}


def _nothing(fields: Fields) -> tuple[None, tuple[str, ...]]:
    return None, ()


def _read_thinking(fields: Fields) -> tuple[str | int | None, tuple[str, ...]]:
    thinking = fields.get("thinking")
    if thinking == {"type": "disabled"}:
        return "none", ("thinking",)
    if isinstance(thinking, dict) and thinking.keys() == {"type", "budget_tokens"}:
        if thinking["type"] == "enabled" and type(thinking["budget_tokens"]) is int:
            return thinking["budget_tokens"], ("thinking",)
    return None, ()


def _read_adaptive(fields: Fields) -> tuple[str | int | None, tuple[str, ...]]:
    if fields.get("thinking") == {"type": "disabled"}:
        return "none", ("thinking",)
    config = fields.get("output_config")
    effort = config.get("effort") if isinstance(config, dict) and len(config) == 1 else None
    if fields.get("thinking") == {"type": "adaptive"} and effort in BUDGETS:
        return str(effort), ("thinking", "output_config")
    return None, ()


def _read_nova(fields: Fields) -> tuple[str | int | None, tuple[str, ...]]:
    config = fields.get("reasoningConfig")
    if config == {"type": "disabled"}:
        return "none", ("reasoningConfig",)
    if isinstance(config, dict) and config.keys() == {"type", "maxReasoningEffort"}:
        if config["type"] == "enabled" and config["maxReasoningEffort"] in BUDGETS:
            return str(config["maxReasoningEffort"]), ("reasoningConfig",)
    return None, ()


def _read_field(name: str) -> Callable[[Fields], tuple[str | int | None, tuple[str, ...]]]:
    def read(fields: Fields) -> tuple[str | int | None, tuple[str, ...]]:
        value = fields.get(name)
        return (value, (name,)) if isinstance(value, str) and value in BUDGETS else (None, ())

    return read


def _read_object(fields: Fields) -> tuple[str | int | None, tuple[str, ...]]:
    value = fields.get("reasoning")
    if isinstance(value, dict) and value.keys() == {"effort"} and value["effort"] in (*BUDGETS, "none"):
        return str(value["effort"]), ("reasoning",)
    return None, ()


READ: Mapping[str, Callable[[Fields], tuple[str | int | None, tuple[str, ...]]]] = {
    "thinking": _read_thinking,
    "adaptive": _read_adaptive,
    "nova": _read_nova,
    "effort": _read_field("reasoning_effort"),
    "object": _read_object,
    "word": _read_field("reasoning_config"),
}
