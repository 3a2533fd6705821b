"""Faults that are answers: limits, outages, refusals, redirects. What they say is said in the wire's own words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from attrs import field, frozen

from jackfield.errors import ErrorInfo
from jackfield.jsontext import dumps
from jackfield.wire import Headers, Reply
from jackfield_simulator.faulty.base import Case, Fault, add, fault
from jackfield_simulator.steps import Pairs, Send, Steps, head, whole

GOOGLE = "type.googleapis.com/google.rpc"
PAGE = b"<!doctype html><html><head><title>%b</title></head><body><h1>%b</h1><p>%b</p></body></html>"
OVERLOADED = "Overloaded, please try again later"


@frozen
class Refusal:
    """A status with the wire's own body for a kind of failure; a provider's own ``body`` where that says more."""

    status: int
    kind: str
    words: str
    code: str | None = None
    headers: Mapping[str, str] = field(factory=dict)
    body: Any = None

    def __call__(self, case: Case) -> Steps:
        """Refuse."""
        yield refused(case, self.reply(case), self.headers.items())

    def reply(self, case: Case) -> Reply:
        """The answer that refuses."""
        if self.body is not None:
            return Reply(self.status, Headers({"content-type": "application/json"}), dumps(self.body))
        wire = case.exchange.wire
        assert wire is not None
        info = ErrorInfo(self.kind, self.words, status=self.status, code=self.code)
        return wire.write_error(info)


def refused(case: Case, reply: Reply, more: Pairs = ()) -> Send:
    """The refusal as it is sent, and booked."""
    case.exchange.line.status = reply.status
    return whole(reply, more)


# -- limits ----------------------------------------------------------------------------------------


def _limit(**headers: str) -> Refusal:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Refusal(429, "throttle", "Rate limit reached, please slow down", headers=named)


def _details(*details: dict[str, Any]) -> dict[str, Any]:
    message = "You exceeded your current quota"
    return {
        "error": {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": list(details)}
    }


def _delay(text: str) -> dict[str, Any]:
    return {"@type": f"{GOOGLE}.RetryInfo", "retryDelay": text}


_DAILY = {
    "@type": f"{GOOGLE}.QuotaFailure",
    "violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier", "quotaValue": "50"}],
}

_CHAT = ("chat_completions", "responses")
_PAID_FIRST = (
    *_CHAT,
    "messages",
    "generate_content",
    "cohere",
    "ollama",
)  # the others have no word for money
_MONEY = {
    "error": {
        "message": "You exceeded your current quota, please check your plan and billing details.",
        "type": "insufficient_quota",
        "param": None,
        "code": "insufficient_quota",
    }
}
_SPENT = {
    "type": "error",
    "error": {
        "type": "rate_limit_error",
        "code": "enforced_spend_limit_reached",
        "message": "This workspace has reached its spend limit",
    },
}

# number, name, what people are told, what is answered, the wires on which it can be said
_REFUSALS: tuple[tuple[int, str, str, Refusal, tuple[str, ...]], ...] = (
    (13, "throttled-1s", "429, come back after 1 s", _limit(retry_after="1"), ()),
    (15, "throttled", "429 without a hint", _limit(), ()),
    (16, "throttled-86400", "429, come back tomorrow", _limit(retry_after="86400"), ()),
    (16, "throttled-negative", "429, come back after -1 s", _limit(retry_after="-1"), ()),
    (16, "throttled-nan", "429, come back after NaN", _limit(retry_after="NaN"), ()),
    (16, "throttled-1e9", "429, come back after 1e9 s", _limit(retry_after="1e9"), ()),
    (16, "throttled-soon", "429, come back soon", _limit(retry_after="soon"), ()),
    (17, "quota", "429, the quota is used up", Refusal(429, "", "", body=_MONEY), _CHAT),
    (17, "spend-limit", "429, the spend limit is reached", Refusal(429, "", "", body=_SPENT), ("messages",)),
    (
        17,
        "payment",
        "402, there is no money left",
        Refusal(402, "quota.money", "Payment required"),
        _PAID_FIRST,
    ),
    (
        18,
        "retry-info",
        "429, the body says 46 s",
        Refusal(429, "", "", body=_details(_delay("46s"))),
        ("generate_content",),
    ),
    (
        18,
        "retry-info-daily",
        "429, the body names a quota of the day",
        Refusal(429, "", "", body=_details(_DAILY, _delay("10h17m5.7s"))),
        ("generate_content",),
    ),
    (19, "overloaded-529", "529, overloaded", Refusal(529, "server.overloaded", OVERLOADED), ()),
    (19, "overloaded-503", "503, overloaded", Refusal(503, "server.overloaded", OVERLOADED), ()),
    (20, "failed", "500 in the wire's own words", Refusal(500, "server", "Something went wrong here"), ()),
    (43, "unauthorized", "401", Refusal(401, "auth", "The credential is not valid"), ()),
    (43, "forbidden", "403", Refusal(403, "auth", "The credential may not do this"), ()),
)

for _number, _name, _says, _refusal, _wires in _REFUSALS:
    add(Fault(_name, _number, _says, _refusal, wires=frozenset(_wires), charged=False))


@fault(14, "throttled-date", charged=False)
def throttled_date(case: Case) -> Steps:
    """429 with a date 2 s ahead, by a clock that is an hour fast."""
    fast = datetime.now(UTC) + timedelta(hours=1)
    dates = {"date": fast, "retry-after": fast + timedelta(seconds=2)}
    headers = [(name, format_datetime(moment, usegmt=True)) for name, moment in dates.items()]
    yield refused(case, _limit().reply(case), headers)


# -- pages -----------------------------------------------------------------------------------------


def _page(number: int, name: str, says: str, status: int, words: str) -> None:
    text = words.encode()

    def perform(case: Case) -> Steps:
        body = PAGE % (text, text, b"proxy " * 200)
        yield refused(case, Reply(status, Headers({"content-type": "text/html; charset=utf-8"}), body))

    add(Fault(name, number, says, perform, charged=False))


_page(20, "failed-html", "500 with a web page", 500, "Internal Server Error")
_page(21, "bad-gateway", "502 with a proxy's page", 502, "502 Bad Gateway")
_page(22, "login-page", "200 with a page to log in", 200, "Sign in to the network")


@fault(20, "failed-empty", charged=False)
def failed_empty(case: Case) -> Steps:
    """500 with nothing in it."""
    yield refused(case, Reply(500))


# -- redirects -------------------------------------------------------------------------------------


def _redirect(name: str, status: int, place: Callable[[Case], str], says: str) -> None:
    def perform(case: Case) -> Steps:
        case.exchange.line.status = status
        headers: Iterable[tuple[str, str]] = (("location", place(case)), ("content-length", "0"))
        yield Send(head(status, headers))

    add(Fault(name, 41, says, perform, charged=False))


def _target(case: Case) -> str:
    return str(getattr(case.exchange.call, "target", "/"))


_redirect("redirect-302", 302, lambda case: case.elsewhere + _target(case), "302 to another origin")
_redirect("redirect-307", 307, lambda case: case.elsewhere + _target(case), "307 to another origin")
_redirect("redirect-308", 308, lambda case: case.here + "/moved" + _target(case), "308 to the same origin")
_redirect("redirect-loop", 307, lambda case: case.here + _target(case), "307 to itself")
