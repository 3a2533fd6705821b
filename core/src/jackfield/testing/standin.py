"""Clients that stand in for real ones while a test runs: no key, no network, no waiting.

They bind the providers that are installed, with the user's project file and nothing else of the user's: what is
set in the environment or in a home is not the same everywhere. The provider ``fake`` is always there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, Final, NoReturn, Self

from attrs import evolve

from jackfield.auth.none import NoAuth
from jackfield.capability import Capabilities, Capability, Statement, Support
from jackfield.client import AsyncClient, Binding, Client, default
from jackfield.config import Settings
from jackfield.flow import Opened
from jackfield.profile import Model, Profile
from jackfield.registry import Registry
from jackfield.registry.faces import Faces
from jackfield.transport import AsyncDriver, AsyncTransport, SyncDriver, Transport
from jackfield.types import Timeouts
from jackfield.wire.call import Call

Bound = Callable[[Binding], Binding]

_FAKE: Final = Profile(
    "fake",
    "Fake",
    "chat_completions",
    base_url="https://fake.test/v1",
    capabilities=Capabilities({capability: Statement(Support.FULL) for capability in Capability}),
)
_KEPT: Final = ("JACKFIELD_DEFAULT", "JACKFIELD_BLOCK", "JACKFIELD_PREFER")
_NO_HOME: Final = str(Path(__file__).with_name("nobody"))


class _OpenRegistry(Registry):
    """A registry whose providers ask for no credential."""

    def hooks(self, provider: str, core: object) -> Faces:
        """The answers to the four hooks, but for the first."""
        return evolve(super().hooks(provider, core), auth=_unsigned)


def _unsigned(**_: object) -> NoAuth:
    return NoAuth()


class _Client(Client):
    """A client whose bindings are changed as they are made."""

    bound: Bound = staticmethod(lambda binding: binding)

    def _made(self, profile: Profile, model: Model) -> Binding:
        return self.bound(super()._made(profile, model))


class _AsyncClient(AsyncClient):
    """The same for tasks."""

    bound: Bound = staticmethod(lambda binding: binding)

    def _made(self, profile: Profile, model: Model) -> Binding:
        return self.bound(super()._made(profile, model))


class _Nobody:
    """A transport to nowhere: the bindings answer themselves."""

    def send(self, call: Call, timeouts: Timeouts, deadline: float) -> NoReturn:
        """Refuse."""
        raise AssertionError("a call left the process")

    open = send

    def read(self, opened: Opened, deadline: float) -> NoReturn:
        """Refuse."""
        raise AssertionError("a call left the process")

    def close_stream(self, opened: Opened) -> None:
        """Nothing is open."""

    def close(self) -> None:
        """Nothing is open."""


class _AsyncNobody:
    """The same for tasks."""

    async def send(self, call: Call, timeouts: Timeouts, deadline: float) -> NoReturn:
        """Refuse."""
        raise AssertionError("a call left the process")

    open = send

    async def read(self, opened: Opened, deadline: float) -> NoReturn:
        """Refuse."""
        raise AssertionError("a call left the process")

    async def close_stream(self, opened: Opened) -> None:
        """Nothing is open."""

    async def close(self) -> None:
        """Nothing is open."""


class StandIn:
    """Two clients, and the context in which they take the place of the package's own functions.

    ``slept`` holds the seconds that were not waited: between attempts, for instance.
    """

    def __init__(
        self,
        transports: tuple[Transport, AsyncTransport] | None = None,
        settings: Mapping[str, Any] | None = None,
        bound: Bound | None = None,
    ) -> None:
        kept = {name: value for name, value in os.environ.items() if name in _KEPT}
        loaded = Settings.load(settings, env={**kept, "JACKFIELD_HOME": _NO_HOME})
        registry = _OpenRegistry(blocked=loaded.block, prefer=loaded.prefer)
        registry.add(_FAKE)
        sync, awaited = transports or (_Nobody(), _AsyncNobody())
        self.slept: list[float] = []
        client = _Client(loaded, registry=registry)
        async_client = _AsyncClient(loaded, registry=registry)
        if bound is not None:
            client.bound = async_client.bound = bound
        client._driver = SyncDriver(sync, self._now, self.slept.append)
        async_client._driver = AsyncDriver(awaited, self._now, self._async_sleep)
        self.client: Client = client
        self.async_client: AsyncClient = async_client
        self._replaced: tuple[Any, Any] | None = None

    def finish(self) -> None:
        """Fail if not all that was prepared was asked for."""

    def _now(self) -> float:
        """The time, as if all that was to be waited had been."""
        return monotonic() + sum(self.slept)

    async def _async_sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    def __enter__(self) -> Self:
        """Let ``jackfield.complete`` and all other functions of the package use these clients."""
        self._replaced = (default.default_client, default.default_async_client)
        _stand(lambda: self.client, lambda: self.async_client)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._replaced is not None:
            _stand(*self._replaced)
            self._replaced = None
        if kind is None:  # a test that failed has its own story to tell
            self.finish()


def _stand(client: Callable[[], Client], async_client: Callable[[], AsyncClient]) -> None:
    """Let the functions of the package find their clients here."""
    setattr(default, "default_client", client)  # noqa: B010  # type checkers take functions for constants
    setattr(default, "default_async_client", async_client)  # noqa: B010
