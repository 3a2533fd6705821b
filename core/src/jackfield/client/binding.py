"""A model bound to everything a call of it needs. Made once, kept, called directly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import attrs
from attrs import field, frozen

from jackfield.auth.base import Auth
from jackfield.catalogue import PriceBook
from jackfield.profile import Capability, Model, OptionRule, Profile, Support
from jackfield.types import Timeouts
from jackfield.wire import Call, Decoder, Reply, Wire


@frozen
class Binding:
    """Provider, model and the answers of the four hooks."""

    profile: Profile
    model: Model
    auth: Auth
    wire: Wire
    decoder: Callable[[], Decoder]
    prices: PriceBook
    timeouts: Timeouts = field(factory=Timeouts)
    max_retries: int = 2
    capabilities: Mapping[Capability, Support] = field(factory=dict, repr=False)
    rules: Mapping[str, OptionRule] = field(factory=dict, repr=False)
    answer: Callable[[Call], Reply] | None = None  # set for what is served inside the process
    refused: frozenset[Capability] = field(init=False, repr=False)  # what is known not to work

    def __attrs_post_init__(self) -> None:
        refused = frozenset(
            capability for capability, support in self.capabilities.items() if not support.usable
        )
        object.__setattr__(self, "refused", refused)

    @property
    def provider(self) -> str:
        """The provider's id."""
        return self.profile.id

    @property
    def name(self) -> str:
        """Provider and model, as callers write them."""
        return f"{self.profile.id}/{self.model.id}"

    def supports(self, capability: Capability) -> Support:
        """How far this model supports ``capability``."""
        return self.capabilities.get(capability, Support.UNKNOWN)

    def describe(self) -> dict[str, Any]:
        """Who answered each hook, for people."""
        return {
            "auth": type(self.auth).__qualname__,
            "completion": type(self.wire).__qualname__,
            "streaming": getattr(self.decoder, "__qualname__", type(self.decoder).__qualname__),
            "pricing": self.prices.source,
        }

    def evolve(self, **changes: Any) -> Binding:
        """This binding with something set anew."""
        return attrs.evolve(self, **changes)
