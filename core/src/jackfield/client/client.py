"""The clients: bind a model once, then complete, stream and whatever else it can. Sync and async differ by one word."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any, Self, Unpack

from jackfield.client.accounts import Owners
from jackfield.client.answers import CoreAnswers
from jackfield.client.binding import Binding, keys_of
from jackfield.client.call import completing, opening
from jackfield.client.deprecation import tell_deprecation
from jackfield.client.local import answered
from jackfield.client.losses import losses
from jackfield.client.operate import operating
from jackfield.client.operations import AsyncOperations, Operations
from jackfield.client.plan import plan_completion, unknown_option
from jackfield.client.quotes import Quotes
from jackfield.client.services import SPECIAL, Services
from jackfield.client.stream import AsyncStream, Stream
from jackfield.config import Settings
from jackfield.errors import BadConfig, ErrorInfo, InvalidRequest
from jackfield.options import Options
from jackfield.policy.board import Board
from jackfield.profile import Capability, Model
from jackfield.registry import Registry
from jackfield.transport import (
    ASYNC,
    SYNC,
    AsyncDriver,
    AsyncTransport,
    SyncDriver,
    Transport,
    default_async_transport,
    default_transport,
)
from jackfield.types import Completion, Notice, Timeouts
from jackfield.types.recent import Recent
from jackfield.types.routes import ROUTE

if TYPE_CHECKING:
    from jackfield.client.kept import AsyncBatches, AsyncFiles, Batches, Files
    from jackfield.client.plan import Plan
    from jackfield.client.prompt import Prompt
    from jackfield.client.requests import Maker
    from jackfield.client.routing import Routes
    from jackfield.flow import Flow
    from jackfield.ledger.book import Book
    from jackfield.policy.board import Change
    from jackfield.policy.caches import Cache
    from jackfield.policy.route import Decision
    from jackfield.profile import Profile


MAX_RETRIES = 2
WRITING = 10.0  # seconds that the ledger may take for its last rows


class _Given:
    """The settings a caller passes, out of sight: they may hold keys, and tracebacks can show local variables."""

    __slots__ = ("_settings",)

    def __init__(self, settings: Settings | Mapping[str, Any] | None) -> None:
        self._settings = settings

    def loaded(self) -> Settings:
        """The settings in effect."""
        if isinstance(self._settings, Settings):
            return self._settings
        if self._settings is None or isinstance(self._settings, Mapping):
            return Settings.load(self._settings)
        msg = f"settings must be a mapping, not {type(self._settings).__name__}"
        raise BadConfig(ErrorInfo("config", msg, hint='as in {"providers": {"acme": {"api_key": "…"}}}'))


class Bindings:
    """Settings, registry and bound models: what both clients share. The bindings used last are kept."""

    def __init__(self, given: _Given, registry: Registry | None) -> None:
        self.settings = given.loaded()
        self.registry = registry or Registry(blocked=self.settings.block, prefer=self.settings.prefer)
        self._core = CoreAnswers()
        self.retry = self.settings.retry
        self.board = Board(self.settings.breaker, self.retry, self._changed)
        self.ledger = _ledger(self.settings)
        self.owners = Owners()
        self.random = Random()  # noqa: S311  # whose turn it is, not secrets
        self.services = Services(self)
        self._bound: Recent[str, Binding] = Recent()
        self._routes: dict[str, Routes] = {}  # the one there is, made at first use
        self._lock = threading.Lock()
        if self.settings.routes:
            _ = self.routes  # what is wrong with one is told at the start

    @property
    def cache(self) -> Cache | None:
        """The answers that are kept, if they are: what it found, and what that saved."""
        answers = self.services.answers
        return None if answers is None else answers.cache

    def forgive(self) -> None:
        """Close every breaker and let every key be tried again: for when what was wrong has been mended."""
        self.board = Board(self.settings.breaker, self.retry, self._changed)
        for binding in (*self._bound.kept().values(), *self.services.bindings()):
            for key in binding.keys:
                key.guard = self.board.guard(key.guard.key)

    def _changed(self, change: Change) -> None:
        self.services.changed(change)

    def bind(self, model: str | None = None) -> Binding:
        """The model, with everything a call of it needs; bound at first use, then kept while it is used."""
        name = model or self.settings.default
        if name is not None and not isinstance(name, str):
            msg = f"a model is named by text, not by {type(name).__name__}; nothing was sent"
            raise InvalidRequest(ErrorInfo("request.invalid", msg, sent="no"))
        if name is None:
            msg = "no model was named, and no default is set"
            raise BadConfig(
                ErrorInfo("config", msg, hint='name one, as in "provider/model", or set `default`')
            )
        found = self._bound.get(name)
        if found is None:
            if name.startswith(ROUTE):
                msg = f"`{name:.60}` is a route, and this is about one model; nothing was sent"
                hint = "name the model; `client.explain` tells which one a route would choose"
                raise InvalidRequest(ErrorInfo("request.invalid", msg, hint=hint, sent="no"))
            found = self._bound.recall(name, partial(self._bind, name))  # a lambda would slow every call
        return found

    def bind_provider(self, provider: str) -> Binding:
        """The provider, for what is about no one model: lists, files, batches. It is kept as models are."""
        if type(provider) is not str or not provider or "/" in provider:
            msg = f"a provider is named by its id alone, not as {provider!r:.60}; nothing was sent"
            raise InvalidRequest(ErrorInfo("request.invalid", msg, sent="no"))
        key = f"{provider}/"
        unlisted = Model("", listed=False)
        return self._bound.recall(key, lambda: self._made(self.registry.profile(provider), unlisted))

    def losses(self, model: str | None, prompt: Prompt, **options: Unpack[Options]) -> tuple[Notice, ...]:
        """What of a conversation this model's format cannot carry, before anything is sent.

        Reasoning, signatures and citations belong to the provider they came from. Conversations that go on
        with another one are told of it in ``warnings``, too.
        """
        name, left = self.settled_on(model, prompt, options)
        binding = self.bind(name)
        return losses(binding, plan_completion(binding, prompt, left, stream=False).request)

    @property
    def routes(self) -> Routes:
        """The routes that are set, and what has been measured of their targets; made at first use."""
        found = self._routes.get("all")
        if found is None:
            from jackfield.client.routing import Routes

            found = self._routes.setdefault("all", Routes(self))
        return found

    def explain(self, route: str, prompt: Prompt, **options: Unpack[Options]) -> Decision:
        """What a route would decide for a prompt now, with a reason for each target; nothing is sent."""
        known = Options.__annotations__
        if not known.keys() >= options.keys():
            raise unknown_option(next(name for name in options if name not in known), known)
        return self.routes.explain(route, prompt, options)

    def settled_on(
        self, model: str | None, prompt: Prompt, options: Mapping[str, Any]
    ) -> tuple[str | None, Mapping[str, Any]]:
        """The model a call would go to now: of a route its first choice; and the options such a model takes."""
        name = model or self.settings.default
        if type(name) is not str or not name.startswith(ROUTE):
            return model, options
        from jackfield.client.hints import without_hints
        from jackfield.policy.route import refusal

        decision = self.routes.explain(name, prompt, options)
        if decision.chosen is None:
            raise refusal(decision).to_exception()
        return decision.chosen.model, without_hints(options)[1]

    def _with_model(self, name: str) -> str:
        """The name; a provider's id alone stands for its default model, if one is set."""
        if "/" in name or name not in self.registry.ids():
            return name
        default = self.settings.provider(self.registry.profile(name)).default_model
        return f"{name}/{default}" if default else name

    def _bind(self, name: str) -> Binding:
        return self._made(*self.registry.resolve(self._with_model(name)))

    def flow(
        self, model: str | None, prompt: Prompt, options: Mapping[str, Any], *, stream: bool
    ) -> Flow[Any]:
        """A completion as a flow, for whoever has a driver: whole, or opened up to its first content."""
        name = model or self.settings.default
        if type(name) is str and name.startswith(ROUTE):
            return self.services.route(name, prompt, options, stream=stream)
        if self.services.watchful or (options and not SPECIAL.isdisjoint(options)):
            return self.services.call(name, prompt, options, stream=stream)
        binding = self.bind(name)
        plan = plan_completion(binding, prompt, options, stream)
        return answered(binding, opening(binding, plan) if stream else completing(binding, plan))

    def _operation(
        self, operation: str, model: str | None, make: Maker, options: Mapping[str, Any]
    ) -> Flow[Any]:
        """An operation beside completions as a flow."""
        from jackfield.client.performing import performing

        return performing(self, model or self.settings.default, operation, make, options)

    def _made(self, profile: Profile, model: Model) -> Binding:
        settings = self.settings.provider(profile)
        hooks = self.registry.hooks(profile.id, self._core)
        facts = {"profile": profile, "model": model, "settings": settings}
        wire = hooks.completion(**facts)
        auth = hooks.auth(**facts)
        tell_deprecation(profile, model)
        return Binding(
            profile,
            model,
            auth,
            wire,
            hooks.streaming(**facts, wire=wire),
            hooks.pricing(**facts),
            _timeouts(self.settings, settings.timeout).allowing(model.first_token),
            _first(settings.max_retries, self.settings.max_retries, MAX_RETRIES),
            {capability: profile.supports(capability, model.id) for capability in Capability},
            _rules(profile, model),
            getattr(wire, "answer", None),
            keys_of(
                auth,
                (profile.id, settings.base_url or profile.base_url or "", model.id),
                self.board,
                None if settings.one_account else self.owners,
            ),
            books=self.services.books,
            pricing=lambda other: hooks.pricing(**{**facts, "model": other}),
            tags=self.settings.tags,
        )


def _ledger(settings: Settings) -> Book | None:
    """Where calls are accounted for; opened by the first of them."""
    if settings.ledger is None:
        return None
    from jackfield.ledger.opening import open_ledger

    return open_ledger(settings)


def _timeouts(settings: Settings, own: float | None) -> Timeouts:
    return Timeouts(total=own if own is not None else settings.timeout)


def _first(*values: int | None) -> int:
    """The first value that somebody set."""
    return next(value for value in values if value is not None)


def _one_of(known: tuple[str, ...], transport: str) -> str | None:
    """The transport that is set, where this client can use it; else the best one installed."""
    return transport if transport in known else None


def _rules(profile: Profile, model: Model) -> dict[str, Any]:
    names = {*profile.options, *model.options}
    found = {name: profile.option_rule(name, model) for name in names}
    return {name: rule for name, rule in found.items() if rule is not None}


class Client(Bindings, Operations, Quotes):
    """A synchronous client. One may serve all threads of a process.

    ``settings`` are what a configuration file may say, and win over all files and the environment:
    ``Client({"providers": {"acme": {"api_key": "…"}}})``.
    """

    def __init__(
        self,
        settings: Settings | Mapping[str, Any] | None = None,
        *,
        registry: Registry | None = None,
        transport: Transport | None = None,
    ) -> None:
        given, settings = _Given(settings), None
        super().__init__(given, registry)
        self._driver = None if transport is None else SyncDriver(transport)

    @property
    def driver(self) -> SyncDriver:
        """What performs the effects; made with its transport at first use."""
        if self._driver is None:
            with self._lock:
                if self._driver is None:
                    self._driver = SyncDriver(
                        default_transport(_one_of(SYNC, self.settings.transport), self.settings.proxy)
                    )
        return self._driver

    def complete(self, model: str | None, prompt: Prompt, **options: Unpack[Options]) -> Completion:
        """The model's answer."""
        answer: Completion = self.driver.run(self.flow(model, prompt, options, stream=False))
        return answer

    def stream(self, model: str | None, prompt: Prompt, **options: Unpack[Options]) -> Stream:
        """The model's answer as it comes; the request is sent when the stream is first read."""
        return Stream(self.flow(model, prompt, options, stream=True), self.driver)

    def perform(self, binding: Binding, plan: Plan) -> Any:
        """The answer a plan asks for."""
        return self.driver.run(answered(binding, operating(binding, plan)))

    def _ask(self, operation: str, model: str | None, make: Maker, options: Any) -> Any:
        return self.driver.run(self._operation(operation, model, make, options))

    @property
    def batches(self) -> Batches:
        """Many requests at once, answered in the provider's own time."""
        from jackfield.client.kept import Batches

        return Batches(self)

    @property
    def files(self) -> Files:
        """The files providers keep."""
        from jackfield.client.kept import Files

        return Files(self)

    def close(self) -> None:
        """Close all connections, and see that all that was used is on the disk."""
        if self._driver is not None:
            self._driver.transport.close()
        self.services.close()
        if self.ledger is not None:
            self.ledger.flush(WRITING)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(Bindings, AsyncOperations, Quotes):
    """An asynchronous client. It may be used from several event loops; each has connections of its own."""

    def __init__(
        self,
        settings: Settings | Mapping[str, Any] | None = None,
        *,
        registry: Registry | None = None,
        transport: AsyncTransport | None = None,
    ) -> None:
        given, settings = _Given(settings), None
        super().__init__(given, registry)
        self._driver = None if transport is None else AsyncDriver(transport)

    @property
    def driver(self) -> AsyncDriver:
        """What performs the effects; made with its transport, which keeps event loops apart, at first use."""
        if self._driver is None:
            with self._lock:
                if self._driver is None:
                    self._driver = AsyncDriver(
                        default_async_transport(_one_of(ASYNC, self.settings.transport), self.settings.proxy)
                    )
        return self._driver

    async def complete(self, model: str | None, prompt: Prompt, **options: Unpack[Options]) -> Completion:
        """The model's answer."""
        answer: Completion = await self.driver.run(self.flow(model, prompt, options, stream=False))
        return answer

    def stream(self, model: str | None, prompt: Prompt, **options: Unpack[Options]) -> AsyncStream:
        """The model's answer as it comes; the request is sent when the stream is first read."""
        return AsyncStream(self.flow(model, prompt, options, stream=True), self.driver)

    async def perform(self, binding: Binding, plan: Plan) -> Any:
        """The answer a plan asks for."""
        return await self.driver.run(answered(binding, operating(binding, plan)))

    async def _ask(self, operation: str, model: str | None, make: Maker, options: Any) -> Any:
        return await self.driver.run(self._operation(operation, model, make, options))

    @property
    def batches(self) -> AsyncBatches:
        """Many requests at once, answered in the provider's own time."""
        from jackfield.client.kept import AsyncBatches

        return AsyncBatches(self)

    @property
    def files(self) -> AsyncFiles:
        """The files providers keep."""
        from jackfield.client.kept import AsyncFiles

        return AsyncFiles(self)

    async def aclose(self) -> None:
        """Close the connections of the running event loop, and see that all that was used is on the disk."""
        if self._driver is not None:
            await self._driver.transport.close()
        if self.services.state is not None:
            import asyncio

            await asyncio.to_thread(self.services.close)
        if self.ledger is not None:
            import asyncio

            await asyncio.to_thread(self.ledger.flush, WRITING)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
