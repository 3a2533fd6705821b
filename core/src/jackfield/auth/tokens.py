"""What schemes have in common whose tokens run out: fetched when a call needs one, kept, renewed in time.

A token is fetched by one flow at a time, whoever asks. While the old token lives, a token endpoint that
fails is no reason to fail a call. A scheme says only how a token is had, in ``fetched``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar, NoReturn

from attrs import field, frozen

from jackfield.auth.signed import note_signed, signed_with
from jackfield.errors import ErrorInfo
from jackfield.flow import Flow, Now, Once
from jackfield.wire import Call, Headers

RETRY_AFTER = 30.0  # seconds between attempts while an old token still lives


@frozen(eq=False)
class Token:
    """A token as the header it goes in, and how long it is good for on the driver's clock."""

    headers: Headers = field(repr=False)
    refresh_at: float
    expires_at: float


class TokenAuth(ABC):
    """Signs with a token, and gets another when that one ends or is not accepted."""

    __slots__ = ("_doubted", "_token", "provider", "source")

    scheme: ClassVar[str] = "token"

    def __init__(self, provider: str = "", source: str = "") -> None:
        self._token: Token | None = None
        self._doubted = False  # a token was refused, and none has been accepted since
        self.provider = provider
        self.source = source

    @abstractmethod
    def fetched(self, started: float) -> Flow[Token | ErrorInfo]:
        """A new token, or why there is none; ``started`` is the time on the driver's clock."""

    def sign(self, call: Call) -> Flow[Call]:
        """The call with a token that is good for it."""
        now = yield Now()
        token = self._token
        if token is None or now >= token.refresh_at:
            token = yield Once(("token", id(self)), self._refreshed)
        note_signed(self, token)
        return call.with_headers(token.headers)

    def rejected(self, error: ErrorInfo) -> bool:
        """Drop the token that was not accepted; true if a new one may be, which is tried once."""
        used = signed_with(self)
        if error.kind != "auth" or not isinstance(used, Token):
            return False
        note_signed(self, None)
        if used is not self._token:
            return True  # another has taken its place already
        self._token = None
        doubted, self._doubted = self._doubted, True
        return not doubted

    def accepted(self) -> None:
        """Note that tokens from there are good ones."""
        self._doubted = False

    def _refreshed(self) -> Flow[Token]:
        """A new token; the old one if it still lives and no new one can be had."""
        started = yield Now()
        old = self._token
        if old is not None and started < old.refresh_at:
            return old  # another flow has fetched it meanwhile
        answer = yield from self.fetched(started)
        if isinstance(answer, Token):
            self._token = answer
            return answer
        if old is not None and started < old.expires_at:
            self._token = Token(old.headers, min(started + RETRY_AFTER, old.expires_at), old.expires_at)
            return self._token
        raise answer.to_exception()

    def __repr__(self) -> str:
        return f"<{self.scheme} auth from {self.source or 'nowhere'}>"

    def __reduce__(self) -> NoReturn:
        msg = "credentials cannot be pickled"
        raise TypeError(msg)
