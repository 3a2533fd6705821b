"""What else is carried: answers in a form, pictures, sounds, documents, reasoning, log probabilities."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from jackfield.capability import Capability
from jackfield.errors import Unsupported
from jackfield.testing.answers import ANSWER, LOGPROBS, MEDIA, PROMPT, SCHEMA, THOUGHT, WORDS, said
from jackfield.testing.rules import among, expect, rule, same
from jackfield.testing.subject import Subject
from jackfield.types import Message, Text


class Carrying:
    """Rules about what messages and answers may hold besides text."""

    @rule(
        "bronze",
        "prose in place of JSON breaks the program behind it",
        "ask for JSON in the vendor's way",
        Capability.JSON_MODE,
    )
    def test_json_is_asked_for(self, subject: Subject) -> None:
        """An answer held to JSON is asked for as such, and comes back as a value."""
        answer = subject.ask(
            "JSON: three rivers.", said('{"rivers": 3}'), needs=(Capability.JSON_MODE,), into=dict
        )
        expect(subject.stage.request.output is not None, "the form did not arrive")
        same({"rivers": 3}, answer.value, "the value")

    @rule(
        "bronze",
        "a schema that is lost is found out by the program behind it",
        "send the schema in the vendor's way, and nothing of it dropped",
        Capability.JSON_SCHEMA,
    )
    def test_a_schema_is_asked_for(self, subject: Subject) -> None:
        """A schema arrives with its properties, and the answer comes back as a value."""
        needs = (Capability.JSON_SCHEMA,)
        answer = subject.ask(PROMPT, said('{"name": "Aare", "length": 288}'), needs=needs, into=SCHEMA)
        output = subject.stage.request.output
        expect(output is not None and output.schema, "the schema did not arrive")
        same(SCHEMA["properties"], dict(output.schema)["properties"], "the properties")
        same({"name": "Aare", "length": 288}, answer.value, "the value")

    @rule("bronze", "a picture that is lost is answered as if it were seen", "send it", Capability.IMAGES_IN)
    def test_pictures_arrive(self, subject: Subject) -> None:
        """The bytes of a picture arrive."""
        _arrives(subject, Capability.IMAGES_IN)

    @rule("bronze", "a sound that is lost is answered as if it were heard", "send it", Capability.AUDIO_IN)
    def test_sounds_arrive(self, subject: Subject) -> None:
        """The bytes of a sound arrive."""
        _arrives(subject, Capability.AUDIO_IN)

    @rule("bronze", "a film that is lost is answered as if it were seen", "send it", Capability.VIDEO_IN)
    def test_films_arrive(self, subject: Subject) -> None:
        """A film arrives."""
        _arrives(subject, Capability.VIDEO_IN)

    @rule(
        "bronze", "a document that is lost is answered as if it were read", "send it", Capability.DOCUMENTS_IN
    )
    def test_documents_arrive(self, subject: Subject) -> None:
        """What a document says arrives."""
        _arrives(subject, Capability.DOCUMENTS_IN)

    @rule(
        "silver",
        "reasoning in the text of an answer is read by people it is not meant for",
        "parse it into parts of its own",
        Capability.REASONING,
    )
    def test_reasoning_is_kept_apart(self, subject: Subject) -> None:
        """Reasoning that is shown is no part of the text, streamed or not."""
        answer = subject.ask(PROMPT, THOUGHT, needs=(Capability.REASONING,))
        same(WORDS, answer.text, "the text")
        if subject.does(subject.model(Capability.REASONING), Capability.STREAMING):
            streamed = subject.stream(
                THOUGHT, needs=(Capability.REASONING, Capability.STREAMING)
            ).completion()
            same(WORDS, streamed.text, "the text of the stream")

    @rule(
        "silver",
        "vendors refuse a second turn whose signatures are gone",
        "keep what a vendor wants back in `opaque`, and send it with the part it came with",
        Capability.REASONING,
    )
    def test_reasoning_survives_a_second_turn(self, subject: Subject) -> None:
        """The answer with its reasoning can be sent back, and what is wanted back arrives."""
        first = subject.ask(PROMPT, THOUGHT, needs=(Capability.REASONING,))
        turns = [Message("user", PROMPT), first.message, Message("user", "And a fourth?")]
        subject.ask(turns, ANSWER, needs=(Capability.REASONING,))
        carried = subject.stage.request.messages
        among(WORDS, "\n".join(message.text for message in carried), "the turns")
        sent = subject.stage.calls[-1].body.decode()
        for part in first.parts:
            opaque = getattr(part, "opaque", None)
            for value in opaque.data.values() if opaque is not None else ():
                expect(not isinstance(value, str) or value in sent, f"{value!r:.80} did not go back")

    @rule("silver", "they are asked for to be computed with", "parse tokens and figures", Capability.LOGPROBS)
    def test_log_probabilities_come_back(self, subject: Subject) -> None:
        """Log probabilities are asked for, and come back with their tokens."""
        answer = evolve(said(WORDS), logprobs=LOGPROBS)
        found = subject.ask(PROMPT, answer, needs=(Capability.LOGPROBS,), logprobs=True).logprobs
        same([one.logprob for one in LOGPROBS], [one.logprob for one in found], "the figures")


def _arrives(subject: Subject, capability: Capability) -> None:
    """What a part holds is read by the server half, in whatever form the format has for it."""
    refused: list[Unsupported] = []
    media: Any
    for wire in ("", *subject.profile.wires):
        for media in MEDIA[capability]:
            turn = [Message("user", (Text(PROMPT), media))]
            try:
                subject.ask(turn, ANSWER, needs=(capability,), client=subject.client_of(wire))
            except Unsupported as exc:
                refused.append(exc)  # another form, or another wire, has a place for it
                continue
            parts = [part for message in subject.stage.request.messages for part in message.parts]
            same([media.data], [part.data for part in parts if isinstance(part, type(media))], "the bytes")
            return
    raise refused[0]
