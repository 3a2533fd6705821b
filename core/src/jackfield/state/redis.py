"""Redis as the place that processes share. One thread does all the talking; nobody waits for it longer than set."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, InvalidStateError
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from jackfield.config.state import StateSettings
from jackfield.errors import BadConfig, ErrorInfo
from jackfield.state.base import Give, Health, Outcome, Reserve, StateUnavailable, Take, Took
from jackfield.state.scripts import SCRIPTS

BATCH = 100  # operations sent in one go
SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # after a failure one goes on alone for so long

_SHAS = {
    name: hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest() for name, script in SCRIPTS.items()
}


class _Job(NamedTuple):
    """One operation: what is called, who waits for it, and until when that makes sense."""

    command: tuple[Any, ...]
    read: Callable[[Any], Any]
    future: Future[Any]
    until: float


class RedisState:
    """Limits, budgets, notes and values in Redis, each operation one step of it.

    Where it does not answer within ``timeout`` the futures fail, and so do all that follow, at once, for a second;
    for up to half a minute if it stays away. It needs the extra ``redis``.
    """

    def __init__(self, settings: StateSettings) -> None:
        assert settings.url is not None
        self.timeout = settings.timeout
        self._prefix = f"{settings.prefix}:"
        self._connect = _connection(settings)
        self._client: Any = None
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._closed_until = 0.0
        self._failures = 0
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process = 0
        self._submit(("PING",), _same, lasting=True)  # who comes first need not wait for the connection

    # -- limits ----------------------------------------------------------------------------------

    def take(self, takes: Sequence[Take]) -> Future[Took]:
        """Take of all limits, or of none."""
        wants = json.dumps([take._asdict() for take in takes])
        return self._submit(_script("take", self._keys(take.key for take in takes), wants), _took)

    def give(self, gives: Sequence[Give]) -> None:
        """Correct what was taken to what it came to."""
        given = [
            {"algorithm": take.algorithm, "mark": mark, "delta": actual - take.cost}
            for take, mark, actual in gives
        ]
        keys = self._keys(give.take.key for give in gives)
        self._submit(_script("give", keys, json.dumps(given)), _same, lasting=True)

    def complain(self, keys: Sequence[str]) -> None:
        """The other side refused: the adaptive limits behind these keys give way."""
        self._submit(_script("complain", self._keys(keys)), _same)

    # -- budgets ---------------------------------------------------------------------------------

    def reserve(self, hold: str, wants: Sequence[Reserve], lasts: float) -> Future[Outcome]:
        """Set aside of all budgets, or of none."""
        asked = json.dumps([want._asdict() for want in wants])
        return self._submit(
            _script("reserve", self._keys(want.key for want in wants), hold, lasts, asked), _outcome
        )

    def sent(self, hold: str, keys: Sequence[str]) -> None:
        """The hold will not expire to nothing."""
        self._submit(_script("sent", self._keys(keys), hold), _same, lasting=True)

    def settle(self, hold: str, wants: Sequence[Reserve], actual: int | None) -> Future[Outcome]:
        """Turn what was set aside into what it cost."""
        limits = json.dumps([want.limit for want in wants])
        spent = "all" if actual is None else str(actual)
        keys = self._keys(want.key for want in wants)
        return self._submit(_script("settle", keys, hold, spent, limits), _outcome, lasting=True)

    def release(self, hold: str, keys: Sequence[str]) -> None:
        """Give back what was set aside."""
        self._submit(_script("settle", self._keys(keys), hold, "0", "[]"), _same, lasting=True)

    # -- notes -----------------------------------------------------------------------------------

    def note(self, key: str, seconds: float) -> None:
        """Tell the others that something is closed for so long."""
        self._submit(_script("note", self._keys(["notes"]), key, seconds), _same)

    def noted(self) -> Future[Mapping[str, float]]:
        """What is closed, and for how many more seconds."""
        return self._submit(_script("noted", self._keys(["notes"])), _notes)

    # -- values ----------------------------------------------------------------------------------

    def get(self, key: str) -> Future[bytes | None]:
        """The value that was put there."""
        return self._submit(("GET", self._prefix + key), _bytes)

    def put(self, key: str, value: bytes, seconds: float) -> None:
        """Keep a value for so long."""
        self._submit(("SET", self._prefix + key, value, "PX", max(1, int(seconds * 1000))), _same)

    def drop(self, prefix: str) -> Future[int]:
        """Forget the values whose keys begin so."""
        return self._submit(("DROP", self._prefix + prefix), int, lasting=True)

    # -- the thread ------------------------------------------------------------------------------

    @property
    def health(self) -> Health:
        """Whether it answers."""
        left = max(0.0, self._closed_until - time.monotonic())
        return Health("redis", not left, left, self._failures)

    def close(self) -> None:
        """Finish what was begun, and let go."""
        thread, self._thread = self._thread, None
        if thread is not None and self._process == os.getpid():
            self._jobs.put(None)
            thread.join(2.0)

    def _keys(self, names: Any) -> list[str]:
        return [self._prefix + name for name in names]

    def _submit(
        self, command: tuple[Any, ...], read: Callable[[Any], Any], *, lasting: bool = False
    ) -> Future[Any]:
        """Hand an operation over. One that nobody waits for is ``lasting``: it is done however late."""
        future: Future[Any] = Future()
        now = time.monotonic()
        if now < self._closed_until:
            future.set_exception(StateUnavailable("the shared state was out of reach a moment ago"))
            return future
        if self._thread is None or self._process != os.getpid():
            self._start()
        self._jobs.put(_Job(command, read, future, float("inf") if lasting else now + self.timeout))
        return future

    def _start(self) -> None:
        """Begin to talk; in a forked process anew, for threads and connections stay with the parent."""
        with self._lock:
            if self._thread is not None and self._process == os.getpid():
                return
            self._jobs, self._client, self._process = SimpleQueue(), None, os.getpid()
            self._thread = threading.Thread(
                target=self._serve, args=(self._jobs,), name="jackfield-state", daemon=True
            )
            self._thread.start()

    def _serve(self, queue: SimpleQueue[_Job | None]) -> None:
        job = queue.get()
        while job is not None:
            jobs = [job]
            try:
                while len(jobs) < BATCH and job is not None:
                    job = queue.get_nowait()
                    if job is not None:
                        jobs.append(job)
            except Empty:
                job = None
                last = False
            else:
                last = job is None
            self._perform(jobs)
            job = None if last else queue.get()
        if self._client is not None:
            self._client.close()

    def _perform(self, jobs: list[_Job]) -> None:
        """Do what is still wanted, in one go; a failure is everybody's."""
        now = time.monotonic()
        wanted = [job for job in jobs if now <= job.until and now >= self._closed_until]
        for job in jobs:
            if job not in wanted:
                _fail(job, "the shared state did not come to it in time")
        if not wanted:
            return
        try:
            answers = self._answers(wanted)
        except Exception as exc:  # noqa: BLE001  # whatever the library raises: it is not reached
            self._failures += 1
            self._client = None
            pause = min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** (self._failures - 1))
            self._closed_until = time.monotonic() + pause
            for job in wanted:
                _fail(job, f"the shared state does not answer ({type(exc).__name__})")
            return
        self._failures = 0
        for job, answer in zip(wanted, answers, strict=True):
            _answer(job, answer)

    def _answers(self, jobs: list[_Job]) -> list[Any]:
        if self._client is None:
            self._client = self._connect()
            self._load()
        answers = self._sent_off(jobs)
        if any(type(answer).__name__ == "NoScriptError" for answer in answers):  # it was restarted
            self._load()
            again = [
                place for place, answer in enumerate(answers) if type(answer).__name__ == "NoScriptError"
            ]
            for place, answer in zip(again, self._sent_off([jobs[place] for place in again]), strict=True):
                answers[place] = answer
        return answers

    def _load(self) -> None:
        pipe = self._client.pipeline(transaction=False)
        for script in SCRIPTS.values():
            pipe.script_load(script)
        pipe.execute()

    def _sent_off(self, jobs: list[_Job]) -> list[Any]:
        answers: list[Any] = []
        pipe = self._client.pipeline(transaction=False)
        for job in jobs:
            if job.command[0] == "DROP":  # what was asked before comes before
                answers += pipe.execute(raise_on_error=False)
                answers.append(self._dropped(job.command[1]))
            else:
                pipe.execute_command(*job.command)
        answers += pipe.execute(raise_on_error=False)
        return answers

    def _dropped(self, prefix: str) -> int:
        escaped = "".join(
            f"[{letter}]" if letter in "*?[" else f"\\{letter}" if letter in "\\^" else letter
            for letter in prefix
        )
        keys = [*self._client.scan_iter(match=f"{escaped}*", count=500)]
        return sum(self._client.unlink(*keys[first : first + 500]) for first in range(0, len(keys), 500))


def _connection(settings: StateSettings) -> Callable[[], Any]:
    """Makes a connection; the address, which may hold a password, is kept out of sight."""
    try:
        from redis import Redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ImportError:
        msg = "shared state in Redis needs the package `redis`"
        raise BadConfig(ErrorInfo("config", msg, hint="pip install 'jackfield[redis]'")) from None
    url = settings.url
    assert url is not None

    def connect() -> Any:
        return Redis.from_url(
            url.reveal(),
            socket_timeout=settings.timeout,
            socket_connect_timeout=settings.timeout,
            retry=Retry(NoBackoff(), 0),
        )

    try:
        connect()
    except ValueError:
        msg = "state.url: is no address of a Redis server"
        raise BadConfig(ErrorInfo("config", msg, hint="write `redis://localhost:6379/0`")) from None
    return connect


def _script(name: str, keys: list[str], *arguments: Any) -> tuple[Any, ...]:
    return ("EVALSHA", _SHAS[name], len(keys), *keys, *arguments)


def _fail(job: _Job, why: str) -> None:
    if not job.future.done():
        job.future.set_exception(StateUnavailable(why))


def _answer(job: _Job, answer: Any) -> None:
    """Complete a job; whatever is no answer of ours is a failure, for others may write to the same server."""
    try:
        if isinstance(answer, Exception):
            _fail(job, f"the shared state refused ({type(answer).__name__})")
        else:
            job.future.set_result(job.read(answer))
    except InvalidStateError:
        return  # whoever waited has gone
    except (ValueError, TypeError, IndexError, AttributeError):
        _fail(job, "the shared state answered nonsense")


def _same(answer: Any) -> Any:
    return answer


def _bytes(answer: Any) -> bytes | None:
    if answer is None or isinstance(answer, bytes):
        return answer
    raise TypeError


def _took(answer: Any) -> Took:
    blocked, wait, remaining, *marks = answer
    return Took(
        blocked - 1 if blocked else None,
        float(wait),
        float(remaining),
        tuple(mark.decode() for mark in marks),
    )


def _outcome(answer: Any) -> Outcome:
    refused, left, over, reached = answer
    return Outcome(
        refused - 1 if refused else None,
        int(left),
        tuple(place - 1 for place in over),
        tuple((place - 1, percent) for place, percent in zip(reached[::2], reached[1::2], strict=True)),
    )


def _notes(answer: Any) -> Mapping[str, float]:
    return {key.decode(): float(left) for key, left in zip(answer[::2], answer[1::2], strict=True)}
