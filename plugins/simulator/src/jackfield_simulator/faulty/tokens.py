"""Faults of token endpoints: slow, down, other than they should be."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from jackfield.wire import Headers, Reply
from jackfield_simulator.faulty.base import Case, Fault, add
from jackfield_simulator.faulty.refusals import PAGE, refused
from jackfield_simulator.records import WHOLE
from jackfield_simulator.steps import Steps, Wait, plain, whole

JSON = {"content-type": "application/json"}


def _token(name: str, says: str, perform: Callable[[Case], Steps]) -> None:
    add(Fault(name, 44, says, perform, frozenset({WHOLE}), moment="token", charged=False))


def _slow(case: Case) -> Steps:
    yield Wait(20 * case.pace)
    yield from plain(case.exchange)


def _answering(status: int, headers: dict[str, str], body: bytes) -> Callable[[Case], Steps]:
    def perform(case: Case) -> Steps:
        yield refused(case, Reply(status, Headers(headers), body))

    return perform


def _living(lifetime: Any) -> Callable[[Case], Steps]:
    def perform(case: Case) -> Steps:
        reply = case.exchange.reply
        assert isinstance(reply, Reply)
        value = {**json.loads(reply.body), "expires_in": lifetime}
        yield whole(Reply(reply.status, reply.headers, json.dumps(value).encode()))

    return perform


_page = PAGE % (b"Sign in", b"Sign in", b"")
_token("token-slow", "the token comes after 20 s", _slow)
_token("token-failed", "the token endpoint answers 500", _answering(500, JSON, b'{"error":"server_error"}'))
_token(
    "token-html",
    "the token endpoint answers with a web page",
    _answering(200, {"content-type": "text/html"}, _page),
)
_token(
    "token-refused",
    "the token endpoint knows no such client",
    _answering(401, JSON, b'{"error":"invalid_client"}'),
)
_token("token-lifetime-negative", "the token lives for -1 s", _living(-1))
_token("token-lifetime-zero", "the token lives for 0 s", _living(0))
_token("token-lifetime-text", 'the token lives for "3600"', _living("3600"))
_token("token-lifetime-huge", "the token lives for 10^12 s", _living(10**12))
_token(
    "token-skew",
    "the assertion was made in the future, by the server's clock",
    _answering(
        400, JSON, b'{"error":"invalid_grant","error_description":"Invalid JWT: iat is in the future"}'
    ),
)
