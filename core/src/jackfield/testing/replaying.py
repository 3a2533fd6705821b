"""Cassettes in a user's own tests: what a program asks is answered from a file, or written to one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import evolve

from jackfield.client import Client
from jackfield.config import Settings
from jackfield.errors import JackfieldError
from jackfield.registry import Registry
from jackfield.testing.cassettes import AsyncCassetteTransport, CassetteTransport
from jackfield.testing.recording import RecordingTransport, Studio
from jackfield.testing.standin import StandIn
from jackfield.testing.tape import Cassette, Interaction
from jackfield.transport import Transport, default_transport


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


@contextmanager
def record(
    path: str | Path,
    provider: str,
    *,
    settings: Settings | Mapping[str, Any] | None = None,
    allowed: Collection[str] = (),
    transport: Transport | None = None,
) -> Iterator[Client]:
    """A client whose calls to one provider are written to a file at the end, without what is secret in them.

    A failure of the provider's is part of what is recorded; any other leaves no file. ``allowed`` are headers
    of answers that are kept besides.
    """
    loaded = settings if isinstance(settings, Settings) else Settings.load(settings)
    del settings  # it may hold keys
    registry = Registry(blocked=loaded.block, prefer=loaded.prefer)
    studio = Studio.of(registry.profile(provider), loaded, tuple(allowed))
    recording = RecordingTransport(transport or default_transport())
    try:
        with Client(loaded, registry=registry, transport=recording) as client:
            yield client
    except JackfieldError:
        _write(Path(path), studio, recording)
        raise
    _write(Path(path), studio, recording)


def _write(path: Path, studio: Studio, recording: RecordingTransport) -> None:
    studio.cassette(path.stem, recording.interactions).save(path)
