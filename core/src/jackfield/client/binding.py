"""A model bound to everything a call of it needs. Made once, kept, called directly."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import attrs
from attrs import field, frozen

from jackfield.auth.base import Auth
from jackfield.auth.pool import KeyPool
from jackfield.catalogue import PriceBook
from jackfield.flow import Flow
from jackfield.policy.board import Board, Guard
from jackfield.profile import Capability, Model, OptionRule, Profile, Support
from jackfield.types import NO_TAGS, Tags, Timeouts
from jackfield.types.resilience import RetryRules
from jackfield.wire import Call, Decoder, Reply, Wire

if TYPE_CHECKING:
    from jackfield.client.accounts import Owners


class Books(Protocol):
    """Further books that are kept of attempts: limits, budgets, the ledger, observers."""

    def entering(self, binding: Binding, plan: Any, run: Any, course: Any) -> Flow[Any]:
        """The entry of an attempt that is about to be made; waits for its turn, or raises what forbids it."""


class Key:
    """One credential of a binding, and what stands before the calls it signs.

    ``account`` is whose it is, and ``owners`` who knows what came from it, where others stand beside it.
    """

    __slots__ = ("account", "auth", "guard", "index", "owners")

    def __init__(self, index: int, auth: Auth, guard: Guard, owners: Owners | None = None) -> None:
        self.index = index
        self.auth = auth
        self.guard = guard
        self.owners = owners
        self.account = guard.key.credential if owners is not None else ""


def keys_of(
    auth: Auth, target: tuple[str, str, str], board: Board, owners: Owners | None = None
) -> tuple[Key, ...]:
    """The credentials of ``auth``: each has a guard of its own for the target of (provider, endpoint, model).

    ``owners`` knows what came from which of several, if each has an account of its own.
    """
    members = auth.members if isinstance(auth, KeyPool) else (auth,)
    owners = owners if len(members) > 1 else None
    names = [_credential(member) or f"key-{index + 1}" for index, member in enumerate(members)]
    return tuple(
        Key(index, member, board.guard((*target, name)), owners)
        for index, (member, name) in enumerate(zip(members, names, strict=True))
    )


def _credential(auth: Auth) -> str | None:
    """What a credential is called where it must not be shown: a hash, if it has one."""
    return getattr(auth, "credential", None)


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
    keys: tuple[Key, ...] = field(default=(), repr=False)
    retry: RetryRules = field(factory=RetryRules, repr=False)
    books: Books | None = field(default=None, repr=False)  # who else keeps count of attempts
    pricing: Callable[[Model], PriceBook] | None = field(
        default=None, repr=False
    )  # for others of this provider
    tags: Tags = NO_TAGS  # whose they are, where they do not say
    refused: frozenset[Capability] = field(init=False, repr=False)  # what is known not to work
    pool: KeyPool | None = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if not self.keys:
            target = (self.profile.id, "", self.model.id)
            object.__setattr__(self, "keys", keys_of(self.auth, target, Board()))
        object.__setattr__(self, "pool", self.auth if isinstance(self.auth, KeyPool) else None)
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

    def in_turn(self, now: float) -> Iterable[Key]:
        """The credentials, the one whose turn it is first."""
        keys = self.keys
        return keys if self.pool is None else [keys[index] for index in self.pool.order(now)]

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

    def for_model(self, model: str) -> Binding:
        """This binding with the prices of another model: what a batch answers may come from several."""
        found = self.profile.model(model)
        if self.pricing is None or not model or found.id == self.model.id:
            return self
        return attrs.evolve(self, model=found, prices=self.pricing(found))

    def evolve(self, **changes: Any) -> Binding:
        """This binding with something set anew."""
        return attrs.evolve(self, **changes)
