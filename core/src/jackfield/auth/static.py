"""What schemes have in common whose headers never change: they are made once, and signing adds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, NoReturn

from jackfield.errors import ErrorInfo
from jackfield.flow import Flow
from jackfield.wire import Call, Headers


class StaticHeaders:
    """Signs every call with the same headers; a call that is not accepted has no better signature."""

    __slots__ = ("_credential", "_headers", "source")

    scheme: ClassVar[str] = "static"

    def __init__(self, headers: Mapping[str, str], source: str = "") -> None:
        self._headers = Headers(headers)
        self.source = source
        self._credential = ""

    @property
    def credential(self) -> str:
        """Twelve letters of a hash: they tell credentials apart, and say nothing of any."""
        if not self._credential:
            from hashlib import sha256

            text = "\n".join(f"{name}: {value}" for name, value in sorted(self._headers.items()))
            self._credential = sha256(f"jackfield credential\n{text}".encode()).hexdigest()[:12]
        return self._credential

    def sign(self, call: Call) -> Flow[Call]:
        """The call with the headers."""
        return call.with_headers(self._headers)
        yield  # a generator like all schemes, though nothing is asked of the world

    def rejected(self, error: ErrorInfo) -> bool:
        """Nothing to be done: the next signature is the same."""
        return False

    def accepted(self) -> None:
        """Nothing to be noted."""

    def __repr__(self) -> str:
        return f"<{self.scheme} auth from {self.source or 'nowhere'}>"

    def __reduce__(self) -> NoReturn:
        msg = "credentials cannot be pickled"
        raise TypeError(msg)
