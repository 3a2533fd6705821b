"""Routes, hedges, keys and books as calls meet them, in virtual time."""

from __future__ import annotations

import json

import pytest
from modelled import BODY, GOOD, Modelled, by_host
from virtual import client_of
from world import World

from jackfield import Hedge
from jackfield.errors import (
    BudgetExceeded,
    InvalidRequest,
    LimitReached,
    OutOfCredit,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from jackfield.wire.call import Headers, Reply


def replying(status, message="no", code="", seconds=0.05, **headers):
    """A provider that always answers with the same failure."""

    class Failing(Modelled):
        def answer(self, now):
            self.asked += 1
            body = json.dumps({"error": {"message": message, "code": code}}).encode()
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return now + seconds, Reply(status, Headers({"content-type": "application/json", **named}), body)

    return Failing()


def run(world, client, model="route:r", prompt="well?", **options):
    """One call to its end; its answer, or its failure raised."""
    going = world.start(client.flow(model, prompt, options, stream=False))
    world.run()
    if going.failure is not None:
        raise going.failure
    return going.result, going.seconds


# -- routes ------------------------------------------------------------------------------------------


def test_a_target_that_fails_is_followed_by_the_next():
    """The answer says who served it, and lists the failure that was got over."""
    first, second = replying(500), Modelled()
    world = World(by_host(first=first, second=second))

    answer, _ = run(world, client_of(world, "first", "second"))

    assert ("deepseek", 1, 1) == (answer.provider, first.asked, second.asked)
    assert ["server", None] == [a.error.kind if a.error else None for a in answer.attempts]


def test_a_request_at_fault_goes_nowhere_else():
    """It would fail there as well."""
    first, second = replying(400, "bad"), Modelled()
    world = World(by_host(first=first, second=second))

    with pytest.raises(InvalidRequest):
        run(world, client_of(world, "first", "second"))
    assert 0 == second.asked


def test_a_throttle_is_not_waited_for_where_another_target_is_free():
    """The other one answers at once."""
    first, second = replying(429, retry_after="20"), Modelled(seconds=0.3)
    world = World(by_host(first=first, second=second))

    answer, seconds = run(world, client_of(world, "first", "second"))

    assert "deepseek" == answer.provider
    assert seconds < 0.5


def test_a_throttle_is_waited_for_where_nobody_else_is():
    """As long as the provider says, and hardly longer."""
    answers = iter([Reply(429, Headers({"retry-after": "3"}), b"{}"), GOOD])
    world = World(lambda call, now: (now + 0.1, next(answers)))

    _, seconds = run(world, client_of(world, "only"), "groq/m")

    assert 3.2 <= seconds <= 3.6


def test_all_that_fail_are_told_as_one():
    """All limited: a rate limit, with the shortest wait; every attempt is listed."""
    world = World(by_host(first=replying(429, retry_after="500"), second=replying(429, retry_after="100")))

    with pytest.raises(RateLimited) as caught:
        run(world, client_of(world, "first", "second"))

    assert (100.0, 2) == (caught.value.retry_after, len(caught.value.attempts))


def test_no_more_attempts_than_allowed_over_all_targets():
    """Three, however many targets there are and however often each may be tried."""
    targets = [replying(500), replying(500), replying(500)]
    world = World(by_host(first=targets[0], second=targets[1], third=targets[2]))
    client = client_of(world, "first", "second", "third", route={"primary_attempts": 2})

    with pytest.raises(Unavailable):
        run(world, client)

    assert [2, 1, 0] == [target.asked for target in targets]


def test_a_target_may_be_given_little_time():
    """A route's latency is kept by asking the next one."""
    first, second = Modelled(seconds=30), Modelled(seconds=0.3)
    world = World(by_host(first=first, second=second))
    client = client_of(world, "first", "second", route={"max_latency_ms": 2000})

    answer, seconds = run(world, client)

    assert "deepseek" == answer.provider
    assert seconds <= 2.4


def test_triggers_are_a_setting():
    """A route that falls over on timeouts alone tells of a server's failure."""
    first, second = replying(500), Modelled()
    world = World(by_host(first=first, second=second))
    client = client_of(world, "first", "second", route={"fallback_on": ["timeout"]}, max_retries=0)

    with pytest.raises(Unavailable):
        run(world, client)
    assert 0 == second.asked


def test_a_bad_key_is_left_alone_for_a_while():
    """The next call does not ask that provider again."""
    first, second = replying(401), Modelled()
    world = World(by_host(first=first, second=second))
    client = client_of(world, "first", "second")

    for _ in range(3):
        run(world, client)

    assert (1, 3) == (first.asked, second.asked)


def test_a_lone_key_is_tried_all_the_same():
    """What the provider says to it says more than a refusal of ours."""
    only = replying(401)
    world = World(by_host(only=only))
    client = client_of(world, "only")

    for _ in range(2):
        with pytest.raises(Unauthorized):
            run(world, client, "groq/m")
    assert 2 == only.asked


def test_another_key_is_tried_before_another_target():
    """A pool of keys at one provider."""
    seen = []

    def answer(call, now):
        key = call.headers["authorization"].rpartition(" ")[2]
        seen.append(key)
        return now + 0.1, GOOD if key == "key-two-long" else Reply(401, Headers({}), b"{}")

    world = World(answer)
    client = client_of(world, "only", providers={"groq": {"api_key": ["key-one-long", "key-two-long"]}})

    for _ in range(2):
        run(world, client, "groq/m")

    assert ["key-one-long", "key-two-long", "key-two-long"] == seen


def test_money_that_is_gone_is_not_waited_for():
    """One request, and the account is told to be empty."""
    only = replying(402, "no credit")
    world = World(by_host(only=only))

    with pytest.raises(OutOfCredit):
        run(world, client_of(world, "only"), "groq/m")
    assert 1 == only.asked


def test_breakers_open_and_close_again():
    """A dead provider is not asked by every call; a probe finds that it is back."""
    only = Modelled(outages=[(0.0, 60.0)])
    world = World(by_host(only=only))
    client = client_of(world, "only", max_retries=0)

    runs = []
    for moment in range(120):
        world.at(
            float(moment), lambda: runs.append(world.start(client.flow("groq/m", "x", {}, stream=False)))
        )
    world.run()

    assert only.asked < 75
    assert [] == [one for one in runs[95:] if one.failure is not None]
    assert {"closed"} == {status.state for status in client.board.breakers(world.now)}


# -- hedges ------------------------------------------------------------------------------------------


def test_a_slow_start_is_hedged():
    """The second target answers while the first still thinks."""
    first, second = Modelled(seconds=30), Modelled(seconds=0.3)
    world = World(by_host(first=first, second=second))
    client = client_of(world, "first", "second")

    answer, seconds = run(world, client, hedge=Hedge(after=1.0, budget=1.0))

    assert ("deepseek", 1, 1) == (answer.provider, first.asked, second.asked)
    assert seconds == pytest.approx(1.3)


def test_a_quick_answer_is_not_hedged():
    """One request."""
    first, second = Modelled(seconds=0.5), Modelled()
    world = World(by_host(first=first, second=second))

    run(world, client_of(world, "first", "second"), hedge=Hedge(after=1.0, budget=1.0))

    assert (1, 0) == (first.asked, second.asked)


def test_hedges_have_a_budget():
    """One in twenty calls at most, however slow all of them are."""
    first, second = Modelled(seconds=5), Modelled(seconds=0.1)
    world = World(by_host(first=first, second=second))
    client = client_of(world, "first", "second")

    for _ in range(60):
        run(world, client, hedge=Hedge(after=1.0))

    assert second.asked <= 3


# -- limits and budgets ------------------------------------------------------------------------------


def test_a_limit_makes_calls_wait():
    """The third of two a minute goes when the minute is over."""
    only = Modelled(seconds=0.1)
    world = World(by_host(only=only))
    client = client_of(world, "only", limits={"all": {"requests": "2 / second"}})

    runs = [world.start(client.flow("groq/m", "x", {}, stream=False), at=0.0) for _ in range(5)]
    world.run()

    assert all(one.failure is None for one in runs)
    assert max(one.seconds for one in runs) >= 2.0


def test_a_limit_may_refuse():
    """Then nothing is sent."""
    only = Modelled()
    world = World(by_host(only=only))
    client = client_of(world, "only", limits={"all": {"requests": "1 / minute", "on_limit": "refuse"}})

    run(world, client, "groq/m")
    with pytest.raises(LimitReached):
        run(world, client, "groq/m")
    assert 1 == only.asked


def test_a_limit_at_one_target_is_none_at_the_next():
    """A route goes on where there is room."""
    first, second = Modelled(), Modelled()
    world = World(by_host(first=first, second=second))
    rule = {"requests": "1 / minute", "scope": "provider"}
    client = client_of(world, "first", "second", limits={"each": rule})

    for _ in range(2):
        run(world, client)

    assert (1, 1) == (first.asked, second.asked)


def test_a_budget_refuses_what_it_cannot_hold():
    """A call of unknown price is not let in, and nothing is sent."""
    only = Modelled()
    world = World(by_host(only=only))
    client = client_of(world, "only", budgets={"day": {"limit": "10 USD / day"}})

    with pytest.raises(BudgetExceeded):
        run(world, client, "groq/a-model-nobody-prices")
    assert 0 == only.asked


def test_a_budget_that_is_spent_leads_elsewhere():
    """To the route it names."""
    only = Modelled()
    world = World(by_host(only=only))
    client = client_of(
        world,
        "only",
        budgets={"day": {"limit": "0.0000001 USD / day", "on_exceeded": "route:free"}},
        routes={"free": {"strategy": "fallback", "targets": ["echo/echo"]}},
    )

    answer, _ = run(world, client, "groq/llama-3.3-70b-versatile", max_tokens=100)

    assert ("echo", 0) == (answer.provider, only.asked)


def test_a_model_obeys_what_a_call_says_of_routing():
    """A price above the most that is allowed is refused before anything is sent."""
    only = Modelled()
    world = World(by_host(only=only))
    client = client_of(world, "only")

    with pytest.raises(BudgetExceeded):
        run(world, client, "groq/llama-3.3-70b-versatile", max_cost=1e-9)
    answer, _ = run(world, client, "groq/llama-3.3-70b-versatile", max_cost=1.0)

    assert (1, "groq") == (only.asked, answer.provider)


# -- observers ---------------------------------------------------------------------------------------


class Noting:
    """Keeps the names of what happens."""

    def __init__(self):
        self.events = []

    def observe(self, event):
        self.events.append(event)


def watched(world, *names, **settings):
    """A client with an observer."""
    from jackfield.telemetry import Fence

    client = client_of(world, *names, **settings)
    noting = Noting()
    client.services.fence = Fence([noting])
    client.services.books = None
    client.services.watch()
    return client, noting


def test_a_call_is_told_from_its_beginning_to_its_end():
    """By the names that are promised, in order."""
    from jackfield.telemetry import name_of

    world = World(by_host(first=replying(500), second=Modelled()))
    client, noting = watched(world, "first", "second")

    run(world, client)

    assert [
        "llm.call.started",
        "llm.routing.decision",
        "llm.attempt.started",
        "llm.attempt.finished",
        "llm.fallback.used",
        "llm.attempt.started",
        "llm.attempt.finished",
        "llm.call.finished",
    ] == [name_of(event) for event in noting.events]
    last = noting.events[-1]
    assert ("ok", 2, "r", "deepseek") == (last.outcome, last.attempts, last.route, last.provider)


def test_a_breaker_that_opens_is_told():
    """With the target it is about."""
    from jackfield.telemetry import name_of

    world = World(by_host(only=replying(500)))
    client, noting = watched(world, "only", max_retries=0)

    for _ in range(5):
        with pytest.raises(Unavailable):
            run(world, client, "groq/m")

    opened = [event for event in noting.events if name_of(event) == "llm.circuit_breaker.opened"]
    assert [("groq", "m")] == [(event.provider, event.target) for event in opened][-1:]


def test_the_body_of_the_model_is_what_it_says():
    """Five tokens of output; what the tests above stand on."""
    assert 5 == json.loads(BODY)["usage"]["completion_tokens"]


# -- what is kept ------------------------------------------------------------------------------------


def test_an_answer_is_kept_and_given_again():
    """For nothing, to exactly the same call."""
    only = Modelled()
    world = World(by_host(only=only))
    client = client_of(world, "only", cache={"ttl": "short"})

    answers = [run(world, client, "groq/m", prompt)[0] for prompt in ("one", "one", "two")]

    assert [False, True, False] == [answer.cached for answer in answers]
    assert (2, "yes", 0) == (only.asked, answers[1].text, answers[1].charge)


def test_identical_calls_under_way_share_one():
    """Where that is asked for."""
    only = Modelled()
    world = World(by_host(only=only))
    client = client_of(world, "only", cache={"ttl": "short", "single_flight": True})

    runs = [world.start(client.flow("groq/m", "x", {}, stream=False), at=0.0) for _ in range(10)]
    world.run()

    assert (1, {"yes"}) == (only.asked, {one.result.text for one in runs})


# -- operations --------------------------------------------------------------------------------------


def test_a_route_serves_operations_as_well():
    """The first target that can do it and answers; the one that fails is got over."""
    from jackfield.client.requests import embedding

    vectors = {"object": "list", "model": "m", "data": [{"index": 0, "embedding": [0.5, 1.0]}]}
    good = Reply(200, Headers({"content-type": "application/json"}), json.dumps(vectors).encode())
    world = World(
        lambda call, now: (now + 0.1, good if "third" in call.base else Reply(500, Headers({}), b""))
    )
    targets = ["groq/m", "together/BAAI/bge-large-en-v1.5"]
    client = client_of(world, "first", "second", "third", route={"targets": targets}, max_retries=0)

    running = world.start(client._operation("embed", "route:r", embedding("hello"), {}))
    world.run()

    assert running.failure is None
    assert ("together", ((0.5, 1.0),)) == (running.result.provider, running.result.vectors)
