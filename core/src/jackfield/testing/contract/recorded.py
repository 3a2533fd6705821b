"""Cassettes: what was recorded is what we send, and what came back is understood, whole and in pieces."""

from __future__ import annotations

from jackfield.capability import Capability
from jackfield.events import Failed
from jackfield.testing.contract.readings import reading_of
from jackfield.testing.contract.streaming import decoded
from jackfield.testing.rules import ON_TAPE, expect, rule, same
from jackfield.testing.shelf import FRESH, LARGEST_FOLDER, age_of
from jackfield.testing.subject import Subject

NEEDED = ("completion", "stream", "error")
LARGEST = 64 * 1024


class Recorded:
    """Rules about cassettes."""

    @rule(
        "silver",
        "two halves that agree may both be wrong: only the vendor's own bytes tell",
        "record them with `jackfield record`, or write them after the vendor's published examples",
        flags=ON_TAPE,
    )
    def test_there_are_cassettes(self, subject: Subject) -> None:
        """There is a cassette of a completion, a stream and an error."""
        if subject.answers_itself:
            return  # it is its own vendor
        needed = [name for name in NEEDED if name != "stream" or _streams(subject)]
        missing = sorted(set(needed) - subject.tapes.keys())
        expect(not missing, f"there is no cassette `{', '.join(missing)}`")

    @rule(
        "silver",
        "a request that changed in silence is found here, not by users",
        "mend the wire or the profile; if the vendor changed, record anew",
        flags=ON_TAPE,
    )
    def test_what_was_recorded_is_what_is_sent(self, subject: Subject, scenario: str) -> None:
        """Each recorded request, read by the server half, is rendered again as the same JSON at the same path."""
        for one in subject.tapes[scenario].interactions:
            reading = reading_of(subject, scenario, one)
            expect(not reading.differences, f"sent otherwise: {'; '.join(reading.differences)}")

    @rule(
        "silver",
        "what vendors really send is never quite what they document",
        "mend the client half",
        flags=ON_TAPE,
    )
    def test_what_was_recorded_is_understood(self, subject: Subject, scenario: str) -> None:
        """Each recorded answer is parsed: to an answer, to events, or to an error of its status."""
        for one in subject.tapes[scenario].interactions:
            reading = reading_of(subject, scenario, one)
            if one.status >= 400:
                info = reading.binding.wire.parse_error(one.reply)
                same(one.status, info.status, "the status")
                expect(info.message, "the error has no message")
            elif reading.streams:
                events = decoded(reading.binding, *one.chunks)
                fails = not events or isinstance(events[-1], Failed)
                expect("error" in scenario or not fails, f"it is no answer: {events[-1:]}")
            else:
                reading.parse(one.reply)

    @rule(
        "bronze",
        "large cassettes are not reviewed, and slow everybody's checkout",
        "record a shorter exchange",
        flags=ON_TAPE,
    )
    def test_cassettes_are_small(self, subject: Subject) -> None:
        """No cassette is larger than 64 kB, and all are no larger than 1 MB."""
        sizes = [
            file.stat().st_size for file in (subject.cassettes.glob("*.yaml") if subject.cassettes else ())
        ]
        expect(max(sizes, default=0) <= LARGEST, f"one has {max(sizes, default=0)} bytes")
        expect(sum(sizes) <= LARGEST_FOLDER, f"all have {sum(sizes)} bytes")

    @rule(
        "gold",
        "documentation drifts from what is served; only traffic does not",
        "record with `jackfield record` and a key",
        flags=ON_TAPE,
    )
    def test_cassettes_are_recorded_and_fresh(self, subject: Subject) -> None:
        """Every cassette was recorded, in the last 180 days."""
        for name, cassette in subject.tapes.items():  # test_there_are_cassettes tells of none
            expect(cassette.origin == "recorded", f"`{name}` is written after documentation")
            age = age_of(cassette)
            expect(age <= FRESH, f"`{name}` is {age} days old")


def scenarios(subject: Subject) -> list[str]:
    """The names of all cassettes."""
    if subject.cassettes is None:
        return []
    return sorted(file.stem for file in subject.cassettes.glob("*.yaml") if file.name[0] not in "._")


def _streams(subject: Subject) -> bool:
    return bool(subject.model(Capability.STREAMING))
