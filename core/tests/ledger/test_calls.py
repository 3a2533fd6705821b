"""Calls in the ledger: whatever becomes of one, it is begun before it is sent, and ended once."""

from __future__ import annotations

import asyncio
import gc
import time
import warnings
from decimal import Decimal
from types import SimpleNamespace

import pytest

from jackfield import AsyncClient, Client, InvalidRequest, LedgerFailed, StreamInterrupted, Unavailable
from jackfield.catalogue import UnknownPrices
from jackfield.client.booking import Booking
from jackfield.ledger import book_at, request_id
from jackfield.types import Attempt, Message, Request, Usage

pytest.importorskip("jackfield_simulator")

MODEL = "groq/llama-3.3-70b-versatile"
QUERY = "SELECT role, outcome, billed, source, input, output, status, error FROM attempts ORDER BY attempt_id"


@pytest.fixture
def target(tmp_path):
    """A ledger in a file."""
    return str(tmp_path / "ledger.sqlite")


@pytest.fixture
def settings(simulator, target):
    """A client whose providers are simulated."""
    tables = {name: simulator.settings(name) for name in ("groq", "openai")}
    return {"ledger": target, "max_retries": 1, "tags": {"project": "shop"}, "providers": tables}


@pytest.fixture
def client(settings):
    """It retries once."""
    with Client(settings) as made:
        yield made
        made.ledger.close()


def attempts(client):
    return client.ledger.rows(QUERY)


def billed(simulator):
    totals = simulator.bill.totals()
    return totals.input, totals.output


def booked(client):
    return client.ledger.rows("SELECT sum(input), sum(output) FROM attempts")[0]


def test_the_ledger_is_off_by_default(simulator):
    """Nothing is written unless somebody asks for it."""
    with simulator.client("groq") as client:
        assert client.ledger is None


def test_a_call_is_what_the_provider_bills(client, simulator):
    """Tokens, money and the provider's id for it."""
    answer = client.complete(MODEL, "one two three")

    query = "SELECT outcome, source, charge, provider_request_id, project FROM attempts"
    found = client.ledger.rows(query)[0]
    assert ("ok", "provider", format(answer.charge, "f"), answer.request_id, "shop") == found
    assert billed(simulator) == booked(client)


def test_tags_of_a_call_win_over_those_of_the_settings(client):
    """What a call does not say is taken from the settings."""
    client.complete(MODEL, "hi", tags={"user": "ann", "team": "blue"})
    client.complete(MODEL, "hi", tags={"project": "other"})

    query = "SELECT user_id, project, tags FROM attempts ORDER BY attempt_id"
    assert [("ann", "shop", '{"team": "blue"}'), (None, "other", None)] == client.ledger.rows(query)


@pytest.mark.parametrize("tags", [{"user": ""}, {"user": 1}, "ann", {"x" * 300: "y"}])
def test_a_tag_that_is_none_is_refused_before_anything_is_sent(client, simulator, tags):
    """The message says what is wrong."""
    with pytest.raises(InvalidRequest, match="tag"):
        client.complete(MODEL, "hi", tags=tags)
    assert 0 == len(simulator.bill)


def test_a_retry_has_rows_of_its_own(client, simulator):
    """Both belong to one request, and only what is billed counts."""
    simulator.fault("overloaded-529", times=1)
    client.complete(MODEL, "one two three")

    first, second = attempts(client)
    assert ("first", "failed", "no", None, None, None, 529, "server.overloaded") == first
    assert ("retry", "ok", "yes", "provider") == second[:4]
    ends = "SELECT outcome, attempts FROM ledger WHERE kind = 'request.finished'"
    assert [("ok", 2)] == client.ledger.rows(ends)
    assert billed(simulator) == booked(client)


def test_many_calls_of_all_kinds_add_up_to_the_providers_bill(settings, simulator):
    """Several wires, streams and failures between them: by provider, token for token."""
    names = {"groq": "m", "openai": "gpt-4o-mini", "anthropic": "claude-sonnet-4-5", "cohere": "command-r"}
    settings["providers"] = {name: simulator.settings(name) for name in names}
    simulator.fault(*["failed", "ok"] * 5)
    with Client(settings) as client:
        for number in range(40):
            provider = list(names)[number % 4]
            ask = client.complete if number % 3 else lambda *asked: client.stream(*asked).completion()
            ask(f"{provider}/{names[provider]}", "one two three " * (1 + number % 5))
        query = "SELECT provider, sum(input + cache_read), sum(output) FROM attempts WHERE source = 'provider' GROUP BY 1"
        ours = {name: (taken, given) for name, taken, given in client.ledger.rows(query)}
        client.ledger.close()

    assert {name: on_the_bill(simulator, name) for name in names} == ours
    assert 45 == len(simulator.bill)


def test_a_fallback_has_rows_of_its_own(settings, simulator):
    """One request, whoever answers it in the end; the sum is what was billed."""
    settings["routes"] = {
        "safe": {"strategy": "fallback", "targets": ["groq/m"], "fallback": ["openai/gpt-4o-mini"]}
    }
    simulator.answer(status=500, when={"provider": "groq"})
    with Client(settings) as client:
        client.complete("route:safe", "one two three")
        rows = client.ledger.rows("SELECT provider, role, outcome, route FROM attempts ORDER BY attempt_id")
        ends = client.ledger.rows("SELECT outcome, attempts FROM ledger WHERE kind = 'request.finished'")
        assert billed(simulator) == booked(client)
        client.ledger.close()

    assert ("openai", "fallback", "ok", "safe") == rows[-1]
    assert {("groq", "failed")} == {(row[0], row[2]) for row in rows[:-1]}
    assert [("ok", len(rows))] == ends


def on_the_bill(simulator, provider):
    lines = [line for line in simulator.bill if line.provider == provider]
    return sum(line.input for line in lines), sum(line.output for line in lines)


def test_a_request_that_fails_is_ended(client):
    """With the kind of its last failure."""
    with pytest.raises(InvalidRequest):
        client.complete("groq/status-400", "hi")

    ends = "SELECT outcome, attempts, error FROM ledger WHERE kind = 'request.finished'"
    assert [("failed", 1, "request.invalid")] == client.ledger.rows(ends)


def test_a_stream_that_is_read_is_what_the_provider_bills(client, simulator):
    """Its end is written when its last byte has come."""
    client.stream(MODEL, "one two three four").completion()

    assert [("first", "ok", "yes", "provider")] == [row[:4] for row in attempts(client)]
    assert billed(simulator) == booked(client)


def test_a_stream_that_is_left_is_estimated(client, simulator):
    """What had come by then counts, labelled; what was still under way it cannot know."""
    with client.stream(MODEL, "one two three four five " * 200) as stream:  # more than one read brings
        for number, _ in enumerate(stream.text):
            if number == 30:
                break

    row = attempts(client)[0]
    assert ("first", "cancelled", "yes", "estimated") == row[:4]
    assert 0 < row[5] <= 1.2 * billed(simulator)[1]


def test_a_stream_that_is_dropped_is_ended_by_the_collector(client, simulator):
    """Nobody has to close it for the ledger's sake."""
    simulator.fault("stall", times=1)
    stream = client.stream(MODEL, "one two three four five " * 20)
    next(iter(stream))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        del stream
        gc.collect()

    assert [("first", "cancelled")] == [row[:2] for row in attempts(client)]


def test_a_stream_that_is_cut_is_estimated(client, simulator):
    """It was billed, and its row tells what broke it."""
    simulator.fault("cut-after-content", times=1)
    with pytest.raises(StreamInterrupted):
        client.stream(MODEL, "one two three four five " * 20).completion()

    row = attempts(client)[0]
    assert ("first", "interrupted", "yes", "estimated") == row[:4]
    assert row[7] in ("stream.truncated", "transport.reset")


def until_seen(simulator):
    """Wait for a request to be there."""
    until = time.monotonic() + 10
    while not len(simulator.bill):
        assert time.monotonic() < until


def test_a_caller_who_walks_away_is_accounted_for(settings, simulator):
    """Cancelled while waiting: it may have been billed, and is estimated."""
    simulator.fault("silent", times=1)

    async def main():
        client = AsyncClient(settings)
        task = asyncio.ensure_future(client.complete(MODEL, "one two three"))
        await asyncio.to_thread(until_seen, simulator)
        task.cancel()
        await asyncio.wait([task])
        await client.aclose()
        return client

    client = asyncio.run(main())
    assert [("first", "cancelled", "maybe", "estimated")] == [row[:4] for row in attempts(client)]
    client.ledger.close()


def test_operations_are_accounted_for(client, simulator):
    """Embeddings are charged; asking for a list of models costs nothing."""
    client.embed("openai/text-embedding-3-small", ["one two", "three"])
    client.list_models("openai")

    rows = client.ledger.rows("SELECT operation, outcome, billed, input FROM attempts ORDER BY attempt_id")
    assert [("embed", "ok", "yes", 3), ("models", "ok", "no", None)] == rows


def test_answers_of_a_batch_are_charged_once(client):
    """When they are fetched; fetching them again changes nothing."""
    batch = client.batches.create("openai/gpt-4o-mini", ["one two", "three four"])
    for _ in range(2):
        client.batches.results(batch)

    query = "SELECT model, outcome, input, charge IS NOT NULL FROM attempts WHERE role = 'batch'"
    found = client.ledger.rows(query)
    assert 2 == len(found)
    assert {("gpt-4o-mini", "ok", 1)} == {(row[0], row[1], row[3]) for row in found}


def test_nothing_is_sent_while_the_ledger_cannot_be_written(settings, simulator, tmp_path):
    """It fails closed, and says what to mend."""
    (tmp_path / "file").write_text("")
    settings["ledger"] = str(tmp_path / "file" / "ledger.sqlite")
    with Client(settings) as client, pytest.raises(LedgerFailed, match="nothing was sent") as caught:
        client.complete(MODEL, "hi")

    assert 0 == len(simulator.bill)
    assert "let this user write" in caught.value.hint


def test_failed_calls_cost_nothing(client, simulator):
    """Where it is certain; where it is not, the charge is unknown."""
    simulator.fault("overloaded-529")
    with pytest.raises(Unavailable):
        client.complete(MODEL, "hi")

    assert {("no", "0")} == set(client.ledger.rows("SELECT billed, charge FROM attempts"))
    assert Decimal(0) == simulator.bill.totals().charge


def test_two_clients_share_a_ledger(settings, target):
    """One writer for each file, whoever asks for it."""
    with Client(settings) as one, Client(settings) as other:
        assert one.ledger is other.ledger
        assert book_at(target) is not one.ledger


class Shelf:
    """A ledger that keeps its rows in a list."""

    def __init__(self):
        self.rows = []

    def record(self, *rows):
        self.rows += rows


def test_who_loses_a_race_says_so():
    """Both may have been billed; the answer, and the end of the request, are the winner's."""
    shelf = Shelf()
    facts = {"profile": SimpleNamespace(id="acme"), "prices": UnknownPrices()}
    plan = SimpleNamespace(operation="complete", request=Request("tiny", (Message("user", "hi"),)))
    booking = Booking(shelf, request_id())
    runs = (
        SimpleNamespace(number=number, key=SimpleNamespace(auth=None), goes_on=False, spare=False)
        for number in (1, 2)
    )
    slow, fast = (booking.entry(SimpleNamespace(**facts), plan, run, "first") for run in runs)
    fast.won(1.0, Usage(1, output=1), Attempt(2, 0.5, 200))
    slow.dropped(1.0)

    won, over, lost = shelf.rows
    assert (None, "ok", 2) == (won.role, over.outcome, over.attempts)
    assert ("hedge_loser", "cancelled", "maybe") == (lost.role, lost.outcome, lost.billed)
