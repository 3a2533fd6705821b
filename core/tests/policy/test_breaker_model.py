"""The breaker and a second telling of its rules never disagree, whatever happens in whatever order."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from jackfield.policy.breaker import Breaker, ParentBreaker, Refused
from jackfield.types.resilience import BreakerRules

_SPEC = importlib.util.spec_from_file_location("breaker_model", Path(__file__).with_name("breaker_model.py"))
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
Model = _MODULE.Model

OUTCOMES = ["ok", "ok", "ok", "hard", "hard", "failure", "stalled", "slow", "ignored"]
EIGHTHS = st.integers(0, 8 * 70).map(lambda count: count / 8)  # exact in binary, so that both add alike


class Machine(RuleBasedStateMachine):
    """Calls begin, start, end and vanish while time goes by."""

    kind, leaves = Breaker, 1

    @initialize(rules=st.sampled_from([
        BreakerRules(jitter=0.0),
        BreakerRules(jitter=0.0, failures=2, probes=3, successes=3, min_calls=4, window=20.0),
        BreakerRules(jitter=0.0, failures=50, failure_rate=0.3, min_calls=5, open_max=120.0, min_state=1.0),
    ]))  # fmt: skip
    def begin(self, rules):
        self.now = 1000.0
        self.breaker = self.kind(rules, chance=lambda: 0.0)
        self.model = Model(rules, self.leaves)
        self.out: list[tuple[int, object, int]] = []  # ticket, permit, the model's generation
        self.tickets = 0

    @rule(seconds=EIGHTHS, short=st.booleans())
    def wait(self, seconds, short):
        self.now += seconds / 16 if short else seconds

    @rule(lease=st.sampled_from([4.0, 60.0, 600.0]), times=st.integers(1, 6))
    def admit(self, lease, times):
        for _ in range(times):
            self.tickets += 1
            expected = self.model.admit(self.now, self.tickets, lease)
            permit = self.breaker.admit(self.now, lease)
            if isinstance(permit, Refused):
                assert expected == "refused"
                assert permit.until > self.now or self.model.leases
            else:
                assert expected == ("probe" if permit.probe else "free")
                self.out.append((self.tickets, permit, self.model.generation))

    @precondition(lambda self: self.out)
    @rule(which=st.integers(0, 1000), slow=st.booleans())
    def start(self, which, slow):
        ticket, permit, generation = self.out[which % len(self.out)]
        permit.started(self.now, 31.0 if slow else 1.0)
        self.model.start(self.now, ticket, generation, slow)

    @precondition(lambda self: self.out)
    @rule(which=st.integers(0, 1000), outcomes=st.lists(st.sampled_from(OUTCOMES), min_size=1, max_size=8))
    def settle(self, which, outcomes):
        for number, outcome in enumerate(outcomes):
            if not self.out:
                return
            ticket, permit, generation = self.out.pop((which + number) % len(self.out))
            source = f"leaf {ticket % 3}"
            if outcome == "ok" and ticket % 2:  # the short way, which does the same
                self.breaker.succeeded(permit, self.now)
            else:
                permit.settle(outcome, self.now, source)
            self.model.settle(self.now, ticket, generation, outcome, source)

    @invariant()
    def agree(self):
        breaker, model = self.breaker, self.model
        status = breaker.status(self.now)
        assert (breaker.state, breaker.generation) == (model.state, model.generation)
        assert (status.calls, status.failures) == model.count(self.now, "call")
        assert [status.total_calls, status.total_failures] == model.totals
        assert status.next_retry == (model.until if model.state == "open" else None)


class ParentMachine(Machine):
    """The same for the breaker of an endpoint, which listens to two targets at least."""

    kind, leaves = ParentBreaker, 2


@pytest.mark.parametrize(("machine", "examples"), [(Machine, 260), (ParentMachine, 140)])
def test_the_breaker_and_its_model_never_disagree(machine, examples):
    """Twenty thousand steps of each other's making, half of them with several calls at once."""
    test = machine.TestCase
    examples = max(1, examples // int(os.environ.get("JACKFIELD_FEWER", "1")))  # for who runs it very often
    test.settings = settings(
        max_examples=examples,
        stateful_step_count=50,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )

    test().runTest()
