"""What a reply that is no success says, whatever wire it came over: kind, words, code, when to come back.

Providers agree on very little here, so everything is a table or an order of places to look:

- the kind of failure: the provider's own table (of codes, or of statuses that mean something else there), then unmistakable codes, then a few texts (overlong
  prompts and bad keys come under codes that say nothing), then the status, then vague codes;
- the words: an ``error`` object, an ``error`` string, ``detail``, ``message``, ``errors``, the bare text;
- when to come back: see ``hints``. Never on a success:
  some hosts send ``retry-after`` with every answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from html import unescape
from http import HTTPStatus
from typing import Any

from jackfield.errors import ErrorInfo, JackfieldError, Malformed, kind_named, kind_of_status
from jackfield.jsontext import loads
from jackfield.wire import hints
from jackfield.wire.base import Dialect
from jackfield.wire.call import Reply

MESSAGE_LIMIT = 300
EXCERPT_LIMIT = 200

NO_CODES: Mapping[str, str] = {}

# Texts that tell what code and status leave open, and the statuses they may come under. An overlong prompt
# was seen as 400, 413, 422, 429, 500 and, once, inside a 200 (2024-2026). None of them clears by waiting.
TEXT_KINDS: tuple[tuple[str, str, frozenset[int]], ...] = tuple(
    (text, kind, frozenset(statuses))
    for kind, statuses, texts in (
        (
            "request.context",
            (0, 200, 400, 403, 408, 413, 422, 429, 500),
            (
                "maximum context length",
                "exceeds the context window",
                "exceeds the available context size",
                "exceeded max context length",
                "exceed context limit",
                "exceeds the maximum number of tokens",
                "prompt is too long",
                "prompt too long",
                "input is too long",
                "input tokens exceeded",
                "total length of all messages is too long",
                "too many tokens: size limit",
                "request too large for",
                "reduce the length of the messages",
            ),
        ),
        (
            "auth",
            (0, 200, 400),
            ("incorrect api key", "invalid api key", "api key not valid", "invalid x-api-key"),
        ),
        ("quota.money", (0, 200, 400, 403, 429), ("credit balance is too low", "insufficient balance")),
        ("request.policy", (0, 200, 400, 403), ("violates usage guidelines", "input was flagged")),
        ("model.missing", (0, 200, 400), ("is not a valid model id", "unknown model", "model not found")),
    )
    for text in texts
)

# Kinds that a code may name without being sure of it: a status that says more goes first.
VAGUE = frozenset({"request.invalid", "server", "throttle"})

_MAY_HINT = frozenset({408, 409, 425, 429, 498})
_SECRETS = re.compile(
    r"\bBearer\s+\S+|\b(?:sk|gsk|csk|pk|hf|r8|nvapi)[-_][\w*.-]{8,}"
    r"|\b(?:AIza|ya29\.|eyJ)[\w.-]{12,}|\b[A-Za-z0-9]{40,}\b"
)
_TITLE = re.compile(r"<(title|h1)[^>]{0,200}>([^<]{1,300})", re.IGNORECASE)
_TAG = re.compile(r"<[^>]{0,500}>")


def error_info(reply: Reply, dialect: Dialect, codes: Mapping[str, str] = NO_CODES) -> ErrorInfo:
    """What ``reply`` says went wrong; ``codes`` is the wire's own table of vendor codes in lower case."""
    body = _json_of(reply.body)
    info = body_error(body, dialect, codes, reply.status) if body is not None else None
    if info is None:
        info = _text_error(reply, dialect)
    return info.where(
        request_id=request_id(reply.headers, dialect) or _body_request_id(body),
        retry_after=retry_after(reply, body),
        should_retry=_SHOULD_RETRY.get(reply.headers.get("x-should-retry", "").lower()),
        resets=hints.resets(reply.headers) if reply.status == 429 else None,
    )


_SHOULD_RETRY = {"true": True, "false": False}


def body_error(
    body: Any, dialect: Dialect, codes: Mapping[str, str] = NO_CODES, status: int | None = None
) -> ErrorInfo | None:
    """What a decoded body says went wrong; ``None`` if it holds no words and no code at all.

    Without ``status``, as inside a stream, the body's own figure counts.
    """
    facts = _facts(body)
    words, found = next(_messages(facts), ""), list(_codes(facts))
    if not words and not found:
        return None
    upstream = _upstream(facts)
    if upstream:
        words = f"{words}: {upstream}"
    seen = status if status is not None and status >= 300 else _inner_status(facts)
    kind = _kind(dialect, codes, found, _all_words(facts), seen)
    return ErrorInfo(
        kind,
        _said(words or found[0]),
        status=seen if seen is not None else status,
        code=found[0] if found else None,
        provider=dialect.provider,
        sent="yes",
        raw=body,
    )


def request_id(headers: Mapping[str, str], dialect: Dialect) -> str | None:
    """The provider's id of the exchange, from the first of its headers that is there."""
    return next((headers[name] for name in dialect.request_id if name in headers), None)


def json_body(reply: Reply) -> Any:
    """The decoded body of a success; a login page or half an object is ``Malformed``, never an answer."""
    try:
        return loads(reply.body)
    except Malformed as exc:
        kind = reply.headers.get("content-type", "no content type")
        message = f"the answer is not JSON ({kind:.60}): {exc.info.message:.120}"
        raise Malformed(ErrorInfo("protocol.body", message, status=reply.status, sent="yes")) from None


# -- the kind --------------------------------------------------------------------------------------


def _kind(
    dialect: Dialect, codes: Mapping[str, str], found: Sequence[str], words: str, status: int | None
) -> str:
    stated = next((dialect.errors[code] for code in (*found, str(status)) if code in dialect.errors), None)
    if stated is not None:
        return kind_named(stated) or "request.invalid"
    named = [codes[code] for code in map(_plain, found) if code in codes]
    sure = next((kind for kind in named if kind not in VAGUE), None)
    if sure is not None:
        return sure
    text = _kind_of_text(words.lower(), status)
    if text is not None:
        return text
    by_status = kind_of_status(status) if status is not None and status >= 300 else ""
    vague = next(iter(named), "")
    if by_status and not (vague and by_status == "request.invalid"):
        return by_status
    return vague or "server"


def _plain(code: str) -> str:
    """A code as tables spell it: vendors vary case and separators."""
    return code.lower().replace("-", "_").replace(" ", "_")


def _kind_of_text(words: str, status: int | None) -> str | None:
    at = status or 0
    return next((kind for text, kind, statuses in TEXT_KINDS if at in statuses and text in words), None)


def _inner_status(facts: Mapping[str, Any]) -> int | None:
    """The status an error inside a success names."""
    for name in ("status_code", "code", "status", "raw_status_code", "http_code"):
        value = facts.get(name)
        if isinstance(value, str) and len(value) == 3 and value.isascii() and value.isdigit():
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 400 <= value < 600:
            return value
    return None


# -- the words -------------------------------------------------------------------------------------


def _facts(body: Any) -> dict[str, Any]:
    """The error object of a body, flattened: what is inside ``error`` hides what is beside it."""
    if isinstance(body, list):  # seen where one front end gathers the errors of several
        body = body[0] if body else None
    if not isinstance(body, dict):
        return {"message": body} if isinstance(body, str) else {}
    facts: dict[str, Any] = dict(body)
    for name in ("error", "detail", "base_resp"):
        inner = facts.get(name)
        if isinstance(inner, dict):
            nested = inner.get("error")
            facts |= inner
            facts[name] = nested if name == "error" else None
            if isinstance(nested, dict):
                facts |= nested
                facts["error"] = None
    return facts


_MESSAGE_FIELDS = (
    "error",
    "detail",
    "message",
    "errors",
    "msg",
    "status_msg",
    "error_message",
    "title",
    "Message",
)
_INNER_FIELDS = ("message", "msg", "detail", "description")


def _messages(facts: Mapping[str, Any]) -> Iterator[str]:
    """The words of a failure, best first."""
    inside = facts.get("message")
    if isinstance(inside, str) and inside.strip() and isinstance(facts.get("error"), str | None):
        yield inside if facts.get("error") in (None, "") else f"{facts['error']}: {inside}"
    for name in _MESSAGE_FIELDS:
        yield from _texts(facts.get(name))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if value.strip():
            yield value
    elif isinstance(value, dict):
        for name in _INNER_FIELDS:
            yield from _texts(value.get(name))
    elif isinstance(value, list):
        yield from ("; ".join(filter(None, map(_item, value[:5]))),) if value else ()


def _item(value: Any) -> str:
    """One entry of a list of errors, with the place it is about."""
    words = next(_texts(value), "") if not isinstance(value, list) else ""
    where = value.get("loc") if isinstance(value, dict) else None
    return f"{'.'.join(map(str, where))}: {words}" if isinstance(where, list) and words else words


def _upstream(facts: Mapping[str, Any]) -> str:
    """What the host behind a router said; the router itself often only says that something went wrong there."""
    metadata = facts.get("metadata")
    upstream = metadata.get("raw") if isinstance(metadata, dict) else None
    return upstream if isinstance(upstream, str) else ""


def _all_words(facts: Mapping[str, Any]) -> str:
    """Everything said, to look for tell-tale texts in."""
    return "\n".join((*_messages(facts), _upstream(facts)))[:8192]


_CODE_FIELDS = ("code", "type", "status", "reason", "error_type", "error_code", "status_code", "__type")
_NO_CODE = frozenset({"", "error", "none", "null", "0", "200"})


def _codes(facts: Mapping[str, Any]) -> Iterator[str]:
    """The codes of a failure: words before numbers, since a number often only repeats the status."""
    values = [facts.get(name) for name in _CODE_FIELDS]
    for details in (facts.get("details"), facts.get("errors")):
        for detail in details if isinstance(details, list) else ():
            if isinstance(detail, dict):
                values += [detail.get("reason"), detail.get("code")]
    for name, field in (("innererror", "code"), ("metadata", "error_type")):
        inner = facts.get(name)
        if isinstance(inner, dict):
            values.append(inner.get(field))
    words = [
        str(value).strip() for value in values if isinstance(value, str | int) and not isinstance(value, bool)
    ]
    words = [word for word in words if word.lower() not in _NO_CODE]
    yield from sorted(dict.fromkeys(words), key=str.isdigit)


def _text_error(reply: Reply, dialect: Dialect) -> ErrorInfo:
    """The failure of a reply that is not JSON: a proxy's page, one line of text, or nothing."""
    text = reply.body[:4096].decode("utf-8", "replace").strip()
    title = _TITLE.search(text)
    if title is not None:
        text = title[2]
    elif text[:1] == "<":
        text = _TAG.sub(" ", text)
    text = " ".join(unescape(text).split())[:EXCERPT_LIMIT]
    kind = _kind_of_text(text.lower(), reply.status) or kind_of_status(reply.status)
    if reply.status < 300:
        kind = "protocol.body"
    words = text or f"{_phrase(reply.status)} with an empty body"
    return ErrorInfo(kind, _said(words), status=reply.status, provider=dialect.provider, sent="yes")


def _phrase(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"status {status}"


def _said(words: str) -> str:
    """The provider's words on one line, without control characters and anything that looks like a key."""
    line = " ".join(words[: 4 * MESSAGE_LIMIT].split())
    line = _SECRETS.sub("***", "".join(character if character.isprintable() else "?" for character in line))
    return line if len(line) <= MESSAGE_LIMIT else f"{line[: MESSAGE_LIMIT - 1]}…"


def _json_of(body: bytes) -> Any:
    if not body.lstrip()[:1] or body.lstrip()[:1] not in b'{["':
        return None
    try:
        return loads(body)
    except JackfieldError:
        return None


def _body_request_id(body: Any) -> str | None:
    facts = _facts(body)
    value = next(
        (facts[name] for name in ("request_id", "requestId") if isinstance(facts.get(name), str)), ""
    )
    return value or None


# -- when to come back -----------------------------------------------------------------------------


def retry_after(reply: Reply, body: Any = None) -> float | None:
    """The seconds the provider asks us to wait: the first hint that makes sense."""
    if reply.status not in _MAY_HINT and reply.status < 500:
        return None
    return hints.retry_after(reply.headers, _facts(body).get("details"))
