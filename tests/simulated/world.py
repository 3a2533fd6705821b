"""A world in virtual time: many flows at once, nothing waits, providers are models of providers.

The flows are those of the clients, run by a third driver: time is a number, and a call is answered when the
model says so. A month of traffic takes seconds, and the same seed makes the same month.
"""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from jackfield.errors import ErrorInfo, JackfieldError, TimedOut
from jackfield.flow import Abandoned, Aside, Await, Close, Flow, Now, Once, Open, Race, Read, Send, Sleep
from jackfield.wire.call import Call, Reply

# When the answer is there, and what it is.
Answered = tuple[float, Reply | JackfieldError]
Provider = Callable[[Call, float], Answered]


@dataclass(slots=True)
class Running:
    """One flow on its way; when it has ended, nothing is left of it but what came of it."""

    flow: Flow | None
    begun: float
    ended: float | None = None
    result: object = None
    failure: BaseException | None = None
    abandoned: bool = False
    done: list[Callable[[Running], None]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """How long it took."""
        assert self.ended is not None
        return self.ended - self.begun


class World:
    """A clock, a queue of what happens next, and the providers that answer."""

    def __init__(self, provider: Provider, seed: int = 1) -> None:
        self.now = 0.0
        self.random = random.Random(seed)
        self.sent = 0
        self._provider = provider
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._flights: dict[Hashable, Running] = {}
        self._acts = {
            Now: lambda run, _: self._step(run, self.now),
            Sleep: lambda run, effect: self.at(self.now + effect.seconds, lambda: self._step(run, None)),
            Send: self._send,
            Open: self._send,
            Close: lambda run, _: self._step(run, None),
            Read: lambda run, effect: self._step(run, effect.opened.read()),
            Once: self._once,
            Race: self._race,
            Aside: lambda run, effect: self._step(run, effect.function()),
            Await: self._await,
        }

    def at(self, moment: float, what: Callable[[], None]) -> None:
        """Let something happen at a moment."""
        heapq.heappush(self._queue, (moment, next(self._count), what))

    def start(
        self, flow: Flow, at: float | None = None, done: Callable[[Running], None] | None = None
    ) -> Running:
        """Begin a flow, now or at a moment."""
        begun = self.now if at is None else at
        run = Running(flow, begun, done=[done] if done else [])
        self.at(begun, lambda: self._step(run, None))
        return run

    def run(self, until: float = float("inf")) -> None:
        """Let time pass until nothing is left to happen, or that moment has come."""
        while self._queue and self._queue[0][0] <= until:
            self.now, _, what = heapq.heappop(self._queue)
            what()
        self.now = max(self.now, until) if until != float("inf") else self.now

    def _step(self, run: Running, value: object, failure: BaseException | None = None) -> None:
        if run.ended is not None:
            return  # what it waited for comes too late
        if run.abandoned:
            failure = Abandoned()
        try:
            effect = run.flow.send(value) if failure is None else run.flow.throw(failure)
        except StopIteration as stop:
            run.result = stop.value
        except (JackfieldError, Abandoned) as exc:
            run.failure = exc
        else:
            self._acts[type(effect)](run, effect)
            return
        run.ended, run.flow = self.now, None
        for tell in run.done:
            tell(run)
        run.done.clear()

    def _send(self, run: Running, effect: Send | Open) -> None:
        self.sent += 1
        moment, answer = self._provider(effect.call, self.now)
        if moment > effect.deadline:
            moment, answer = effect.deadline, TimedOut(ErrorInfo("deadline", "all time is up"))
        failure = answer if isinstance(answer, JackfieldError) else None
        self.at(moment, lambda: self._step(run, None if failure else answer, failure))

    def _once(self, run: Running, effect: Once) -> None:
        flight = self._flights.get(effect.key)
        if flight is None:
            flight = self._flights[effect.key] = self.start(effect.flow())
            flight.done.append(lambda _: self._flights.pop(effect.key))
        flight.done.append(lambda landed: self._step(run, landed.result, landed.failure))

    def _await(self, run: Running, effect: Await) -> None:
        future, told = effect.begin(), []

        def tell(late: bool = False) -> None:
            if not told:
                told.append(True)
                failure = TimeoutError() if late else future.exception()
                self._step(run, None if failure else future.result(), failure)

        future.add_done_callback(lambda _: self.at(self.now, tell))
        if effect.within is not None:
            self.at(self.now + effect.within, lambda: tell(late=True))

    def _race(self, run: Running, effect: Race) -> None:
        runs: list[Running] = []

        def ended(one: Running) -> None:
            if run.ended is not None or (decided and decided[0] is not one):
                return
            others = [other for other in runs if other is not one]
            if one.failure is not None and any(other.ended is None for other in others):
                return
            decided.append(one)
            for other in others:
                self._abandon(other)
            first = one if one.failure is None else runs[0]
            self._step(run, first.result, first.failure)

        def late() -> None:
            if not decided:
                runs.append(self.start(effect.second(), done=ended))

        decided: list[Running] = []
        runs.append(self.start(effect.first(), done=ended))
        self.at(self.now + effect.after, late)

    def _abandon(self, run: Running) -> None:
        if run.ended is None:
            run.abandoned = True
            self._step(run, None)
