"""What the operations share: calls and replies of JSON, and the words for what cannot be asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from jackfield.errors import ErrorInfo, JackfieldError, Malformed, Unsupported
from jackfield.jsontext import dumps, loads
from jackfield.wire import Call, Dialect, Headers, Reply
from jackfield.wire.operation import TwoWay, Verbs
from jackfield.wire.replies import json_body
from jackfield_bedrock.failures import body_failure, refused

JSON = "application/json"

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Exchange(TwoWay[Asked, Answer]):
    """One exchange of one operation, both ways."""

    place: ClassVar[tuple[str, ...]]
    host: ClassVar[str] = ""  # the setting that holds the address, where it is not that of completions

    def __init__(self, dialect: Dialect, model: str) -> None:
        self.dialect = dialect
        self.model = model
        self._headers = Headers({"accept": JSON, "content-type": JSON, **dialect.headers})

    @property
    def exchanges(self) -> tuple[Verbs[Any, Any], ...]:
        """The four, for whoever serves them."""
        return (Verbs(self.name, self.method, self.place, self.render, self.parse, self.read, self.write),)

    # -- for the client half -----------------------------------------------------------------------

    def call(self, body: Mapping[str, Any] | None, model: str = "") -> Call:
        """A call with a JSON body, or none."""
        path = tuple(model if step == "{model}" else step for step in self.place)
        base = str(self.dialect.settings.get(self.host) or self.dialect.base)
        data = b"" if body is None else dumps(dict(body))
        return Call(self.method, path, data, self._headers, base=base)

    def answer(self, reply: Reply) -> dict[str, Any]:
        """The JSON object of a reply."""
        body = json_body(reply)
        if not isinstance(body, dict):
            raise malformed("it is not a JSON object")
        return body

    def unread(self, body: Mapping[str, Any], what: str) -> JackfieldError:
        """The failure of an answer that lacks ``what``: one in disguise, or one that cannot be read."""
        found = body_failure(body, self.dialect)
        return found.to_exception() if found is not None else malformed(f"it holds no {what}")

    def unsupported(self, message: str, hint: str = "") -> Unsupported:
        """What cannot be asked."""
        msg, provider = f"{message}; nothing was sent", self.dialect.provider
        return Unsupported(ErrorInfo("request.unsupported", msg, hint=hint, provider=provider, sent="no"))

    def named(self, options: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
        """The options by the format's names; one it has no name for is refused."""
        unknown = next((name for name in options if name not in names), None)
        if unknown is not None:
            hint = f"it takes: {', '.join(names) or 'none'}"
            raise self.unsupported(f"`{self.name}` of `{self.model}` takes no option `{unknown}`", hint)
        return {names[name]: value for name, value in options.items()}

    # -- for the server half -----------------------------------------------------------------------

    def asked(self, call: Call) -> dict[str, Any]:
        """The JSON object of a call."""
        try:
            body = loads(call.body)
        except Malformed as exc:
            raise refused(f"the body is {exc.info.message}") from None
        if not isinstance(body, dict):
            raise refused("the body must be a JSON object")
        return body

    def model_in(self, call: Call) -> str:
        """The model that a path names."""
        found = call.path[self.place.index("{model}") - len(self.place)]
        return found if isinstance(found, str) else ":".join(found)


def written(body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Reply:
    """A reply of JSON."""
    return Reply(200, Headers({"content-type": JSON, **(headers or {})}), dumps(dict(body)))


def malformed(why: str) -> Malformed:
    """An answer that is JSON, but not of the format."""
    return Malformed(ErrorInfo("protocol.body", f"the answer cannot be read: {why}", sent="yes"))
