"""What replies that are no success say: kind, words, code, and when to come back."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from jackfield.errors import KINDS, Malformed
from jackfield.wire import Dialect, Headers, Reply
from jackfield.wire.chat_completions.tables import CODES
from jackfield.wire.replies import body_error, error_info, json_body

DIALECT = Dialect("acme", request_id=("x-request-id", "x-trace"))
DATE = "Sun, 06 Nov 1994 08:49:07 GMT"


def reply(status, body=b"", **headers):
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, Headers({name.replace("_", "-"): value for name, value in headers.items()}), text)


def info(status, body=b"", **headers):
    return error_info(reply(status, body, **headers), DIALECT, CODES)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": {"message": "m", "type": "t"}}, "m"),
        ({"error": "m"}, "m"),
        ({"error": "e", "message": "m"}, "e: m"),
        ({"error": {"error": {"message": "m"}}}, "m"),
        ({"detail": "m"}, "m"),
        ({"detail": [{"loc": ["body", 0, "x"], "msg": "m"}]}, "body.0.x: m"),
        ({"detail": {"message": "m"}}, "m"),
        ({"title": "t", "detail": "m"}, "m"),
        ({"message": "m"}, "m"),
        ({"errors": [{"message": "m"}, {"message": "n"}]}, "m; n"),
        ({"errors": ["m"]}, "m"),
        ({"object": "error", "message": "m"}, "m"),
        ({"type": "error", "error": {"message": "m"}}, "m"),
        ([{"error": {"message": "m"}}], "m"),
        ({"base_resp": {"status_code": 1004, "status_msg": "m"}}, "m"),
        ({"error": {"message": "m", "metadata": {"raw": "upstream"}}}, "m: upstream"),
        (b"one line\nof text", "one line of text"),
        (b"<html><head><title>502 Bad&nbsp;Gateway</title></head><body>x</body></html>", "502 Bad Gateway"),
        (b"<p>Sorry</p>", "Sorry"),
        (b"", "400 Bad Request with an empty body"),
        (b'{"error": {"mess', '{"error": {"mess'),
    ],
)
def test_finds_the_words_of_every_shape(body, words):
    """Whatever form providers give their errors, the words come out."""
    assert words == info(400, body).message


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {}, "request.invalid"),
        (401, {"error": {"message": "m", "code": "invalid_request_error"}}, "auth"),
        (403, {}, "auth"),
        (402, {}, "quota.money"),
        (404, {}, "model.missing"),
        (408, {}, "server.transient"),
        (413, {"error": {"message": "m", "code": "rate_limit_exceeded"}}, "throttle"),
        (422, {"detail": "m"}, "request.invalid"),
        (429, {}, "throttle"),
        (429, {"error": {"message": "m", "code": "insufficient_quota"}}, "quota.money"),
        (
            429,
            {"error": {"message": "Request too large for m", "code": "rate_limit_exceeded"}},
            "request.context",
        ),
        (400, {"error": {"message": "m", "code": "context_length_exceeded"}}, "request.context"),
        (400, {"error": {"message": "the maximum context length is 5 tokens"}}, "request.context"),
        (500, {"error": {"message": "prompt is too long"}}, "request.context"),
        (400, {"code": "invalid-argument", "error": "Incorrect API key provided."}, "auth"),
        (400, {"error": {"code": 400, "message": "m", "details": [{"reason": "API_KEY_INVALID"}]}}, "auth"),
        (400, {"error": {"code": "content_filter", "message": "m"}}, "request.policy"),
        (
            400,
            {"error": {"code": None, "innererror": {"code": "ResponsibleAIPolicyViolation"}}},
            "request.policy",
        ),
        (400, {"error": {"message": "m", "type": "invalid_model", "code": "1500"}}, "model.missing"),
        (500, {"error": {"message": "m", "type": "server_error"}}, "server"),
        (500, b"", "server"),
        (502, b"<html>x</html>", "server"),
        (503, b"upstream connect error", "server.overloaded"),
        (529, {"error": {"type": "overloaded_error", "message": "m"}}, "server.overloaded"),
        (500, {"error": {"code": "slow_down", "message": "m"}}, "server.overloaded"),
        (501, b"", "protocol"),
        (307, b"", "protocol"),
        (200, b"<html><title>Log in</title></html>", "protocol.body"),
        (200, {"error": {"code": 502, "message": "m"}}, "server"),
        (200, {"error": {"code": 429, "message": "m"}}, "throttle"),
        (200, {"error": {"type": "invalid_request_error", "message": "m"}}, "request.invalid"),
        (200, {"error": {"message": "m"}}, "server"),
    ],
)
def test_tells_the_kind(status, body, kind):
    """By sure codes, then tell-tale texts, then the status, then vague codes."""
    assert kind == info(status, body).kind


def test_the_providers_own_table_comes_first():
    """A profile may say what a code means, by kind or by the name of an exception."""
    dialect = Dialect("acme", errors={"insufficient_quota": "throttle", "1004": "Unauthorized"})

    assert (
        "throttle" == error_info(reply(429, {"error": {"code": "insufficient_quota"}}), dialect, CODES).kind
    )
    assert "auth" == error_info(reply(400, {"code": 1004, "message": "m"}), dialect, CODES).kind


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "2"}, 2),
        ({"retry_after": "1.5"}, 1.5),
        ({"retry_after_ms": "250", "retry_after": "9"}, 0.25),
        ({"retry_after_ms": "0", "retry_after": "1"}, 1),
        ({"x_ms_retry_after_ms": "1500"}, 1.5),
        ({"retry_after": "2, 7"}, 7),
        ({"retry_after": "Sun, 06 Nov 1994 08:49:37 GMT", "date": DATE}, 30),
        ({"retry_after": "Sunday, 06-Nov-94 08:49:37 GMT", "date": DATE}, 30),
        ({"retry_after": "Sun Nov  6 08:49:37 1994", "date": DATE}, 30),
        ({"retry_after": "Sun, 06 Nov 1994 08:49:00 GMT", "date": DATE}, None),
        ({"retry_after": "Sun, 06 Nov 1994 08:49:37 GMT"}, None),
        ({"retry_after": "86400"}, 86400),
        ({"retry_after": "-1"}, None),
        ({"retry_after": "NaN"}, None),
        ({"retry_after": "inf"}, None),
        ({"retry_after": "1e9"}, None),
        ({"retry_after": "99999999"}, None),
        ({"retry_after": "soon"}, None),
        ({"retry_after": "٣"}, None),
        ({"retry_after": ""}, None),
    ],
)
def test_reads_when_to_come_back(headers, seconds):
    """Seconds, milliseconds and all three dates; what makes no sense is no hint."""
    assert seconds == info(429, {}, **headers).retry_after


@pytest.mark.parametrize(
    ("delay", "seconds"), [("46s", 46), ("10h17m5.7s", 37025.7), ("x", None), ("", None), ("0s", None)]
)
def test_reads_the_delay_of_a_body(delay, seconds):
    """Some providers put it into the error's details."""
    body = {"error": {"code": 429, "message": "m", "details": [{"reason": "x"}, {"retryDelay": delay}]}}

    assert seconds == info(429, body).retry_after


@pytest.mark.parametrize("status", [200, 400, 401, 404, 422])
def test_a_hint_counts_only_where_waiting_helps(status):
    """Some hosts send retry-after with every answer."""
    assert info(status, {"error": "m"}, retry_after="2").retry_after is None


def test_takes_the_providers_word_on_retrying():
    """x-should-retry is kept; other words in it are not."""
    assert info(500, b"", x_should_retry="false").should_retry is False
    assert info(500, b"", x_should_retry="true").should_retry is True
    assert info(500, b"", x_should_retry="maybe").should_retry is None


def test_finds_the_request_id():
    """In the provider's headers, in order, else in the body."""
    assert "a" == info(500, b"", x_trace="b", x_request_id="a").request_id
    assert "b" == info(500, b"", x_trace="b").request_id
    assert "c" == info(500, {"error": "m", "request_id": "c"}).request_id


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcdefgh12345678",
        "gsk_abcdefghij1234",
        "AIzaSyA1234567890abc",
        "Bearer abc.def",
        "a1" * 25,
        "sk-***abcd1234",
    ],
)
def test_shows_no_key(secret):
    """Providers repeat the key they refuse."""
    error = info(401, {"error": {"message": f"Incorrect key: {secret}"}})

    assert secret not in error.message
    assert "***" in error.message


def test_a_message_is_one_short_line():
    """Line ends and control characters cannot reach a terminal or a log."""
    message = info(400, {"error": {"message": "a\r\nb\x1b[31m\x00" + "x y " * 400}}).message

    assert len(message) <= 300
    assert message.isprintable()
    assert "a b" in message


def test_long_names_of_models_stay_readable():
    """They are no secrets."""
    name = "meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8"

    assert name in info(404, {"error": {"message": f"no model {name}"}}).message


def test_a_body_that_says_nothing_is_no_error():
    """Neither words nor a code."""
    assert body_error({"choices": []}, DIALECT) is None


@pytest.mark.parametrize("body", [b"<html>login</html>", b'{"choices":[{"mess', b"", b"\xff"])
def test_a_success_that_is_not_json_is_malformed(body):
    """A login page is never returned as an answer."""
    with pytest.raises(Malformed) as caught:
        json_body(reply(200, body, content_type="text/html"))

    assert 200 == caught.value.info.status
    assert "text/html" in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["error", "detail", "message", "errors", "code", "type", "details", "x"]), inner
        )
    ),
    max_leaves=10,
)


@settings(deadline=None)
@given(JSON, st.integers(200, 599))
@example({"code": "\r"}, 200)
def test_no_body_breaks_it(body, status):
    """Whatever is sent, something is said of a known kind."""
    error = info(status, body)

    assert error.kind in KINDS
    assert error.message


@settings(deadline=None)
@given(st.binary(max_size=80), st.text(max_size=20))
def test_no_bytes_and_no_header_break_it(body, value):
    """Nor any bytes, nor any header."""
    assert info(503, body, retry_after=value, retry_after_ms=value, date=value).kind in KINDS
