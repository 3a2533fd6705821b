"""Cascades: the cheap model first, and a better one where its answer does not pass."""

from __future__ import annotations

import json
import sqlite3
import time
from decimal import Decimal

import pytest
from jackfield_simulator import Simulator
from modelled import Modelled, by_host
from virtual import client_of
from world import World

from jackfield import Hedge, Malformed, Unavailable
from jackfield.wire.call import Headers, Reply

WEAK, STRONG = "I do not know.", "It is the river Aare, which comes from the Grimsel."
CHECK = {"min_characters": 20}


class Saying(Modelled):
    """A provider that always says the same."""

    def __init__(self, text, seconds=0.5, status=200, finish="stop"):
        super().__init__(seconds)
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "message": message, "finish_reason": finish}
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        body = {"id": "c", "object": "chat.completion", "model": "m", "choices": [choice], "usage": usage}
        self.reply = Reply(status, Headers({"content-type": "application/json"}), json.dumps(body).encode())

    def answer(self, now):
        self.asked += 1
        return now + self.seconds, self.reply


def cascade(*providers, route=None, **settings):
    """A world, and a client with a cascade over those providers, the first of which is the cheapest."""
    names = ("first", "second", "third")[: len(providers)]
    world = World(by_host(**dict(zip(names, providers, strict=True))))
    kinds = ("groq", "deepseek", "together")
    targets = [
        {"model": f"{kind}/m", "cost": 0.001 * (place + 1)}
        for place, kind in enumerate(kinds[: len(providers)])
    ]
    targets.reverse()  # price decides, not the order they are written in
    table = {"strategy": "cascade", "targets": targets, "check": CHECK, **(route or {})}
    return world, client_of(world, *names, route=table, **settings)


def run(world, client, **options):
    """One call to its end."""
    going = world.start(client.flow("route:r", "Which river?", options, stream=False))
    world.run()
    if going.failure is not None:
        raise going.failure
    return going.result


def codes(answer):
    """What the answer has to say of itself."""
    return [notice.code for notice in answer.warnings]


def test_an_answer_that_passes_is_all_there_is():
    """The cheapest target answers, and no other is asked."""
    cheap, strong = Saying(STRONG), Saying(STRONG)

    answer = run(*cascade(cheap, strong))

    assert ("groq", 1, 0, []) == (answer.provider, cheap.asked, strong.asked, codes(answer))


def test_an_answer_that_does_not_pass_is_followed_by_a_better_one():
    """Which says so, and lists and counts both."""
    answer = run(*cascade(Saying(WEAK), Saying(STRONG)))

    assert ("deepseek", STRONG, ["escalated"]) == (answer.provider, answer.text, codes(answer))
    assert "`groq/m` has 14 characters" in answer.warnings[0].message
    assert [1, 2] == [attempt.number for attempt in answer.attempts]
    assert (20, 10) == (answer.usage.total_input, answer.usage.total_output)


def test_the_last_answer_is_given_where_none_passes():
    """It was paid for; a notice says that it did not pass."""
    answer = run(*cascade(Saying("no"), Saying("well, no"), Saying("hardly")))

    assert ("hardly", ["escalated", "escalated", "check_failed"]) == (answer.text, codes(answer))


@pytest.mark.parametrize("status", [400, 401, 500])
def test_a_weak_answer_is_better_than_a_failure(status):
    """Whatever keeps the better target from answering."""
    answer = run(*cascade(Saying(WEAK), Saying("", status=status)))

    assert (WEAK, ["escalated", "check_failed"]) == (answer.text, codes(answer))


def test_a_failure_is_raised_where_nobody_answered():
    """As on any route."""
    with pytest.raises(Unavailable):
        run(*cascade(Saying("", status=500), Saying("", status=500)))


def test_each_answer_is_an_attempt():
    """No more are made than the route allows."""
    targets = [Saying("no") for _ in range(3)]

    answer = run(*cascade(*targets, route={"max_attempts": 2}))

    assert [1, 1, 0] == [target.asked for target in targets]
    assert ["escalated", "check_failed"] == codes(answer)


def test_a_failure_and_a_weak_answer_are_both_got_over():
    """The first cannot be reached, the second does not do."""
    answer = run(*cascade(Saying("", status=503), Saying(WEAK), Saying(STRONG)))

    assert ("together", ["escalated"]) == (answer.provider, codes(answer))
    assert [1, 2, 3] == [attempt.number for attempt in answer.attempts]


def test_an_answer_of_the_wrong_form_is_followed_too():
    """The value is checked as well; the first answer is paid for."""
    answer = run(
        *cascade(Saying("the river Aare, I think"), Saying('{"name": "Aare, from the Grimsel"}')), into=dict
    )

    assert ({"name": "Aare, from the Grimsel"}, "deepseek", 20) == (
        answer.value,
        answer.provider,
        answer.usage.total_input,
    )


def test_a_value_that_nobody_gives_is_a_failure():
    """With the attempts of all, and the last answer."""
    with pytest.raises(Malformed) as caught:
        run(*cascade(Saying("the river Aare, I think"), Saying("the river Rhine, I think")), into=dict)

    assert [1, 2] == [attempt.number for attempt in caught.value.attempts]
    assert "the river Rhine, I think" == caught.value.answer.text


def test_budgets_pay_for_all_answers():
    """And one that is spent leaves the answer there is."""
    world, client = cascade(
        Saying(WEAK), Saying(STRONG), budgets={"a": {"limit": "1 USD", "unknown_price": "allow"}}
    )

    run(world, client)

    status = client.services.budgets.status(time.time(), {})[0]
    assert (0, True) == (status.held, status.settled >= 0)


def test_a_cascade_may_be_hedged():
    """Whoever has an answer that passes first has it."""
    world, client = cascade(Saying(WEAK, seconds=30), Saying(STRONG, seconds=1))

    answer = run(world, client, hedge=Hedge(after=1.0, budget=1.0))

    assert STRONG == answer.text
    assert world.now < 31


def test_a_kept_answer_is_checked_again():
    """What did not pass is kept as well, so that it is not paid for twice."""
    cheap, strong = Saying(WEAK), Saying(STRONG)
    world, client = cascade(cheap, strong, cache={"enabled": True})

    answers = [run(world, client) for _ in range(2)]

    assert [STRONG, STRONG] == [answer.text for answer in answers]
    assert (1, 1, True) == (cheap.asked, strong.asked, answers[1].cached)


def test_any_strategy_may_have_a_check():
    """Here the order is the one that is written."""
    world, client = cascade(Saying(WEAK), Saying(WEAK), route={"strategy": "fallback"})

    answer = run(world, client)

    assert "groq" == answer.provider  # the last of those written


FIRST, SECOND = "groq/llama-3.1-8b-instant", "openai/gpt-4o-mini"


def streamed(simulator, prompt, **settings):
    """A streamed answer of the simulator, which repeats what it is told, and the client."""
    route = {"strategy": "cascade", "targets": [SECOND, FIRST], "check": CHECK}
    client = simulator.client("groq", "openai", routes={"r": route}, **settings)
    with client.stream("route:r", prompt) as stream:
        text = "".join(stream.text)
        return client, text, stream.completion()


@pytest.mark.parametrize(
    ("prompt", "served", "attempts"), [("Say something long, please.", FIRST, [1]), ("hi", SECOND, [1, 2])]
)
def test_a_stream_is_checked_before_anything_of_it_is_seen(prompt, served, attempts):
    """What passes is replayed; the last target answers as a stream of its own, and counts what was before it."""
    with Simulator() as simulator:
        _, text, answer = streamed(simulator, prompt)
        bill = simulator.bill.totals()

    assert (prompt, prompt, served) == (text, answer.text, answer.served_by)
    assert attempts == [attempt.number for attempt in answer.attempts]
    assert (bill.input, bill.output) == (answer.usage.total_input, answer.usage.total_output)


def test_the_books_have_one_request_of_two_attempts(tmp_path):
    """The ledger, the budget and the answer tell the same."""
    with Simulator() as simulator:
        settings = {"ledger": str(tmp_path / "l.sqlite"), "budgets": {"a": {"limit": "1 USD"}}}
        client, _, answer = streamed(simulator, "hi", **settings)
        whole = client.complete("route:r", "hi")
        client.close()
        rows = sqlite3.connect(tmp_path / "l.sqlite").execute(
            "select role, outcome, charge from attempts order by attempt_id"
        )
        found = [(role, outcome, Decimal(charge)) for role, outcome, charge in rows]

    assert [("first", "ok"), ("escalation", "ok")] * 2 == [row[:2] for row in found]
    assert answer.charge + whole.charge == sum(row[2] for row in found)
    status = client.services.budgets.status(time.time(), {})[0]
    assert (answer.charge + whole.charge) * 10**9 == status.settled


def test_each_request_of_a_cascade_is_closed_once(tmp_path):
    """With the number of its attempts, whichever of its answers was given."""
    path = tmp_path / "l.sqlite"
    with Simulator() as simulator:
        client, _, _ = streamed(simulator, "hi", ledger=str(path))
        client.complete("route:r", "hi")
        client.complete("route:r", "Say something long, please.")
        client.close()

    rows = sqlite3.connect(path).execute(
        "select outcome, attempts from ledger where kind = 'request.finished' order by attempt_id"
    )
    assert [("ok", 2), ("ok", 2), ("ok", 1)] == rows.fetchall()
