"""Failures: each status and code is a kind of ours, with what callers decide by, and nothing they must not see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jackfield.capability import Capability
from jackfield.errors import KINDS, ErrorInfo, JackfieldError, kind_of_status
from jackfield.jsontext import dumps
from jackfield.testing.answers import PROMPT
from jackfield.testing.rules import expect, rule, same, unmet
from jackfield.testing.subject import Subject
from jackfield.wire import Headers, Reply

STATUSES = (400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529)
JSON = {"content-type": "application/json"}
SECRET = "sk-kit-4f1e9b7c2d8a6053e1f7"  # noqa: S105  # it opens nothing
LONGEST = 1000


class Failing:
    """Rules about failures."""

    @rule(
        "bronze",
        "callers retry, wait, pay or give up by the kind of an error",
        "map what is special under [errors]; else the status decides",
    )
    def test_every_status_is_an_error_of_its_kind(self, subject: Subject) -> None:
        """Each status is the error that stands for it, or the one the profile states."""
        stated = subject.profile.errors
        for status in STATUSES:
            info = _parsed(subject, Reply(status, Headers(JSON), b'{"error": {"message": "no"}}'))
            kind = stated.get(str(status), kind_of_status(status))
            same(KINDS[kind].leaf.__name__, info.leaf.__name__, f"the error for status {status}")
            same(status, info.status, "the status it tells")

    @rule(
        "bronze",
        "a row in the table that is never reached is a promise nobody keeps",
        "spell codes as they come; a wire of its own must ask the dialect's table",
    )
    def test_every_stated_code_is_told(self, subject: Subject) -> None:
        """Each code under [errors] becomes the kind that is stated, in one of the usual forms of a body."""
        for code, kind in subject.profile.errors.items():
            replies = list(_with_code(subject, code))
            found = {_parsed(subject, reply).kind for reply in replies}
            expect(kind in found, f"`{code}` is stated as `{kind}`, but becomes {', '.join(sorted(found))}")

    @rule(
        "bronze",
        "who comes back too early is limited for longer",
        "nothing to be done, if the wire's `parse_error` uses `error_info`",
    )
    def test_it_says_when_to_come_back(self, subject: Subject) -> None:
        """The seconds of a `retry-after` header are told with a 429, also those up to a date, and it may be repeated."""
        slow = b'{"error": {"message": "slow"}}'
        info = _parsed(subject, Reply(429, Headers({**JSON, "retry-after": "7"}), slow))
        same(7.0, info.retry_after, "the seconds to wait")
        expect(info.retryable, "it is not to be repeated")
        dates = {"date": "Sat, 21 Nov 2026 10:00:00 GMT", "retry-after": "Sat, 21 Nov 2026 10:00:09 GMT"}
        info = _parsed(subject, Reply(429, Headers({**JSON, **dates}), slow))
        expect(info.retry_after is not None, f"a date is not understood: {dates['retry-after']}")

    @rule(
        "bronze",
        "without it a vendor's support finds nothing",
        "name the header under `request_id`",
    )
    def test_it_tells_the_id_of_the_request(self, subject: Subject) -> None:
        """The id in each header the profile names is told."""
        for name in subject.profile.request_id:
            reply = Reply(500, Headers({**JSON, name: "req-kit-1"}), b'{"error": {"message": "no"}}')
            same("req-kit-1", _parsed(subject, reply).request_id, f"the id in `{name}`")

    @rule(
        "silver",
        "messages go into logs: what a vendor echoes must not",
        "make messages with `error_info`, which cuts and redacts",
    )
    def test_a_vendors_words_are_cut_and_redacted(self, subject: Subject) -> None:
        """A vendor's message is short, on one line, and without anything like a key."""
        body = dumps({"error": {"message": f"key {SECRET} is wrong\n{'x ' * 50_000}"}})
        info = _parsed(subject, Reply(400, Headers(JSON), body))
        expect(SECRET not in info.message, "the key it quotes is told")
        expect(len(info.message) <= LONGEST, f"it is {len(info.message)} characters long")
        expect(info.message and "\n" not in info.message, "it is not one line")

    @rule(
        "bronze",
        "proxies and outages answer in all forms",
        "nothing to be done, if the wire's `parse_error` uses `error_info`",
    )
    def test_any_body_of_a_failure_will_do(self, subject: Subject) -> None:
        """Pages, nothing, half of JSON and bytes that are no text are errors by their status."""
        page = b"<html><head><title>502 Bad Gateway</title></head><body>oops</body></html>"
        bodies = (
            page,
            b"",
            b'{"error"',
            b"null",
            b"[]",
            b'"no"',
            b"\xff\xfe\x00",
            b'{"error": {"code": {}}}',
        )
        for body in bodies:
            try:
                info = _parsed(subject, Reply(502, Headers({"content-type": "text/html"}), body))
            except Exception as exc:  # noqa: BLE001  # this is what must not come
                unmet(f"{body!r} raises {type(exc).__name__}")
            same(502, info.status, f"the status with {body!r}")
            expect(info.message and "<" not in info.message, f"the message for {body!r} is `{info.message}`")

    @rule(
        "bronze",
        "gateways and simulators report failures through the server half",
        "write status and message so that the client half reads them back",
        Capability.CHAT,
    )
    def test_failures_survive_both_halves(self, subject: Subject) -> None:
        """A failure the server half writes is the same to the client half."""
        wire = subject.bind(subject.model()).wire
        for kind, status in (("auth", 401), ("model.missing", 404), ("throttle", 429), ("server", 500)):
            reply = wire.write_error(ErrorInfo(kind, "as the kit asked", status=status))
            info = wire.parse_error(reply)
            same((status, KINDS[kind].leaf), (info.status, info.leaf), f"`{kind}`")
            expect("as the kit asked" in info.message, f"the message is `{info.message}`")

    @rule(
        "bronze",
        "callers catch errors, and read from them where and what failed",
        "nothing to be done in the provider",
        Capability.CHAT,
    )
    def test_an_error_says_who_and_what(self, subject: Subject) -> None:
        """What is raised names provider and model."""
        reply = Reply(400, Headers(JSON), b'{"error": {"message": "no such field"}}')
        try:
            subject.ask(PROMPT, reply)
        except JackfieldError as exc:
            same((subject.profile.id, 400), (exc.info.provider, exc.info.status), "provider and status")
        else:
            unmet("nothing was raised")


def _parsed(subject: Subject, reply: Reply) -> ErrorInfo:
    return subject.bind(subject.model()).wire.parse_error(reply)


def _with_code(subject: Subject, code: str) -> Iterator[Reply]:
    """Failures with a code, in the forms vendors have."""
    if code.isdecimal() and len(code) == 3:
        yield Reply(int(code), Headers(JSON), b'{"error": {"message": "no"}}')
        return
    shapes: tuple[Any, ...] = (
        {"error": {"message": "no", "type": code, "code": code, "status": code}},
        {"message": "no", "code": code},
        {"message": "no", "__type": code},
        {"error": "no", "error_type": code},
        {"error": {"message": "no", "details": [{"reason": code}]}},
    )
    for shape in shapes:
        yield Reply(400, Headers(JSON), dumps(shape))
