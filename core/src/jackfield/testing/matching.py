"""Whether a call is the one that was recorded: method, address, significant headers, and the body as a value."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase
from operator import itemgetter
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from jackfield.testing.redaction import MASKED, without_secrets
from jackfield.testing.tape import Interaction, Measure
from jackfield.wire.call import Call, Headers

SIGNIFICANT: Final = ("content-type", "*-version", "*-beta")
"""Headers that decide what is asked; patterns. One that a cassette has must be sent, with the same value."""

_BOUNDARY: Final = re.compile(r'boundary="?([^";,\s]+)"?')
_PORTS: Final = {"https": 443, "http": 80}


def differences(
    recorded: Interaction, call: Call, significant: Collection[str] = (), volatile: Collection[str] = ()
) -> list[str]:
    """What a call says otherwise than the recorded one: nothing if it is the same.

    ``volatile`` are dotted paths into the JSON body whose values do not count, ``*`` for any one step.
    """
    found = [] if call.method == recorded.method else [f"method: {recorded.method} was recorded"]
    found += _of_address(recorded.uri, call.url)
    headers = Headers({name.lower(): value for name, value in call.headers.items()})
    found += of_headers(recorded.headers, headers, (*SIGNIFICANT, *significant))
    if recorded.asked_measure is not None:
        return found + _of_measure(recorded, call.body)
    sent = _canonical(call.body, headers.get("content-type", ""))
    kept = _canonical(recorded.body, recorded.headers.get("content-type", ""))
    counted = [place for place in places(kept, sent, "") if not is_volatile(place[0], volatile)]
    return found + [
        f"body{place and f' at {place}'}: {_shown(was)} was recorded, {_shown(now)} is sent"
        for place, was, now in counted[:5]
    ]


def _of_address(recorded: str, url: str) -> Iterator[str]:
    was, now = _parts(recorded), _parts(url)
    for name, before, after in zip(("scheme", "host", "port", "path", "query"), was, now, strict=True):
        if not _fits(before, after):
            yield f"{name}: {_shown(before)} was recorded, {_shown(after)} is sent"


def _parts(url: str) -> tuple[Any, ...]:
    """An address as what it means: ports that go without saying, segments and parameters decoded."""
    parts = urlsplit(url)
    path = [unquote(segment) for segment in parts.path.split("/")]
    return (
        parts.scheme,
        parts.hostname,
        parts.port or _PORTS.get(parts.scheme),
        path if path != [""] else ["", ""],
        sorted(parse_qsl(parts.query, keep_blank_values=True), key=itemgetter(0)),
    )


def of_headers(recorded: Headers, sent: Headers, significant: Collection[str]) -> Iterator[str]:
    """The headers that count and are not as they were recorded."""
    for name, was in recorded.items():
        if any(fnmatchcase(name, pattern) for pattern in significant):
            now = sent.get(name, "")
            if not _fits(_BOUNDARY.sub("boundary", was), _BOUNDARY.sub("boundary", now)):
                yield f"header {name}: {_shown(was)} was recorded, {_shown(now)} is sent"


def _of_measure(recorded: Interaction, sent: bytes) -> list[str]:
    """A long body that is no text is told by its length: boundaries of forms differ each time, and so do hashes."""
    was, now = recorded.asked_measure, Measure.of(sent)
    assert was is not None
    form = "boundary=" in recorded.headers.get("content-type", "")
    if was == now or (form and was.size == now.size):
        return []
    return [
        f"body: {was.size} bytes ({was.sha256[:12]}…) were recorded, {now.size} ({now.sha256[:12]}…) are sent"
    ]


# -- bodies ----------------------------------------------------------------------------------------


def _canonical(body: bytes, kind: str) -> Any:
    """A body as the value it stands for: the order of keys and how numbers are spelt do not count."""
    boundary = _BOUNDARY.search(kind)
    if boundary is not None:
        return body.replace(boundary[1].encode(), b"boundary")
    if kind.startswith("application/x-www-form-urlencoded"):
        return {
            "form": sorted(
                parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True), key=itemgetter(0)
            )
        }
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body


def places(was: Any, now: Any, at: str) -> Iterator[tuple[str, Any, Any]]:
    """Where two JSON values differ, and in what."""
    if isinstance(was, dict) and isinstance(now, dict):
        for name in {**was, **now}:
            yield from places(was.get(name, _NOTHING), now.get(name, _NOTHING), f"{at}.{name}".lstrip("."))
    elif isinstance(was, list | tuple) and isinstance(now, list | tuple) and len(was) == len(now):
        for number, (before, after) in enumerate(zip(was, now, strict=True)):
            yield from places(before, after, f"{at}.{number}".lstrip("."))
    elif not _fits(was, now):
        yield at, was, now


def _fits(was: Any, now: Any) -> bool:
    """Whether a value is the recorded one. Where a secret was masked, anything is."""
    if isinstance(was, bool) is not isinstance(now, bool):
        return False  # True == 1, but not in JSON
    if isinstance(was, list | tuple) and isinstance(now, list | tuple):
        return len(was) == len(now) and all(map(_fits, was, now))
    if isinstance(was, bytes) and isinstance(now, bytes):
        was, now = was.decode("latin-1"), now.decode("latin-1")
    if isinstance(was, str) and isinstance(now, str) and "REDA" in was:
        return re.fullmatch(".+".join(map(re.escape, MASKED.split(was))), now, re.DOTALL) is not None
    return bool(was == now)


class _Nothing:
    """What is not there, which is something else than null."""

    def __repr__(self) -> str:
        return "nothing"


_NOTHING: Final = _Nothing()


def is_volatile(place: str, volatile: Collection[str]) -> bool:
    """Whether a place in a body is one whose values do not count."""
    steps = place.split(".")
    return any(
        len(pattern) <= len(steps) and all(map(fnmatchcase, steps, pattern))
        for pattern in (path.split(".") for path in volatile)
    )


def _shown(value: Any) -> str:
    """A value for a message: short, and without anything secret in it."""
    text = without_secrets(repr(value))
    return text if len(text) <= 120 else f"{text[:119]}…"
