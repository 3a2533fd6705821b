"""How failures in the messages format are told apart, and how they are reported."""

from __future__ import annotations

import json

import pytest

from jackfield.errors import ErrorInfo
from jackfield.wire import Dialect, Reply
from jackfield.wire.messages import Messages

WIRE = Messages(Dialect(provider="acme", request_id=("request-id",)))


def body(code, message="words", **details):
    error = {"type": code, "message": message, **({"details": details} if details else {})}
    return json.dumps({"type": "error", "error": error, "request_id": "req_1"}).encode()


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "invalid_request_error", "request.invalid"),
        (401, "authentication_error", "auth"),
        (402, "billing_error", "quota.money"),
        (403, "permission_error", "auth"),
        (404, "not_found_error", "model.missing"),
        (409, "conflict_error", "server.transient"),
        (413, "request_too_large", "request.context"),
        (429, "rate_limit_error", "throttle"),
        (500, "api_error", "server"),
        (504, "timeout_error", "server.transient"),
        (529, "overloaded_error", "server.overloaded"),
        (200, "overloaded_error", "server.overloaded"),
        (400, "future_error", "request.invalid"),
        (503, "future_error", "server.overloaded"),
    ],
)
def test_codes_of_the_format(status, code, kind):
    """The code says what the caller can do; an unknown one leaves it to the status."""
    error = WIRE.parse_error(Reply(status, body=body(code)))

    assert (kind, code, status, "req_1") == (error.kind, error.code, error.status, error.request_id)
    assert "words" in error.message


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("prompt is too long: 200001 tokens > 200000 maximum", "request.context"),
        ("input length and `max_tokens` exceed context limit: 1 + 2 > 2", "request.context"),
        ("Your credit balance is too low to use the API", "quota.money"),
        ("messages.0: all messages must have content", "request.invalid"),
    ],
)
def test_texts_that_say_more_than_their_code(message, kind):
    """One code covers requests that are wrong, too long, and unpaid."""
    assert kind == WIRE.parse_error(Reply(400, body=body("invalid_request_error", message))).kind


def test_a_finer_code_goes_first():
    """A spend limit is not a rate limit: waiting does not help."""
    reply = Reply(429, body=body("rate_limit_error", error_code="enforced_spend_limit_reached"))

    error = WIRE.parse_error(reply)

    assert ("quota.money", "enforced_spend_limit_reached") == (error.kind, error.code)


def test_the_profiles_table_goes_before_the_wires():
    """A provider may mean something of its own by a code."""
    wire = Messages(Dialect(errors={"spend_cap": "quota.money", "api_error": "server.transient"}))

    assert (
        "quota.money"
        == wire.parse_error(Reply(429, body=body("rate_limit_error", error_code="spend_cap"))).kind
    )
    assert "server.transient" == wire.parse_error(Reply(500, body=body("api_error"))).kind


@pytest.mark.parametrize(
    ("status", "text", "kind"),
    [
        (503, b"upstream connect error", "server.overloaded"),
        (502, b"<html><title>Bad gateway</title></html>", "server"),
        (500, b"", "server"),
        (413, b'"too big"', "request.invalid"),
    ],
)
def test_replies_that_are_no_json(status, text, kind):
    """Proxies answer in text and HTML."""
    error = WIRE.parse_error(Reply(status, {"content-type": "text/html", "request-id": "r"}, text))

    assert (kind, "r", True) == (error.kind, error.request_id, bool(error.message))


def test_retry_hints_are_read_from_the_headers():
    """When to come back, and whether to."""
    headers = {"retry-after": "7", "x-should-retry": "false"}

    error = WIRE.parse_error(Reply(529, headers, body("overloaded_error")))

    assert (7.0, False) == (error.retry_after, error.should_retry)


@pytest.mark.parametrize(
    "kind",
    [
        "auth",
        "quota.money",
        "model.missing",
        "throttle",
        "server",
        "server.overloaded",
        "request.invalid",
        "request.context",
    ],
)
def test_what_is_reported_reads_back_as_the_same_kind(kind):
    """Both halves have the same table."""
    reply = WIRE.write_error(ErrorInfo(kind, "words", request_id="r9", retry_after=2.0))

    error = WIRE.parse_error(reply)

    assert (kind, "r9") == (error.kind, error.request_id)
    assert (2.0 if reply.status in (429, 529) or reply.status >= 500 else None) == error.retry_after


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (ErrorInfo("server.overloaded", "x", status=503), 503, "overloaded_error"),
        (ErrorInfo("timeout.idle", "x"), 504, "timeout_error"),
        (ErrorInfo("protocol.body", "x", status=200), 502, "api_error"),
        (ErrorInfo("auth", "x"), 502, "authentication_error"),
        (ErrorInfo("server.overloaded", "x"), 529, "overloaded_error"),
        (ErrorInfo("local.budget", "x"), 402, "billing_error"),
        (ErrorInfo("auth", "x", status=403, code="permission_error"), 403, "permission_error"),
        (ErrorInfo("request.unsupported", "x"), 400, "invalid_request_error"),
    ],
)
def test_failures_have_the_shape_of_the_format(error, status, code):
    """Status and code of any failure of ours, seen from outside."""
    reply = WIRE.write_error(error)

    expected = {"type": "error", "error": {"type": code, "message": "x"}}
    assert (status, expected) == (reply.status, json.loads(reply.body))
