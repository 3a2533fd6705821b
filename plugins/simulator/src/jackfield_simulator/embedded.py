"""The simulator inside a program: a context manager, for tests and examples.

    with Simulator({"answer": "prose"}) as simulator:
        client = OpenAI(base_url=simulator.base_url("openai"), api_key="any")

It listens on a port of the loopback interface, in a thread of its own, and starts in some milliseconds.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from jackfield.errors import JackfieldError
from jackfield_simulator.app import Simulated
from jackfield_simulator.asserts import Asserts
from jackfield_simulator.bill import Bill
from jackfield_simulator.faults import Faults
from jackfield_simulator.routing import settings_of
from jackfield_simulator.scenario import Rule, Scenario, rule_of
from jackfield_simulator.settings import variables
from jackfield_simulator.socket_server import SocketServer

if TYPE_CHECKING:
    from jackfield import Client
    from jackfield.registry import Registry

PATIENCE = 30.0


class Simulator(Asserts):
    """Every provider at ``url``, until the ``with`` block ends.

    :param scenario: what it is told to be: a ``Scenario``, its values, or the path of a TOML file
    :param port: where to listen; any free port by default
    :param registry: the providers it stands for; by default those that are installed
    """

    def __init__(
        self,
        scenario: Scenario | Mapping[str, Any] | str | Path | None = None,
        *,
        port: int = 0,
        registry: Registry | None = None,
    ) -> None:
        self.app = Simulated(scenario, registry=registry)
        self.server = SocketServer(self.app, port=port)
        self._started: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._thread = threading.Thread(target=self._run, name="simulator", daemon=True)

    # -- life --------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Listen. ``with`` does this, too."""
        self._thread.start()
        self._started.result(PATIENCE)
        return self

    def stop(self) -> None:
        """Close everything, whatever is under way."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread.ident is not None:
            self._thread.join(PATIENCE)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self.server.start()
        except (JackfieldError, OSError) as exc:  # whoever starts it is told
            self._started.set_exception(exc)
            return
        except BaseException as exc:
            self._started.set_exception(exc)
            raise
        self._started.set_result(None)
        await self._stop.wait()
        await self.server.stop()

    # -- what it is told ---------------------------------------------------------------------------

    def answer(
        self, text: str | None = None, *, times: int = 0, when: Mapping[str, Any] | None = None, **then: Any
    ) -> None:
        """Answer so from now on, or so many times: text, calls, reasoning, an error; see ``Then``."""
        stated = then if text is None else {"text": text, **then}
        rule: Rule = rule_of({"when": when or {}, "then": stated, "times": times})
        self.app.script.add(rule)

    def fault(self, *names: str, **where: Any) -> None:
        """Let this happen: one fault to all requests it fits, several in their order, once; ``"ok"`` is none."""
        if len(names) == 1:
            self.faults.add(names[0], **where)
        else:
            self.faults.script(list(names), **where)

    @property
    def faults(self) -> Faults:
        """What goes wrong."""
        return self.server.faults

    def door(self, name: str) -> str:
        """An address where things go wrong before there is a connection; `docs/faults.md` names them."""
        assert self._loop is not None
        return asyncio.run_coroutine_threadsafe(self.server.door(name), self._loop).result(PATIENCE)

    # -- what it tells -----------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """Where it is; the official clients' defaults are below it: ``/v1/messages``, ``/v1beta/…``."""
        return self.app.url

    @property
    def bill(self) -> Bill:  # type: ignore[override]
        """What was asked, and what it would have cost."""
        return self.app.bill

    def base_url(self, provider: str) -> str:
        """The base URL of one provider."""
        return self.app.router.base_url(provider)

    def environment(self) -> dict[str, str]:
        """The variables that point every client here."""
        return dict(variables(self.app))

    def settings(self, provider: str, **own: Any) -> dict[str, Any]:
        """What a client of ours is told of one provider."""
        profile = self.app.router.registry.profile(provider)
        return {"base_url": self.base_url(profile.id), **settings_of(profile), **own}

    def client(self, *providers: str, **options: Any) -> Client:
        """A client of ours whose providers (all, if none is named) are here.

        It retries nothing and leaves nobody alone: each call is one request, unless ``options`` say otherwise.
        """
        from jackfield import Client  # whoever brings a client of his own needs none of ours

        named = providers or self.app.router.registry.ids()
        tables = {name: self.settings(name) for name in named}
        usual = {"max_retries": 0, "breaker": {"enabled": False}}
        return Client({**usual, "providers": tables, **options}, registry=self.app.router.registry)
