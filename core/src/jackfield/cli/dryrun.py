"""``--dry-run``: the request as it would be sent, with everything secret hidden. Nothing is sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from jackfield.cli.answer import money
from jackfield.client.plan import plan_completion
from jackfield.client.quotes import quote_plan
from jackfield.flow import Now
from jackfield.types import Request
from jackfield.wire import Call

if TYPE_CHECKING:
    from jackfield.catalogue import Quote
    from jackfield.cli.invocation import Invocation
    from jackfield.cli.routed import Begun
    from jackfield.client import Binding
    from jackfield.client.prompt import Prompt

HIDDEN = "***"
_WIRES_OWN = ("content-type", "accept")


def show_request(run: Invocation, source: Begun, prompt: Prompt, *, stream: bool) -> None:
    """Print the request that would be sent, and what it may cost; without a key, too."""
    binding = source.binding
    plan = plan_completion(binding, prompt, dict(source.options), stream=stream)
    assert isinstance(plan.request, Request)
    call = binding.wire.render_completion(plan.request, stream=stream)
    quote = quote_plan(binding, plan)
    headers = _headers(binding, call)
    for notice in plan.notices:
        run.console.warn(notice.message)
    if source.missing:
        run.console.warn(source.missing)
    if run.json:
        form = {
            "method": call.method,
            "url": _address(call),
            "headers": headers,
            "body": _body(call),
            "quote": quote_form(quote),
            "missing": source.missing or None,
        }
        run.console.json(form)
        return
    lines = [f"{call.method} {_address(call)}", *(f"{name}: {value}" for name, value in headers.items())]
    body = _body(call)
    text = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
    run.console.out("\n".join([*lines, "", text, "", f"quote: {quote_text(quote)}"]))


def quote_text(quote: Quote) -> str:
    """A quote in a line: the most it may cost, and for what."""
    if quote.high is None or quote.input[1] is None:
        return f"unknown: {quote.why}" if quote.why else "unknown"
    if not quote.high:
        return "$0: it runs locally" if quote.source == "local" else "$0"
    output = "no output" if quote.output is None else f"at most {quote.output:,} output"
    return f"≤ {money(quote.high)}: {quote.input[1]:,} input + {output}"


def quote_form(quote: Quote) -> dict[str, Any]:
    """A quote for JSON."""
    rate = quote.rate
    return {
        "low": None if quote.low is None else f"{quote.low:f}",
        "high": None if quote.high is None else f"{quote.high:f}",
        "currency": "USD",
        "input": list(quote.input),
        "output": quote.output,
        "tier": quote.tier or None,
        "answered_by": quote.source,
        "source": None if rate is None else rate.source,
        "checked": None if rate is None or rate.checked is None else rate.checked.isoformat(),
        "why": quote.why or None,
    }


def _headers(binding: Binding, call: Call) -> dict[str, str]:
    """The headers of the signed call. Only values that are data of the provider or the wire are shown."""
    public = {name.lower(): value for name, value in binding.profile.headers.items()}
    shown = {
        name: value if name in _WIRES_OWN or public.get(name.lower()) == value else HIDDEN
        for name, value in call.headers.items()
    }
    signed = _signed(binding, call)
    added = {name: HIDDEN for name, value in signed.headers.items() if call.headers.get(name) != value}
    return {**shown, **added}


def _signed(binding: Binding, call: Call) -> Call:
    """The call with its credentials; where a token would have to be fetched first, one stands in its place."""
    flow = binding.auth.sign(call)
    answer: Any = None
    try:
        while True:
            effect = flow.send(answer)
            if not isinstance(effect, Now):
                return call.with_headers({"authorization": HIDDEN})
            answer = 0.0
    except StopIteration as done:
        signed: Call = done.value
        return signed
    finally:
        flow.close()


def _address(call: Call) -> str:
    """The URL without what may be a credential: a user in it, and what follows a question mark."""
    parts = urlsplit(call.url)
    host = parts.netloc.rpartition("@")[2]
    query = "&".join(f"{name}={HIDDEN}" for name, _ in call.query)
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


def _body(call: Call) -> Any:
    try:
        return json.loads(call.body)
    except ValueError:
        return f"<{len(call.body)} bytes>"
