"""Redis as the place that processes share: what it keeps, and what happens when it is slow or gone."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import wait

import pytest

from jackfield import BadConfig, BudgetExceeded, LimitReached
from jackfield.config import Settings
from jackfield.policy.budgets import Budgets
from jackfield.policy.budgets.shared import SharedBudgets
from jackfield.policy.caches import Cache
from jackfield.policy.limits import Cost, Limits
from jackfield.policy.limits.shared import SharedLimits
from jackfield.state import StateUnavailable, Take, open_state
from jackfield.state.notes import Notes
from jackfield.transport.drivers import SyncDriver
from jackfield.types import Completion, Finish, Text

ONE = Take("k", "sliding", 10, 60.0, 1)
SOON = 1e9


def loaded(**tables):
    """The settings of a configuration."""
    return Settings.load(tables, env={})


@pytest.fixture
def alone(tmp_path):
    """A state that nobody answers for."""
    state = open_state(loaded(state={"url": f"unix://{tmp_path}/none.sock"}).state)
    yield state
    state.close()


@pytest.fixture
def frozen(server, settings):
    """A server that takes connections and says nothing."""
    state = open_state(loaded(state={"url": server.url, "prefix": settings.prefix}).state)
    os.kill(server.process.pid, signal.SIGSTOP)
    yield state
    os.kill(server.process.pid, signal.SIGCONT)
    state.close()


def test_values_are_kept_and_expire(state):
    """What was put is there, until its time is over."""
    state.put("v:a", b"\x00\xff", 60)
    state.put("v:b", b"gone", 0.001)

    while state.get("v:b").result(60) is not None:
        continue

    assert [b"\x00\xff", None] == [state.get("v:a").result(60), state.get("v:c").result(60)]


def test_values_are_dropped_by_the_beginning_of_their_keys(state):
    """A star is a star there, and nothing else."""
    for name in ("v:*", "v:*2", "v:3"):
        state.put(name, b"x", 60)

    assert 2 == state.drop("v:*").result(60)
    assert b"x" == state.get("v:3").result(60)


def test_what_others_wrote_is_nonsense_at_worst(state, server, settings):
    """A key of another type fails the operation, and nothing else."""
    from redis import Redis

    with Redis.from_url(server.url) as client:
        client.set(f"{settings.prefix}:k", "nonsense")

    with pytest.raises(StateUnavailable):
        state.take([ONE]).result(60)
    assert state.take([ONE._replace(key="other")]).result(60).blocked is None


def test_scripts_are_loaded_anew(state, server):
    """A server that has forgotten them, after a restart, is told again."""
    from redis import Redis

    assert state.take([ONE]).result(60).blocked is None
    with Redis.from_url(server.url) as client:
        client.script_flush()

    assert state.take([ONE]).result(60).blocked is None


def test_many_operations_go_in_one_go(state):
    """A thousand are answered, each as its own."""
    answers = [state.take([ONE._replace(limit=600)]) for _ in range(1000)]

    wait(answers, 60)

    assert 600 == sum(answer.result().blocked is None for answer in answers)


def test_a_server_that_is_not_there_fails_at_once(alone):
    """The first operation tells, and those that follow do not even try."""
    with pytest.raises(StateUnavailable):
        alone.take([ONE]).result(60)

    answers = [alone.take([ONE]) for _ in range(100)]

    assert all(answer.done() for answer in answers)
    assert (False, 1) == (alone.health.reachable, alone.health.failures)


def test_limits_are_shared_out_while_nobody_answers(alone):
    """Each of five processes lets in a fifth."""
    rule = {"requests": "10 / minute", "on_limit": "refuse"}
    board, driver = Limits(loaded(limits={"all": rule}).limits, SharedLimits(alone, 5)), SyncDriver(None)

    holds = [driver.run(board.entering({}, Cost(), SOON)) for _ in range(2)]

    with pytest.raises(LimitReached):
        driver.run(board.entering({}, Cost(), SOON))
    board.release(holds[0], driver.clock())
    assert driver.run(board.entering({}, Cost(), SOON)).open


def test_budgets_are_shared_out_while_nobody_answers(alone):
    """Each of five processes spends a fifth."""
    board = Budgets(loaded(budgets={"all": {"limit": "5 USD"}}).budgets, SharedBudgets(alone, 5))
    driver = SyncDriver(None)

    first = driver.run(board.reserving("a", {}, 10**9, 0.0, 600.0))
    second = driver.run(board.reserving("b", {}, 10**9, 0.0, 600.0))

    assert (True, BudgetExceeded) == (bool(first), type(second.refusal))
    board.release(first)
    assert driver.run(board.reserving("c", {}, 10**9, 0.0, 600.0))


def test_a_server_that_hangs_costs_no_more_than_set(frozen):
    """The decision is made alone after 50 ms, and at once from then on: in the best of ten cases on a busy machine."""
    rules = loaded(limits={"all": {"requests": "100 / minute"}}).limits
    board, driver = Limits(rules, SharedLimits(frozen)), SyncDriver(None)

    def spent():
        began = time.perf_counter()
        driver.run(board.entering({}, Cost(), SOON))
        return time.perf_counter() - began

    first = spent()
    while frozen.health.reachable:
        continue

    assert first < 5  # the machine's slowness included
    assert min(spent() for _ in range(10)) < 0.05


def test_what_was_taken_too_late_is_given_back(server, settings):
    """Nobody holds what came when he had gone on alone."""
    state = open_state(settings)
    board = Limits(loaded(limits={"all": {"concurrent": 1}}).limits, SharedLimits(state))
    flow = board.entering({}, Cost(), SOON)
    next(flow)
    future = flow.send(0.0).begin()

    future.result(60)
    flow.close()

    assert SyncDriver(None).run(board.entering({}, Cost(), SOON)).open
    state.close()


def test_budgets_are_shared(state):
    """Reserved, sent, settled and released there; budgets by request are nobody else's."""
    told = []
    rules = {"day": {"limit": "3 USD / day"}, "each": {"limit": "2 USD / request"}, "all": {"limit": "9 USD"}}
    board = Budgets(loaded(budgets=rules).budgets, SharedBudgets(state), told.append)
    driver = SyncDriver(None)

    def reserve(name, amount):
        return driver.run(board.reserving(name, {}, amount * 10**9, 1.8e9, 1.8e9 + 600))

    assert "budget `each`" in str(reserve("a", 3).refusal)
    first, second = reserve("b", 2), reserve("c", 1)
    board.sent(first)
    board.settle(first, None, 1.8e9)
    board.release(second)
    third = reserve("d", 2)

    assert "budget `day` (3 USD / day): 1 USD are left" in str(third.refusal)
    assert 1.8e9 % 86400 == 86400 - third.refusal.retry_after
    assert [("day", 90), ("day", 100)] == [(alert.budget, alert.percent) for alert in told]


def test_what_settling_led_to_is_told(state):
    """When it is known, by the thread that talks to Redis."""
    told = []
    board = Budgets(loaded(budgets={"all": {"limit": "1 USD"}}).budgets, SharedBudgets(state), told.append)
    reserved = SyncDriver(None).run(board.reserving("a", {}, 10**9, 1.8e9, 1.8e9 + 600))

    board.settle(reserved, None, 1.8e9)
    state.noted().result(60)

    assert [90, 100] == [alert.percent for alert in told]


def test_only_budgets_by_request_ask_nobody(alone):
    """There is nothing to share."""
    board = Budgets(loaded(budgets={"each": {"limit": "2 USD / request"}}).budgets, SharedBudgets(alone))
    driver = SyncDriver(None)

    reserved = driver.run(board.reserving("a", {}, 10**9, 1.8e9, 1.8e9 + 600))
    board.sent(reserved)
    board.settle(reserved, 10**9, 1.8e9)
    board.release(reserved)

    assert reserved


def test_a_call_that_goes_away_holds_nothing(state):
    """It was cancelled while it waited for the answer."""
    board = Budgets(loaded(budgets={"all": {"limit": "1 USD"}}).budgets, SharedBudgets(state))
    flow = board.reserving("a", {}, 10**9, 1.8e9, 1.8e9 + 600)
    next(flow).begin().result(60)

    flow.close()

    assert SyncDriver(None).run(board.reserving("b", {}, 10**9, 1.8e9, 1.8e9 + 600))


def test_shared_limits_that_adapt_give_way(state):
    """And what they let in is settled."""
    rule = {"requests": "10 / minute", "algorithm": "adaptive", "on_limit": "refuse"}
    board, driver = Limits(loaded(limits={"all": rule}).limits, SharedLimits(state)), SyncDriver(None)
    hold = driver.run(board.entering({}, Cost(), SOON))

    board.complain(hold, 0.0)
    board.release(hold, 0.0)
    for _ in range(7):
        driver.run(board.entering({}, Cost(), SOON))

    with pytest.raises(LimitReached, match="there is room in"):
        driver.run(board.entering({}, Cost(), SOON))


def test_a_call_no_limit_is_about_asks_nobody(alone):
    """It is let in at once."""
    board = Limits(
        loaded(limits={"all": {"scope": "user", "requests": "1 / day"}}).limits, SharedLimits(alone)
    )
    driver = SyncDriver(None)

    for _ in range(3):
        board.settle(driver.run(board.entering({}, Cost(), SOON)), None, 0.0)


def test_notes_reach_other_processes(server, settings):
    """What one says is closed is closed for the other as soon as it looks."""
    states = [open_state(settings) for _ in range(2)]
    one, other = map(Notes, states)

    one.publish("target", 130.0, 100.0)
    states[0].noted().result(60)
    other.fetch(100.0)
    while not other.until("target", 100.0):
        continue

    assert other.until("target", 100.0) == pytest.approx(130, abs=1)
    assert 0.0 == other.until("target", 131.0) == one.until("else", 100.0)
    for state in states:
        state.close()


def test_a_note_can_be_taken_back(state):
    """What is open again is told, too."""
    notes = Notes(state)

    notes.publish("target", 130.0, 100.0)
    notes.publish("target", 0.0, 101.0)

    assert {} == state.noted().result(60)
    assert 0.0 == notes.until("target", 101.0)


def test_a_forked_process_talks_for_itself(state):
    """Threads and connections stay with the parent."""
    assert state.take([ONE]).result(60).blocked is None

    child = os.fork()
    if child == 0:
        os._exit(0 if state.take([ONE]).result(60).blocked is None else 1)

    assert (child, 0) == os.waitpid(child, 0)
    assert state.take([ONE._replace(cost=9)]).result(60).blocked == 0


def test_without_a_place_nothing_is_shared():
    """Each process keeps its own."""
    assert open_state(loaded().state) is None


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"backend": "redis"}, "state.url: is missing"),
        ({"url": "env:NOWHERE"}, "the variable `NOWHERE` is not set"),
        ({"backend": "redsi", "url": "redis://x"}, "there is no `redsi`, did you mean `redis`"),
        ({"url": "http://secret@x"}, "is no address of a Redis server"),
        ({"url": "redis://x", "timeout": 2}, "state.timeout: must be a number of seconds"),
        ({"url": 3}, "state.url: must be an address"),
    ],
)
def test_what_is_wrong_is_told_without_the_password(table, message):
    """With its path; an address may hold one."""
    with pytest.raises(BadConfig) as caught:
        open_state(loaded(state=table).state)

    assert message in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_project_cannot_choose_the_place(tmp_path):
    """Whoever clones it would send his prompts there."""
    (tmp_path / "jackfield.toml").write_text('[state]\nurl = "redis://elsewhere"\n')

    with pytest.raises(BadConfig, match="state: not allowed here"):
        Settings.load(env={}, cwd=tmp_path)


def test_an_address_may_stand_in_the_environment():
    """Where it is not shown."""
    found = Settings.load({"state": {"url": "env:PLACE"}}, env={"PLACE": "redis://:pw@host"}).state

    assert ("redis", "redis://:pw@host") == (found.backend, found.url.reveal())
    assert "pw" not in repr(found)


def test_answers_are_shared(state):
    """What one client kept another finds, and what is dropped is gone for both."""
    one, other = (Cache(loaded(cache={"shared": True}).cache, None, state) for _ in range(2))
    answer, driver = Completion((Text("hi"),), Finish("stop")), SyncDriver(None)
    driver.run(one.keeping("k", answer, 1.8e9))

    assert driver.run(other.looking("k", 1.8e9)).text == "hi"
    assert 1 == driver.run(other.dropping())
    assert state.get("answer:k").result(60) is None


@pytest.mark.parametrize("value", [b"", b"\x80\x04.", b"{}", b"[1]"])
def test_answers_that_others_planted_are_a_miss(state, value):
    """Nothing in it is trusted."""
    state.put("answer:k", value, 60)

    assert (
        SyncDriver(None).run(Cache(loaded(cache={"shared": True}).cache, None, state).looking("k", 1.8e9))
        is None
    )
