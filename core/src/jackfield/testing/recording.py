"""Recording: transports that write down what passes through them, and the way from there to a file.

What passes is handed on at once, piece by piece, as it comes; when and where the pieces ended is kept, and what
broke an answer off. Nothing reaches a file but through ``Studio.cassette``, which redacts, scans and measures.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Final
from urllib.parse import urlsplit

from attrs import define, evolve, field, frozen

from jackfield.config import ProviderSettings, Settings
from jackfield.errors import BadConfig, Blocked, ErrorInfo, JackfieldError, MissingCredentials
from jackfield.flow import Opened
from jackfield.profile import AuthSpec, Profile
from jackfield.secret import Secret
from jackfield.testing.redaction import Known, Redactor
from jackfield.testing.scan import refuse_secrets
from jackfield.testing.tape import Cassette, Interaction, measured
from jackfield.transport import AsyncTransport, Transport
from jackfield.types import Timeouts
from jackfield.wire.call import Call, Headers, Reply

LARGEST_FILE: Final = 64 * 1024
"""A cassette is reviewed like source; what is larger is not read by anybody."""

_VARIABLE: Final = re.compile(
    r"(?:^|_)(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL)S?(?:_|$)", re.IGNORECASE
)
_LONG_ENOUGH: Final = 12


@define
class _Take:
    """One exchange as it is made."""

    call: Call = field(repr=False)
    begun: float
    opened: Opened
    chunks: list[bytes] = field(factory=list, repr=False)
    delays: list[float] = field(factory=list)
    error: str = ""

    status: int = field(init=False)
    headers: Headers = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.status, self.headers = self.opened.status, self.opened.headers

    def add(self, chunk: bytes, now: float) -> None:
        """A piece that has just come; the empty one at the end is none."""
        if chunk:
            self.chunks.append(chunk)
            self.delays.append(round((now - self.begun) * 1000, 1))

    def interaction(self) -> Interaction:
        """The exchange as it will be written, but for what is taken out of it."""
        call = self.call
        return Interaction(
            call.method,
            call.url,
            Headers({name.lower(): value for name, value in call.headers.items()}),
            call.body,
            self.status,
            Headers({name: value for name, value in self.headers.items() if name not in _OF_THE_CONNECTION}),
            b"".join(self.chunks),
            tuple(self.chunks),
            tuple(self.delays),
            self.error,
        )


# What the transport has undone or answered for: the body is plain, and as long as it is.
_OF_THE_CONNECTION: Final = frozenset(
    {"content-encoding", "content-length", "transfer-encoding", "connection"}
)


class RecordingTransport:
    """Sends calls through another transport and keeps what passes."""

    def __init__(self, inner: Transport, clock: Callable[[], float] = time.monotonic) -> None:
        self._inner = inner
        self._clock = clock
        self._takes: list[_Take] = []

    @property
    def interactions(self) -> tuple[Interaction, ...]:
        """What has passed, unredacted: nothing of it may be shown or written as it is."""
        return tuple(take.interaction() for take in self._takes)

    def send(self, call: Call, timeouts: Timeouts, deadline: float) -> Reply:
        """The whole answer, read in pieces so that they are known."""
        take = self._take(call, timeouts, deadline)
        try:
            while self.read(take, deadline):
                pass
        finally:
            self.close_stream(take)
        return Reply(take.status, take.headers, b"".join(take.chunks))

    def open(self, call: Call, timeouts: Timeouts, deadline: float) -> Opened:
        """The head of the answer."""
        return self._take(call, timeouts, deadline)

    def read(self, opened: Opened, deadline: float) -> bytes:
        """The next bytes; what breaks the answer off is noted."""
        assert isinstance(opened, _Take)
        try:
            chunk = self._inner.read(opened.opened, deadline)
        except JackfieldError as exc:
            opened.error = exc.info.kind
            raise
        opened.add(chunk, self._clock())
        return chunk

    def close_stream(self, opened: Opened) -> None:
        """Drop an answer."""
        assert isinstance(opened, _Take)
        self._inner.close_stream(opened.opened)

    def close(self) -> None:
        """Drop all idle connections."""
        self._inner.close()

    def _take(self, call: Call, timeouts: Timeouts, deadline: float) -> _Take:
        begun = self._clock()
        take = _Take(call, begun, self._inner.open(call, timeouts, deadline))
        self._takes.append(take)
        return take


class AsyncRecordingTransport:
    """The same for tasks."""

    def __init__(self, inner: AsyncTransport, clock: Callable[[], float] = time.monotonic) -> None:
        self._inner = inner
        self._clock = clock
        self._takes: list[_Take] = []

    @property
    def interactions(self) -> tuple[Interaction, ...]:
        """What has passed, unredacted: nothing of it may be shown or written as it is."""
        return tuple(take.interaction() for take in self._takes)

    async def send(self, call: Call, timeouts: Timeouts, deadline: float) -> Reply:
        """The whole answer, read in pieces so that they are known."""
        take = await self._take(call, timeouts, deadline)
        try:
            while await self.read(take, deadline):
                pass
        finally:
            await self.close_stream(take)
        return Reply(take.status, take.headers, b"".join(take.chunks))

    async def open(self, call: Call, timeouts: Timeouts, deadline: float) -> Opened:
        """The head of the answer."""
        return await self._take(call, timeouts, deadline)

    async def read(self, opened: Opened, deadline: float) -> bytes:
        """The next bytes; what breaks the answer off is noted."""
        assert isinstance(opened, _Take)
        try:
            chunk = await self._inner.read(opened.opened, deadline)
        except JackfieldError as exc:
            opened.error = exc.info.kind
            raise
        opened.add(chunk, self._clock())
        return chunk

    async def close_stream(self, opened: Opened) -> None:
        """Drop an answer."""
        assert isinstance(opened, _Take)
        await self._inner.close_stream(opened.opened)

    async def close(self) -> None:
        """Drop all idle connections of the running loop."""
        await self._inner.close()

    async def _take(self, call: Call, timeouts: Timeouts, deadline: float) -> _Take:
        begun = self._clock()
        take = _Take(call, begun, await self._inner.open(call, timeouts, deadline))
        self._takes.append(take)
        return take


# -- from what passed to a cassette ----------------------------------------------------------------


@frozen
class Studio:
    """Makes cassettes of what passed between one provider and one user: redacted, scanned, not too large."""

    redactor: Redactor
    provider: str = ""
    settings: Mapping[str, str] = field(factory=dict)  # what a client must be told on replay
    largest: int = LARGEST_FILE

    @classmethod
    def of(cls, profile: Profile, settings: Settings, allowed: tuple[str, ...] = ()) -> Studio:
        """The studio for a provider, with the user's settings and credentials to look out for."""
        own = settings.provider(profile)
        renamed, told = _renamed(profile, own)
        redactor = Redactor(
            Known.of([*_credentials(profile, own), *_from_environment(os.environ)]),
            Headers({name.lower(): value for name, value in profile.headers.items()}),
            tuple(name.lower() for name in allowed),
            profile.request_id,
            renamed,
            profile.auth.key_pattern,
        )
        return cls(redactor, profile.id, told)

    def cassette(self, name: str, interactions: tuple[Interaction, ...], model: str = "") -> Cassette:
        """The cassette of what passed; raises where it would hold a secret or be too large to be read."""
        from jackfield import __version__

        today = datetime.now(UTC).date().isoformat()
        known = self._known(interactions)
        redactor = evolve(self.redactor, known=known)
        clean = tuple(measured(redactor.interaction(one)) for one in interactions)
        made = Cassette(
            clean, "recorded", today, self.provider, model, __version__, dict(self.settings), name=name
        )
        refuse_secrets(made, known)
        size = len(made.dump())
        if size > self.largest:
            msg = f"the cassette `{name}` is not written: {size:,} bytes are more than {self.largest:,}"
            hint = "ask for less, or leave this one out"
            raise Blocked(ErrorInfo("local.guard", msg, hint=hint, sent="yes"))
        return made

    def without_secrets(self, error: JackfieldError) -> JackfieldError:
        """An error as it may be shown: providers quote what they were sent."""
        info, text = error.info, self.redactor.text
        return evolve(info, raw=None, message=text(info.message), hint=text(info.hint)).to_exception()

    def _known(self, interactions: tuple[Interaction, ...]) -> Known:
        """All that signed these exchanges: a token that one of them fetched must not show in another."""
        known = self.redactor.known
        for one in interactions:
            known = self.redactor.learnt(one, known)
        return known


def _credentials(profile: Profile, own: ProviderSettings) -> Iterator[tuple[str, str]]:
    """The credentials that are set, wherever they are found."""
    for spec in (profile.auth, *profile.auth.alternatives):
        yield from _found(partial(own.credentials, spec))
        for name, env in {**spec.fields, **spec.headers}.items():
            yield from _found(partial(_field, own, spec, {name: env}))


def _field(own: ProviderSettings, spec: AuthSpec, wanted: Mapping[str, tuple[str, ...]]) -> list[Secret]:
    return list(own.fields(spec, wanted).values())


def _found(find: Callable[[], Iterable[Secret]]) -> list[tuple[str, str]]:
    try:
        return [(secret.reveal(), f"the credential from {secret.source}") for secret in find()]
    except (MissingCredentials, BadConfig):
        return []  # what is not there cannot show


def _from_environment(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Whatever else this process has been told in secret, for other services too."""
    for name, value in environment.items():
        if _VARIABLE.search(name) and len(value) >= _LONG_ENOUGH:
            yield value, f"the variable `{name}`"


def _renamed(profile: Profile, own: ProviderSettings) -> tuple[dict[str, str], dict[str, str]]:
    """What stands for names of accounts and hosts, and what a client must be told to come to the same address."""
    renamed: dict[str, str] = {}
    told: dict[str, str] = {}
    for name, value in own.chosen.items():
        stated = profile.settings[name].default
        if len(value) >= 4 and value not in (stated, "true", "false"):
            renamed[value] = told[name] = name.replace("_", "-")
    if own.base_url and own.base_url != profile.base_url:
        public = profile.base_url or _anonymous(own.base_url)
        renamed[own.base_url.rstrip("/")] = public.rstrip("/")
        renamed[urlsplit(own.base_url).netloc] = urlsplit(public).netloc
        if not profile.base_url:
            told["base_url"] = public
    return renamed, told


def _anonymous(url: str) -> str:
    """An address without the name of whose it is: of a vendor's own domain the rest stays."""
    parts = urlsplit(url)
    labels = (parts.hostname or "").split(".")
    vendor = len(labels) >= 3 and not labels[-1].isdecimal()
    host = ".".join(("account", *labels[1:])) if vendor else "account.test"
    return parts._replace(netloc=host).geturl()
