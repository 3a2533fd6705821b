"""Cassettes as values and as files: recorded exchanges in the format of vcrpy, with what it cannot say beside it.

A cassette is a vcrpy file, so that vcrpy alone reads and replays it. What vcrpy loses stands under keys it
passes over: at the top where the exchanges come from (``origin``, ``recorded``, ``provider``,
``model``, ``core``, ``settings``), and in each exchange ``tape``: where the pieces of the answer ended, when they came, and what
broke it off.

    version: 1
    origin: recorded
    recorded: 2026-11-21
    interactions:
    - request: {method: POST, uri: …, headers: {…}, body: …}
      response: {status: {code: 200, message: OK}, headers: {…}, body: {string: …}}
      tape: {chunks: [310, 94], ms: [120, 480], error: stream.truncated}

Of large bodies that are no text only the beginning is in the file, and how long the whole was, with its hash, under ``tape``. They are
replayed at their full length, with zeros for what is not kept.

Files come from other people: they are read with a loader that makes plain values and nothing else.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from http import HTTPStatus
from itertools import accumulate, pairwise
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NoReturn

from attrs import Factory, asdict, evolve, field, frozen

from jackfield.errors import KINDS, BadConfig, ErrorInfo
from jackfield.wire.call import Headers, Reply

LARGEST: Final = 4 << 20
"""No cassette is larger; what is may be anything but a cassette."""

LONGEST_BINARY: Final = 16 * 1024
"""A body that is no text is kept whole up to here: nobody reviews it."""

KEPT: Final = 1024
"""So much is kept of one that is longer."""

ORIGINS: Final = ("recorded", "documented")

_REMARK: Final = re.compile(r"#\s*origin:\s*(\w+)(?:,\s*([\d-]+))?")
_GZIP: Final = 16 + zlib.MAX_WBITS


def _size(data: bytes) -> str:
    return f"<{len(data)} bytes>"


def _whole(one: Interaction) -> tuple[bytes, ...]:
    return (one.reply_body,) if one.reply_body else ()


def _at_once(one: Interaction) -> tuple[float, ...]:
    return (0.0,) * len(one.chunks)


@frozen
class Measure:
    """How long a body was, and what its hash: all that is kept of most of it."""

    size: int
    sha256: str

    @classmethod
    def of(cls, body: bytes) -> Measure:
        """The measure of a body."""
        return cls(len(body), sha256(body).hexdigest())

    def filled(self, beginning: bytes) -> bytes:
        """A body as long as the one that was measured."""
        return beginning + bytes(max(0, self.size - len(beginning)))


@frozen
class Interaction:
    """One exchange: what was asked, and the answer as it came."""

    method: str
    uri: str
    headers: Headers = field(factory=Headers)
    body: bytes = field(default=b"", repr=_size)
    status: int = 200
    reply_headers: Headers = field(factory=Headers)
    reply_body: bytes = field(default=b"", repr=_size)
    chunks: tuple[bytes, ...] = field(
        default=Factory(_whole, takes_self=True), repr=lambda chunks: f"<{len(chunks)} chunks>"
    )
    delays: tuple[float, ...] = field(
        default=Factory(_at_once, takes_self=True)
    )  # when each chunk came: milliseconds after the request was sent
    error: str = ""  # the kind of failure that ended the answer, if one did
    asked_measure: Measure | None = None  # of a request of which only the beginning is kept
    reply_measure: Measure | None = None  # the same of an answer

    @property
    def reply(self) -> Reply:
        """The answer, whole."""
        return Reply(self.status, Headers(self.reply_headers), self.reply_body)

    @property
    def streamed(self) -> bool:
        """Whether the answer came in more than one piece, or is a stream by its type."""
        return len(self.chunks) > 1 or "stream" in self.reply_headers.get("content-type", "")

    @property
    def asked(self) -> Any:
        """The request's JSON; ``None`` where it is none."""
        return _json(self.body)

    @property
    def answered(self) -> Any:
        """The answer's JSON; ``None`` where it is none."""
        return _json(self.reply_body)

    def cut(self, split: int | None) -> tuple[bytes, ...]:
        """The answer in pieces of ``split`` bytes; as it came, without."""
        if split is None:
            return self.chunks
        return tuple(self.reply_body[at : at + split] for at in range(0, len(self.reply_body), split))


@frozen
class Cassette:
    """Exchanges in the order they were made, and what is known of them."""

    interactions: tuple[Interaction, ...]
    origin: str = "recorded"  # or "documented": written after what the vendor publishes
    recorded: str = ""  # the day, or the month
    provider: str = ""
    model: str = ""
    core: str = ""  # the version of this library that wrote it
    settings: Mapping[str, str] = field(factory=dict)  # what the client was told, without what is secret
    source: str = ""  # where documentation was, of those that are written after it
    name: str = ""

    @classmethod
    def load(cls, path: str | Path) -> Cassette:
        """The cassette in a file."""
        path = Path(path)
        try:
            data = path.read_bytes()
        except OSError as exc:
            _refuse(path, f"cannot be read: {exc.strerror}")
        if len(data) > LARGEST:
            _refuse(path, f"is larger than {LARGEST >> 20} MiB")
        return _read(data, path)

    def dump(self) -> bytes:
        """The text of the file."""
        facts = {name: getattr(self, name) for name in _FACTS}
        stated = {name: value for name, value in facts.items() if value}
        file = {"version": 1, **stated, "interactions": [_written(one) for one in self.interactions]}
        yaml = yaml_module()
        data: bytes = yaml.dump(
            file, Dumper=_dumper(yaml), sort_keys=False, allow_unicode=True, width=1 << 20, encoding="utf-8"
        )
        return data

    def save(self, path: str | Path) -> None:
        """Write the file, whole or not at all."""
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f".{path.name}.new")
        new.write_bytes(self.dump())
        new.replace(path)

    @property
    def day(self) -> date | None:
        """The day it was recorded; the first of the month where only that is known."""
        text = f"{self.recorded}-01" if len(self.recorded) == 7 else self.recorded
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None


_FACTS: Final = ("origin", "source", "recorded", "provider", "model", "core", "settings")


def yaml_module() -> ModuleType:
    """The YAML library, which is an extra."""
    try:
        import yaml
    except ImportError:
        msg = "cassettes need a YAML library, which is not installed"
        raise BadConfig(ErrorInfo("config", msg, hint="pip install 'jackfield[testing]'")) from None
    return yaml


# -- reading ---------------------------------------------------------------------------------------


def _read(data: bytes, path: Path) -> Cassette:
    yaml = yaml_module()
    try:
        file = yaml.load(data, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # both are safe
    except (yaml.YAMLError, ValueError, RecursionError) as exc:
        mark = getattr(exc, "problem_mark", None)
        _refuse(path, f"is not YAML of plain values{f' (line {mark.line + 1})' if mark else ''}")
    if not isinstance(file, dict) or not isinstance(file.get("interactions"), list):
        _refuse(path, "has no `interactions`")
    try:
        interactions = tuple(map(_interaction, file["interactions"]))
    except (KeyError, TypeError, AttributeError, ValueError) as exc:
        _refuse(path, f"has an interaction that cannot be read: {exc}")
    return Cassette(interactions, name=path.stem, **_facts(file, data, interactions, path))


def _facts(
    file: Mapping[str, Any], data: bytes, interactions: tuple[Interaction, ...], path: Path
) -> dict[str, Any]:
    """What a cassette says of itself, in keys or in the remark in its first line."""
    remark = _REMARK.match(data[:200].decode("utf-8", "replace"))
    said = {"origin": remark[1], "recorded": remark[2] or ""} if remark else {}
    said |= {name: str(file[name]) for name in _FACTS if name in file and name != "settings"}
    if said.setdefault("origin", "recorded") not in ORIGINS:
        _refuse(path, f"has an `origin` that is none of {', '.join(ORIGINS)}")
    if not said.get("model") and interactions and isinstance(interactions[0].asked, dict):
        said["model"] = str(interactions[0].asked.get("model", ""))
    settings = file.get("settings") or {}
    return {**said, "settings": {str(name): str(value) for name, value in settings.items()}}


def _interaction(one: Mapping[str, Any]) -> Interaction:
    request, response, tape = one["request"], one["response"], one.get("tape") or {}
    headers = _headers(response.get("headers"))
    body = _bytes(response.get("body"))
    asked, reply = _measure(tape.get("request")), _measure(tape.get("answer"))
    if reply is not None:
        body = reply.filled(body)
    if body[:2] == b"\x1f\x8b" and headers.get("content-encoding", "").endswith("gzip"):
        body = zlib.decompressobj(_GZIP).decompress(body, LARGEST)
        del headers["content-encoding"]
        tape = {}  # its pieces were not of these bytes
    chunks = _chunks(body, tape.get("chunks"))
    return Interaction(
        str(request["method"]).upper(),
        str(request["uri"]),
        _headers(request.get("headers")),
        _bytes(request.get("body")) if asked is None else asked.filled(_bytes(request.get("body"))),
        int(response["status"]["code"]),
        headers,
        body,
        chunks,
        _delays(tape.get("ms"), len(chunks)),
        _kind(tape.get("error")),
        asked,
        reply,
    )


def _measure(told: Any) -> Measure | None:
    """What is said of a body of which only the beginning is there."""
    if told is None:
        return None
    found = Measure(int(told["size"]), str(told["sha256"]))
    if not 0 <= found.size <= LARGEST:
        msg = f"a body is said to have {found.size} bytes"
        raise ValueError(msg)
    return found


def _chunks(body: bytes, sizes: Any) -> tuple[bytes, ...]:
    """The pieces of a body; the whole of it where nothing is said."""
    if sizes is None:
        return (body,) if body else ()
    ends = list(accumulate(sizes, initial=0))
    if ends[-1] != len(body) or any(size <= 0 for size in sizes):
        msg = f"`tape.chunks` sums to {ends[-1]}, not to the {len(body)} bytes of the body"
        raise ValueError(msg)
    return tuple(body[start:end] for start, end in pairwise(ends))


def _delays(told: Any, count: int) -> tuple[float, ...]:
    delays = tuple(map(float, told or [0] * count))
    if len(delays) != count or any(later < earlier for earlier, later in pairwise(delays)):
        msg = f"`tape.ms` must be {count} times, none before the one that precedes it"
        raise ValueError(msg)
    return delays


def _kind(told: Any) -> str:
    if told and told not in KINDS:
        msg = f"`tape.error` is {told!r:.40}, which is no kind of failure"
        raise ValueError(msg)
    return str(told or "")


def _headers(told: Mapping[str, Any] | None) -> Headers:
    return Headers({str(name).lower(): _value(value) for name, value in (told or {}).items()})


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _bytes(told: Any) -> bytes:
    """A body, however it is written down."""
    if isinstance(told, dict):
        told = told.get("string")
    return told if isinstance(told, bytes) else str(told if told is not None else "").encode()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _refuse(path: Path, why: str) -> NoReturn:
    hint = "`jackfield record` writes cassettes; see the page on testing"
    raise BadConfig(ErrorInfo("config", f"the cassette `{path.name}` {why}", hint=hint)) from None


# -- writing ---------------------------------------------------------------------------------------


def _written(one: Interaction) -> dict[str, Any]:
    try:
        phrase = HTTPStatus(one.status).phrase
    except ValueError:
        phrase = ""
    request = {
        "method": one.method,
        "uri": one.uri,
        "headers": {name: [value] for name, value in one.headers.items()},
        "body": _text(_reviewable(one.body) if one.asked_measure is None else one.body[:KEPT]),
    }
    response = {
        "status": {"code": one.status, "message": phrase},
        "headers": {name: [value] for name, value in one.reply_headers.items()},
        "body": {"string": _text(one.reply_body if one.reply_measure is None else one.reply_body[:KEPT])},
    }
    tape: dict[str, Any] = {"chunks": [len(chunk) for chunk in one.chunks], "ms": [*map(_short, one.delays)]}
    if one.error:
        tape["error"] = one.error
    for name, measure in (("request", one.asked_measure), ("answer", one.reply_measure)):
        if measure is not None:
            tape[name] = asdict(measure)
    return {"request": request, "response": response, "tape": tape}


def _short(number: float) -> float:
    return int(number) if number == int(number) else round(number, 3)


def measured(one: Interaction) -> Interaction:
    """An exchange as it is kept: of long bodies that are no text, beginning, length and hash."""
    asked, reply = _measure_of(one.body), _measure_of(one.reply_body)
    if asked is not None:
        one = evolve(one, body=asked.filled(one.body[:KEPT]), asked_measure=asked)
    if reply is not None:
        body = reply.filled(one.reply_body[:KEPT])
        chunks = _chunks(body, [len(chunk) for chunk in one.chunks])
        one = evolve(one, reply_body=body, chunks=chunks, reply_measure=reply)
    return one


def _measure_of(body: bytes) -> Measure | None:
    """The measure of a body of which only the beginning is to be kept."""
    return Measure.of(body) if len(body) > LONGEST_BINARY and isinstance(_text(body), bytes) else None


def _reviewable(body: bytes) -> bytes:
    """A request's JSON with a value a line, if nothing is lost by that: requests are compared as values."""
    value = _json(body)
    if not isinstance(value, dict | list) or len(body) > 1 << 16:
        return body
    text = json.dumps(value, indent=1, ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass") if json.loads(text) == value else body


def _text(body: bytes) -> str | bytes:
    """A body as text, where it is one that YAML can hold."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def _dumper(yaml: ModuleType) -> Any:
    """A dumper that writes texts of several lines as blocks, and lists of numbers in one line."""
    dumper: Any = type(
        "Dumper", (getattr(yaml, "CSafeDumper", yaml.SafeDumper),), {"ignore_aliases": _no_aliases}
    )
    dumper.add_representer(str, _block)
    dumper.add_representer(list, _row)
    return dumper


def _no_aliases(dumper: Any, value: Any) -> bool:
    return True


def _block(dumper: Any, value: str) -> Any:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


def _row(dumper: Any, value: list[Any]) -> Any:
    numbers = all(isinstance(item, int | float) for item in value)
    flow = numbers or (len(value) == 1 and isinstance(value[0], str))
    return dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=flow)
