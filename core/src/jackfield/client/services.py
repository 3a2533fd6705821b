"""What a client has besides models: limits, budgets, a ledger, observers, routes; each made if it is set.

``books`` is what every binding's attempts are entered in. ``watchful`` says that a call is more than its attempts.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from attrs import evolve

from jackfield.client.hints import HINTS, without_hints
from jackfield.client.local import answered
from jackfield.client.plan import plan_completion
from jackfield.errors import ErrorInfo, InvalidRequest
from jackfield.policy.hedge import HedgeBudget, Starts
from jackfield.types.recent import Recent
from jackfield.types.resilience import Hedge
from jackfield.types.routes import NO_HINTS, ON_INTERRUPT, ROUTE, Hints

if TYPE_CHECKING:
    from jackfield.client.attempts import Course
    from jackfield.client.binding import Binding, Books, Key
    from jackfield.client.caching import Answers
    from jackfield.client.calling import Asked
    from jackfield.client.client import Bindings
    from jackfield.client.prompt import Prompt
    from jackfield.client.watching import Telling
    from jackfield.flow import Flow
    from jackfield.policy.board import Change
    from jackfield.policy.budgets import Alert, Budgets
    from jackfield.policy.limits import Limits
    from jackfield.policy.limits.pacing import Paces
    from jackfield.policy.route import Facts, Router
    from jackfield.state import State
    from jackfield.state.notes import Notes
    from jackfield.telemetry import Fence

_LOG = logging.getLogger("jackfield")

SPECIAL = HINTS | {"cache", "hedge", "on_interrupt"}
"""Options that are about the call and not about the request."""


class Services:
    """All that is set for a client, made once."""

    def __init__(self, client: Bindings) -> None:
        self._client = client
        self.fence: Fence | None = _fence(client)
        self.state = _state(client)
        self.notes = _notes(self.state)
        self.answers = _answers(client, self.state)
        self.limits, self.paces, self.budgets = _limiting(client, self)
        self.timeout = client.settings.timeout
        self.watch()
        self._measured: Recent[tuple[str, str | None], Binding] = Recent()
        self._hedges: Recent[tuple[str, Hedge], tuple[Starts, HedgeBudget]] = Recent()
        self._single: Recent[str, Router] = Recent()
        self._routed: _Routed | None = None
        self._doors: Recent[Router, tuple[Key, ...]] = Recent()

    def watch(self) -> None:
        """Make the books anew, for the observers there are now; models bound before keep theirs."""
        self.books = _books(self._client, self)
        self.watchful = self.fence is not None or self.answers is not None or _leads_on(self._client)

    # -- calls -----------------------------------------------------------------------------------

    def call(
        self, name: str | None, prompt: Prompt, options: Mapping[str, Any], *, stream: bool
    ) -> Flow[Any]:
        """A call of a model with more to it than a request: hints, a hedge, observers."""
        from jackfield.client.calling import calling, routing
        from jackfield.client.routing import facts_of

        asked = _asked(name or "", prompt, options, stream=stream)
        binding = self._client.bind(name)
        if asked.hints is not NO_HINTS and asked.hints != Hints(tags=asked.hints.tags):
            router = self._alone(binding)
            facts = facts_of(prompt, asked.options, asked.hints, stream=stream)
            return routing(self._client, router, facts, asked)
        plan = plan_completion(binding, prompt, asked.options, stream)
        return calling(self._client, binding, plan, asked)

    def route(self, name: str, prompt: Prompt, options: Mapping[str, Any], *, stream: bool) -> Flow[Any]:
        """A call of a route."""
        routing, facts_of = self._routed or self._with_routes()
        asked = _asked(name, prompt, options, stream=stream)
        router = self._client.routes.router(name)
        facts = facts_of(prompt, asked.options, asked.hints, stream=stream)
        return routing(self._client, router, facts, asked)

    def _with_routes(self) -> _Routed:
        """What routes need, which is loaded with the first of them."""
        from jackfield.client.calling import routing
        from jackfield.client.routing import facts_of

        self._routed = routing, facts_of
        return self._routed

    def _alone(self, binding: Binding) -> Router:
        """A model as a route of one, so that what a call says of routing acts there as well."""
        return self._single.recall(binding.name, lambda: self._client.routes.alone(binding))

    # -- what calls ask for ----------------------------------------------------------------------

    def measured(self, model: str, route: str | None = None) -> Binding:
        """The model with what routes go by measured, too, and tagged with the route that leads there."""
        found = self._measured.get((model, route))
        if found is None:
            found = self._measured.recall((model, route), partial(self._measuring, model, route))
        return found

    def _measuring(self, model: str, route: str | None) -> Binding:
        from jackfield.client.books import MeasureBooks, shelved

        binding = self._client.bind(model)
        measures = MeasureBooks(self._client.routes.measures)
        shelves = [measures] if binding.books is None else [measures, binding.books]
        tags = binding.tags if route is None else evolve(binding.tags, route=route)
        return binding.evolve(books=shelved(shelves), tags=tags)

    def bindings(self) -> list[Binding]:
        """What routes call, and call still where it has not been bound for long."""
        return [*self._measured.kept().values()]

    def clear(self, router: Router) -> bool:
        """Whether nothing stands before any target of a route: then none of them need be asked."""
        keys = self._doors.get(router)
        if keys is None:
            models = router.sound
            if models is None:
                return False
            keys = self._doors.recall(router, partial(self._keys, models))
        return all([key.guard.clear for key in keys])  # noqa: C419  # quicker than asking a generator

    def _keys(self, models: Sequence[str]) -> tuple[Key, ...]:
        return tuple(key for model in models for key in self._client.bind(model).keys)

    def hedging(self, model: str, hedge: Hedge) -> tuple[Starts, HedgeBudget]:
        """How soon a target began to answer of late, and how many calls may still be hedged."""
        return self._hedges.recall((model, hedge), lambda: (Starts(), HedgeBudget(hedge)))

    def telling(self, asked: Asked, course: Course) -> Telling | None:
        """The call as it is told, if somebody observes."""
        if self.fence is None:
            return None
        from jackfield.client.prompt import conversation
        from jackfield.client.watching import Telling, shown
        from jackfield.telemetry.events import CallStarted

        tags = asked.hints.tags or {}
        route = asked.name.removeprefix(ROUTE) if asked.name.startswith(ROUTE) else ""
        messages = conversation(asked.prompt, asked.options.get("system")) if self.fence.captures else ()
        started = CallStarted(
            course.id, asked.name, "complete", asked.stream, route, tags, shown(asked.options), messages
        )
        return Telling(self.fence, course.id, started)

    def close(self) -> None:
        """Let go of what processes share."""
        if self.state is not None:
            self.state.close()

    def alerted(self, alert: Alert) -> None:
        """A budget is spent so far that somebody is to know."""
        names = "".join(f" ({name})" for name in alert.names if name)
        _LOG.warning("budget `%s`%s is spent to %d %%", alert.budget, names, alert.percent)
        if self.fence is not None:
            from jackfield.telemetry.events import BudgetSettled

            self.fence.tell(BudgetSettled(alert.budget, alert.percent / 100))

    def changed(self, change: Change) -> None:
        """A breaker has changed its state: other processes are told, and whoever observes."""
        if self.notes is not None and change.key:
            from jackfield.client.books import note_of

            self.notes.publish(note_of(change.key), change.until or 0.0, change.now)
        if self.fence is not None:
            from jackfield.client.watching import breaker_event

            self.fence.tell(breaker_event(change))


def _asked(name: str, prompt: Prompt, options: Mapping[str, Any], *, stream: bool) -> Asked:
    from jackfield.client.calling import Asked

    if not options:  # the usual call
        return Asked(name, prompt, options, stream)
    hints, rest = without_hints(options)
    hedge, cache, then = rest.get("hedge"), rest.get("cache"), rest.get("on_interrupt")
    if hedge is not None or cache is not None or then is not None:
        rest = {option: value for option, value in rest.items() if option not in SPECIAL}
    if cache is not None and type(cache) is not bool:
        raise _invalid(f"option `cache` must be true or false, not {cache!r:.40}")
    if then is not None and then not in ON_INTERRUPT:
        raise _invalid(f'option `on_interrupt` must be "raise" or "continue", not {then!r:.40}')
    goes_on = None if then is None else then == "continue"
    return Asked(name, prompt, rest, stream, hints, _hedge(hedge), cache is not False, goes_on)


def _hedge(given: Any) -> Hedge | None:
    """A hedge as it was asked for: by its own value, by seconds, or as it usually is."""
    if given is None or given is False:
        return None
    if isinstance(given, Hedge):
        return given
    try:
        return Hedge() if given is True else Hedge(after=given)
    except (TypeError, ValueError):
        msg = f"option `hedge` must be `Hedge(…)`, true, `p95` or a number of seconds above 0, not {given!r:.40}"
    raise _invalid(msg)


def _invalid(message: str) -> InvalidRequest:
    return InvalidRequest(ErrorInfo("request.invalid", f"{message}; nothing was sent", sent="no"))


def _fence(client: Bindings) -> Fence | None:
    if not client.settings.telemetry.observers:
        return None
    from jackfield.client.observing import fence_of

    return fence_of(client.settings, client.registry)


def _leads_on(client: Bindings) -> bool:
    """Whether a budget that is spent sends calls elsewhere."""
    return any(rule.on_exceeded.startswith("route:") for rule in client.settings.budgets)


def _state(client: Bindings) -> State | None:
    """Where processes keep what they share, if that is set."""
    if client.settings.state.backend == "memory":
        return None
    from jackfield.state import open_state

    return open_state(client.settings.state)


def _notes(state: State | None) -> Notes | None:
    """What processes tell each other of targets."""
    if state is None:
        return None
    from jackfield.state.notes import Notes

    return Notes(state)


def _answers(client: Bindings, state: State | None) -> Answers | None:
    """The answers that are kept, if that is set."""
    settings = client.settings.cache
    if not settings.enabled:
        return None
    from jackfield.client.caching import Answers
    from jackfield.policy.caches import Cache

    def embed(model: str, text: str, seconds: float) -> Flow[Sequence[float]]:
        return embedded(client, model, text, seconds)

    return Answers(Cache(settings, client.settings.paths.cache, state), embed)


def embedded(client: Bindings, model: str, text: str, seconds: float) -> Flow[Sequence[float]]:
    """The vector of a text, if it comes in so many seconds."""
    from jackfield.client.operate import operating
    from jackfield.client.plan import plan_operation
    from jackfield.types import EmbedRequest

    binding = client.bind(model)
    plan = plan_operation(
        binding,
        "embed",
        lambda name, options, extra: EmbedRequest(name, (text,), options, extra),
        {"timeout": seconds},
    )
    vectors = (yield from answered(binding, operating(binding, plan))).vectors
    return vectors[0]  # type: ignore[no-any-return]  # what embedding answers with


_Routed: TypeAlias = "tuple[Callable[..., Flow[Any]], Callable[..., Facts]]"
_Limiting: TypeAlias = "tuple[Limits | None, Paces | None, Budgets | None]"


def _limiting(client: Bindings, services: Services) -> _Limiting:
    """What is set of limits, of pacing, and of budgets."""
    settings, state = client.settings, services.state
    rules, budgets = settings.limits, settings.budgets
    if not rules.rules and rules.pacing == "off" and not budgets:
        return None, None, None
    from jackfield.policy.budgets import Budgets
    from jackfield.policy.limits import Limits
    from jackfield.policy.limits.pacing import Paces

    shared_limits = shared_budgets = None
    if state is not None:
        from jackfield.policy.budgets.shared import SharedBudgets
        from jackfield.policy.limits.shared import SharedLimits

        replicas = settings.state.replicas
        shared_limits, shared_budgets = SharedLimits(state, replicas), SharedBudgets(state, replicas)
    return (
        Limits(rules, shared_limits) if rules.rules else None,
        Paces(rules.waiting) if rules.pacing != "off" else None,
        Budgets(budgets, shared_budgets, services.alerted) if budgets else None,
    )


def _books(client: Bindings, services: Services) -> Books | None:
    """All that attempts are entered in: what may refuse first, what is to be durable last."""
    shelves: list[Books] = []
    if services.notes is not None:
        from jackfield.client.books import NoteBooks

        shelves.append(NoteBooks(client, services.notes))
    if services.limits or services.paces or services.budgets:
        shelves += _shelves(client, services)
    if services.answers is not None and services.answers.cache.settings.streams:
        from jackfield.client.caching import Keeping

        shelves.append(Keeping(services.answers))
    if services.fence is not None:
        from jackfield.client.watching import WatchBooks

        shelves.append(WatchBooks(services.fence))
    if client.ledger is not None:
        from jackfield.client.booking import LedgerBooks

        shelves.append(LedgerBooks(client.ledger))
    if not shelves:
        return None
    from jackfield.client.books import shelved

    return shelved(shelves)


def _shelves(client: Bindings, services: Services) -> Iterator[Books]:
    from jackfield.client.books import BudgetBooks, LimitBooks, PaceBooks

    if services.limits:
        yield LimitBooks(services.limits)
    if services.paces is not None:
        yield PaceBooks(services.paces, seeded=client.settings.limits.pacing == "published")
    if services.budgets:
        yield BudgetBooks(services.budgets)
