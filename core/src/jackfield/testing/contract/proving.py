"""What code and files must show for the upper levels: types, dependencies, dated facts, evidence from elsewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

from jackfield.auth.schemes import SCHEMES
from jackfield.capability import Capability, Support
from jackfield.errors import BadConfig
from jackfield.profile import CHAT_CAPABILITIES
from jackfield.testing.contract.packages import Function, stated_names
from jackfield.testing.evidence import FILE, LIVE, Evidence
from jackfield.testing.rules import ALWAYS, NEW, NEW_ON_TAPE, expect, rule, unmet
from jackfield.testing.shelf import FRESH
from jackfield.testing.subject import Subject

KILLED = 0.8
UNTYPED = frozenset({"raw", "body", "value", "values"})  # a vendor's payload may be anything

_DAY = re.compile(r"^#.*?\b(20\d\d-[01]\d-[0-3]\d)\b", re.MULTILINE)


class Proving:
    """Rules about what cannot be seen by asking."""

    @rule(
        "silver",
        "types are what people's editors and checkers read of a package",
        "annotate every argument and result, and let `mypy --strict` check them",
        flags=NEW,
    )
    def test_its_code_is_annotated(self, subject: Subject) -> None:
        """Every function of its code has types."""
        bare = [name for name, function in _functions(subject) if not _annotated(function)]
        expect(not bare, f"without types: {', '.join(bare[:5])}")

    @rule(
        "silver",
        "an example nobody can look up cannot be checked when the vendor changes it",
        "state `source`, the address of the page, at the top of the cassette",
        flags=NEW_ON_TAPE,
    )
    def test_what_is_documented_says_where(self, subject: Subject) -> None:
        """Every cassette that was written after documentation names the page."""
        bare = [
            n for n, tape in subject.tapes.items() if tape.origin != "recorded" and "://" not in tape.source
        ]
        expect(not bare, f"no `source` in {', '.join(bare)}")

    @rule(
        "gold",
        "who is told that something cannot be done wants to see where that is written",
        'state it as `{ support = "unsupported", note = "why, https://…" }`; beyond chat `docs_url` will do',
        flags=ALWAYS,
    )
    def test_what_it_cannot_do_has_a_page(self, subject: Subject) -> None:
        """Each capability that is `unsupported` has an address in its note, or the profile's `docs_url` beyond chat."""
        bare = [one.value for one in Capability if _lacks_page(subject, one)]
        expect(not bare, f"no page is named for {', '.join(bare)}")

    @rule(
        "gold",
        "models come and go by the week",
        "make the list anew, and date it in its first line: `# … as of 2026-11-21`",
        flags=ALWAYS,
    )
    def test_its_models_are_fresh(self, subject: Subject) -> None:
        """The list of models was made in the last 180 days, if models are listed."""
        if not subject.profile.models or subject.answers_itself:
            return
        days = [date.fromisoformat(day) for day in _DAY.findall(_comments(subject))]
        expect(days, "`models.toml` says nowhere when it was made")
        age = _age(max(days))
        expect(age <= FRESH, f"`models.toml` is {age} days old")

    @rule(
        "platinum",
        "what is anything is checked by nobody",
        "name the type; vendors' payloads may be `raw` or `body`",
        flags=ALWAYS,
    )
    def test_its_public_types_are_exact(self, subject: Subject) -> None:
        """No public function takes or gives `Any`, but for payloads."""
        loose = [
            name for name, function in _functions(subject) if not name.startswith("_") and _loose(function)
        ]
        expect(not loose, f"`Any` in {', '.join(loose[:5])}")

    @rule(
        "platinum",
        "every package more is one more to trust, to update and to conflict with",
        "do it with core, and the library the ecosystem trusts with credentials",
        flags=ALWAYS,
    )
    def test_it_depends_on_little(self, subject: Subject) -> None:
        """It requires core, and one library for credentials if their scheme is none of core's."""
        own = any(spec.scheme not in SCHEMES for spec in subject.specs)
        more = [name for name in stated_names(subject.entry) if name != "jackfield" and not _ours(name)]
        expect(len(more) <= own, f"it requires {', '.join(more)}")

    @rule(
        "platinum",
        "tests that pass whatever the code does show nothing",
        "run a mutation tester over the code and write the figures to `evidence.toml`",
        flags=ALWAYS,
    )
    def test_mutants_are_killed(self, subject: Subject) -> None:
        """Its own code's mutants are killed, 80 of 100; there is no code, or evidence of it."""
        if not subject.sources:
            return
        score = _evidence(subject).score
        expect(score is not None, f"there is no [mutation] in `{FILE}`")
        expect((score or 0) >= KILLED, f"{(score or 0):.0%} of the mutants are killed")

    @rule(
        "platinum",
        "what nobody measured is slow one day",
        "measure, and write the figures to `evidence.toml`",
        flags=ALWAYS,
    )
    def test_there_is_a_benchmark(self, subject: Subject) -> None:
        """There are figures of a benchmark."""
        expect(_evidence(subject).benchmark, f"there is no [benchmark] in `{FILE}`")

    @rule(
        "platinum",
        "vendors change without a word: only asking tells",
        "let a job ask it live once a day, and write the outcome to `evidence.toml`",
        flags=ALWAYS,
    )
    def test_its_canary_is_green(self, subject: Subject) -> None:
        """It was asked live in the last 7 days, and answered."""
        if subject.answers_itself:
            return  # there is nobody to ask
        found = _evidence(subject)
        age = found.canary_age()
        expect(age is not None, f"there is no [canary] in `{FILE}`")
        expect((age or 0) <= LIVE, f"its canary passed last {age} days ago")
        expect(found.canary["passed"], "its canary is red")


def _age(day: date) -> int:
    return (datetime.now(UTC).date() - day).days


def _ours(name: str) -> bool:
    """Whether it is a package of the same kind, which is asked for itself."""
    return name.startswith("jackfield-")


def _evidence(subject: Subject) -> Evidence:
    try:
        return Evidence.of(subject.folder)
    except BadConfig as exc:
        unmet(exc.summary)


def _comments(subject: Subject) -> str:
    file = subject.folder / "models.toml"
    return file.read_text("utf-8") if file.is_file() else ""


def _lacks_page(subject: Subject, one: Capability) -> bool:
    stated = subject.profile.capabilities.statement(one)
    if stated.support is not Support.UNSUPPORTED or "://" in stated.note:
        return False
    return one in CHAT_CAPABILITIES or not subject.profile.docs_url


def _functions(subject: Subject) -> Iterator[tuple[str, Function]]:
    return ((one.name, one) for source in subject.sources.values() for one in source.functions)


def _arguments(function: Function) -> list[ast.arg]:
    given = function.args
    more = [one for one in (given.vararg, given.kwarg) if one is not None]
    return [*given.posonlyargs, *given.args, *given.kwonlyargs, *more]


def _annotated(function: Function) -> bool:
    named = [one for one in _arguments(function) if one.arg not in {"self", "cls", "mcs"}]
    return function.returns is not None and all(one.annotation is not None for one in named)


def _loose(function: Function) -> bool:
    stated = [one.annotation for one in _arguments(function) if one.arg not in UNTYPED]
    return any(
        isinstance(node, ast.Name) and node.id == "Any"
        for one in (*stated, function.returns)
        if one is not None
        for node in ast.walk(one)
    )
