"""The recorded exchanges beside the checkout, one by one: what was sent, what came back, byte for byte.

They are read in place and never copied. Where the folder is absent, ``require`` skips the module visibly.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from attrs import field, frozen

from jackfield.wire import Headers, Reply

ROOT = Path(__file__).parents[3] / "shared" / "recordings"

JUDGED = pytest.StashKey[dict[str, str]]()
"""Test id to the file it judges, of all tests that were collected."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def require() -> None:
    """Skip the calling module where there are no recordings."""
    if not ROOT.is_dir():
        pytest.skip(f"no recordings at {ROOT}", allow_module_level=True)


@frozen
class Exchange:
    """One recorded request with its answer; ``case`` is what the manifest says of its file."""

    case: dict[str, Any] = field(repr=False)
    number: int
    method: str
    uri: str
    request: bytes = field(repr=False)
    status: int
    headers: Headers
    body: bytes = field(repr=False)

    @property
    def id(self) -> str:
        """A name for test reports."""
        return f"{self.case['file'].removesuffix('.yaml')}#{self.number}"

    @property
    def provider(self) -> str:
        """The recordings' word for the service."""
        return str(self.case["provider"])

    @property
    def surface(self) -> str:
        """The family of endpoints."""
        return str(self.case["surface"])

    @property
    def streamed(self) -> bool:
        """Whether the answer is a stream of events."""
        return self.body.lstrip()[:5] in (b"data:", b"event") or self.body.lstrip()[:1] == b":"

    @property
    def reply(self) -> Reply:
        """The answer as wires take it."""
        return Reply(self.status, self.headers, self.body)

    @property
    def asked(self) -> Any:
        """The request's JSON; ``None`` where it has none."""
        return json.loads(self.request) if self.request[:1] == b"{" else None


def exchanges(*providers: str, surfaces: tuple[str, ...] = ()) -> list[Exchange]:
    """The exchanges of some services (all, if none is named), on some surfaces (all, if none is named)."""
    return [
        exchange
        for case in cases()
        if (not providers or case["provider"] in providers) and (not surfaces or case["surface"] in surfaces)
        for exchange in _exchanges(case["file"])
    ]


def surfaces(provider: str) -> dict[str, int]:
    """How many files a service has per surface."""
    found: dict[str, int] = {}
    for case in cases():
        if case["provider"] == provider:
            found[case["surface"]] = found.get(case["surface"], 0) + 1
    return found


def chunked(body: bytes, size: int) -> Iterator[bytes]:
    """``body`` in pieces of ``size`` bytes."""
    return (body[start : start + size] for start in range(0, len(body), size))


@cache
def cases() -> list[dict[str, Any]]:
    """What the manifest says of every file."""
    if not ROOT.is_dir():
        return []
    return list(json.loads((ROOT / "MANIFEST.json").read_bytes())["cases"])


@cache
def _exchanges(file: str) -> tuple[Exchange, ...]:
    case = next(case for case in cases() if case["file"] == file)
    recorded = yaml.load((ROOT / file).read_bytes(), _Loader)["interactions"]
    return tuple(_exchange(case, number, one) for number, one in enumerate(recorded))


def _exchange(case: dict[str, Any], number: int, recorded: dict[str, Any]) -> Exchange:
    request, response = recorded["request"], recorded["response"]
    headers = {name.lower(): _text(value) for name, value in (response.get("headers") or {}).items()}
    return Exchange(
        case,
        number,
        request["method"],
        request["uri"],
        _bytes(request.get("body")),
        response["status"]["code"],
        Headers(headers),
        _bytes((response.get("body") or {}).get("string")),
    )


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _bytes(value: Any) -> bytes:
    if isinstance(value, dict):
        value = value.get("string")
    return value if isinstance(value, bytes) else (value or "").encode()
