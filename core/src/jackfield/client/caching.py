"""The cache as calls of a model meet it: what a call's key is, and what a hit becomes.

completion = yield from answers.completing(binding, plan, lambda: begun(binding, plan, course))
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from os import urandom
from typing import TYPE_CHECKING, TypeAlias

from jackfield.auth.pool import KeyPool
from jackfield.client.account import charge_of
from jackfield.client.binding import Binding
from jackfield.client.books import Quiet
from jackfield.client.call import with_value
from jackfield.client.plan import Plan
from jackfield.config.cache import SemanticSettings
from jackfield.errors import JackfieldError, ModelNotFound, SetupError, Unsupported
from jackfield.events import unfold
from jackfield.flow import NOW, Flow, LocalStream
from jackfield.policy.caches import Cache, Where, key_of, question_of
from jackfield.types import Attempt, Completion, Part, Request, Tags, Usage
from jackfield.types.tags import KNOWN
from jackfield.wire.call import Headers

if TYPE_CHECKING:
    from jackfield.client.attempts import Course, Entry, Run
    from jackfield.client.session import Session
    from jackfield.policy.caches.values import Answer

Embed: TypeAlias = Callable[[str, str, float], Flow[Sequence[float]]]
"""The vector of a text, by a model that is named first, within so many seconds."""


class Answers:
    """The answers a client keeps. ``embed`` is needed where questions that mean the same are to be found."""

    def __init__(
        self, cache: Cache, embed: Embed | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.cache = cache
        self._embed = embed
        self._clock = clock
        self._scopes: dict[
            int, tuple[Binding, str]
        ] = {}  # the binding is kept, so that its number is not given again

    def key(self, binding: Binding, plan: Plan) -> str:
        """What the answer to a call is kept under."""
        return key_of(plan.request, self.where(binding, plan))

    def where(self, binding: Binding, plan: Plan) -> Where:
        """Who is asked, and for whom: the tenant a call names, else the key or user it is for."""
        tags = plan.tags
        tenant = tags.more.get("tenant") or tags.key or tags.user or ""
        wire = f"{type(binding.wire).__module__}.{type(binding.wire).__qualname__}"
        endpoint = binding.keys[0].guard.key.endpoint if binding.keys else ""
        scope = self._scope(binding)
        return Where(binding.profile.id, binding.model.id, wire, endpoint, scope, tenant, plan.operation)

    def completing(
        self,
        binding: Binding,
        plan: Plan,
        make: Callable[[], Flow[Completion]],
        course: Course | None = None,
    ) -> Flow[Completion]:
        """The answer that is kept, or that is kept for a question that means the same; else what ``make`` gives."""
        key, now = self.key(binding, plan), self._clock()
        asked = yield from self._asked(binding, plan, course)
        if asked is not None and self.cache.memory.get(key, now) is None:
            similar = yield from self.cache.similar(*asked, now)
            _tell(course, "semantic", binding, similar)
            if isinstance(similar, Completion):
                return with_value(plan, similar)
        completion = yield from self.cache.answering(key, make, now)
        _tell(course, "exact", binding, completion if completion.cached else None)
        if asked is not None and not completion.cached:
            self.cache.remember(*asked, key, self._clock())
        return with_value(plan, completion) if completion.cached else completion

    def opening(
        self,
        binding: Binding,
        plan: Plan,
        make: Callable[[], Flow[Session]],
        course: Course | None = None,
    ) -> Flow[Session | Replay]:
        """The stream of an answer that is kept, if streams are; else what ``make`` opens. ``Keeping`` keeps those."""
        if self.cache.settings.streams:
            hit = yield from self.cache.looking(self.key(binding, plan), self._clock())
            _tell(course, "exact", binding, hit)
            if isinstance(hit, Completion):
                return Replay(plan, with_value(plan, hit))
        return (yield from make())

    def keep(self, binding: Binding, plan: Plan, completion: Completion) -> None:
        """Keep an answer that came as a stream."""
        self.cache.keep(self.key(binding, plan), completion, self._clock())

    def _asked(
        self, binding: Binding, plan: Plan, course: Course | None
    ) -> Flow[tuple[str, Sequence[float]] | None]:
        """The group and the vector of a question, where similar ones are looked for."""
        settings = self.cache.settings.semantic
        scope = None if settings is None else _among(settings, plan.tags)
        if settings is None or self._embed is None or scope is None or not isinstance(plan.request, Request):
            return None
        found = question_of(plan.request, self.where(binding, plan))
        if found is None:
            return None
        group, text = found
        seconds = settings.timeout
        if course is not None:
            seconds = min(seconds, course.deadline - (yield NOW))
        try:
            vector = yield from self._embed(settings.model, text, max(0.001, seconds))
        except JackfieldError as exc:
            if isinstance(exc, SetupError | Unsupported | ModelNotFound):  # whoever set it up is to know
                raise
            if course is not None and course.telling is not None:
                course.telling.looked_up("semantic", "bypass")
            return None  # a cache that cannot look is no reason not to answer
        return f"{group}:{scope}", vector

    def _scope(self, binding: Binding) -> str:
        """Whose account answers: a hash of the credentials, or a word of this client's own if they change by nature."""
        known = self._scopes.get(id(binding))
        if known is None:
            known = self._scopes[id(binding)] = (binding, _account(binding))
        return known[1]


class Replay:
    """A stream that is here already: what ``Session`` is to the streams of providers."""

    deadline = float("inf")
    failure = None
    done = True
    committed = True
    failed = ()
    sequel = None

    def __init__(self, plan: Plan, completion: Completion) -> None:
        self.plan = plan
        self.opened = LocalStream(200, Headers(), ())
        self.held = list(unfold(completion))
        self._completion = completion

    def completion(self, seconds: float = 0.0) -> Completion:
        """The whole answer."""
        return self._completion

    def seconds(self, now: float) -> float:
        """It took none."""
        return 0.0

    def settle(self, now: float, gone: bool = False) -> None:
        """Nobody keeps count of what was paid for before."""


class Keeping:
    """The shelf that keeps answers which came as streams, when they have come in full."""

    __slots__ = ("_answers",)

    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def entering(self, binding: Binding, plan: Plan, run: Run, course: Course) -> Flow[Entry]:
        """An entry that minds only how a stream ends."""
        return KeepingEntry(self._answers, binding, plan, run) if course.keeps else Quiet()
        yield  # a flow like all others, though nothing is waited for


class KeepingEntry(Quiet):
    """One attempt, of which the answer is kept if it comes as a stream and in full."""

    __slots__ = ("_answers", "_binding", "_plan", "_run")

    def __init__(self, answers: Answers, binding: Binding, plan: Plan, run: Run) -> None:
        self._answers = answers
        self._binding = binding
        self._plan = plan
        self._run = run

    def won(self, now: float, usage: Usage, facts: Attempt, parts: Iterable[Part] = ()) -> None:
        """Keep it."""
        session = self._run.session
        if self._plan.stream and session is not None:
            self._answers.keep(self._binding, self._plan, session.completion())


def _tell(course: Course | None, cache: str, binding: Binding, hit: Answer | None) -> None:
    """Tell whoever observes whether a look found an answer, and what that saved."""
    if course is None or course.telling is None:
        return
    if hit is None:
        course.telling.looked_up(cache, "miss")
    else:
        course.telling.looked_up(cache, "hit", charge_of(binding, hit.usage))


def _account(binding: Binding) -> str:
    members = binding.auth.members if isinstance(binding.auth, KeyPool) else (binding.auth,)
    names = [getattr(member, "credential", None) for member in members]
    if any(name is None for name in names) and getattr(binding.auth, "scheme", "none") != "none":
        return urandom(16).hex()  # tokens come and go: what is kept is for this client alone
    return sha256("\n".join(sorted(map(str, names))).encode()).hexdigest()


def _among(settings: SemanticSettings, tags: Tags) -> str | None:
    """Among whom a call's question is compared; ``None`` if its route is not one of those, or it says not whose it is."""
    if tags.route is None or tags.route.removeprefix("route:") not in settings.routes:
        return None
    names = [""] if settings.scope == ("global",) else [_named(tags, word) for word in settings.scope]
    return (
        None
        if None in names
        else "\n".join(f"{word}={name}" for word, name in zip(settings.scope, names, strict=True))
    )


def _named(tags: Tags, word: str) -> str | None:
    """Whose a call is, by one word; those that everything compared has in common say nothing."""
    if word in KNOWN and word != "route":
        return ""
    found = getattr(tags, word, None) if word != "more" else None
    return found if isinstance(found, str) else tags.more.get(word)
