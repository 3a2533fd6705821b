# ruff: noqa: INP001  # tests are no packages
"""What the tests of all plugins share: a home of their own, calls as they leave a client, and cassettes.

The provider is the one in whose folder a test lies.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NoReturn

import pytest
from attrs import define, field, frozen

from jackfield import Binding, Capability, Client, Profile, Registry, Support, Timeouts, Unavailable
from jackfield.profile import CHAT_CAPABILITIES
from jackfield.wire import Call, Headers, Reply


@pytest.fixture
def provider(request: pytest.FixtureRequest) -> str:
    """The id of the provider under test."""
    return request.path.parents[1].name


@pytest.fixture(scope="session")
def registry() -> Registry:
    """What is installed: found once, since to find it takes longer than most tests."""
    return Registry()


@pytest.fixture
def profile(provider: str, monkeypatch: pytest.MonkeyPatch) -> Profile:
    """The provider's profile, found without importing its package."""
    package = f"jackfield_{provider.replace('-', '_')}"
    monkeypatch.delitem(sys.modules, package, raising=False)
    found = Registry().profile(provider)
    assert package not in sys.modules
    return found


@pytest.fixture(autouse=True)
def _own_home(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No configuration, no key and no address but what a test sets; the contract brings a home of its own."""
    if hasattr(request.cls, "subject_of"):
        return
    provider: str = request.getfixturevalue("provider")
    tmp_path = request.getfixturevalue("tmp_path")
    registry: Registry = request.getfixturevalue("registry")
    names: set[str] = set()
    for stated in map(registry.profile, {provider} & set(registry.ids())):  # some folders hold no provider
        specs = (stated.auth, *stated.auth.alternatives)
        names |= {*stated.base_url_env, *(name for spec in specs for name in spec.env)}
        names |= {name for setting in stated.settings.values() for name in setting.env}
    for name in names | {name for name in os.environ if name.startswith("JACKFIELD_")}:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("JACKFIELD_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def unstated(profile: Profile) -> list[Capability]:
    """The chat capabilities the profile says nothing of."""
    return [capability for capability in CHAT_CAPABILITIES if profile.supports(capability) is Support.UNKNOWN]


@pytest.fixture
def bound(provider: str, registry: Registry) -> Callable[..., Binding]:
    """Binds a model of the provider, with settings of the provider's."""

    def bind(model: str, **settings: Any) -> Binding:
        return Client({"providers": {provider: settings}}, registry=registry).bind(f"{provider}/{model}")

    return bind


@pytest.fixture
def failure(bound: Callable[..., Binding]) -> Callable[..., Any]:
    """What a reply with this status and body is to a caller: the error, as the bound wire reads it."""

    def read(binding: Binding, status: int, body: dict[str, Any], **headers: str) -> Any:
        named = Headers({name.replace("_", "-"): value for name, value in headers.items()})
        reply = Reply(
            status, Headers({"content-type": "application/json", **named}), json.dumps(body).encode()
        )
        return binding.wire.parse_error(reply).to_exception()

    return read


@frozen
class Sent:
    """A call as it left the client."""

    call: Call

    @property
    def url(self) -> str:
        """Where it went."""
        return self.call.url

    @property
    def headers(self) -> Headers:
        """With what headers, the signature among them."""
        return Headers(self.call.headers)

    @property
    def body(self) -> Any:
        """What it asked."""
        return json.loads(self.call.body)


@define
class Postbox:
    """A transport that keeps what is sent, and never answers."""

    calls: list[Call] = field(factory=list)

    def send(self, call: Call, timeouts: Timeouts, deadline: float) -> NoReturn:
        """Keep it."""
        self.calls.append(call)
        raise Unavailable("nobody answers")

    open = send

    def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def sent(provider: str, registry: Registry) -> Callable[..., Sent]:
    """The call that leaves the client when a model is asked."""

    def ask(model: str, prompt: Any = "hi", settings: dict[str, Any] | None = None, **options: Any) -> Sent:
        postbox = Postbox()
        table = {"max_retries": 0, "providers": {provider: settings or {}}}
        client = Client(table, registry=registry, transport=postbox)  # type: ignore[arg-type]
        with pytest.raises(Unavailable, match="nobody answers"):
            client.complete(f"{provider}/{model}", prompt, **options)
        return Sent(postbox.calls[0])

    return ask


@pytest.fixture
def weather() -> Callable[[str], str]:
    """A tool, as the cassettes know it."""

    def weather(city: str) -> str:
        """The weather in a city."""
        return f"sun in {city}"

    return weather


@pytest.fixture(params=["httpx", "httpx2"])
def replayed(request: pytest.FixtureRequest, provider: str) -> Callable[..., AbstractContextManager[Client]]:
    """A client whose calls a cassette answers, each of which must be asked for exactly as it was written down."""
    pytest.importorskip(request.param)
    vcr = pytest.importorskip("vcr")
    from jackfield.transport import default_transport

    folder = request.path.parent / "cassettes"

    @contextmanager
    def replay(name: str, **settings: Any) -> Iterator[Client]:
        tape = vcr.VCR(
            record_mode="none", match_on=["method", "uri", "body"], cassette_library_dir=str(folder)
        )
        with tape.use_cassette(f"{name}.yaml") as cassette:
            options = {"max_retries": 0, "providers": {provider: settings}}
            with Client(options, transport=default_transport(request.param)) as client:
                yield client
            assert cassette.all_played

    return replay
