"""Cassettes in a user's own tests: what a program asks is answered from a file, or written to one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from attrs import evolve

from jackfield.client import AsyncClient, Client
from jackfield.config import Settings
from jackfield.errors import JackfieldError
from jackfield.registry import Registry
from jackfield.testing.cassettes import AsyncCassetteTransport, CassetteTransport
from jackfield.testing.recording import AsyncRecordingTransport, RecordingTransport, Studio
from jackfield.testing.standin import StandIn
from jackfield.testing.tape import Cassette, Interaction
from jackfield.transport import AsyncTransport, Transport, default_async_transport, default_transport


class Replay(StandIn):
    """A cassette in the place of all providers: every call must be the recorded one, and all must be made.

    Credentials are not asked for, nor fetched, and nothing is waited for.
    """

    def __init__(
        self,
        cassette: Cassette,
        *,
        split: int | None = None,
        significant: Collection[str] = (),
        volatile: Collection[str] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        kept = tuple(one for one in cassette.interactions if not _is_token(one))
        self.cassette = cassette = evolve(cassette, interactions=kept)
        told = {cassette.provider: dict(cassette.settings)} if cassette.provider else {}
        matching = {"split": split, "significant": significant, "volatile": volatile}
        self._transport = CassetteTransport(cassette, **matching)  # type: ignore[arg-type]  # of three kinds
        awaited = AsyncCassetteTransport(cassette, **matching)  # type: ignore[arg-type]
        awaited.share(self._transport)
        super().__init__((self._transport, awaited), settings or {"providers": told})

    @property
    def unplayed(self) -> tuple[Interaction, ...]:
        """The exchanges that nobody asked for yet."""
        return self._transport.unplayed

    def finish(self) -> None:
        """Fail if not all of the cassette was played."""
        self._transport.finish()


def _is_token(one: Interaction) -> bool:
    """Whether an exchange fetches a token; nobody asks for one here."""
    reply = one.answered
    return isinstance(reply, dict) and "access_token" in reply and "token_type" in reply


def replay(
    path: str | Path,
    *,
    split: int | None = None,
    significant: Collection[str] = (),
    volatile: Collection[str] = (),
    settings: Mapping[str, Any] | None = None,
) -> Replay:
    """The cassette in a file, as a context in which it answers.

    Inside ``with replay("rivers.yaml"): …`` the functions of the package are answered from the file; ``client`` and ``async_client`` of what it
    gives are clients for programs that take one. ``split`` cuts answers into pieces of so many bytes.
    ``volatile`` are dotted paths into the JSON that is asked whose values do not count (``*`` for any one step),
    ``significant`` headers that count besides. ``settings`` are those of a client, for providers without a fixed
    address.
    """
    cassette = Cassette.load(path)
    return Replay(cassette, split=split, significant=significant, volatile=volatile, settings=settings)


class Recording:
    """A client whose calls are written to a file at the end: ``with`` gives one, ``async with`` one for tasks."""

    def __init__(self, path: Path, parts: tuple[Settings, Registry], studio: Studio) -> None:
        self._path = path
        self._settings, self._registry = parts
        self._studio = studio
        self.transport: Any = None  # what passes through it; by default what the client would use
        self._open: Any = None
        self._tape: RecordingTransport | AsyncRecordingTransport | None = None

    def __enter__(self) -> Client:
        """A client that records."""
        self._tape = tape = RecordingTransport(self.transport or default_transport())
        self._open = client = Client(self._settings, registry=self._registry, transport=tape)
        return client

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
        self._write(error)

    async def __aenter__(self) -> AsyncClient:
        """A client for tasks that records."""
        self._tape = tape = AsyncRecordingTransport(self.transport or default_async_transport())
        self._open = client = AsyncClient(self._settings, registry=self._registry, transport=tape)
        return client

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()
        self._write(error)

    def _write(self, error: BaseException | None) -> None:
        """Write the file, also of a failure of the provider's: that is part of what is recorded."""
        if self._tape is not None and (error is None or isinstance(error, JackfieldError)):
            self._studio.cassette(self._path.stem, self._tape.interactions).save(self._path)


def record(
    path: str | Path,
    provider: str,
    *,
    settings: Settings | Mapping[str, Any] | None = None,
    allowed: Collection[str] = (),
    transport: Transport | AsyncTransport | None = None,
) -> Recording:
    """A client whose calls to one provider are written to a file at the end, without what is secret in them.

    ``with record("rivers.yaml", "acme") as client: …``, or ``async with`` for an ``AsyncClient``. A failure of the
    provider's is part of what is recorded; any other leaves no file. ``allowed`` are headers of answers that are
    kept besides.
    """
    loaded = settings if isinstance(settings, Settings) else Settings.load(settings)
    del settings  # it may hold keys
    registry = Registry(blocked=loaded.block, prefer=loaded.prefer)
    studio = Studio.of(registry.profile(provider), loaded, tuple(allowed))
    recording = Recording(Path(path), (loaded, registry), studio)
    recording.transport = transport
    return recording
