"""The provider under test: its files, a model for each capability, and clients that play on a stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jackfield.auth.schemes import SCHEMES
from jackfield.capability import MODES, Capability, Support
from jackfield.client import AsyncClient, Binding, Client, Stream
from jackfield.client.answers import CoreAnswers
from jackfield.config import Settings
from jackfield.errors import BadConfig, JackfieldError, PluginFailed
from jackfield.options import OPTIONS, OptionSpec
from jackfield.profile import AuthSpec, Model, Profile
from jackfield.registry import Registry
from jackfield.registry.entries import PROVIDERS, Entry, folder_of, installed_entries, normalised
from jackfield.testing.answers import ANSWER, PROMPT
from jackfield.testing.cassettes import Cassette, cassettes_of
from jackfield.testing.stage import AsyncStage, Scripted, Stage
from jackfield.transport import SyncDriver
from jackfield.types import Completion
from jackfield.wire import Call

if TYPE_CHECKING:
    from jackfield.testing.contract.packages import Imported, Source

FAKE = "kitd41d8cd98f00b204e9800998ecf8427e7Qw5tR1"
"""What stands for a credential; it is one nowhere."""

GENERAL: Mapping[str, Any] = {"max_retries": 0, "timeout": 30.0, "breaker": {"enabled": False}}
"""What clients of the kit are told: failures of one test are no concern of the next."""

# Of a provider that lists no models any name will do; the kit asks for this one.
UNLISTED = "model-1"
UNNOTICED = 0.02
"""The seconds within which an import is over before anybody notices."""

MOST_BOUND = 25
"""So many models are bound, whatever their kinds, where a provider has code."""


@lru_cache(maxsize=1)
def shared_registry() -> Registry:
    """The registry of all that is installed; the profiles it has read are kept."""
    return Registry()


@lru_cache(maxsize=1)
def _entries() -> dict[str, Entry]:
    return {normalised(entry.name): entry for entry in installed_entries() if entry.group == PROVIDERS}


class Subject:
    """What the tests of one provider have in common."""

    def __init__(self, provider: str, settings: Mapping[str, Any], tests: Path | None) -> None:
        self.provider = provider
        self.own_settings = settings
        self.tests = tests
        self.registry = shared_registry()
        self.stage = Stage()
        self._clients: dict[str, Client] = {}
        self._core = CoreAnswers()
        self._models: dict[tuple[Capability, ...], str] = {}

    # -- files -------------------------------------------------------------------------------------

    @cached_property
    def profile(self) -> Profile:
        """What its files say; raises where they cannot be read."""
        return self.registry.profile(self.provider)

    @cached_property
    def unreadable(self) -> str:
        """Why its models cannot be read; empty if they can."""
        return readable(lambda: self.profile.models)

    @property
    def installed(self) -> bool:
        """Whether there is an entry point of its name."""
        return normalised(self.provider) in _entries()

    @cached_property
    def entry(self) -> Entry:
        """The entry point that names it."""
        return _entries()[normalised(self.provider)]

    @cached_property
    def folder(self) -> Path:
        """Its package."""
        found = folder_of(self.entry)
        assert found is not None
        return found

    @cached_property
    def sources(self) -> dict[Path, Source]:
        """Its code, file by file."""
        from jackfield.testing.contract.packages import source_of

        found = {file: source_of(file) for file in sorted(self.folder.rglob("*.py"))}
        return {file: source for file, source in found.items() if source is not None}

    @cached_property
    def imported(self) -> Imported:
        """What importing it does."""
        from jackfield.testing.contract.packages import imported_anew

        return imported_anew(self.entry.module, UNNOTICED)

    @cached_property
    def readme(self) -> str:
        """The README of its repository, where it is worked on; else the one in the metadata of the distribution."""
        from jackfield.testing.contract.packages import distribution_of

        places = [self.folder.parents[1]] if self.tests is None else [self.tests.parent]
        for place in places:
            if (place / "README.md").is_file() and (self.tests or (place / "pyproject.toml").is_file()):
                return (place / "README.md").read_text("utf-8")
        metadata, _ = distribution_of(self.entry)
        return str(metadata.get_payload() or metadata.get("Description") or "")

    @property
    def cassettes(self) -> Path | None:
        """The folder of its cassettes, where there is one."""
        folder = None if self.tests is None else self.tests / "cassettes"
        return folder if folder is not None and folder.is_dir() else None

    @cached_property
    def tapes(self) -> dict[str, Cassette]:
        """Its cassettes, by scenario."""
        return {} if self.cassettes is None else cassettes_of(self.cassettes)

    @cached_property
    def fault(self) -> str:
        """Why it cannot be used at all; empty if it can."""
        try:
            self.bind(self.model())
        except JackfieldError as exc:
            return exc.summary
        except Exception as exc:  # noqa: BLE001  # whatever its code raises is what the tests of the binding tell
            return f"{type(exc).__name__}: {exc}"
        return ""

    # -- models ------------------------------------------------------------------------------------

    def model(self, *needs: Capability) -> str:
        """A model that is stated to do all of this; empty if none is."""
        if needs not in self._models:
            self._models[needs] = self._chosen(needs)
        return self._models[needs]

    def _chosen(self, needs: tuple[Capability, ...]) -> str:
        stated = self.profile.quality.examples
        names = [stated[need] for need in needs if need in stated]
        names += [model.id for model in self.profile.models if MODES[model.mode] in needs]
        names += [model.id for model in self.profile.models if model.deprecated is None]
        names += [model.id for model in self.profile.models] or [UNLISTED]
        wanted = needs or self.main
        return next((name for name in dict.fromkeys(names) if self.does(name, *wanted)), "")

    @cached_property
    def main(self) -> tuple[Capability, ...]:
        """What it is there for: chat, or the first thing else it can."""
        if self.supported(Capability.CHAT):
            return (Capability.CHAT,)
        return tuple(one for one in Capability if self.supported(one))[:1]

    def does(self, model: str, *needs: Capability) -> bool:
        """Whether a model is stated to do all of this."""
        return all(self.profile.supports(need, model) in (Support.FULL, Support.PARTIAL) for need in needs)

    def supported(self, capability: Capability) -> bool:
        """Whether the profile states that it can, at least with some models."""
        stated = self.profile.capabilities.statement(capability).support
        return stated in (Support.FULL, Support.PARTIAL)

    @cached_property
    def cannot(self) -> tuple[tuple[Capability, str], ...]:
        """Everything that must be refused, with a model that is asked for it."""
        return tuple(self._cannot())

    def _cannot(self) -> Iterator[tuple[Capability, str]]:
        for capability in Capability:
            stated = self.profile.capabilities.statement(capability)
            if stated.support in (Support.UNSUPPORTED, Support.NOT_IMPLEMENTED):
                model = self._unable(capability, self.model())
            elif stated.support is Support.PARTIAL:
                model = self._unable(capability, "")
            else:
                continue
            if model:
                yield capability, model

    def _unable(self, capability: Capability, otherwise: str) -> str:
        """A model that chats, but cannot do this; it may be one of which the files say so."""
        names = (otherwise, *self._chatting)
        return next((name for name in names if name and not self._usable(capability, name)), "")

    def _usable(self, capability: Capability, model: str) -> bool:
        return self.profile.supports(capability, model).usable

    @cached_property
    def _chatting(self) -> tuple[str, ...]:
        """The listed models that are made for chat, and do what the provider is there for."""
        names = (model.id for model in self.profile.models if model.mode == "chat")
        return tuple(name for name in names if self.does(name, *self.main))

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """The models to bind one by one: the first of each kind, and some more where code may tell them apart."""
        models = self.profile.models
        more = models[:: len(models) // MOST_BOUND + 1] if self.sources else ()
        first = {_kind(one): one.id for one in reversed(models)}
        return tuple(dict.fromkeys((*first.values(), *(one.id for one in more))))

    # -- clients -----------------------------------------------------------------------------------

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What a user would have set: the address of a provider that has none of its own, and what it needs."""
        found = {**self.profile.quality.settings, **self.own_settings}
        if self.profile.base_url is None and "base_url" not in found:
            try:
                self._fresh(found).bind(self.named(self.model() or UNLISTED))
            except BadConfig:
                host = f"https://{normalised(self.provider)}.example"
                found["base_url"] = f"{host}/{self.profile.base_path.strip('/')}".rstrip("/")
            except (JackfieldError, ImportError):
                return found  # the tests of the binding say why
        return found

    def named(self, model: str) -> str:
        """A model as callers name it."""
        return f"{self.provider}/{model}"

    def _fresh(self, settings: Mapping[str, Any], **general: Any) -> Client:
        everything = {**GENERAL, **general, "providers": {self.provider: settings}}
        return self._answered_alike(Client(everything, registry=self.registry, transport=self.stage))

    def fresh(self, settings: Mapping[str, Any] | None = None, **general: Any) -> Client:
        """A client that has bound nothing yet."""
        return self._fresh({**self.settings, **(settings or {})}, **general)

    def another(self) -> Client:
        """A client that has seen no failure yet."""
        return self._answered_alike(Client(self._loaded, registry=self.registry, transport=self.stage))

    def _answered_alike(self, client: Client) -> Client:
        """A client whose hooks are those that were asked for already: to find and to check them takes its time."""
        client._core = self._core
        return client

    @cached_property
    def _loaded(self) -> Settings:
        return Settings.load({**GENERAL, "providers": {self.provider: self.settings}})

    @property
    def client(self) -> Client:
        """The client most tests use."""
        return self.client_of("")

    def client_of(self, wire: str, settings: Mapping[str, Any] | None = None) -> Client:
        """The client that speaks a wire the user chose, with settings of the user's."""
        key = f"{wire} {sorted((settings or {}).items())}"
        if key not in self._clients:
            self._clients[key] = self.fresh({**(settings or {}), **({"wire": wire} if wire else {})})
        return self._clients[key]

    @cached_property
    def answers_itself(self) -> bool:
        """Whether nothing of it ever leaves the process."""
        return self.fresh().bind(self.named(self.model())).answer is not None

    def async_client(self) -> AsyncClient:
        """A client for tasks on the same stage."""
        everything = {**GENERAL, "providers": {self.provider: self.settings}}
        return AsyncClient(everything, registry=self.registry, transport=AsyncStage(self.stage))

    def bind(self, model: str, client: Client | None = None) -> Binding:
        """A model bound; one that answers its own calls is made to send them like all others."""
        client = client or self.client
        binding = client.bind(self.named(model))
        return binding if binding.answer is None else _sending(client, binding, self.named(model))

    # -- asking ------------------------------------------------------------------------------------

    def ask(
        self,
        prompt: Any = PROMPT,
        *script: Scripted,
        needs: tuple[Capability, ...] = (),
        client: Client | None = None,
        **options: Any,
    ) -> Completion:
        """The completion a client makes of what is scripted."""
        model = self.model(*needs)
        client = client or self._client_for(script)
        self.stage.play(self.bind(model, client).wire, *(script or (ANSWER,)))
        return client.complete(self.named(model), prompt, **options)

    def stream(
        self, *script: Scripted, prompt: Any = PROMPT, needs: tuple[Capability, ...] = (), **options: Any
    ) -> Stream:
        """The stream a client makes of what is scripted."""
        model = self.model(*(needs or (Capability.STREAMING,)))
        client = self._client_for(script)
        self.stage.play(self.bind(model, client).wire, *(script or (ANSWER,)))
        return client.stream(self.named(model), prompt, **options)

    def _client_for(self, script: tuple[Scripted, ...]) -> Client:
        """A client of its own for what may fail: one that has seen failures treats a provider otherwise."""
        return self.client if all(isinstance(one, Completion) for one in script) else self.another()

    def rendered(self, prompt: Any = PROMPT, **options: Any) -> tuple[Call, Call]:
        """A call as the wire renders it, and as it leaves when it is signed."""
        from jackfield.client.plan import plan_completion

        binding = self.bind(self.model())
        plan = plan_completion(binding, prompt, options, stream=False)
        call = binding.wire.render_completion(plan.request, stream=False)
        self.stage.play(binding.wire)
        return call, SyncDriver(self.stage).run(binding.auth.sign(call))

    # -- options -----------------------------------------------------------------------------------

    def takes(self, option: str, model: str) -> bool:
        """Whether a model takes an option of a call."""
        rule = self.bind(model).rules.get(option)
        needed = OPTIONS[option].capability
        return (rule is None or rule.support.usable) and (needed is None or self.does(model, needed))

    def bounds(self, option: str, model: str) -> tuple[float | None, float | None]:
        """The least and most an option may be."""
        spec: OptionSpec = OPTIONS[option]
        rule = self.bind(model).rules.get(option)
        low = spec.minimum if rule is None or rule.minimum is None else rule.minimum
        high = spec.maximum if rule is None or rule.maximum is None else rule.maximum
        return low, high

    # -- credentials -------------------------------------------------------------------------------

    @property
    def specs(self) -> tuple[AuthSpec, ...]:
        """All ways to sign."""
        return (self.profile.auth, *self.profile.auth.alternatives)

    @property
    def needs_key(self) -> bool:
        """Whether calls must be signed, in a way that core knows."""
        return all(
            spec.scheme in SCHEMES and spec.scheme != "none" and not spec.optional for spec in self.specs
        )

    def environment(self) -> dict[str, str]:
        """Variables with fake credentials for the way that is stated first."""
        try:
            spec = self.profile.auth
        except JackfieldError:
            return {}
        named = [names[:1] for names in (*spec.headers.values(), *spec.fields.values())]
        if spec.env:
            named = [spec.env[:1]]
        elif spec.scheme not in SCHEMES:
            named = []  # what a scheme of its own needs stands in [quality.settings]
        return {name: FAKE for names in named for name in names}

    def variables(self) -> set[str]:
        """Every variable the profile names."""
        profile = self.profile
        named = [profile.base_url_env, *(setting.env for setting in profile.settings.values())]
        for spec in self.specs:
            named += [spec.env, *spec.headers.values(), *spec.fields.values()]
        return {name for names in named for name in names}


def _sending(client: Client, binding: Binding, name: str) -> Binding:
    """A binding that answers itself, made to send: its two halves are tested like anybody's."""
    sending = binding.evolve(answer=None)
    client._bound[name] = sending  # the client's own table: there is no other way around its answer
    return sending


def _kind(model: Model) -> tuple[object, ...]:
    """What of a model's facts decides how it is bound, and in what it is priced."""
    facts = (model.capabilities, model.options, model.dialect)
    units = {price.unit for rate in model.rates for price in rate.standard.prices.values()}
    return (model.mode, model.wire, *(str(dict(fact)) if fact else "" for fact in facts), frozenset(units))


def readable(make: Callable[[], Any]) -> str:
    """Why something cannot be made; empty if it can."""
    try:
        make()
    except (PluginFailed, BadConfig) as exc:
        return exc.summary
    return ""
