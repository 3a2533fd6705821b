"""The clients: bind a model once, then complete, stream and whatever else it can. Sync and async differ by one word."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, Unpack

from jackfield.client.answers import CoreAnswers
from jackfield.client.binding import Binding
from jackfield.client.call import completing
from jackfield.client.local import answered
from jackfield.client.losses import losses
from jackfield.client.operate import operating
from jackfield.client.operations import AsyncOperations, Operations
from jackfield.client.plan import plan_completion
from jackfield.client.stream import AsyncStream, Stream
from jackfield.config import Settings
from jackfield.errors import BadConfig, ErrorInfo, InvalidRequest
from jackfield.options import Options
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

if TYPE_CHECKING:
    from jackfield.client.kept import AsyncBatches, AsyncFiles, Batches, Files
    from jackfield.client.plan import Plan
    from jackfield.client.prompt import Prompt
    from jackfield.profile import Profile


MAX_RETRIES = 2


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


class _Bindings:
    """Settings, registry and bound models: what both clients share. Bindings are kept for the client's life."""

    def __init__(self, given: _Given, registry: Registry | None) -> None:
        self.settings = given.loaded()
        self.registry = registry or Registry(blocked=self.settings.block, prefer=self.settings.prefer)
        self._core = CoreAnswers()
        self._bound: dict[str, Binding] = {}
        self._lock = threading.Lock()

    def bind(self, model: str | None = None) -> Binding:
        """The model, with everything a call of it needs; bound at first use, then kept."""
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
            with self._lock:
                found = self._bound.get(name) or self._bound.setdefault(name, self._bind(name))
        return found

    def bind_provider(self, provider: str) -> Binding:
        """The provider, for what is about no one model: lists, files, batches. It is kept as models are."""
        if type(provider) is not str or not provider or "/" in provider:
            msg = f"a provider is named by its id alone, not as {provider!r:.60}; nothing was sent"
            raise InvalidRequest(ErrorInfo("request.invalid", msg, sent="no"))
        key = f"{provider}/"
        with self._lock:
            found = self._bound.get(key)
            if found is None:
                profile = self.registry.profile(provider)
                found = self._bound.setdefault(key, self._made(profile, Model("", listed=False)))
        return found

    def losses(self, model: str | None, prompt: Prompt, **options: Unpack[Options]) -> tuple[Notice, ...]:
        """What of a conversation this model's format cannot carry, before anything is sent.

        Reasoning, signatures and citations belong to the provider they came from. Conversations that go on
        with another one are told of it in ``warnings``, too.
        """
        binding = self.bind(model)
        return losses(binding, plan_completion(binding, prompt, options, stream=False).request)

    def _with_model(self, name: str) -> str:
        """The name; a provider's id alone stands for its default model, if one is set."""
        if "/" in name or name not in self.registry.ids():
            return name
        default = self.settings.provider(self.registry.profile(name)).default_model
        return f"{name}/{default}" if default else name

    def _bind(self, name: str) -> Binding:
        return self._made(*self.registry.resolve(self._with_model(name)))

    def _made(self, profile: Profile, model: Model) -> Binding:
        settings = self.settings.provider(profile)
        hooks = self.registry.hooks(profile.id, self._core)
        facts = {"profile": profile, "model": model, "settings": settings}
        wire = hooks.completion(**facts)
        return Binding(
            profile,
            model,
            hooks.auth(**facts),
            wire,
            hooks.streaming(**facts, wire=wire),
            hooks.pricing(**facts),
            _timeouts(self.settings, settings.timeout),
            _first(settings.max_retries, self.settings.max_retries, MAX_RETRIES),
            {capability: profile.supports(capability, model.id) for capability in Capability},
            _rules(profile, model),
            getattr(wire, "answer", None),
        )


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


class Client(_Bindings, Operations):
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
                    self._driver = SyncDriver(default_transport(_one_of(SYNC, self.settings.transport)))
        return self._driver

    def complete(self, model: str | None, prompt: Prompt, **options: Unpack[Options]) -> Completion:
        """The model's answer."""
        binding = self.bind(model)
        plan = plan_completion(binding, prompt, options, stream=False)
        return self.driver.run(answered(binding, completing(binding, plan)))

    def stream(self, model: str | None, prompt: Prompt, **options: Unpack[Options]) -> Stream:
        """The model's answer as it comes; the request is sent when the stream is first read."""
        binding = self.bind(model)
        return Stream(binding, plan_completion(binding, prompt, options, stream=True), self.driver)

    def perform(self, binding: Binding, plan: Plan) -> Any:
        """The answer a plan asks for."""
        return self.driver.run(answered(binding, operating(binding, plan)))

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
        """Close all connections."""
        if self._driver is not None:
            self._driver.transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncClient(_Bindings, AsyncOperations):
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
                    transport = default_async_transport(_one_of(ASYNC, self.settings.transport))
                    self._driver = AsyncDriver(transport)
        return self._driver

    async def complete(self, model: str | None, prompt: Prompt, **options: Unpack[Options]) -> Completion:
        """The model's answer."""
        binding = self.bind(model)
        plan = plan_completion(binding, prompt, options, stream=False)
        return await self.driver.run(answered(binding, completing(binding, plan)))

    def stream(self, model: str | None, prompt: Prompt, **options: Unpack[Options]) -> AsyncStream:
        """The model's answer as it comes; the request is sent when the stream is first read."""
        binding = self.bind(model)
        return AsyncStream(binding, plan_completion(binding, prompt, options, stream=True), self.driver)

    async def perform(self, binding: Binding, plan: Plan) -> Any:
        """The answer a plan asks for."""
        return await self.driver.run(answered(binding, operating(binding, plan)))

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
        """Close the connections of the running event loop."""
        if self._driver is not None:
            await self._driver.transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
