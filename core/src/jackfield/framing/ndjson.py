"""Newline-delimited JSON: bytes to lines. Blank lines are dropped; no line is decoded here."""

from __future__ import annotations

from codecs import utf_8_decode
from typing import ClassVar

from jackfield.errors import ErrorInfo, Malformed


class NDJSON:
    """Cuts one body into the texts of its lines; the last needs no newline."""

    limit: ClassVar[int] = 1 << 20
    """The longest line, in characters."""

    __slots__ = ("_error", "_line", "_size", "_started", "_undecoded")

    def __init__(self) -> None:
        self._undecoded = b""
        self._started = False
        self._line: list[str] = []
        self._size = 0
        self._error: Malformed | None = None

    def feed(self, chunk: bytes) -> list[str]:
        """The lines that ``chunk`` completes."""
        if self._error is not None:
            raise self._error
        if self._undecoded:
            chunk = self._undecoded + chunk
        text, used = utf_8_decode(chunk, "replace", False)
        self._undecoded = chunk[used:] if used != len(chunk) else b""
        return self._cut(text) if text else []

    def end(self) -> list[str]:
        """The last line, where no newline ended it."""
        text = utf_8_decode(self._undecoded, "replace", True)[0]
        self._undecoded = b""
        return self.feed(text.encode() + b"\n")

    def _cut(self, text: str) -> list[str]:
        if not self._started:
            self._started = True
            text = text.removeprefix("\ufeff")
        head, newline, rest = text.rpartition("\n")
        lines: list[str] = []
        try:
            if newline:
                lines = self._lines("".join((*self._line, head)))
                self._line, self._size = [], 0
            self._keep(rest)
        except Malformed as exc:
            if not lines:
                raise
            self._error = exc  # what came before it is handed on first
        return lines

    def _lines(self, text: str) -> list[str]:
        lines = [line.removesuffix("\r") for line in text.split("\n") if line and not line.isspace()]
        if len(text) > self.limit:
            for line in lines:
                self._check(len(line))
        return lines

    def _keep(self, text: str) -> None:
        """Keep a piece of a line; pieces are joined once, so a line that drips costs no more than another."""
        if text:
            self._line.append(text)
            self._size += len(text)
            self._check(self._size)

    def _check(self, size: int) -> None:
        if size > self.limit:
            raise Malformed(ErrorInfo("protocol.body", f"a line of more than {self.limit} characters"))
