"""What a provider has shown: the level that follows from the rules it met, as lines, as JSON and as a badge."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from textwrap import wrap
from typing import Any

from attrs import asdict, field, frozen

from jackfield.capability import Capability, Support
from jackfield.errors import JackfieldError
from jackfield.testing.contract import rules
from jackfield.testing.evidence import evidence_of
from jackfield.testing.evidence import shown as shown_level
from jackfield.testing.rules import LEVELS, Rule
from jackfield.testing.shelf import age_of
from jackfield.testing.subject import Subject

Outcomes = Mapping[str, Mapping[str, str]]
NONE = "none"
NARROWEST = 40
REFUSED = (Support.UNSUPPORTED, Support.NOT_IMPLEMENTED)
# White text on each of them has a contrast of 4.5 at least.
COLOURS = {
    NONE: "#6b6b6b",
    "bronze": "#a0522d",
    "silver": "#5c6b7a",
    "gold": "#8a6500",
    "platinum": "#2e6f95",
}


@frozen
class Score:
    """What became of the rules about one capability, or of one group."""

    name: str
    support: str = ""
    met: int = 0
    asked: int = 0

    @property
    def whole(self) -> bool:
        """Whether all that was asked is met."""
        return self.met == self.asked


@frozen
class Scorecard:
    """One provider's."""

    provider: str
    level: str
    claimed: str
    owner: str = ""
    rules: Mapping[str, str] = field(factory=dict)
    capabilities: Sequence[Score] = ()
    exempt: Mapping[str, str] = field(factory=dict)
    deselected: int = 0
    shown: str = ""  # the claim as it is told: lower without an owner, or with a canary long red
    evidence: Mapping[str, str] = field(factory=dict)  # what is known from elsewhere

    @property
    def missing(self) -> tuple[str, ...]:
        """The rules between this level and the next."""
        upper = LEVELS[min(len(LEVELS) - 1, _rank(self.level) + 1)]
        by_name = {rule.name: rule for rule in rules()}
        return tuple(
            name
            for name, outcome in self.rules.items()
            if outcome == "failed" and not by_name[name].advice and _rank(by_name[name].level) <= _rank(upper)
        )

    @property
    def failed(self) -> tuple[str, ...]:
        """The rules up to the level it claims that are not met."""
        counted = {
            rule.name for rule in rules() if not rule.advice and _rank(rule.level) <= _rank(self.claimed)
        }
        return tuple(name for name, outcome in self.rules.items() if outcome == "failed" and name in counted)

    @property
    def form(self) -> dict[str, Any]:
        """For JSON."""
        return {**asdict(self), "missing": list(self.missing), "failed": list(self.failed)}


def _rank(level: str) -> int:
    return LEVELS.index(level) if level in LEVELS else -1


def level_of(outcomes: Mapping[str, str], every: Sequence[Rule]) -> str:
    """The highest level whose rules, and those of all levels below, are met; rules that were not asked count not."""
    reached = NONE
    for level in LEVELS:
        asked = [
            rule.name for rule in every if rule.level == level and rule.name in outcomes and not rule.advice
        ]
        if not asked or any(outcomes[name] != "passed" for name in asked):
            return reached
        reached = level
    return reached


def _together(cases: Mapping[str, str]) -> str:
    """A rule is met where all of its cases are."""
    found = set(cases.values())
    return "failed" if "failed" in found else "skipped" if "skipped" in found else "passed"


def scorecards(scores: Mapping[str, Outcomes], folders: Mapping[str, str] | None = None) -> list[Scorecard]:
    """The scorecards of all providers that were tested; ``folders`` hold the tests of those that have some."""
    tests = folders or {}
    return [_card(provider, scores[provider], tests.get(provider)) for provider in sorted(scores)]


def _card(provider: str, outcomes: Outcomes, tests: str | None) -> Scorecard:
    every = rules()
    told = {name: _together(cases) for name, cases in outcomes.items()}
    try:
        subject = Subject(provider, {}, Path(tests) if tests else None)
        profile = subject.profile
    except JackfieldError:
        return Scorecard(provider, NONE, NONE, rules=told)
    level = level_of(told, every)
    return Scorecard(
        profile.id,
        level,
        profile.quality.level,
        profile.quality.owner,
        told,
        tuple(
            _capability(one, profile.capabilities.statement(one).support, outcomes, every)
            for one in Capability
        ),
        profile.quality.exempt,
        sum(rule.name not in told for rule in every),
        shown_level(profile, subject.folder),
        {**dict(evidence_of(subject.folder)), **_cassettes(subject)},
    )


def _cassettes(subject: Subject) -> dict[str, str]:
    """How many cassettes there are of each origin, and how old the oldest recording is."""
    try:
        tapes = list(subject.tapes.values())
    except JackfieldError:
        return {"cassettes": "cannot be read"}
    origins = Counter(tape.origin for tape in tapes)
    told = [f"{count} {origin}" for origin, count in sorted(origins.items())]
    ages = [age_of(tape) for tape in tapes if tape.origin == "recorded"]
    told += [f"the oldest is {max(ages)} days old"] if ages else []
    return {"cassettes": ", ".join(told)} if told else {}


def _capability(one: Capability, support: Support, outcomes: Outcomes, every: Sequence[Rule]) -> Score:
    """What became of the rules that need a capability, and of the refusals of it."""
    names = [rule.name for rule in every if one in rule.needs and rule.name in outcomes]
    found = [_together(outcomes[name]) for name in names]
    refusals = outcomes.get("what_it_cannot_do_is_refused", {})
    found += [refusals[one.value]] if one.value in refusals else []
    return Score(one.value, support.value, found.count("passed"), len(found))


def shown(card: Scorecard, width: int = 100) -> Iterator[str]:
    """A scorecard for people, in lines that are no wider."""
    for line in _lines(card):
        yield from wrap(line, max(width, NARROWEST), subsequent_indent="    ", break_on_hyphens=False)


def _lines(card: Scorecard) -> Iterator[str]:
    met = sum(outcome == "passed" for outcome in card.rules.values())
    claim = "as claimed" if card.level == card.claimed else f"{card.claimed} is claimed"
    yield f"{card.provider}: {card.level} ({claim}); {met} of {len(card.rules)} rules met, {card.deselected} do not apply"
    if not card.owner:
        yield "  nobody looks after it: it is shown one level lower"
    if card.shown not in ("", card.claimed):
        yield f"  it is shown as {card.shown}"
    for name, found in card.evidence.items():
        yield f"  {name.ljust(16)} {found}"
    refused = [
        score.name for score in card.capabilities if score.asked and score.support in REFUSED and score.whole
    ]
    for score in card.capabilities:
        if score.asked and score.name not in refused:
            yield f"  {score.name.ljust(16)} {score.support.ljust(16)} {score.met}/{score.asked} {'ok' if score.whole else 'GAP'}"
    if refused:
        yield f"  refused, as stated: {', '.join(refused)}"
    for name, reason in card.exempt.items():
        yield f"  exempt: {name} ({reason})"
    if card.missing:
        yield f"  for the next level: {', '.join(card.missing)}"


def written(cards: Sequence[Scorecard], folder: str | Path) -> None:
    """Write ``scorecard.json``, and a badge for each provider."""
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    forms = {card.provider: card.form for card in cards}
    (place / "scorecard.json").write_text(json.dumps(forms, indent=1, sort_keys=True) + "\n", "utf-8")
    for card in cards:
        (place / f"scorecard-{card.provider}.svg").write_text(badge(card.provider, card.level), "utf-8")


def badge(provider: str, level: str) -> str:
    """A badge: the provider's name, and its level."""
    left, right = _width(provider), _width(level)
    name = f"{provider}: {level}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{name}">'
        f'<title>{name}</title><rect width="{left}" height="20" fill="#444"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{COLOURS[level]}"/>'
        f'<g fill="#fff" font-family="Verdana,sans-serif" font-size="11" text-anchor="middle">'
        f"{_word(provider, left / 2)}{_word(level, left + right / 2)}</g></svg>\n"
    )


def _width(text: str) -> int:
    """The pixels a word takes, with some around it: letters are not of one width."""
    return 14 + sum(4 if letter in "fijlrt-" else 10 if letter in "mw" else 7 for letter in text)


def _word(text: str, middle: float) -> str:
    return f'<text x="{middle:g}" y="14">{text}</text>'
