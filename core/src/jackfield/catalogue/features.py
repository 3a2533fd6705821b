"""Providers as people look for them: by what they are, offer and state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from jackfield.capability import Capability, Support
from jackfield.catalogue.index import Shelf
from jackfield.errors import ErrorInfo, InvalidRequest

_Judge: TypeAlias = "Callable[[ProviderFacts], bool]"


class ProviderFacts:
    """What is known of one provider, read from the catalogue's table when it is asked for."""

    __slots__ = ("shelf",)

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    @property
    def id(self) -> str:
        """What models of it begin with."""
        return self.shelf.provider

    @property
    def name(self) -> str:
        """Its name, for people."""
        return str(self.shelf.facts["name"])

    @property
    def aliases(self) -> tuple[str, ...]:
        """Other ids that mean it."""
        return tuple(self.shelf.facts["aliases"])

    @property
    def category(self) -> str:
        """What kind of provider it is."""
        return str(self.shelf.facts["category"])

    @property
    def auth(self) -> tuple[str, ...]:
        """The ways to authenticate, the first choice first."""
        return tuple(self.shelf.facts["auth"])

    @property
    def wires(self) -> tuple[str, ...]:
        """The wire formats it is spoken to in, the main one first."""
        return tuple(self.shelf.facts["wires"])

    @property
    def regions(self) -> tuple[str, ...]:
        """Where it can be told to serve from."""
        return tuple(self.shelf.facts["regions"])

    @property
    def compliance(self) -> tuple[str, ...]:
        """What it is stated to comply with."""
        return tuple(self.shelf.facts["compliance"])

    @property
    def models(self) -> int:
        """How many of its models are listed."""
        return len(self.shelf)

    @property
    def quality(self) -> str:
        """The level its package claims."""
        return str(self.shelf.facts["quality"])

    @property
    def features(self) -> tuple[str, ...]:
        """What it offers, in the words of ``FEATURES``."""
        return tuple(name for name, judge in FEATURES.items() if judge(self))

    def supports(self, capability: Capability) -> Support:
        """How far it as a whole supports a capability."""
        return self.shelf.stated(capability)

    def can(self, capability: Capability) -> bool:
        """Whether it is stated to have a capability, in whole or in part."""
        return self.supports(capability) in (Support.FULL, Support.PARTIAL)

    def has(self, feature: str) -> bool:
        """Whether it offers a feature; ``InvalidRequest`` if that is none."""
        return _judge(feature)(self)

    def __repr__(self) -> str:
        return f"<ProviderFacts {self.id}>"


def checked_feature(feature: str) -> str:
    """The feature, if there is one of that name; ``InvalidRequest`` if there is none."""
    _judge(feature)
    return feature


def _judge(feature: str) -> _Judge:
    found = FEATURES.get(feature.strip().lower().replace("_", "-").replace(" ", "-"))
    if found is not None:
        return found
    from difflib import get_close_matches

    near = get_close_matches(feature, FEATURES, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(FEATURES)}"
    raise InvalidRequest(
        ErrorInfo("request.invalid", f"there is no feature `{feature}`", hint=hint, sent="no")
    )


def _with(*capabilities: Capability, least: int = 1) -> _Judge:
    return lambda facts: sum(map(facts.can, capabilities)) >= least


def _of(*categories: str) -> _Judge:
    return lambda facts: facts.category in categories


_SENSES = (Capability.IMAGES_IN, Capability.AUDIO_IN, Capability.VIDEO_IN, Capability.DOCUMENTS_IN)

FEATURES: Mapping[str, _Judge] = {
    "streaming": _with(Capability.STREAMING),
    "function-calling": _with(Capability.TOOLS),
    "structured-output": _with(Capability.JSON_SCHEMA),
    "vision": _with(Capability.IMAGES_IN),
    "multimodal": _with(*_SENSES, least=2),
    "embeddings": _with(Capability.EMBEDDINGS),
    "reranking": _with(Capability.RERANK),
    "batch": _with(Capability.BATCH),
    "fine-tuning": _with(Capability.FINE_TUNING),
    "web-search": _with(Capability.WEB_SEARCH),
    "text-to-image": _with(Capability.IMAGES_OUT),
    "text-to-video": _with(Capability.VIDEO_OUT),
    "text-to-speech": _with(Capability.SPEECH_OUT),
    "speech-to-text": _with(Capability.SPEECH_IN),
    "cost-optimised": _with(Capability.PROMPT_CACHE, Capability.BATCH),  # ways to pay less for the same
    "enterprise": _of("cloud"),
    "compliance": lambda facts: bool(facts.compliance),
    "european": lambda facts: "eu" in facts.regions,
    "open-source": _of("host", "local", "self-hosted"),  # they serve models anybody may have
    "local-inference": _of("local", "self-hosted"),
    "privacy-first": lambda facts: (
        facts.category in {"local", "self-hosted"} or facts.shelf.facts["retention"] == "none"
    ),
}
"""What providers are looked for by, and how it follows from their data."""
