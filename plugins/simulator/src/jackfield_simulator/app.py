"""The simulator without a server: calls in, answers out.

``Simulated.exchange(call, key)`` is all a server needs; ``reply`` is the same for who wants the answer alone.
It opens no socket, and its clocks are given to it. Several threads may ask.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import attrs

from jackfield.errors import ErrorInfo, JackfieldError, kind_of_status
from jackfield.events import unfold
from jackfield.jsontext import dumps, loads
from jackfield.types import Answered, Completion, Request, ToolCall
from jackfield.wire import Call, Headers, Reply, Wire
from jackfield_simulator.accounts import Accounts, key_of
from jackfield_simulator.answers import Answers
from jackfield_simulator.bill import Bill, Line
from jackfield_simulator.control import CONTROL, Control
from jackfield_simulator.exchange import Exchange, Piece, Streamed
from jackfield_simulator.manners import UNREAD, Manners, failure
from jackfield_simulator.pieces import Pace, Told, bare, broken, cited_last, pieces_of
from jackfield_simulator.routing import Route, Router
from jackfield_simulator.scenario import Scenario, Then
from jackfield_simulator.script import Occasion, Script
from jackfield_simulator.sources import sourced
from jackfield_simulator.things import Asking, Things
from jackfield_simulator.thoughts import sealed
from jackfield_simulator.tokens import TokenEndpoints
from jackfield_simulator.usage import last_text, tokens_in
from jackfield_simulator.ways import BARE_CALLS, ECHOED, MISSING, TELL_USAGE, UNREADABLE
from jackfield_simulator.wishes import check

if TYPE_CHECKING:
    from jackfield.registry import Registry
    from jackfield_simulator.faults import Faults

log = logging.getLogger("jackfield.simulator")

SHOWN = 400  # characters of what was said, for people
JSON = "application/json"
OK = 200
UNKNOWN_MODEL, UNKNOWN_PATH = "model_not_found", "unknown_url"
METHODS = ("GET", "POST", "DELETE")
_STATUS_MODEL = re.compile(r"status-([45]\d\d)")  # the model `status-429` answers everything with that status
# What a failure's status is where the scenario names its kind alone.
STATUSES: Mapping[str, int] = {
    "auth": 401,
    "auth.skew": 403,
    "request": 400,
    "model": 404,
    "quota": 429,
    "throttle": 429,
    "server": 500,
    "server.overloaded": 503,
    "timeout": 504,
    "protocol": 502,
}


class Simulated:
    """Every provider, behind one address.

    :param scenario: what it is told to be: a ``Scenario``, its values, or the path of a TOML file
    :param registry: the providers it stands for; by default those that are installed
    :param clock: counts seconds, for limits by the minute
    :param wall: the seconds since 1970, for tokens and signatures
    """

    def __init__(
        self,
        scenario: Scenario | Mapping[str, Any] | str | Path | None = None,
        *,
        registry: Registry | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.url = ""  # where it is served: a server says so before the first call
        self.bill = Bill()
        self.faults: Faults | None = None  # set by a server that can inject them
        self.router = Router(registry, lambda: self.url)
        self.control = Control(self)
        self.skew = 0.0  # by how many seconds the clock that judges signatures and assertions is off
        self._clocks = clock, lambda: wall() + self.skew
        self.load(scenario)

    def load(self, scenario: Scenario | Mapping[str, Any] | str | Path | None) -> None:
        """Take over another scenario: accounts, files and batches begin anew; the bill goes on."""
        self.scenario = Scenario.read(scenario)
        self.accounts = Accounts(self.scenario, *self._clocks)
        self.answers = Answers(self.scenario)
        self.script = Script(self.scenario.answers)
        self.tokens = TokenEndpoints(self.accounts, self._clocks[1])
        self.things = Things(self.answers.completion)

    # -- what a server asks ------------------------------------------------------------------------

    def reply(self, call: Call, key: str | None = None) -> Reply | Streamed:
        """The answer alone."""
        return self.exchange(call, key).reply

    def exchange(self, call: Call, key: str | None = None) -> Exchange:
        """What is answered to a call. ``key`` is the caller's; by default it is read from the call."""
        if call.path[:1] == (CONTROL,):
            return Exchange(
                call, "", self.control.reply(call), Line(0, "", call.method, ""), operation="control"
            )
        key = key_of(call) if key is None else key
        exchange = self._opened(call, key)
        token = self.tokens.reply(call)
        if token is not None:
            exchange.operation, exchange.reply = "token", token
        else:
            self._fenced(exchange, key)
        self._noted(exchange)
        return exchange

    def turned_away(self, call: Call, error: ErrorInfo) -> Exchange:
        """What is answered to a call whose body nobody took in."""
        exchange = self._opened(call, key_of(call))
        exchange.reply = self._reported(exchange, error)
        self._noted(exchange)
        return exchange

    def _opened(self, call: Call, key: str) -> Exchange:
        """An exchange with a line of its own, before anything is answered."""
        owner = self.accounts.owner(key)
        line = self.bill.open(owner, call.method, f"/{_path(call)}", len(call.body))
        line.request_id = f"req_sim{line.number:010d}"
        return Exchange(call, owner, Reply(500), line)

    def _fenced(self, exchange: Exchange, key: str) -> None:
        """Answer; what a wire stumbles over is a failure of the server, as it would be anywhere."""
        try:
            self._routed(exchange, key)
        except Exception as stumble:
            log.exception("the simulator cannot answer %s %s", exchange.call.method, exchange.line.path)
            words = f"the simulator cannot answer this: {type(stumble).__name__}"
            exchange.reply = self._reported(exchange, ErrorInfo("server", words, 500))

    def _routed(self, exchange: Exchange, key: str) -> None:
        """Answer by the wire that has the path."""
        route = self.router.route(exchange.call)
        if route is None:
            error, allowed = self._nowhere(exchange.call)
            reply = self._reported(exchange, error)
            exchange.reply = attrs.evolve(reply, headers=Headers({**reply.headers, **allowed}))
            return
        exchange.provider, exchange.wire, exchange.operation = route.provider, route.wire, route.operation
        exchange.call = self.router.addressed(exchange.call)[1]
        try:
            if route.exchange is None:
                self._completed(exchange, route, key)
            else:
                self._operated(exchange, route, key)
        except JackfieldError as exc:
            exchange.reply = self._failed(exchange, exc.info)

    # -- completions -------------------------------------------------------------------------------

    def _completed(self, exchange: Exchange, route: Route, key: str) -> None:
        request, stream = _read(route.wire.read_completion, exchange)
        request = _kinded(route.wire, request)
        exchange.request, exchange.model = request, request.model
        exchange.line.asked = last_text(request.messages)[:SHOWN]
        self._admitted(exchange, key, tokens_in(request).total_input)
        then = self._scripted(exchange, key, stream=stream)
        completion = self._thought(exchange, self.answers.completion(request, then))
        exchange.line.answered = (completion.text or _called(completion))[:SHOWN]
        pace = Pace(self.scenario.latency, f"{self.scenario.seed} {exchange.line.number}")
        if stream:
            events = cited_last(unfold(completion))
            events = bare(events) if exchange.provider in BARE_CALLS else events
            if then is not None and then.error:
                events = broken(events, _stated(then))
            exchange.reply = self._streamed(exchange, completion, pieces_of(events, pace))
            return
        exchange.reply = self._headed(exchange, route.wire.write_completion(completion), dressed=True)
        exchange.pause = pace.whole(completion.usage.total_output)
        shares = 1 + len(completion.alternatives)
        self._book(exchange, completion.usage.total_input, completion.usage.total_output * shares)

    def _thought(self, exchange: Exchange, completion: Completion) -> Completion:
        """The completion as this provider would source and seal it."""
        assert exchange.wire is not None
        wire = exchange.wire
        if exchange.request is not None:
            completion = sourced(completion, exchange.provider, exchange.request)
        return sealed(completion, wire.dialect.provider, wire.name, _body_of(exchange))

    def _streamed(self, exchange: Exchange, completion: Completion, told: Told) -> Streamed:
        wire, call = exchange.wire, exchange.call
        assert wire is not None
        media_type, more = _stream_form(wire, call)
        writer = wire.stream_writer(completion.model, **more)
        headers = self._headed(exchange, Reply(200, Headers({"content-type": media_type}))).headers
        exchange.line.stream = True
        self._book(exchange, completion.usage.total_input, 0)
        walked = self._manners(exchange).stream(told(writer), media_type)
        return Streamed(Headers(headers), self._billed(exchange, walked))

    def _billed(self, exchange: Exchange, walked: Iterator[Piece]) -> Iterator[Piece]:
        """The pieces, each booked when it is taken: what was not taken is not charged."""
        try:
            for piece in walked:
                exchange.line.output += piece.tokens
                yield piece
        finally:
            self._charge(exchange)

    # -- all else ----------------------------------------------------------------------------------

    def _operated(self, exchange: Exchange, route: Route, key: str) -> None:
        call, verbs = exchange.call, route.exchange
        assert verbs is not None
        request = _read(verbs.read, exchange)
        exchange.model = route.one or str(getattr(request, "model", ""))
        exchange.request = request if isinstance(request, Request) else None
        exchange.line.asked = str(getattr(request, "query", getattr(request, "prompt", "")))[:SHOWN]
        self._admitted(exchange, key, 0)
        self._scripted(exchange, key)
        wires = self.router.wires(route.provider, exchange.model)
        listed = (route.one,) if route.one else self.scenario.models
        asking = Asking(verbs.name, call, wires, self.router.profile(route.provider), listed)
        verbs, answer = self._answered(route, request, asking)
        more = _vector_form(call) if verbs.name == "embed" else {}
        reply = _written(verbs.write, answer, more)
        reply = self._headed(exchange, reply, dressed=True)
        exchange.reply = _first(reply) if route.one else reply
        if isinstance(answer, Answered) and answer.usage.known:
            self._book(exchange, answer.usage.total_input, answer.usage.total_output)

    def _answered(self, route: Route, request: Any, asking: Asking) -> tuple[Any, Any]:
        """The answer, and the exchange that writes it: some formats answer with results where a batch is looked at."""
        verbs = route.exchange
        answer = self.things.answer(request, asking)
        results = route.wire.operations().get("batches.results") if asking.name == "batches.get" else None
        same = [
            one for one in getattr(results, "exchanges", ()) if verbs is not None and one.path == verbs.path
        ]
        if same and answer.done:
            return same[0], self.things.answer(request, attrs.evolve(asking, name="batches.results"))
        return verbs, answer

    # -- what all have in common -------------------------------------------------------------------

    def _admitted(self, exchange: Exchange, key: str, tokens: int) -> None:
        """Refuse who may not, and models that are not there."""
        profile = self.router.profile(exchange.provider)
        needed = profile is None or not (profile.auth.optional or profile.auth.scheme == "none")
        needed = needed and "upload_id" not in dict(exchange.call.query)  # the place of an upload is its key
        refusal = self.accounts.refusal(exchange.call, key, tokens, needed=needed)
        if refusal is not None:
            raise refusal.to_exception()
        model = exchange.model
        if any(fnmatchcase(model, one) for one in self.scenario.missing):
            words = f"The model `{model}` does not exist or you do not have access to it."
            raise ErrorInfo("model.missing", words, 404, UNKNOWN_MODEL).to_exception()
        status = _STATUS_MODEL.fullmatch(model)
        if status is not None:
            raise _stated(Then(status=int(status[1]))).to_exception()

    def _scripted(self, exchange: Exchange, key: str, *, stream: bool = False) -> Then | None:
        """What the scenario says to this; its failures are raised, but for those that come within a stream."""
        occasion = Occasion(
            exchange.operation,
            exchange.provider,
            self.accounts.owner(key),
            exchange.model,
            exchange.request,
        )
        then = self.script.then(occasion)
        within = stream and then is not None and then.error and then.status == OK
        if then is not None and (then.error or then.status) and not within:
            raise _stated(then).to_exception()
        exchange.fault = then.fault if then is not None else ""
        return then

    def _nowhere(self, call: Call) -> tuple[ErrorInfo, Mapping[str, str]]:
        """What is wrong with a call that no wire has, and what its headers say besides."""
        path = _path(call)[:200]
        if "upgrade" in call.headers:
            words = f"nothing but HTTP is spoken here, at /{path} neither: no `upgrade` to {call.headers['upgrade']!r:.20}"
            return ErrorInfo("model.missing", words, 404, UNKNOWN_PATH), {}
        others = [one for one in METHODS if self.router.route(attrs.evolve(call, method=one)) is not None]
        if others:
            words = f"{call.method[:20]} is not allowed at /{path}; {' and '.join(others)} is"
            return ErrorInfo("request.invalid", words, 405, "method_not_allowed"), {
                "allow": ", ".join(others)
            }
        words = f"no provider has {call.method[:20]} /{path}"
        return ErrorInfo("model.missing", words, 404, UNKNOWN_PATH), {}

    def _reported(self, exchange: Exchange, error: ErrorInfo) -> Reply:
        """The report of a failure in the form of whom the path belongs to, though it leads nowhere there."""
        routed = exchange.wire
        if routed is None:
            exchange.provider, _ = self.router.addressed(exchange.call)
            exchange.wire = self.router.wires(exchange.provider, "")[0]
        try:
            return self._failed(exchange, error)
        finally:
            exchange.wire = routed

    def _failed(self, exchange: Exchange, error: ErrorInfo) -> Reply:
        """The report of a failure in the provider's own form."""
        assert exchange.wire is not None
        unknown = error.kind == "model.missing" and (error.status != 404 or error.code == UNKNOWN_MODEL)
        if unknown and exchange.provider in MISSING:
            status, code, words = MISSING[exchange.provider]
            error = attrs.evolve(error, kind="request.invalid", status=status, code=code, message=words)
        named = exchange.wire.name in ("converse", "invoke")  # there the exception decides over the status
        status = error.status or _status_of(error.kind)
        stated = None if status == OK or (named and error.status not in (None, 403)) else status
        exchange.line.answered = error.message[:SHOWN]
        told = attrs.evolve(error, status=stated, request_id=error.request_id or exchange.line.request_id)
        reply = self._headed(exchange, exchange.wire.write_error(told))
        if status == OK:  # so some do: the body alone tells
            reply = attrs.evolve(reply, status=OK)
        return failure(exchange.provider, exchange.wire.name, reply, told)

    def _manners(self, exchange: Exchange) -> Manners:
        """How the provider puts its answers."""
        assert exchange.wire is not None
        return Manners(
            exchange.provider,
            exchange.wire.name,
            exchange.operation,
            _body_of(exchange),
            f"{_path(exchange.call)} {exchange.model}",
        )

    def _headed(self, exchange: Exchange, reply: Reply, *, dressed: bool = False) -> Reply:
        """The reply with a request id and the limits, as the provider tells them."""
        wire = exchange.wire
        assert wire is not None
        reply = self._manners(exchange).reply(reply) if dressed else reply
        header = next(iter(wire.dialect.request_id), "x-request-id")
        own = self.accounts.limits(exchange.key, exchange.provider, wire.name)
        given = {**own, header: exchange.line.request_id, **reply.headers}
        return Reply(reply.status, Headers(given), reply.body)

    def _book(self, exchange: Exchange, tokens_in: int, tokens_out: int) -> None:
        """Put tokens on the bill, and take the money from the account."""
        exchange.line.input += tokens_in
        exchange.line.output += tokens_out
        self._charge(exchange)

    def _charge(self, exchange: Exchange) -> None:
        """Take from the account what the bill says beyond what was taken already."""
        line = exchange.line
        money = self.scenario.prices.of(line.input, line.output)
        # What went in was counted against the limit when the call was admitted.
        self.accounts.charge(exchange.key, line.output - exchange.charged, money - line.charge)
        line.charge, exchange.charged = money, line.output

    def void(self, exchange: Exchange) -> None:
        """Take back what an exchange was charged: a fault refuses it after all."""
        line = exchange.line
        self.accounts.charge(exchange.key, -exchange.charged, -line.charge)
        line.input = line.output = exchange.charged = 0
        line.charge = Decimal(0)

    def settle(self, exchange: Exchange, output: int) -> None:
        """Charge an exchange for so many tokens of the answer, whatever it was charged so far."""
        asked = exchange.line.input
        self.void(exchange)
        self._book(exchange, asked, output)

    def _noted(self, exchange: Exchange) -> None:
        line = exchange.line
        line.provider, line.operation, line.model = exchange.provider, exchange.operation, exchange.model
        line.status = exchange.reply.status
        exchange.app = self


def _read(read: Callable[[Call], Any], exchange: Exchange) -> Any:
    """What a call asks; where a provider has words of its own for what it cannot read, the failure says so."""
    try:
        found = read(exchange.call)
        check(found[0] if isinstance(found, tuple) else found, exchange.operation)
    except JackfieldError as exc:
        if exchange.provider not in UNREADABLE:
            raise
        status, _ = UNREADABLE[exchange.provider]
        raise attrs.evolve(exc.info, status=status, code=UNREAD).to_exception() from None
    return found


def _first(reply: Reply) -> Reply:
    """The first entry of a list, by itself."""
    body = loads(reply.body)
    entries: list[Any] = next((value for value in body.values() if isinstance(value, list)), [{}])
    return attrs.evolve(reply, body=dumps(entries[0]))


def _body_of(exchange: Exchange) -> Mapping[str, Any]:
    """What was asked, where an answer repeats some of it."""
    wire, call = exchange.wire, exchange.call
    repeats = (wire is not None and wire.name == "responses") or (
        exchange.provider,
        exchange.operation,
    ) in ECHOED
    found = loads(call.body) if repeats and call.body[:1] == b"{" else {}
    return found if isinstance(found, dict) else {}


def _kinded(wire: Wire, request: Request) -> Request:
    """The request with the kinds of answer that the dialect says its model is for."""
    kinds = wire.dialect.settings.get("modalities")
    config = request.extra.get("generationConfig", {})
    if not kinds or "responseModalities" in config:
        return request
    stated = {**config, "responseModalities": list(kinds)}
    return attrs.evolve(request, extra={**request.extra, "generationConfig": stated})


def _called(completion: Completion) -> str:
    """The calls of an answer that has no text."""
    return " ".join(f"{part.name}({part.json})" for part in completion.parts if isinstance(part, ToolCall))


def _stated(then: Then) -> ErrorInfo:
    """The failure that a rule states."""
    kind = then.error or kind_of_status(then.status)
    status = then.status or None
    words = then.message or f"The simulator answers so, as the scenario says: {kind}."
    retry_after = then.retry_after if then.retry_after is not None else 1.0 if kind == "throttle" else None
    return ErrorInfo(kind, words, status, then.code or None, retry_after)


def _status_of(kind: str) -> int:
    return STATUSES.get(kind) or STATUSES.get(kind.partition(".")[0], 500)


def _path(call: Call) -> str:
    """The path of a call, for people."""
    return "/".join(step if isinstance(step, str) else ":".join(step) for step in call.path)


def _stream_form(wire: Wire, call: Call) -> tuple[str, dict[str, Any]]:
    """The media type of a stream, and what its writer is told, as the caller wants it."""
    asked = getattr(wire, "asked", None)
    if asked is not None:
        # Some tell the usage unasked; a caller of the others says whether it wants it.
        always = (
            wire.dialect.settings.get("usage_opt_in", True) is False or wire.dialect.provider in TELL_USAGE
        )
        return wire.media_type, {"usage": always or asked(call).usage}
    if wire.name == "generate_content" and ("alt", "sse") not in call.query:
        return JSON, {"array": True}
    return wire.media_type, {}


def _vector_form(call: Call) -> dict[str, Any]:
    """How vectors are wanted: one family takes them packed."""
    packed = re.search(rb'"encoding_format"\s*:\s*"base64"', call.body) is not None
    return {"encoding": "base64"} if packed else {}


def _written(write: Callable[..., Reply], answer: Any, more: Mapping[str, Any]) -> Reply:
    """The reply; writers that know no other encoding are asked for the usual one."""
    if not more:
        return write(answer)
    try:
        return write(answer, **more)
    except TypeError:
        return write(answer)
