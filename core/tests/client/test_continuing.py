"""Streams that are gone on with after a break: when, how the pieces become one, and what is paid for."""

from __future__ import annotations

import asyncio
import pickle
from decimal import Decimal
from types import SimpleNamespace

import pytest

from jackfield import AsyncClient, Client, InvalidRequest, StreamInterrupted, TextDelta
from jackfield.client.continuing import Splice, added, begun_text, paid
from jackfield.events import Accumulator, Finished, PartEnded, PartStarted, ReasoningDelta, Started, fold
from jackfield.types import Finish, Message, Reasoning, Refusal, Request, Text, ToolCall, Usage
from jackfield.types.charge import Charge

pytest.importorskip("jackfield_simulator")

MODEL = "mistral/mistral-large-latest"
OTHER = "anthropic/claude-haiku-4-5"
NEVER = "openai/gpt-4.1"
RIVERS = "Aare, Limmat, Reuss, Rhone, Ticino, Inn."
BREAKS = ("cut-after-content", "unfinished", "error-later", "chunk-cut")


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    """No configuration of this machine's."""
    monkeypatch.setenv("JACKFIELD_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def settings(simulator, tmp_path):
    """Three attempts, and a ledger."""
    tables = {name: simulator.settings(name) for name in ("mistral", "anthropic", "openai")}
    targets = {"strategy": "fallback", "targets": [MODEL, OTHER], "on_interrupt": "continue"}
    retry = {"base": 0.001, "throttle_base": 0.001}
    ledger = str(tmp_path / "ledger.sqlite")
    return {"providers": tables, "ledger": ledger, "retry": retry, "routes": {"r": targets}}


@pytest.fixture
def client(settings):
    """A client of those settings."""
    with Client(settings) as made:
        yield made
        made.ledger.close()


def rows(client):
    query = "SELECT provider, role, outcome, billed, output FROM attempts ORDER BY attempt_id"
    ends = "SELECT outcome, attempts FROM ledger WHERE kind = 'request.finished'"
    return client.ledger.rows(query), client.ledger.rows(ends)


def interrupted(client, model=MODEL, prompt=RIVERS, **options):
    with pytest.raises(StreamInterrupted) as caught:
        client.stream(model, prompt, **options).completion()
    return caught.value


# -- what callers see --------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", BREAKS)
def test_a_stream_goes_on_where_it_broke_off(client, simulator, fault):
    """One part, begun once and ended once; the whole text, and the word that it is stitched."""
    simulator.fault(fault, "ok")

    with client.stream(MODEL, RIVERS, on_interrupt="continue") as stream:
        events = list(stream)
    answer = stream.completion()

    kinds = [type(event) for event in events]
    assert (RIVERS, True, 2) == (answer.text, answer.stitched, simulator.server.requests)
    assert [1, 1, 1] == [kinds.count(kind) for kind in (PartStarted, PartEnded, Finished)]
    assert RIVERS == "".join(event.text for event in events if type(event) is TextDelta)
    assert (answer.parts, answer.usage) == (fold(events).parts, fold(events).usage)


@pytest.mark.parametrize("fault", BREAKS)
def test_a_stream_goes_on_in_an_event_loop(settings, simulator, fault):
    """The same."""

    async def run():
        async with AsyncClient(settings) as client:
            return await client.stream(MODEL, RIVERS, on_interrupt="continue").completion()

    simulator.fault(fault, "ok")
    answer = asyncio.run(run())

    assert (RIVERS, True, 2) == (answer.text, answer.stitched, len(answer.attempts))


def test_all_requests_are_paid_for_and_listed(client, simulator):
    """Usage and charge are sums; the ledger has both attempts, and one end."""
    simulator.fault("unfinished", "ok")
    answer = client.stream(MODEL, RIVERS, on_interrupt="continue").completion()

    first, second = answer.attempts
    assert ("stream.truncated", None) == (first.error.kind, second.error)
    assert answer.usage.total_output == first.usage.total_output + second.usage.total_output
    assert ("estimated", None) != (answer.usage.source, answer.charge)
    attempts, ends = rows(client)
    assert [("first", "interrupted", "yes"), ("retry", "ok", "yes")] == [row[1:4] for row in attempts]
    assert ([("ok", 2)], answer.usage.total_output) == (ends, sum(row[4] for row in attempts))


def test_a_stream_may_break_more_than_once(client, simulator):
    """As often as there are attempts left; each goes on with all that came."""
    simulator.fault("unfinished", "unfinished", "ok")
    answer = client.stream(MODEL, RIVERS, on_interrupt="continue").completion()

    assert (RIVERS, 3, 3) == (answer.text, len(answer.attempts), simulator.server.requests)
    assert [("ok", 3)] == rows(client)[1]


def test_a_stream_that_breaks_too_often_is_raised_with_all_that_came(client, simulator):
    """Three attempts; the sum of what they used; one end in the ledger."""
    simulator.fault("unfinished")
    error = interrupted(client, on_interrupt="continue")

    attempts, ends = rows(client)
    assert RIVERS.startswith(error.partial.text)
    assert (3, 3, True, True) == (len(attempts), len(error.attempts), error.resumable, error.partial.stitched)
    assert sum(row[4] for row in attempts) == error.partial.usage.total_output
    assert [("interrupted", 3)] == ends


def test_fewer_tokens_are_asked_for_afterwards(client, simulator):
    """A limit holds for all pieces together."""
    simulator.fault("unfinished", "ok")
    answer = client.stream(MODEL, RIVERS, max_tokens=9, on_interrupt="continue").completion()

    assert ("length", True) == (answer.finish.reason, answer.usage.total_output <= 9)


def test_a_route_may_say_so(client, simulator):
    """A call may say otherwise."""
    simulator.fault("unfinished", "ok", "unfinished")

    assert client.stream("route:r", RIVERS).completion().stitched
    assert "" != interrupted(client, "route:r", on_interrupt="raise").partial.text


def test_another_target_goes_on_where_the_first_is_down(client, simulator):
    """With what the first one said; both are in the ledger."""
    simulator.fault("error-later", match="mistral")
    answer = client.stream("route:r", RIVERS).completion()

    attempts, ends = rows(client)
    assert (RIVERS, "anthropic", True) == (answer.text, answer.provider, answer.stitched)
    assert [("mistral", "interrupted"), ("anthropic", "ok")] == [(row[0], row[2]) for row in attempts]
    assert [("ok", 2)] == ends


# -- when not ----------------------------------------------------------------------------------------


def test_nothing_goes_on_unasked(client, simulator):
    """One request; the error says that it could have been gone on with."""
    simulator.fault("cut-after-content")
    error = interrupted(client)

    assert (1, True, False) == (simulator.server.requests, error.resumable, error.partial.stitched)
    assert pickle.loads(pickle.dumps(error)).resumable


def test_a_model_that_begins_anew_is_not_asked(client, simulator):
    """The break is raised, and a notice says why."""
    simulator.fault("cut-after-content")
    error = interrupted(client, NEVER, on_interrupt="continue")

    assert (1, False) == (simulator.server.requests, error.resumable)
    assert "option_ignored" in [notice.code for notice in error.partial.warnings]


@pytest.mark.parametrize(
    ("then", "options"),
    [
        ({"reasoning": "I think it over at some length.", "text": RIVERS}, {}),
        ({"text": RIVERS}, {"n": 2}),
        ({"text": '{"a": "one two three four five"}'}, {"into": dict}),
    ],
    ids=["reasoning", "several", "schema"],
)
def test_only_text_alone_is_gone_on_with(client, simulator, then, options):
    """Not what was thought, nor one answer of several, nor half an object."""
    simulator.answer(**then)
    simulator.fault("unfinished")
    error = interrupted(client, on_interrupt="continue", **options)

    assert (1, False) == (simulator.server.requests, error.resumable)


@pytest.mark.parametrize("begun", [ToolCall("a", "weather", "{}"), Reasoning("hm"), Refusal("no")])
def test_whatever_is_no_text_is_not_gone_on_with(begun):
    """A call that is half there would be made twice."""
    session = SimpleNamespace(plan=SimpleNamespace(request=Request("m", (Message("user", "hi"),))))
    session.accumulator = Accumulator()
    session.accumulator.add_all([Started(), PartStarted(0, Text("one"))])
    before = begun_text(session)
    session.accumulator.add(PartStarted(1, begun))

    assert ("one", "") == (before, begun_text(session))


def test_failures_that_stay_are_not_gone_on_after(client, simulator):
    """No attempts are left: none is made."""
    simulator.fault("unfinished")
    interrupted(client, on_interrupt="continue", max_retries=0)

    assert 1 == simulator.server.requests


def test_what_cannot_be_is_refused(client, simulator):
    """Before anything is sent."""
    with pytest.raises(InvalidRequest, match="on_interrupt"):
        client.stream(MODEL, RIVERS, on_interrupt="resume").completion()
    assert 0 == simulator.server.requests


# -- the seam ----------------------------------------------------------------------------------------


def splice(text, *events):
    """What callers see of a further answer to a text that was begun."""
    came = Accumulator()
    came.add_all([Started(), PartStarted(0, Text("")), TextDelta(0, text)])
    mend = Splice(came, text)
    return [own for event in events for own in mend(event)]


def said(text, *pieces):
    """The same for the text alone."""
    deltas = [TextDelta(4, piece) for piece in pieces]
    events = splice(
        text, Started(), PartStarted(4, Text("")), *deltas, PartEnded(4), Finished(Finish("stop"))
    )
    assert {0} == {event.id for event in events if isinstance(event, TextDelta | PartEnded)}
    return "".join(event.text for event in events if isinstance(event, TextDelta))


LONG = "It was the best of times, it was the worst of times,"


@pytest.mark.parametrize(
    ("text", "pieces", "added_text"),
    [
        ("one", [" two"], " two"),
        ("one ", [" two"], "two"),
        ("one ", ["two"], "two"),
        ("one \n", [" ", "\n", "two"], "two"),
        ("one ", [" "], ""),
        ("one", [""], ""),
        (LONG, [LONG[:20], LONG[20:] + " it"], " it"),
        (LONG, [LONG], ""),
        (LONG, [LONG[:20], "other"], LONG[:20] + "other"),
        ("na", ["na", "na"], "nana"),
    ],
)
def test_nothing_is_said_twice_at_the_seam(text, pieces, added_text):
    """Neither white space that was not sent, nor a text that is repeated; short ones may recur by chance."""
    assert added_text == said(text, *pieces)


def test_parts_that_follow_have_numbers_of_their_own():
    """Thoughts before the text goes on; the text keeps its number."""
    events = splice(
        "one",
        PartStarted(0, Reasoning("")),
        ReasoningDelta(0, "hm"),
        PartEnded(0),
        PartStarted(1, Text(" two")),
        PartEnded(1),
        PartStarted(2, Text("three")),
        PartEnded(2),
    )

    assert [1, 1, 1, 0, 0, 2, 2] == [event.id for event in events]


def test_a_text_that_had_ended_is_followed_by_another_part():
    """What was ended for the caller is not begun again."""
    came = Accumulator()
    came.add_all([Started(), PartStarted(0, Text("")), TextDelta(0, "one"), PartEnded(0)])
    mend = Splice(came, "one")
    events = [own for event in (PartStarted(0, Text(" two")), PartEnded(0)) for own in mend(event)]

    assert [PartStarted(1, Text("")), TextDelta(1, " two"), PartEnded(1)] == events


def test_an_answer_that_had_nothing_more_to_say_ends_its_part():
    """Before the end of the stream."""
    assert [PartEnded, Finished] == [type(event) for event in splice("one", Finished(Finish("stop")))]


# -- sums --------------------------------------------------------------------------------------------


def test_usages_add_up():
    """Bucket by bucket; what is estimated of one is estimated of the sum."""
    one = Usage(input=3, output=2, reasoning=1, source="estimated", more={"pages": 1})
    found = added(
        one, Usage(input=5, output=7, cache_read=2, tier="flex", more={"pages": 2, "images_out": 1})
    )

    assert (8, 9, 1, 2) == (found.input, found.output, found.reasoning, found.cache_read)
    assert ("estimated", "flex", {"pages": 3, "images_out": 1}) == (found.source, found.tier, found.more)
    assert "unknown" == added(one, Usage(source="unknown")).source


def test_charges_add_up_where_both_are_known():
    """With who says so."""
    one, two = Charge("0.1", "reported", Decimal("0.1")), Charge("0.2", "reported", Decimal("0.2"))

    assert (Decimal("0.3"), "reported", Decimal("0.3")) == (
        paid(one, two),
        paid(one, two).source,
        paid(one, two).reported,
    )
    assert None is paid(one, None)
