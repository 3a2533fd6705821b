"""What goes over HTTP in either direction, as values: no socket, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import quote, urlencode

from attrs import define, field

from jackfield.errors import ErrorInfo, InvalidRequest

Segment: TypeAlias = str | tuple[str, ...]
"""One segment of a path, or what is joined by colons to one, as in ``model:verb``."""


class Headers(dict[str, str]):
    """Header names in lower case to values. Its ``repr`` shows names alone: values are often secrets."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<headers {', '.join(self)}>"


def path_segment(value: str) -> str:
    """``value`` as exactly one segment of a path.

    Model, deployment and file ids come from callers. Clients that normalise dots turn ``../x`` into
    another path, and ``?`` or ``#`` cut one short, so all but unreserved characters are encoded and
    what would still be a step is refused.
    """
    if value in ("", ".", "..") or not value.isprintable():
        msg = f"{value!r:.80} cannot be part of an address; nothing was sent"
        raise InvalidRequest(ErrorInfo("request.invalid", msg, sent="no"))
    return quote(value, safe="")


def _segment(segment: Segment) -> str:
    return path_segment(segment) if isinstance(segment, str) else ":".join(map(path_segment, segment))


@lru_cache(maxsize=1024)
def address(base: str, path: tuple[Segment, ...], query: tuple[tuple[str, str], ...] = ()) -> str:
    """The absolute URL of ``path`` below ``base``."""
    url = "/".join((base.rstrip("/"), *map(_segment, path)))
    return f"{url}?{urlencode(query, quote_via=quote)}" if query else url


def _names(headers: Mapping[str, str]) -> str:
    """Header names alone, whatever mapping holds them: tracebacks show the ``repr`` of local variables."""
    return f"<headers {', '.join(headers)}>"


@define  # made twice for every attempt: frozen ones take three times as long to make
class Call:
    """One HTTP request as a wire renders it: path *segments*, not a path, and the base it is relative to."""

    method: str
    path: tuple[Segment, ...]
    body: bytes = field(default=b"", repr=False)
    headers: Mapping[str, str] = field(factory=Headers, repr=_names)
    query: tuple[tuple[str, str], ...] = ()
    base: str = ""

    @property
    def url(self) -> str:
        """The absolute URL."""
        return address(self.base, self.path, self.query)

    def with_headers(self, headers: Mapping[str, str]) -> Call:
        """The same call with ``headers`` added; one of the same name is replaced."""
        merged = Headers({**self.headers, **headers})
        return Call(self.method, self.path, self.body, merged, self.query, self.base)


@define
class Reply:
    """One HTTP response, read whole."""

    status: int
    headers: Mapping[str, str] = field(factory=Headers, repr=_names)
    body: bytes = field(default=b"", repr=False)
