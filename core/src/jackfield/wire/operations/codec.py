"""What the codecs of these operations share: where they go, what their options are called, what a failure is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar, TypeVar

from jackfield.errors import ErrorInfo, InvalidRequest, Malformed, Unsupported
from jackfield.jsontext import dumps, loads
from jackfield.wire.base import Dialect
from jackfield.wire.call import Call, Headers, Reply, Segment
from jackfield.wire.chat_completions.tables import CODES
from jackfield.wire.fence import understood
from jackfield.wire.multipart import Attached, Form, read_form, write_form
from jackfield.wire.operation import TwoWay, Verbs
from jackfield.wire.replies import body_error, json_body

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

JSON = "application/json"


class Codec(TwoWay[Asked, Answer]):
    """One exchange in one dialect.

    ``[dialect.operations.NAME]`` may set another ``path``, more ``fields`` (option to name) and ``headers``.
    """

    path: ClassVar[tuple[Segment, ...]]
    fields: ClassVar[Mapping[str, str]] = {}  # option -> what the format calls it

    def __init__(self, dialect: Dialect) -> None:
        terms = dialect.settings.get("operations", {}).get(self.name, {})
        self.dialect = dialect
        self.place: tuple[Segment, ...] = tuple(terms.get("path", self.path))
        named = {**self.fields, **terms.get("fields", {})}
        self.names: Mapping[str, str] = {option: field for option, field in named.items() if field}
        self.own: Mapping[str, str] = {**dialect.headers, **terms.get("headers", {})}

    @property
    def exchanges(self) -> tuple[Verbs[Any, Any], ...]:
        """The four, for whoever serves them."""
        return (self.exchange(self.place, self.read),)

    def exchange(self, place: tuple[Segment, ...], read: Callable[[Call], Asked]) -> Verbs[Asked, Answer]:
        """One way to ask; whatever a client sends, the reading of it fails with our refusal or not at all."""

        def fenced(call: Call) -> Asked:
            return understood(lambda: read(call), invalid)

        return Verbs(self.name, self.method, place, self.render, self.parse, fenced, self.write)

    # -- for the client half -----------------------------------------------------------------------

    def call(self, body: Mapping[str, Any] | None = None, **given: str) -> Call:
        """A call with a JSON body, or none; ``given`` fills the braces of the path."""
        if body is None:
            headers = Headers({"accept": JSON, **self.own})
            return Call(self.method, self.filled(given), b"", headers, base=self.dialect.base)
        headers = Headers({"accept": JSON, "content-type": JSON, **self.own})
        return Call(self.method, self.filled(given), dumps(dict(body)), headers, base=self.dialect.base)

    def form(self, fields: Iterable[tuple[str, str | Attached]]) -> Call:
        """A call with a form."""
        kind, body = write_form(fields)
        headers = Headers({"accept": JSON, **self.own, "content-type": kind})
        return Call(self.method, self.place, body, headers, base=self.dialect.base)

    def filled(self, given: Mapping[str, str]) -> tuple[Segment, ...]:
        """The path with its braces filled."""
        filling = {f"{{{name}}}": value for name, value in given.items()}
        return tuple(filling.get(step, step) if isinstance(step, str) else step for step in self.place)

    def body(
        self, required: Mapping[str, Any], options: Mapping[str, Any], extra: Mapping[str, Any]
    ) -> dict[str, Any]:
        """A body: what must be there, the options by the format's names, the provider's own fields."""
        return {**required, **self.translated(options), **extra}

    def translated(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """The options by the format's names; one it has no name for is refused."""
        unknown = next((name for name in options if name not in self.names), None)
        if unknown is not None:
            known = ", ".join(self.names) or "none"
            msg = f"`{self.name}` of this provider takes no option `{unknown}`; nothing was sent"
            raise Unsupported(ErrorInfo("request.unsupported", msg, hint=f"it takes: {known}", sent="no"))
        return {self.names[name]: value for name, value in options.items()}

    def answer(self, reply: Reply) -> dict[str, Any]:
        """The JSON object of a reply; a failure that comes as a success is raised."""
        body = json_body(reply)
        if not isinstance(body, dict):
            raise malformed("it is not a JSON object")
        if body.get("error"):
            info = body_error(body, self.dialect, CODES, reply.status)
            if info is not None:
                raise info.to_exception()
        return body

    # -- for the server half -----------------------------------------------------------------------

    def asked(self, call: Call) -> dict[str, Any]:
        """The JSON object of a call, without what is null."""
        try:
            body = loads(call.body)
        except Malformed as exc:
            raise invalid(f"the body is {exc.info.message}") from None
        if not isinstance(body, dict):
            raise invalid("the body is not a JSON object")
        return {name: value for name, value in body.items() if value is not None}

    def asked_form(self, call: Call) -> Form:
        """The form of a call."""
        return read_form(call.headers.get("content-type", ""), call.body)

    def given(self, call: Call, name: str) -> str:
        """What stands in the path for ``{name}``."""
        step = call.path[self.place.index(f"{{{name}}}") - len(self.place)]
        return step if isinstance(step, str) else ":".join(step)

    def options(self, body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """What is left of a body, as our options and the provider's own fields."""
        ours = {field: option for option, field in self.names.items()}
        options = {ours[name]: value for name, value in body.items() if name in ours}
        return options, {name: value for name, value in body.items() if name not in ours}


def written(body: Mapping[str, Any] | list[Any]) -> Reply:
    """A reply of JSON."""
    return Reply(200, Headers({"content-type": JSON}), dumps(body))


def malformed(why: str) -> Malformed:
    """The failure of an answer that is JSON but not of this format."""
    return Malformed(ErrorInfo("protocol.body", f"the answer cannot be read: {why}"))


def invalid(message: str) -> InvalidRequest:
    """The refusal of a request that is not of this format."""
    return InvalidRequest(ErrorInfo("request.invalid", message, status=400, sent="no"))


def listed(body: Mapping[str, Any], *names: str) -> list[Any]:
    """The first of these fields that is a list."""
    found: list[Any] | None = next((body[name] for name in names if isinstance(body.get(name), list)), None)
    if found is None:
        raise malformed(f"it holds no list `{names[0]}`")
    return found


def said(body: Mapping[str, Any], *names: str) -> str:
    """The first of these fields that is a text; empty if none is."""
    return next((body[name] for name in names if isinstance(body.get(name), str)), "")


def at(body: Mapping[str, Any], path: str) -> Any:
    """What stands at a dotted path; ``None`` if there is nothing."""
    found: Any = body
    for name in path.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found


def counted(body: Mapping[str, Any], *names: str) -> int | None:
    """The first of these fields that is a whole number, be it written as 12.0 or as a text."""
    numbers = (measured(body.get(name)) for name in names)
    return next((int(number) for number in numbers if number is not None and number.is_integer()), None)


def measured(value: object) -> float | None:
    """A number, also one that is written as a text."""
    try:
        return float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except (ValueError, OverflowError):
        return None


def moment(value: object) -> datetime | None:
    """A moment, from seconds since 1970 or ISO 8601; nothing, or 0, is none."""
    try:
        if isinstance(value, str) and value:
            found = datetime.fromisoformat(value)
            return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
            return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def seconds(value: datetime | None) -> int | None:
    """A moment as seconds since 1970."""
    return None if value is None else int(value.timestamp())
