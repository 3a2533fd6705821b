"""Operations beside completions: each is asked by a client, read and answered by the server half, and told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jackfield.capability import Capability
from jackfield.errors import JackfieldError
from jackfield.testing.answers import DOINGS
from jackfield.testing.rules import expect, rule, same, unmet
from jackfield.testing.stage import NotScripted
from jackfield.testing.subject import Subject
from jackfield.wire import Headers, Reply, Wire
from jackfield.wire.operation import Operation

MEND = "mend the operation's codec; all four verbs are used here"
WHY = "an operation that loses what was asked, or what came back, answers another question"
JSON = Headers({"content-type": "application/json"})


class Operating:
    """Rules about operations, one each."""

    @rule("bronze", WHY, MEND, Capability.EMBEDDINGS)
    def test_vectors_come_back(self, subject: Subject) -> None:
        """Texts go, and a vector comes back for each, in their order."""
        performed(subject, "embed")

    @rule("bronze", WHY, MEND, Capability.RERANK)
    def test_rankings_come_back(self, subject: Subject) -> None:
        """Query and documents go; places and scores come back."""
        performed(subject, "rerank")

    @rule("bronze", WHY, MEND, Capability.MODERATION)
    def test_verdicts_come_back(self, subject: Subject) -> None:
        """A text goes, a verdict comes back."""
        performed(subject, "moderate")

    @rule("bronze", WHY, MEND, Capability.IMAGES_OUT)
    def test_pictures_come_back(self, subject: Subject) -> None:
        """A prompt goes, the bytes of a picture come back."""
        performed(subject, "image")

    @rule("bronze", WHY, MEND, Capability.SPEECH_OUT)
    def test_speech_comes_back(self, subject: Subject) -> None:
        """A text goes, sound comes back."""
        performed(subject, "speak")

    @rule("bronze", WHY, MEND, Capability.SPEECH_IN)
    def test_transcripts_come_back(self, subject: Subject) -> None:
        """Sound goes, a text comes back."""
        performed(subject, "transcribe")

    @rule("bronze", WHY, MEND, Capability.COUNT_TOKENS)
    def test_counts_come_back(self, subject: Subject) -> None:
        """A prompt goes, a count comes back."""
        performed(subject, "count_tokens")

    @rule("bronze", WHY, MEND, Capability.LIST_MODELS)
    def test_models_are_listed(self, subject: Subject) -> None:
        """The provider's own list of models comes back."""
        performed(subject, "models")

    @rule("bronze", WHY, MEND, Capability.FILES)
    def test_files_are_kept(self, subject: Subject) -> None:
        """Files are uploaded, asked about, read, forgotten and listed, as far as the wire has it."""
        _all_of(subject, Capability.FILES)

    @rule("bronze", WHY, MEND, Capability.BATCH)
    def test_batches_are_run(self, subject: Subject) -> None:
        """Batches are begun, asked about, cancelled and listed, as far as the wire has it."""
        _all_of(subject, Capability.BATCH)

    @rule(
        "bronze",
        "operations fail as completions do, and callers treat failures alike",
        "parse errors with the wire's own `parse_error`, and raise where a body cannot be read",
    )
    def test_failures_of_operations_are_told(self, subject: Subject) -> None:
        """A 429 and a body that is no answer are errors of ours, for each operation."""
        for name, doing in DOINGS.items():
            model = subject.model(doing.capability)
            if not (subject.supported(doing.capability) and model):
                continue
            wire = subject.bind(model).wire
            if name not in wire.operations():
                continue
            for reply in (Reply(429, JSON, b'{"error": {"message": "slow"}}'), Reply(200, JSON, b"{")):
                _fails(subject, name, model, reply)


def performed(subject: Subject, name: str) -> None:
    """Fail unless an operation is asked, read, answered and told as it was meant."""
    doing = DOINGS[name]
    model = subject.model(doing.capability)
    wire = _wire(subject, name, model)
    operation = wire.operations().get(name)
    if operation is None or _needs_memory(operation):
        return  # test_what_is_stated_is_there says which must be there
    subject.stage.play(wire, doing.answer, operation=name)
    answer = doing.ask(subject.client, subject.named(model))
    expected = doing.tell(doing.answer)
    arrived = [doing.asked(request) for request in subject.stage.requests if _has(doing.asked, request)]
    if len(subject.stage.calls) == doing.several > 1:  # one by one, and each is answered alike
        expected, arrived = expected[:1] * doing.several, [sum(arrived, ())]
    same(expected, doing.tell(answer), f"what `{name}` answers")
    expect(doing.expected in arrived, f"what was asked did not arrive: {arrived!r:.200}")
    same(subject.profile.id, answer.provider, "the provider")


def _needs_memory(operation: Operation) -> bool:
    """Whether its steps have one path: only a server that remembers the first knows the second."""
    places = [(exchange.method, exchange.path) for exchange in operation.exchanges]
    return len(set(places)) < len(places)


def _has(asked: Callable[[Any], Any], request: Any) -> bool:
    try:
        asked(request)
    except AttributeError:
        return False
    return True


def _wire(subject: Subject, name: str, model: str) -> Wire:
    """The wire that is asked: operations about no one model are the provider's."""
    if DOINGS[name].capability in {Capability.LIST_MODELS, Capability.FILES, Capability.BATCH}:
        return subject.client.bind_provider(subject.profile.id).wire
    return subject.bind(model).wire


def _all_of(subject: Subject, capability: Capability) -> None:
    there = subject.client.bind_provider(subject.profile.id).wire.operations()
    for name, doing in DOINGS.items():
        if doing.capability is capability and name in there:
            performed(subject, name)


def _fails(subject: Subject, name: str, model: str, reply: Reply) -> None:
    subject.stage.play(_wire(subject, name, model), reply, operation=name)
    client = subject.another()
    subject.bind(model, client)
    try:
        answer = DOINGS[name].ask(client, subject.named(model))
    except (JackfieldError, NotScripted):
        return
    except Exception as exc:  # noqa: BLE001  # this is what must not come
        unmet(f"`{name}` raises {type(exc).__name__} at {reply.status} {reply.body!r}")
    if name not in {"speak", "files.content"}:  # whose answers may be any bytes
        unmet(f"`{name}` takes {reply.status} {reply.body!r} for {answer!r:.80}")
