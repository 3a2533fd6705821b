"""What the operations of the format share: their four verbs, lists in pages, names, moments."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from jackfield.errors import ErrorInfo, Malformed, Unsupported
from jackfield.jsontext import dumps
from jackfield.wire.call import Call, Headers, Reply, Segment
from jackfield.wire.fence import fenced
from jackfield.wire.generate_content.parse import failed, stream_failure
from jackfield.wire.generate_content.write import whole
from jackfield.wire.operation import Steps, TwoWay, Verbs
from jackfield.wire.replies import json_body

if TYPE_CHECKING:
    from jackfield.wire.generate_content.wire import GenerateContent

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")
Item = TypeVar("Item")

PAGE = 1000
MOST_PAGES = 1000
LARGEST_PAGE = 100  # of what is kept


class Exchange(TwoWay[Asked, Answer]):
    """One exchange of the format, in the dialect of a wire."""

    path: ClassVar[tuple[Segment, ...]]

    def __init__(self, wire: GenerateContent) -> None:
        self.wire = wire

    @property
    def verbs(self) -> Verbs[Asked, Answer]:
        """The four, as a value."""
        return Verbs(self.name, self.method, self.path, self.render, self.parse, self.read, self.write)

    @property
    def exchanges(self) -> tuple[Verbs[Any, Any], ...]:
        """Itself alone."""
        return (self.verbs,)

    # -- for the verbs -----------------------------------------------------------------------------

    def call(
        self,
        path: tuple[Segment, ...],
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Call:
        """A call with a JSON body, or with none."""
        asked = tuple((name, str(value)) for name, value in (query or {}).items() if value)
        base = self.wire.dialect.base
        if body is None:
            headers = Headers(self.wire.headers)
            headers.pop("content-type", None)
            return Call(self.method, path, b"", headers, asked, base)
        return Call(self.method, path, dumps(body), self.wire.headers, asked, base)

    def answer(self, reply: Reply) -> dict[str, Any]:
        """The JSON object of a reply; a failure that comes as a success is raised."""
        body = json_body(reply)
        if failed(body):
            raise stream_failure(body, self.wire.dialect).to_exception()
        if not isinstance(body, dict):
            raise malformed("it is not a JSON object")
        return body

    def fenced(self, read: Callable[[dict[str, Any]], Answer], reply: Reply) -> Answer:
        """What ``read`` makes of the object of a reply; ``Malformed`` where it stumbles."""
        return fenced(lambda found: read(self.answer(found)), reply)

    def body(self, call: Call) -> dict[str, Any]:
        """The JSON object of a call."""
        from jackfield.wire.generate_content.read import refused
        from jackfield.wire.generate_content.tables import camel

        found = self.wire.body_in(call) if call.body else {}
        if not isinstance(found, dict):
            raise refused("the body must be a JSON object")
        return camel(found)

    def unsupported(self, options: Mapping[str, Any], known: tuple[str, ...]) -> None:
        """Refuse options that nothing here can honour."""
        other = next((name for name in options if name not in known), None)
        if other is not None:
            msg = f"`{self.name}` of this provider takes no option `{other}`; nothing was sent"
            hint = f"it takes: {', '.join(known) or 'none'}"
            provider = self.wire.dialect.provider
            raise Unsupported(ErrorInfo("request.unsupported", msg, provider=provider, hint=hint, sent="no"))


class Kept(Exchange[Asked, Answer]):
    """The list of what the provider keeps of one sort, page by page. The only option is ``limit``."""

    method: ClassVar[str] = "GET"
    items: ClassVar[str]  # the field that holds them

    @abstractmethod
    def item(self, raw: dict[str, Any]) -> Any:
        """One of them."""

    @abstractmethod
    def answered(self, found: list[Any], raw: Any) -> Answer:
        """All of them."""

    def render(self, request: Asked) -> Call:
        """The call for the first page."""
        return self._page(request, "")

    def _page(self, request: Any, token: str) -> Call:
        self.unsupported(request.options, ("limit",))
        size = min(request.options.get("limit") or LARGEST_PAGE, LARGEST_PAGE)
        return self.call(self.path, query={"pageSize": size, "pageToken": token})

    def parse(self, reply: Reply) -> Answer:
        """Those of one page."""
        return self.answered(self._parse_page(reply)[0], None)

    def _parse_page(self, reply: Reply) -> tuple[list[Any], str]:
        body = self.answer(reply)
        return [self.item(one) for one in listed(body, self.items)], word(body, "nextPageToken")

    def ask(self, request: Any) -> Steps[Answer]:
        """Page after page."""
        most = request.options.get("limit")
        found = yield from paged(lambda token: self._page(request, token), self._parse_page, most)
        return self.answered(found, [one.raw for one in found])


def paged(
    render: Callable[[str], Call], parse: Callable[[Reply], tuple[list[Item], str]], most: int | None = None
) -> Steps[list[Item]]:
    """All items of a list that comes in pages, or the first ``most``."""
    found: list[Item] = []
    token = ""
    for _ in range(MOST_PAGES):
        reply = yield render(token)
        items, token = parse(reply)
        found += items
        if not token or (most is not None and len(found) >= most):
            return found if most is None else found[:most]
    raise malformed(f"a list has more than {MOST_PAGES} pages")


def listed(body: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """The objects of a list; none where there is no list."""
    value = body.get(name)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def word(body: Mapping[str, Any], name: str) -> str:
    """A text of a body; empty where there is none."""
    value = body.get(name)
    return value if isinstance(value, str) else ""


def number(body: Mapping[str, Any], name: str) -> int | None:
    """A whole number of a body: the format writes long ones as text."""
    value = body.get(name)
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def moment(body: Mapping[str, Any], name: str) -> datetime | None:
    """A moment of a body."""
    try:
        return datetime.fromisoformat(word(body, name))
    except ValueError:
        return None


def stamp(value: datetime | None) -> str:
    """A moment as the format writes it."""
    return "" if value is None else value.isoformat().replace("+00:00", "Z")


def said(**fields: Any) -> dict[str, Any]:
    """Those fields that say something."""
    return {name: value for name, value in fields.items() if value not in (None, "", (), [], {})}


def resource(collection: str, name: str) -> tuple[Segment, ...]:
    """The path of a thing by its name, with or without its collection in front."""
    return collection, name.removeprefix(f"{collection}/")


def resource_in(call: Call, collection: str) -> str:
    """The name of the thing that a call is about."""
    last = call.path[-1]
    return f"{collection}/{(last if isinstance(last, str) else last[0]).partition(':')[0]}"


def malformed(message: str) -> Malformed:
    """An answer that breaks the format."""
    return Malformed(ErrorInfo("protocol.body", f"the answer cannot be read: {message}", sent="yes"))


def written(body: Mapping[str, Any]) -> Reply:
    """A success."""
    return whole(body)
