"""The control API below ``/_simulator``, for tests in other processes and for the page.

    GET    /_simulator/                 the page
    GET    /_simulator/health           {"ok": true}
    GET    /_simulator/bill             the sums; ?key= those of one key
    GET    /_simulator/lines            the requests; ?after= those after a number
    GET    /_simulator/faults           the names of all faults
    POST   /_simulator/answers          a rule, as in a scenario: {"when": {...}, "then": {...}, "times": 1}
    POST   /_simulator/faults           {"fault": "...", "key": "", "match": "", "probability": 1.0, "times": 1}
    POST   /_simulator/faults           {"script": ["...", "ok"], "key": ""}
    POST   /_simulator/scenario         another scenario, in TOML or JSON
    DELETE /_simulator/faults           no more faults; likewise answers and bill

What changes something must be sent as JSON or TOML: a page in a browser cannot do that to another origin unseen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import attrs

from jackfield.errors import BadConfig, ErrorInfo, JackfieldError
from jackfield.jsontext import dumps, loads
from jackfield.wire import Call, Headers, Reply
from jackfield_simulator.scenario import rule_of, scenario_from, scenario_of

if TYPE_CHECKING:
    from jackfield_simulator.app import Simulated
    from jackfield_simulator.bill import Line, Totals

CONTROL = "_simulator"
JSON, TOML = "application/json", "application/toml"
MOST_LINES = 500
_LOCAL = ("127.0.0.1", "localhost", "::1", "")


class Control:
    """Looks at a simulator, and changes it."""

    def __init__(self, app: Simulated) -> None:
        self._app = app
        self._doors: Mapping[tuple[str, str], Callable[[Call], Any]] = {
            ("GET", "health"): self._health,
            ("GET", "bill"): self._bill,
            ("GET", "lines"): self._lines,
            ("GET", "faults"): self._fault_names,
            ("POST", "answers"): self._add_answer,
            ("POST", "faults"): self._add_faults,
            ("POST", "scenario"): self._load,
            ("DELETE", "answers"): self._forget_answers,
            ("DELETE", "faults"): self._forget_faults,
            ("DELETE", "bill"): self._forget_bill,
        }

    def reply(self, call: Call) -> Reply:
        """What is answered to one call below the path."""
        steps = tuple(map(str, call.path[1:]))
        method = "GET" if call.method == "HEAD" else call.method
        if method == "GET" and not steps:
            from jackfield_simulator.page import PAGE

            return Reply(200, Headers({"content-type": "text/html; charset=utf-8", **_GUARDS}), PAGE.encode())
        door = self._doors.get((method, "/".join(steps)))
        if door is None:
            return _json(404, {"error": f"there is no {call.method} /{CONTROL}/{'/'.join(steps)[:80]}"})
        foreign = _foreign(call)
        if foreign:
            return _json(403, {"error": foreign})
        try:
            return _json(200, door(call))
        except JackfieldError as exc:
            return _json(400, {"error": exc.info.message, "hint": exc.info.hint})

    # -- looking -----------------------------------------------------------------------------------

    def _health(self, call: Call) -> Any:
        return {"ok": True, "providers": list(self._app.router.registry.ids())}

    def _bill(self, call: Call) -> Any:
        return totals_of(self._app.bill.totals(dict(call.query).get("key")))

    def _lines(self, call: Call) -> Any:
        after = dict(call.query).get("after", "0")
        first = int(after) if after.isdigit() else 0
        found = self._app.bill.where(lambda line: line.number > first)
        return {"lines": [line_of(line) for line in found[-MOST_LINES:]], "bill": self._bill(Call("GET", ()))}

    def _fault_names(self, call: Call) -> Any:
        return {"faults": [] if self._app.faults is None else list(self._app.faults.names)}

    # -- changing ----------------------------------------------------------------------------------

    def _add_answer(self, call: Call) -> Any:
        self._app.script.add(rule_of(_asked(call)))
        return {"ok": True}

    def _add_faults(self, call: Call) -> Any:
        asked = _asked(call)
        faults = self._app.faults
        if faults is None:
            words = "this server is too polite for faults"
            raise BadConfig(
                ErrorInfo("config", words, hint="run `jackfield simulate` without `--server uvicorn`")
            )
        faults.configure([asked])
        return {"ok": True}

    def _load(self, call: Call) -> Any:
        if call.headers.get("content-type", "").startswith(TOML):
            self._app.load(scenario_from(call.body.decode("utf-8", "replace")))
        else:
            self._app.load(scenario_of(_asked(call)))
        if self._app.faults is not None:
            self._app.faults.clear()
            self._app.faults.configure(self._app.scenario.faults)
        return {"ok": True}

    def _forget_answers(self, call: Call) -> Any:
        self._app.script.clear()
        return {"ok": True}

    def _forget_faults(self, call: Call) -> Any:
        if self._app.faults is not None:
            self._app.faults.clear()
        return {"ok": True}

    def _forget_bill(self, call: Call) -> Any:
        self._app.bill.clear()
        return {"ok": True}


_GUARDS = {
    "content-security-policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "script-src 'unsafe-inline'; connect-src 'self'",
    "x-content-type-options": "nosniff",
}


def line_of(line: Line) -> dict[str, Any]:
    """A line of the bill as JSON; its key is shortened."""
    told = attrs.asdict(line)
    return {**told, "key": shortened(line.key), "charge": str(line.charge)}


def totals_of(totals: Totals) -> dict[str, Any]:
    """A bill as JSON."""
    return {**attrs.asdict(totals), "charge": str(totals.charge)}


def shortened(key: str) -> str:
    """A key for people's eyes: somebody may have pointed a client with a real one here."""
    return f"{key[:6]}…" if len(key) > 12 else key


def _foreign(call: Call) -> str:
    """Why a call is not taken; nothing if it is."""
    host = urlsplit(f"//{call.headers.get('host', '')}").hostname or ""
    if host not in _LOCAL:
        return "the control API is for this machine alone"
    kind = call.headers.get("content-type", "").partition(";")[0].strip()
    if call.method == "POST" and kind not in (JSON, TOML):
        return f"send {JSON} or {TOML}"
    origin = call.headers.get("origin", "")
    if call.method != "GET" and origin and urlsplit(origin).netloc != call.headers.get("host", ""):
        return "pages of other origins change nothing here"
    return ""


def _asked(call: Call) -> Mapping[str, Any]:
    found = loads(call.body or b"{}")
    if not isinstance(found, dict):
        raise BadConfig(ErrorInfo("config", "the body must be a JSON object"))
    return found


def _json(status: int, body: Any) -> Reply:
    return Reply(status, Headers({"content-type": JSON, "cache-control": "no-store", **_GUARDS}), dumps(body))
