"""A target in made-up time, for the tests of attempts: they go as a script says."""

from __future__ import annotations

from types import SimpleNamespace

from jackfield.client.attempts import Course, persisted
from jackfield.client.binding import Key
from jackfield.client.plan import Plan
from jackfield.errors import (
    ErrorInfo,
)
from jackfield.flow import NOW, Sleep
from jackfield.policy.board import Board
from jackfield.types import Attempt, Completion, Timeouts, Usage
from jackfield.types.resilience import RetryRules

BEGUN = 1000.0
USAGE = Usage(input=3, output=5)
OK = Completion((), attempts=(Attempt(9, 0.5, 200),))
SERVER = ErrorInfo("server", "no luck", status=500, request_id="req_9")
THROTTLE = ErrorInfo("throttle", "slow down", status=429, retry_after=5.0)
BAD = ErrorInfo("request.invalid", "no")
RULES = RetryRules(budget=100, cost=10, throttle_cost=5)


class Signer:
    """A credential; ``again`` says how often another signature may fare better."""

    scheme = "none"

    def __init__(self, again=0):
        self.again = again

    def rejected(self, error):
        self.again -= 1
        return self.again >= 0


class Noting:
    """An entry that writes down what it is told; the books that hand it out, or refuse to."""

    def __init__(self, wait=0.0, refusal=None):
        self.wait = wait
        self.refusal = refusal
        self.told = []

    def entering(self, binding, plan, run, course):
        if self.refusal is not None:
            raise self.refusal
        yield Sleep(self.wait)
        return self

    def __getattr__(self, name):
        return lambda *facts: self.told.append((name, *facts))


class World:
    """A target with keys, attempts that go as a script says, and a clock that only they and pauses move."""

    def __init__(self, *script, signers=(), retries=2, stream=False, total=None, books=None, board=None):
        self.now = BEGUN
        self.script = list(script)
        self.runs, self.waits = [], []
        self.board = board or Board(retry=RULES, chance=lambda: 0.0)
        signers = signers or (Signer(),)
        keys = [
            Key(index, signer, self.board.guard(("acme", "", "m", f"k{index}")))
            for index, signer in enumerate(signers)
        ]
        self.guards = [key.guard for key in keys]
        self.pool = SimpleNamespace(failures=[], failed=self._failed) if len(keys) > 1 else None
        self.binding = SimpleNamespace(
            keys=keys,
            books=books,
            pool=self.pool,
            retry=RULES,
            profile=SimpleNamespace(id="acme"),
            model=SimpleNamespace(id="m"),
            in_turn=lambda now: keys,
        )
        self.plan = Plan(None, Timeouts(total=total), retries, stream=stream)

    def _failed(self, index, own=False):
        self.pool.failures.append((index, own))

    def attempt(self, binding, plan, call, run):
        """The next of the script: so many seconds, then a result or a failure."""
        self.runs.append(run)
        seconds, outcome = self.script.pop(0)
        self.now += seconds
        yield NOW
        if isinstance(outcome, ErrorInfo):
            raise outcome.to_exception()
        if isinstance(outcome, BaseException):
            raise outcome
        run.won(self.now, USAGE, OK.attempts[0])
        return outcome

    def run(self, course=None):
        """All attempts; the result, or the failure raised."""
        return self.driven(persisted(self.binding, self.plan, None, self.attempt, course))

    def driven(self, flow):
        """A flow, run to its end."""
        try:
            effect = next(flow)
            while True:
                if type(effect) is Sleep:
                    self.waits.append(effect.seconds)
                    self.now += effect.seconds
                effect = flow.send(self.now)
        except StopIteration as stop:
            return stop.value

    def course(self, seconds=600.0):
        """A course that ends so many seconds from the beginning."""
        return Course(BEGUN + seconds)
