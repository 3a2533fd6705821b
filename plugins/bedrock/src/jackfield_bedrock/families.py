"""Which maker a model's id names, and what follows for how it is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import lru_cache

# A region or group of regions before the maker makes an id that of an inference profile.
_REGIONAL = re.compile(r"(?:us|eu|apac|jp|au|ca|sa|me|af|us-gov|global)\.(?=[a-z0-9-]+\.)")
_IN_ARN = re.compile(r"arn:[^:]*:bedrock:[^:]*:[^:]*:(?:foundation-model|inference-profile)/(.+)")
_ARN_REGION = re.compile(r"arn:[^:]*:[^:]*:([a-z0-9-]+):")

# How an effort to reason is said, by model; the first pattern that fits holds. 2026-11.
_REASONING: tuple[tuple[str, str], ...] = (
    ("anthropic.claude-opus-4-[678]*", "adaptive"),
    ("anthropic.claude-sonnet-4-6*", "adaptive"),
    ("anthropic.claude-*-5*", "thinking"),  # 4-5 and the versions 5 below
    ("anthropic.*", "thinking"),
    ("amazon.nova-2*", "nova"),
    ("openai.gpt-oss*", "effort"),
    ("openai.*", "object"),
    ("xai.*", "object"),
    ("deepseek.r1*", ""),
    ("deepseek.*", "effort"),
    ("qwen.*", "word"),
)
_NEW_CLAUDE = re.compile(r"anthropic\.claude-(?:[a-z]+)-(?:[5-9]|\d\d)(?:-|$|\.)")

# Models that know no schema for an answer; they are made to call a tool instead. 2026-11.
_BY_TOOL: tuple[str, ...] = (
    "amazon.*",
    "meta.*",
    "cohere.*",
    "ai21.*",
    "anthropic.claude-3*",
    "anthropic.claude-v2*",
    "anthropic.claude-instant*",
    "anthropic.claude-sonnet-4-2*",
    "anthropic.claude-opus-4-[12]*",
    "mistral.mistral-7b*",
    "mistral.mixtral*",
    "mistral.mistral-large-2*",
    "mistral.mistral-small*",
    "mistral.pixtral*",
    "deepseek.r1*",
    "writer.*",
)

TOP_K: Mapping[str, tuple[str, ...]] = {
    "anthropic": ("top_k",),
    "amazon": ("inferenceConfig", "topK"),
    "cohere": ("k",),
    "mistral": ("top_k",),
}
"""Where the makers that have it take ``top_k``, among the model's own fields."""


def plain_id(model: str) -> str:
    """A model's id without region and without the ARN around it."""
    found = _IN_ARN.fullmatch(model)
    return _REGIONAL.sub("", found[1] if found else model, count=1)


@lru_cache(maxsize=256)  # every call asks
def family_of(model: str) -> str:
    """The maker of a model; empty where its id does not tell, as with ARNs of a user's own."""
    plain = plain_id(model)
    return "" if plain.startswith("arn:") else plain.partition(".")[0]


def reasoning_style(model: str) -> str:
    """How this model is told how much to reason; empty if it cannot be told."""
    plain = plain_id(model)
    if _NEW_CLAUDE.match(plain):
        return "adaptive"
    return next((style for pattern, style in _REASONING if fnmatchcase(plain, pattern)), "")


def answers_by_tool(model: str) -> bool:
    """Whether this model gives structured answers only as the arguments of a tool."""
    plain = plain_id(model)
    return any(fnmatchcase(plain, pattern) for pattern in _BY_TOOL)


def region_of(model: str) -> str:
    """The region an ARN names."""
    found = _ARN_REGION.match(model)
    return found[1] if found else ""
