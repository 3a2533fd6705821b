"""What can be asked of a model, and how far each of it is supported.

One object answers the runtime (refuse before sending), the router (filter), the contract kit (choose
tests) and the docs (tables), so none of them can disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from fnmatch import fnmatchcase

from attrs import field, frozen


class Support(StrEnum):
    """How far a capability is supported."""

    FULL = "full"
    PARTIAL = "partial"
    UNSUPPORTED = "unsupported"
    NOT_IMPLEMENTED = "not_implemented"
    UNKNOWN = "unknown"

    @property
    def usable(self) -> bool:
        """Whether asking may succeed. What nobody stated is tried: the provider knows better than we do."""
        return self not in (Support.UNSUPPORTED, Support.NOT_IMPLEMENTED)


class Capability(StrEnum):
    """What can be asked of a model: the chat capabilities first, then the operations beyond chat."""

    CHAT = "chat"
    STREAMING = "streaming"
    SYSTEM_PROMPT = "system_prompt"
    TOOLS = "tools"
    PARALLEL_TOOLS = "parallel_tools"
    TOOL_CHOICE = "tool_choice"
    JSON_MODE = "json_mode"
    JSON_SCHEMA = "json_schema"
    IMAGES_IN = "images_in"
    AUDIO_IN = "audio_in"
    DOCUMENTS_IN = "documents_in"
    REASONING = "reasoning"
    LOGPROBS = "logprobs"
    EMBEDDINGS = "embeddings"
    USAGE_IN_STREAM = "usage_in_stream"
    PROMPT_CACHE = "prompt_cache"
    LIST_MODELS = "list_models"
    # beyond chat; a profile may state them once with ``other``
    COMPLETIONS = "completions"
    RERANK = "rerank"
    CLASSIFY = "classify"
    MODERATION = "moderation"
    WEB_SEARCH = "web_search"
    CITATIONS = "citations"
    IMAGES_OUT = "images_out"
    VIDEO_IN = "video_in"
    VIDEO_OUT = "video_out"
    SPEECH_OUT = "speech_out"
    SPEECH_IN = "speech_in"
    BATCH = "batch"
    FILES = "files"
    FINE_TUNING = "fine_tuning"
    ENDPOINTS = "endpoints"
    JOBS = "jobs"
    COUNT_TOKENS = "count_tokens"
    REALTIME = "realtime"
    LIMITS = "limits"


_ALL = list(Capability)
CHAT_CAPABILITIES: tuple[Capability, ...] = tuple(_ALL[: _ALL.index(Capability.COMPLETIONS)])
OTHER_CAPABILITIES: tuple[Capability, ...] = tuple(_ALL[len(CHAT_CAPABILITIES) :])


@frozen
class Statement:
    """What a profile says of one capability; ``models`` are patterns where it holds only for some."""

    support: Support
    models: tuple[str, ...] = ()
    note: str = ""

    def of(self, model: str) -> Support:
        """The support for one model."""
        if self.support is Support.PARTIAL and self.models:
            matches = any(fnmatchcase(model, pattern) for pattern in self.models)
            return Support.FULL if matches else Support.UNSUPPORTED
        return self.support


UNSTATED = Statement(Support.UNKNOWN)


@frozen
class Capabilities:
    """All statements of a provider; later layers (model family, user) override earlier ones."""

    statements: Mapping[Capability, Statement] = field(factory=dict)

    def statement(self, capability: Capability) -> Statement:
        """What is said of ``capability``."""
        return self.statements.get(capability, UNSTATED)

    def of(self, capability: Capability, model: str = "") -> Support:
        """How far ``model`` supports ``capability``."""
        return self.statement(capability).of(model)

    def over(self, statements: Mapping[Capability, Statement]) -> Capabilities:
        """These capabilities with another layer on top."""
        return Capabilities({**self.statements, **statements})


# What a model is made for. One that is not made for chat can only do the one thing, unless its own facts say more.
MODES: Mapping[str, Capability] = {
    "chat": Capability.CHAT,
    "completion": Capability.COMPLETIONS,
    "embedding": Capability.EMBEDDINGS,
    "rerank": Capability.RERANK,
    "moderation": Capability.MODERATION,
    "image": Capability.IMAGES_OUT,
    "video": Capability.VIDEO_OUT,
    "speech": Capability.SPEECH_OUT,
    "transcription": Capability.SPEECH_IN,
    "realtime": Capability.REALTIME,
}

_OF_PROVIDERS = frozenset({Capability.LIST_MODELS, Capability.BATCH, Capability.FILES, Capability.LIMITS})


def by_mode(mode: str, capability: Capability, stated: Support) -> Support:
    """The support that follows from what a model is made for, where ``stated`` is said of the provider."""
    made_for = MODES[mode]
    if mode == "chat" or capability in _OF_PROVIDERS:
        return stated
    if capability is not made_for:
        return Support.UNSUPPORTED
    # Patterns over names may miss a model that is listed as made for this; a provider without it has none.
    return stated if stated in (Support.NOT_IMPLEMENTED, Support.PARTIAL) else Support.FULL
