"""Every fault again, with policies: another target answers, another key does, breakers open, streams go on."""

from __future__ import annotations

import asyncio
import itertools
import time

import pytest
from fault_policies import CIRCUIT, GATE, KEYS, ON, TARGETS, TOLD, policies
from fault_tables import OTHERS, TABLE
from jackfield_simulator.faults import FAULTS
from jackfield_simulator.records import FRAMES, SSE, WHOLE

from jackfield import AsyncClient, Client, JackfieldError, StreamInterrupted, Timeouts, Unavailable
from jackfield.types import Completion

OPENAI, ANTHROPIC, GEMINI = "openai/gpt-4.1", "anthropic/claude-haiku-4-5", "gemini/gemini-2.5-flash"
MISTRAL = "mistral/mistral-large-latest"
KEY, OTHER_KEY = "sk-simulated-not-a-real-key", "sk-simulated-another-key"
RIVERS = "Aare, Limmat, Reuss, Rhone, Ticino, Inn."
SLOW = frozenset({"gzip-bomb", "line-huge"})  # a second each: one mode is enough
BEDROCK = "bedrock/anthropic.claude-3-haiku-20240307-v1:0"
APART = ("token-", "skew-")  # tested with providers that have tokens
BY_CLOCK = frozenset(name for name, cells in (TABLE | OTHERS).items() if "timeout." in "".join(cells))
# Opens as by default, but nothing closes it again and no failure is forgotten, however slow the machine.
STAYS_OPEN = {"window": 3600.0, "open_time": 300.0, "open_max": 300.0}


def cells(policy, both=False):
    """The faults that a policy acts on, and whether the answer is streamed; for clients in turn, or for both."""
    faces = itertools.cycle((Client, AsyncClient))
    for name, (whole, stream) in (TABLE | OTHERS).items():
        if name.startswith(APART):
            continue
        for streamed, outcome in ((False, whole), (True, stream or whole)):
            form = (FRAMES if name.startswith("frame-") else SSE) if streamed else WHOLE
            fits = form in FAULTS[name].forms and not (streamed and name in SLOW)
            if fits and outcome and policy in policies(outcome, ""):
                for face in (Client, AsyncClient) if both else (next(faces),):
                    yield pytest.param(face, name, streamed, id=_id(face, name, streamed))


def _id(face, name, streamed):
    return f"{name} {'sync' if face is Client else 'async'}{' stream' if streamed else ''}"


def patience(name):
    """The clocks of a call. Where they end the fault they are short, then longer, until a busy machine keeps them."""
    for seconds in (0.3, 3.0, 30.0) if name in BY_CLOCK else (60.0,):
        yield Timeouts(total=600.0, connect=seconds, headers=seconds, first_token=seconds, idle=seconds)


@pytest.fixture
def asked(served):
    """Clients of either kind that wait for nothing, though time passes for them; and what their calls come to."""
    anew(served)
    runner, made = asyncio.Runner(), []

    def make(face, targets=(OPENAI, ANTHROPIC), keys=KEY, base="", **settings):
        url = served.server.url
        tables = {
            "openai": {"base_url": f"{base or url}/v1", "api_key": keys},
            "anthropic": {"base_url": url, "api_key": keys},
            "gemini": {"base_url": f"{url}/v1beta", "api_key": keys},
            "bedrock": {"base_url": url, "api_key": keys, "region": "us-east-1"},
            "mistral": {"base_url": f"{url}/mistral/v1", "api_key": KEY},
        }
        told = {"strategy": "fallback", "targets": [*targets]}
        routes = {"r": told, "tls": {**told, "fallback_on": ["config.tls"]}}
        client = face({"providers": tables, "routes": routes, **settings})
        passed = [0.0]
        client.driver.clock = lambda: time.monotonic() + passed[0]

        def skip(seconds):
            passed[0] += seconds

        async def note(seconds):
            skip(seconds)

        client.driver.sleep = skip if face is Client else note
        made.append(client)
        return lambda model, stream, **options: ask(client, model, stream, options)

    def ask(client, model, stream, options):
        before = served.server.requests
        options = {"timeout": next(patience("")), **options}
        verb = client.stream if stream else client.complete
        try:
            answer = verb(model, RIVERS, **options)
            if type(client) is Client:
                answer = answer.completion() if stream else answer
            else:
                answer = runner.run(_whole(answer, stream))
        except JackfieldError as exc:
            answer = exc
        return answer, served.server.requests - before

    yield make
    for client in made:
        client.close() if type(client) is Client else runner.run(client.aclose())
    runner.close()


async def _whole(answer, stream):
    return await answer.completion() if stream else await answer


def targets_of(name):
    """Whom a fault befalls, and who answers then."""
    wires = FAULTS[name].wires
    if FAULTS[name].forms == {FRAMES}:
        return BEDROCK, OPENAI
    if not wires or "chat_completions" in wires:
        return OPENAI, ANTHROPIC
    return (ANTHROPIC if "messages" in wires else GEMINI), OPENAI


def anew(served):
    """Forget what was asked so far: no request of another try, or of another test, is counted in the next one."""
    served.hang_up()
    served.faults.clear()


def befall(served, name, times=1):
    """Let a fault befall every request to the first target; the address of its provider, if that is the fault."""
    anew(served)
    if name.startswith("tls-"):
        pytest.importorskip("cryptography")
    if FAULTS[name].moment == "door":
        return served.run(served.server.door(name))
    if FAULTS[name].moment == "accept":  # they befall connections, before it is known whose
        served.faults.add(name, times=times)
        return ""
    served.faults.add(name, match=targets_of(name)[0].partition("/")[0])
    return ""


@pytest.mark.parametrize(("face", "name", "stream"), [*cells(TARGETS, both=True)])
def test_another_target_answers(asked, served, face, name, stream) -> None:
    """A route goes on to the next one, and the failure is listed."""
    targets = targets_of(name)
    reached = 1 if FAULTS[name].moment in ("door", "accept") else 2
    for clocks in patience(name):
        base = befall(served, name)
        answer, requests = asked(face, targets, base=base)("route:r", stream, timeout=clocks)
        if isinstance(answer, Completion) and requests == reached:
            break

    assert (targets[1].partition("/")[0], RIVERS) == (
        getattr(answer, "provider", answer),
        getattr(answer, "text", ""),
    )
    assert [False, True] == [attempt.error is None for attempt in answer.attempts]
    assert reached == requests


@pytest.mark.parametrize(("face", "name", "stream"), [*cells(TOLD)])
def test_another_target_answers_where_a_route_says_so(asked, served, face, name, stream) -> None:
    """A certificate that is none may be somebody in between: nobody goes on unasked."""
    ask = asked(face, base=befall(served, name))

    assert "config.tls" == ask("route:r", stream)[0].kind
    assert "anthropic" == ask("route:tls", stream)[0].provider


@pytest.mark.parametrize(("face", "name", "stream"), [*cells(KEYS)])
def test_another_key_answers(asked, served, face, name, stream) -> None:
    """At once; and the next call does not ask with the one that rests."""
    served.faults.add(name, key=KEY)
    ask = asked(face, keys=[KEY, OTHER_KEY])
    found = [ask(targets_of(name)[0], stream) for _ in range(2)]

    assert [(RIVERS, 2), (RIVERS, 1)] == [(getattr(one, "text", one), count) for one, count in found]


@pytest.mark.parametrize(("face", "name", "stream"), [*cells(GATE)])
def test_a_key_that_rests_is_not_asked_by_routes(asked, served, face, name, stream) -> None:
    """The call that meets the failure goes elsewhere, the next one goes there straight away."""
    befall(served, name)
    targets = targets_of(name)
    ask = asked(face, targets)
    found = [ask("route:r", stream) for _ in range(2)]
    other = targets[1].partition("/")[0]

    assert [(other, 2), (other, 1)] == [(getattr(one, "provider", one), count) for one, count in found]


@pytest.mark.parametrize(("face", "name", "stream"), [*cells(CIRCUIT)])
def test_a_circuit_opens(asked, served, face, name, stream) -> None:
    """After five failures in a row, or a share of more: the next one is refused without a byte."""
    targets, clocks = targets_of(name), next(patience(name))
    base = befall(served, name, times=14)
    ask = asked(face, targets, base=base, max_retries=0, breaker=STAYS_OPEN)
    calls = iter(lambda: ask(targets[0], stream, timeout=clocks), None)
    failed = [*itertools.takewhile(lambda call: call[0].kind != "local.breaker", itertools.islice(calls, 14))]
    answer, requests = ask(targets[0], stream)

    assert 5 <= len(failed) <= 12
    assert (Unavailable, "local.breaker", 0) == (type(answer), answer.kind, requests)


BROKEN = [name for name, (_, stream) in (TABLE | OTHERS).items() if ON in policies("", stream)]


@pytest.mark.parametrize("face", [Client, AsyncClient], ids=["sync", "async"])
@pytest.mark.parametrize("name", [name for name in BROKEN if not name.startswith(APART)])
def test_a_stream_goes_on_where_that_is_asked_for(asked, served, face, name) -> None:
    """Once more, with what came; else it says that it could."""
    if FAULTS[name].forms == {FRAMES}:
        pytest.skip("no provider that speaks in frames says that it goes on with a text")
    for clocks in patience(name):
        anew(served)
        ask = asked(face)
        served.faults.script([name, "ok", name], match="mistral")
        whole, requests = ask(MISTRAL, True, on_interrupt="continue", timeout=clocks)
        broken, alone = ask(MISTRAL, True, timeout=clocks)
        if (2, 1) == (requests, alone) and isinstance(whole, Completion):
            break

    assert (RIVERS, True, 2) == (getattr(whole, "text", whole), whole.stitched, requests)
    assert (StreamInterrupted, True, 1) == (type(broken), broken.resumable, alone)
