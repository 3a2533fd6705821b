"""Two flows side by side, of which one is wanted: in threads, and in tasks.

A task is cancelled; a thread that waits for a socket is not to be interrupted, so the socket is shut under it.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from jackfield.flow import Abandoned, Close, Flow, Now, Open, Race
from jackfield.transport.lines import Line, watched

if TYPE_CHECKING:
    import asyncio

Run = Callable[[Flow[Any]], Any]
RunAsync = Callable[[Flow[Any]], Coroutine[Any, Any, Any]]


class Runner:
    """One of the flows, in a thread of its own."""

    def __init__(
        self,
        flow: Flow[Any],
        run: Callable[[Flow[Any], Runner], Any],
        ended: threading.Condition,
        spare: Callable[[Any], None],
    ) -> None:
        self.done = False
        self.result: Any = None
        self.failure: BaseException | None = None
        self.line: Line | None = None  # what it waits for now
        self.abandoned = threading.Event()
        self._ended = ended
        self._flow = flow
        self._spare = spare
        context = contextvars.copy_context()
        threading.Thread(
            target=context.run, args=(self._run, run), daemon=True, name="jackfield-race"
        ).start()

    @property
    def won(self) -> bool:
        """Whether it has a result."""
        return self.done and self.failure is None

    def abandon(self) -> None:
        """Let it end at once, wherever it is; its flow settles what it began, and a result is let go of."""
        with self._ended:
            self.abandoned.set()
            late = self.won
            line = self.line
            if line is not None and not late:
                line.shut()
        if late:
            self._spare(self.result)

    def let_go(self, line: Line) -> None:
        """Mind a line no longer: its exchange is over, and the next one on it is somebody else's."""
        with self._ended:
            line.watcher = None
            if self.line is line:
                self.line = None

    def _run(self, run: Callable[[Flow[Any], Runner], Any]) -> None:
        watched.by = self
        try:
            self.result = run(self._flow, self)
        except BaseException as failure:  # noqa: BLE001  # it is raised again where somebody waits for it
            self.failure = failure
        with self._ended:
            self.done = True
            late = self.won and self.abandoned.is_set()
            self._ended.notify_all()
        if late:
            self._spare(self.result)


def race(effect: Race, run: Callable[[Flow[Any], Runner], Any], plain: Run) -> Any:
    """The result of the flow that succeeds first, each in a thread of its own."""
    ended = threading.Condition()

    def spare(result: Any) -> None:
        plain(effect.spare(result))

    runners = [Runner(effect.first(), run, ended, spare)]
    try:
        with ended:
            ended.wait_for(lambda: runners[0].done, effect.after)
        if not runners[0].done:
            runners.append(Runner(effect.second(), run, ended, spare))
            with ended:
                ended.wait_for(lambda: any(r.won for r in runners) or all(r.done for r in runners))
        winner = next((runner for runner in runners if runner.won), runners[0])
    except BaseException:
        for runner in runners:
            runner.abandon()
        raise
    for runner in runners:
        if runner is not winner:
            runner.abandon()
    if winner.failure is not None:
        raise winner.failure
    return winner.result


def checked(flow: Flow[Any], runner: Runner, act: Callable[[Any], Any]) -> Any:
    """Run a flow that may be abandoned between any two of its steps."""
    step: Callable[[Any], Any] = flow.send
    value: Any = None
    told = False
    while True:
        try:
            effect = step(value)
        except StopIteration as stop:
            return stop.value
        try:
            value = act(effect)
            step = flow.send
        except BaseException as failure:  # noqa: BLE001  # it is raised again, inside the flow
            value, step = failure, flow.throw
        # Once: what it does then is to clean up. Nobody cleans up at a look at the clock.
        if runner.abandoned.is_set() and not told and type(effect) is not Now:
            if type(effect) is Open and step == flow.send:
                act(Close(value))  # the flow will never know of it
            told, value, step = True, Abandoned(), flow.throw


async def async_race(effect: Race, run: RunAsync) -> Any:
    """The result of the flow that succeeds first, each in a task of its own."""
    import asyncio

    tasks = [asyncio.ensure_future(run(effect.first()))]
    winner: asyncio.Task[Any] | None = None
    try:
        await asyncio.wait(tasks, timeout=effect.after)
        if not tasks[0].done():
            tasks.append(asyncio.ensure_future(run(effect.second())))
        while not (winner := next(filter(_succeeded, tasks), None)) and not all(t.done() for t in tasks):
            await asyncio.wait([t for t in tasks if not t.done()], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            if task is not winner:
                task.cancel()
                task.add_done_callback(lambda late: _spared(late, effect, run))
    return (winner or tasks[0]).result()


def _succeeded(task: asyncio.Task[Any]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


def _spared(task: asyncio.Task[Any], effect: Race, run: RunAsync) -> None:
    """Close what a flow returned after all; its failure interests nobody."""
    import asyncio

    if _succeeded(task):
        _CLOSING.add(closing := asyncio.ensure_future(run(effect.spare(task.result()))))
        closing.add_done_callback(_CLOSING.discard)


_CLOSING: set[asyncio.Task[None]] = set()
