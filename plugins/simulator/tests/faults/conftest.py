"""The simulator on sockets in a thread, and clients of ours that ask it over every wire."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define, field
from jackfield_simulator.app import Simulated
from jackfield_simulator.faults import Faults
from jackfield_simulator.socket_server import SocketServer

from jackfield import AsyncClient, Client, JackfieldError, StreamInterrupted, Timeouts
from jackfield.types import Completion

sys.path.insert(0, str(Path(__file__).parent))

WORDS = ("Aare, ", "Limmat, ", "Reuss, ", "Rhone, ", "Ticino, ", "Inn.")
TEXT = "".join(WORDS)

# wire -> provider, path of its base, model, further settings
SPOKEN: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    "chat_completions": ("openai", "/v1", "gpt-4.1", {}),
    "responses": ("openai", "/v1", "gpt-4.1", {"wire": "responses"}),
    "messages": ("anthropic", "", "claude-sonnet-4-5", {}),
    "generate_content": ("gemini", "/v1beta", "gemini-2.5-flash", {}),
    "converse": ("bedrock", "", "anthropic.claude-3-haiku-20240307-v1:0", {"region": "us-east-1"}),
    "invoke": (
        "bedrock",
        "",
        "anthropic.claude-3-haiku-20240307-v1:0",
        {"region": "us-east-1", "api": "invoke"},
    ),
    "cohere": ("cohere", "", "command-r7b-12-2024", {}),
    "ollama": ("ollama", "", "llama3.2", {}),
}
MODES = ("sync", "sync stream", "async", "async stream")


class Served:
    """The server in a thread of its own."""

    def __init__(self, app: Any) -> None:
        self.loop = asyncio.new_event_loop()
        self.server = SocketServer(app, Faults(pace=0.02))
        self.app = app
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.run(self.server.start())

    def run(self, coroutine: Any) -> Any:
        """What a coroutine of the server's loop returns."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    def close(self) -> None:
        """Stop it."""
        self.run(self.server.stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(30)
        self.loop.close()

    def until_idle(self) -> None:
        """Wait until no connection stands, and none knocks."""
        until = time.monotonic() + 60
        while self.server.open:
            assert time.monotonic() < until, "connections stand"
            self.run(asyncio.sleep(0.005))  # a server in another thread has no fake clock
        self.run(asyncio.sleep(0.005))

    def hang_up(self) -> None:
        """Be done with all that clients of other tests have left behind."""
        self.run(asyncio.sleep(0.005))  # who knocked is let in first
        self.run(self.server.hang_up())
        self.until_idle()

    @property
    def faults(self) -> Faults:
        """The rules in force."""
        return self.server.faults


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """The server, which answers with what it was asked."""
    made = Served(Simulated())
    yield made
    made.close()


@pytest.fixture
def alone() -> Iterator[Served]:
    """A server that nobody else asks."""
    made = Served(Simulated())
    yield made
    made.close()


@pytest.fixture(scope="module", autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No configuration of this machine's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JACKFIELD_HOME", str(tmp_path_factory.mktemp("home")))
        patch.chdir(tmp_path_factory.mktemp("here"))
        yield


@pytest.fixture(autouse=True)
def _no_faults(served: Served) -> Iterator[None]:
    """No fault of another test."""
    served.faults.clear()
    yield
    served.faults.clear()


@define
class Outcome:
    """What came of one call: the kind of failure or ``ok``, the requests that reached the socket, the waits between."""

    kind: str
    requests: int
    text: str = ""
    waits: list[float] = field(factory=list)
    error: JackfieldError | None = None
    answer: Completion | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.requests}"


# Longer than a busy machine takes: what ends by a clock brings its own.
CLOCKS = Timeouts(total=600.0, connect=60.0, headers=60.0, first_token=60.0, idle=60.0)


class Asking:
    """A client of each kind for one wire. Waits are noted, and not waited for."""

    def __init__(self, served: Served, wire: str, **settings: Any) -> None:
        provider, path, model, own = SPOKEN[wire]
        base = settings.pop("base", served.server.url)
        stated = {"base_url": base + path, "api_key": "sk-simulated-not-a-real-key", **own, **settings}
        facts = {name: value for name, value in stated.items() if value is not None}
        configuration = {"providers": {provider: facts}}
        self.model = f"{provider}/{model}"
        self.served = served
        self.waits: list[float] = []
        self.passed = 0.0  # the time that was slept through without waiting for it
        self.client = Client(configuration)
        self.client.driver.sleep = self._skip
        self.async_client = AsyncClient(configuration)
        self.async_client.driver.sleep = self._note
        for driver in (self.client.driver, self.async_client.driver):
            driver.clock = lambda: time.monotonic() + self.passed
        self.runner = asyncio.Runner()

    def _skip(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.passed += seconds

    async def _note(self, seconds: float) -> None:
        self._skip(seconds)

    def anew(self) -> None:
        """Be clients to whom nothing has happened yet."""
        for client in (self.client, self.async_client):
            client.forgive()

    def close(self) -> None:
        """Close all connections."""
        self.client.close()
        self.runner.run(self.async_client.aclose())
        self.runner.close()

    def __call__(self, mode: str, **options: Any) -> Outcome:
        """One call in one of the four modes, by a client to whom nothing has happened yet."""
        del self.waits[:]
        self.anew()
        before = self.served.server.requests
        asked = {"timeout": CLOCKS, **options}
        stream = mode.endswith("stream")
        said, error = None, None
        try:
            if mode.startswith("sync"):
                said = self._sync(stream, asked)
            else:
                said = self.runner.run(self._async(stream, asked))
        except JackfieldError as exc:
            error = exc
        requests = self.served.server.requests - before
        if error is None:
            return Outcome("ok", requests, said.text, [*self.waits], None, said)
        broken = isinstance(error, StreamInterrupted)
        text = error.partial.text if broken else ""
        return Outcome(f"{'interrupted: ' * broken}{error.kind}", requests, text, [*self.waits], error)

    def _sync(self, stream: bool, options: dict[str, Any]) -> Completion:
        if not stream:
            return self.client.complete(self.model, TEXT, **options)
        with self.client.stream(self.model, TEXT, **options) as events:
            return events.completion()

    async def _async(self, stream: bool, options: dict[str, Any]) -> Completion:
        for _ in range(3):
            await asyncio.sleep(0)  # see which connections were closed while no loop ran
        if not stream:
            return await self.async_client.complete(self.model, TEXT, **options)
        async with self.async_client.stream(self.model, TEXT, **options) as events:
            return await events.completion()


@pytest.fixture(scope="module")
def asking(served: Served) -> Iterator[Callable[..., Asking]]:
    """Clients for a wire; the same for all tests of a module, unless settings make others."""
    made: dict[str, Asking] = {}

    def ask(wire: str, **settings: Any) -> Asking:
        key = f"{wire} {settings}"
        return made.get(key) or made.setdefault(key, Asking(served, wire, **settings))

    yield ask
    for one in made.values():
        one.close()


@pytest.fixture
def fresh(served: Served) -> Iterator[Callable[..., Asking]]:
    """Clients for a wire that know nothing yet."""
    made: list[Asking] = []

    def ask(wire: str, **settings: Any) -> Asking:
        made.append(Asking(served, wire, **settings))
        return made[-1]

    yield ask
    for one in made:
        one.close()
