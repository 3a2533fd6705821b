"""Routes of a client: what is known of each target, what a request is about, and the decision.

Nothing here sends anything. The decision is pure; what it goes by is gathered here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from difflib import get_close_matches
from random import Random
from typing import TYPE_CHECKING, Any

from jackfield.capability import Capability
from jackfield.client.hints import NEEDS, needs_of, without_hints
from jackfield.client.prompt import Prompt, conversation
from jackfield.errors import BadConfig, ErrorInfo, InvalidRequest, JackfieldError
from jackfield.policy.route import Decision, Detector, Facts, Known, Measures, Router, Shared, bound_to
from jackfield.policy.route.strategies import canonical
from jackfield.policy.route.values import anything_goes
from jackfield.tokens.estimate import likely_tokens
from jackfield.types import Message, Usage
from jackfield.types.routes import NO_HINTS, ROUTE, Hints, Route, Target

if TYPE_CHECKING:
    from jackfield.client.binding import Binding
    from jackfield.client.client import Bindings
    from jackfield.config import Settings
    from jackfield.policy.route import Ranker
    from jackfield.policy.route.values import Usable
    from jackfield.registry import Registry

_HOUR = 3600.0


class Routes:
    """The routes of one client, each made at first use."""

    def __init__(self, binder: Bindings) -> None:
        self._binder = binder
        routing = binder.settings.routing
        self._routes = binder.settings.routes
        self._routers: dict[str, Router] = {}
        self._lock = threading.RLock()  # a route may stand in for another
        detector = Detector(routing.phrases, routing.system_words, routing.cache_entries)
        self._shared = Shared(Measures(routing.alpha), detector, routing)
        check_providers(self._routes, binder.registry)

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes.values())

    @property
    def measures(self) -> Measures:
        """What has been measured of all targets."""
        return self._shared.measures

    def router(self, name: str) -> Router:
        """The route of that name, with or without ``route:``."""
        found = self._routers.get(name)
        if found is None:
            with self._lock:
                found = self._routers.get(name) or self._routers.setdefault(name, self._made(name))
        return found

    def decide(
        self, name: str, prompt: Prompt, options: Mapping[str, Any], stream: bool = False
    ) -> tuple[Router, Facts, Mapping[str, Any]]:
        """A route, what one request is about, and the options without what they say of routing."""
        hints, rest = without_hints(options)
        return self.router(name), facts_of(prompt, rest, hints, stream=stream), rest

    def explain(self, name: str, prompt: Prompt, options: Mapping[str, Any]) -> Decision:
        """What a route would decide now; nobody's turn is taken."""
        from jackfield.client.calling import shut

        router, facts, _ = self.decide(name, prompt, options)
        now = time.monotonic()
        facts.usable = lambda known: shut(self._binder, known, now)
        return router.order(facts, now, Random(), peek=True)  # noqa: S311  # turns, not secrets

    def alone(self, binding: Binding) -> Router:
        """A model as a route of one target, so that hints of a call hold for it as well."""
        target = Target(binding.name)
        known = known_of(binding, target, self._binder.settings)
        route = Route(binding.name, (target,), "fallback", max_attempts=binding.max_retries + 1)
        return Router(route, [known], self._shared)

    def _made(self, name: str) -> Router:
        plain = name.removeprefix(ROUTE)
        route = self._routes.get(plain)
        if route is None:
            raise _no_route(plain, self._routes)
        known = [self._known(target, fallback=False) for target in route.targets]
        for target in route.fallback:
            if not target.model.startswith(ROUTE):
                known.append(self._known(target, fallback=True))
                known += [self._mapped(target, model) for model in target.models.values()]
        if canonical(route.strategy) == "cost":
            _require_costs(route, known)
        leads_on = any(target.model.startswith(ROUTE) for target in route.fallback)
        others = self.router if leads_on else None
        return Router(route, known, self._shared, self._ranker(route), others)

    def _known(self, target: Target, *, fallback: bool) -> Known:
        try:
            found = known_of(self._binder.bind(target.model), target, self._binder.settings)
        except JackfieldError as exc:
            reason = exc.summary.partition("\n")[0]
            found = Known(target, target.model, target.model.partition("/")[0], problem=reason)
        found.fallback = fallback
        return found

    def _mapped(self, target: Target, model: str) -> Known:
        from attrs import evolve

        found = self._known(evolve(target, model=model, models={}), fallback=True)
        found.mapped = True
        return found

    def _ranker(self, route: Route) -> Ranker | None:
        if not route.extension:
            return None
        entries = {entry.name: entry for entry in self._binder.registry.extensions()}
        entry = entries.get(route.extension)
        path = f"routes.{route.name}.extension"
        if entry is None:
            near = get_close_matches(route.extension, entries, 1)
            hint = f"did you mean `{near[0]}`?" if near else "`jackfield plugins` lists those installed"
            msg = f"{path}: no extension `{route.extension}` is installed"
            raise BadConfig(ErrorInfo("config", msg, hint=hint))
        ranker: Any = self._binder.registry.extension(route.extension)
        if not callable(getattr(ranker, "rank", None)):
            msg = f"{path}: `{route.extension}` of `{entry.distribution}` has no `rank`"
            raise BadConfig(ErrorInfo("config", msg, hint="its documentation says what it offers"))
        return ranker  # type: ignore[no-any-return]  # it has what the protocol asks for


# -- what is known of a target -------------------------------------------------------------------


def known_of(binding: Binding, target: Target, settings: Settings) -> Known:
    """What is known of a target before any call."""
    profile, model = binding.profile, binding.model
    return Known(
        target,
        binding.name,
        profile.id,
        binding.refused,
        {capability: binding.supports(capability) for capability in Capability},
        model.context,
        model.max_output,
        _price(binding, target),
        profile.category == "local" or binding.answer is not None,
        _regions(binding, target, settings),
        (*profile.compliance.get("tags", ()), *settings.provider(profile).compliance),
        target.quality,
    )


def _regions(binding: Binding, target: Target, settings: Settings) -> tuple[str, ...]:
    """Where a target serves from, as far as somebody says so; ``eu-west-1`` is in ``eu``, too."""
    own = settings.provider(binding.profile)
    stated = target.region or str(own.chosen.get("region") or own.chosen.get("location") or "")
    if stated:
        return tuple(dict.fromkeys((stated, stated.partition("-")[0])))
    addresses = binding.profile.regions
    return tuple(name for name, url in addresses.items() if name != "note" and url == own.base_url)


def _price(binding: Binding, target: Target) -> Callable[[int, int], float | None]:
    """What tokens cost, as a function quick enough to be asked for every target of every call.

    The book is asked once an hour for each order of magnitude, since prices may hang on both.
    """
    stated = target.cost
    if stated is not None:
        return lambda tokens_in, tokens_out: stated * (tokens_in + tokens_out) / 1000
    rates: dict[tuple[int, int], tuple[float, float] | None] = {}

    def price(tokens_in: int, tokens_out: int) -> float | None:
        key = tokens_in.bit_length(), int(time.time() // _HOUR)
        try:
            found = rates[key]
        except KeyError:
            if len(rates) > 128:
                rates.clear()
            found = rates[key] = _rates(binding, max(1000, tokens_in))
        return None if found is None else tokens_in * found[0] + tokens_out * found[1]

    return price


def _rates(binding: Binding, size: int) -> tuple[float, float] | None:
    """USD per token in and out, for requests of about that size; ``None`` where it is not known."""
    book, at = binding.prices, datetime.now(UTC)
    into: Decimal | None = book.charge(Usage(input=size), at)
    both: Decimal | None = book.charge(Usage(input=size, output=1000), at)
    if into is None or both is None:
        return None
    return float(into) / size, float(both - into) / 1000


def _require_costs(route: Route, known: Sequence[Known]) -> None:
    """Under `cost` every target that can be called has a known cost."""
    unknown = [each.model for each in known if not each.problem and each.price(1000, 1000) is None]
    if unknown:
        named = ", ".join(f"`{model}`" for model in unknown)
        msg = f"routes.{route.name}: strategy `{route.strategy}` needs the cost of every target; unknown for {named}"
        hint = f'state it: {{ model = "{unknown[0]}", cost = 0.001 }} is in USD per 1,000 tokens'
        raise BadConfig(ErrorInfo("config", msg, hint=hint))


def check_providers(routes: Mapping[str, Route], registry: Registry) -> None:
    """Refuse targets of providers that nobody knows; those not installed are told of when they are asked for."""
    problems = []
    names: frozenset[str] | None = None
    for route in routes.values():
        for target in (*route.targets, *route.fallback):
            provider = target.model.partition("/")[0].lower().replace("_", "-")
            if target.model.startswith(ROUTE) or provider in registry.ids():
                continue
            names = registry.names() if names is None else names
            if provider not in names:
                near = get_close_matches(provider, names, 1)
                close = f", did you mean `{near[0]}`?" if near else ""
                problems.append(f"routes.{route.name}: no provider `{provider}` is installed or known{close}")
    if problems:
        raise BadConfig(ErrorInfo("config", "\n".join(problems), hint="`jackfield providers` lists them"))


def _no_route(name: str, routes: Mapping[str, Route]) -> BadConfig:
    near = get_close_matches(name, routes, 1)
    listed = ", ".join(f"`{known}`" for known in routes)
    hint = f"did you mean `route:{near[0]}`?" if near else f"there are {listed}" if routes else ""
    hint = hint or f"set one: `[routes.{name}]` in jackfield.toml"
    return BadConfig(ErrorInfo("config", f"there is no route `{name:.60}`", hint=hint))


# -- what is known of a request ------------------------------------------------------------------


def facts_of(
    prompt: Prompt,
    options: Mapping[str, Any],
    hints: Hints = NO_HINTS,
    *,
    stream: bool = False,
    usable: Usable = anything_goes,
) -> Facts:
    """What is known of a completion before a target is chosen."""
    system = options.get("system") or ""
    if type(prompt) is str and not options:
        needs = NEEDS[stream] if not hints.needs else NEEDS[stream] | _named(hints.needs)
        return Facts(prompt, "", needs, likely_tokens(prompt), None, hints, "", None, time.time(), usable)
    messages = conversation(prompt, system or None)
    words, told = _words(messages)
    needs = needs_of(messages, options, stream) | _named(hints.needs)
    output = options.get("max_tokens")
    tokens = sum(likely_tokens(message.text) for message in messages)
    bound = bound_to(messages, options.get("extra") or {})
    sticky = hints.tags.get("conversation") or options.get("user") or hints.tags.get("user") or ""
    return Facts(words, told, needs, tokens, output, hints, str(sticky), bound, time.time(), usable)


def _words(messages: Sequence[Message]) -> tuple[str, str]:
    """What the user said last, and what the system prompt says."""
    asked = next((message.text for message in reversed(messages) if message.role == "user"), "")
    return asked, "\n".join(message.text for message in messages if message.role == "system")


def _named(names: Sequence[str]) -> frozenset[Capability]:
    try:
        return frozenset(map(Capability, names))
    except ValueError:
        known = [capability.value for capability in Capability]
        wrong = next(name for name in names if name not in known)
        near = get_close_matches(wrong, known, 1)
    hint = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known)}"
    msg = f"`needs`: there is no capability `{wrong:.40}`; nothing was sent"
    raise InvalidRequest(ErrorInfo("request.invalid", msg, hint=hint, sent="no"))
