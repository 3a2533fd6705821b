"""What a reply that is no success says: exceptions by name, from a header, a body, or inside a stream.

The name comes in ``x-amzn-errortype``, as ``code`` or as ``__type``, perhaps after a namespace and before an
address. Several of the names say little, and what is meant is told by the text alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import attrs

from jackfield.errors import ErrorInfo, InvalidRequest, Malformed, kind_named, kind_of_status
from jackfield.framing.event_stream import Frame, write_exception
from jackfield.jsontext import dumps, loads
from jackfield.wire import Dialect, Headers, Reply
from jackfield.wire.replies import body_error, error_info

ERROR_TYPE = "x-amzn-errortype"
REQUEST_ID = "x-amzn-requestid"

CODES: Mapping[str, str] = {
    "accessdeniedexception": "auth",
    "unrecognizedclientexception": "auth",
    "unauthorizedexception": "auth",
    "invalidsignatureexception": "auth",
    "incompletesignature": "auth",
    "incompletesignatureexception": "auth",
    "missingauthenticationtoken": "auth",
    "missingauthenticationtokenexception": "auth",
    "invalidclienttokenid": "auth",
    "expiredtoken": "auth",
    "expiredtokenexception": "auth",
    "requestexpired": "auth.skew",
    "requesttimetooskewed": "auth.skew",
    "optinrequired": "auth",
    "resourcenotfoundexception": "model.missing",
    "validationexception": "request.invalid",
    "serializationexception": "request.invalid",
    "throttlingexception": "throttle",
    "toomanyrequestsexception": "throttle",
    "servicequotaexceededexception": "quota.window",
    "modelnotreadyexception": "server.overloaded",
    "modeltimeoutexception": "server.transient",
    "modelerrorexception": "server",
    "modelstreamerrorexception": "server",
    "internalserverexception": "server",
    "internalfailure": "server",
    "serviceunavailableexception": "server.overloaded",
    "serviceunavailable": "server.overloaded",
    "badgatewayexception": "server",
    "dependencyfailedexception": "server",
    "conflictexception": "server.transient",
}

# Texts that tell what a name leaves open, and what then helps. Seen 2024-2026.
_TEXTS: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), kind, hint)
    for pattern, kind, hint in (
        (
            r"on-demand throughput isn.t supported",
            "model.missing",
            "ask for an inference profile: put a region before the id, such as `us.` or `global.`",
        ),
        (
            r"model identifier is invalid|doesn.t support (?:the model|this model)|end of its life|invalid model",
            "model.missing",
            "`jackfield models bedrock` lists ids; newer models have a region before theirs, such as `us.`",
        ),
        (
            r"access to the model|model access is denied|not available for this account|use case details",
            "model.missing",
            "ask for access to the model in the console of the account, under `Model access`",
        ),
        (r"signature expired|signature not yet current|request has expired", "auth.skew", "set the clock"),
        (
            (
                r"input tokens exceeded|input is too long|prompt is too long|too many input tokens"
                r"|exceeds? (?:the )?(?:model.s )?(?:maximum )?context|expected maxLength"
                r"|exceeds the maximum (?:input|context) "
            ),
            "request.context",
            "",
        ),
        (r"too many tokens per day|daily (?:token|request)", "quota.window", ""),
        (r"security token included in the request is expired", "auth", "the session's keys have run out"),
    )
)
_TOLD_BY_TEXT = frozenset({"request.invalid", "auth", "model.missing", "throttle", "server"})


def plain_code(code: str) -> str:
    """The name of an exception, without the namespace before it and the address behind it."""
    return code.rpartition("#")[2].partition(":")[0].strip()


def parse_failure(reply: Reply, dialect: Dialect) -> ErrorInfo:
    """What a reply that is not a success says."""
    facts, raw = _facts(reply.body)
    code = plain_code(reply.headers.get(ERROR_TYPE, "")) or _code_in(facts)
    if facts is None and not code:
        return _refined(error_info(reply, dialect, CODES), None, dialect)
    words = facts if facts is not None else {"message": reply.body[:1000].decode("utf-8", "replace").strip()}
    named = {**words, "code": code} if code else words
    info = error_info(Reply(reply.status, reply.headers, dumps(named)), dialect, CODES)
    return attrs.evolve(_refined(info, words, dialect), raw=raw)


def body_failure(body: Mapping[str, Any], dialect: Dialect, code: str = "") -> ErrorInfo | None:
    """What a decoded body says went wrong; ``None`` if it says nothing of the kind."""
    code = plain_code(code) or _code_in(body)
    named = {**body, "code": code} if code else dict(body)
    info = body_error(named, dialect, CODES)
    return None if info is None else attrs.evolve(_refined(info, body, dialect), raw=dict(body))


def frame_failure(frame: Frame, dialect: Dialect) -> ErrorInfo:
    """What an exception or error inside a stream says."""
    code = frame.name
    words, _ = _facts(frame.data)
    said = frame.headers.get(":error-message")
    if not words and isinstance(said, str):
        words = {"message": said}
    found = body_failure(words or {"message": code}, dialect, code)
    return found or ErrorInfo("server", code, code=code, provider=dialect.provider, sent="yes")


def _facts(body: bytes) -> tuple[dict[str, Any] | None, Any]:
    try:
        value = loads(body)
    except Malformed:
        return None, None
    return (value if isinstance(value, dict) else None), value


def _code_in(facts: Mapping[str, Any] | None) -> str:
    found = ((facts or {}).get(name) for name in ("code", "__type"))
    return next((plain_code(code) for code in found if isinstance(code, str)), "")


def _refined(info: ErrorInfo, facts: Mapping[str, Any] | None, dialect: Dialect) -> ErrorInfo:
    """The failure by its text, where its name leaves it open."""
    if info.code is not None and kind_named(dialect.errors.get(info.code, "")):
        return info
    status = (facts or {}).get("originalStatusCode")
    if info.kind == "server" and isinstance(status, int) and 400 <= status < 600:
        info = attrs.evolve(info, kind=kind_of_status(status))
    if info.kind not in _TOLD_BY_TEXT:
        return info
    told = next(((kind, hint) for text, kind, hint in _TEXTS if text.search(info.message)), None)
    if told is None:
        return info
    return attrs.evolve(info, kind=told[0], hint=info.hint or told[1])


# -- the server half -------------------------------------------------------------------------------

# Our kind -> the exception it is reported as; a kind that is not here goes by what it begins with.
_REPORTS: Mapping[str, tuple[str, int]] = {
    "request": ("ValidationException", 400),
    "auth": ("AccessDeniedException", 403),
    "auth.skew": ("InvalidSignatureException", 403),
    "model": ("ResourceNotFoundException", 404),
    "throttle": ("ThrottlingException", 429),
    "quota": ("ServiceQuotaExceededException", 400),
    "local": ("ThrottlingException", 429),
    "server": ("InternalServerException", 500),
    "server.overloaded": ("ServiceUnavailableException", 503),
    "timeout": ("ModelTimeoutException", 408),
    "deadline": ("ModelTimeoutException", 408),
    "protocol": ("ModelErrorException", 424),
}
_OTHERWISE = ("InternalServerException", 500)
_TOO_LONG = "Input is too long for requested model."


def report_of(error: ErrorInfo) -> tuple[str, int]:
    """The exception and status a failure is reported with."""
    name, status = _REPORTS.get(error.kind) or _REPORTS.get(error.kind.partition(".")[0], _OTHERWISE)
    if error.code is not None and error.code.lower() in CODES:
        name = error.code[0].upper() + error.code[1:]
    return name, error.status if error.status is not None and error.status >= 400 else status


def write_failure(error: ErrorInfo) -> Reply:
    """The answer that reports a failure; a failure that has a status keeps it."""
    name, status = report_of(error)
    headers = Headers({"content-type": "application/json", ERROR_TYPE: name})
    if error.request_id:
        headers[REQUEST_ID] = error.request_id
    if error.retry_after is not None:
        headers["retry-after"] = str(round(error.retry_after))
    return Reply(status, headers, dumps({"message": _said(error)}))


def write_frame_failure(error: ErrorInfo) -> bytes:
    """The exception that ends a stream."""
    name, _ = report_of(error)
    return write_exception(name[0].lower() + name[1:], dumps({"message": _said(error)}))


def _said(error: ErrorInfo) -> str:
    """The words; a prompt that is too long is told by its words alone."""
    if error.kind == "request.context" and not any(text.search(error.message) for text, *_ in _TEXTS):
        return f"{_TOO_LONG} {error.message}".rstrip()
    return error.message or report_of(error)[0]


def refused(message: str) -> InvalidRequest:
    """A request that is none."""
    return InvalidRequest(
        ErrorInfo("request.invalid", message, status=400, code="ValidationException", sent="no")
    )
