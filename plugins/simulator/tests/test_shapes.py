"""Every recorded request gets an answer of the shape of the recorded one: keys, types, order of events.

What differs is listed with its reason; ``-s`` prints the table. Hosts without a package of ours are answered by
the package that is compatible with all of them; what they say besides is told apart, and promised by nobody.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from jackfield_simulator.app import Simulated
from reasons import grade, owner, reason
from replayed import Outcome, exchanges, has_package, outcome_of, require
from shapes import conflicts

require()

pytestmark = pytest.mark.recordings

MOST_BEYOND = 313  # most of them where one recording is all there is
COLUMNS = ("same", "same keys", "listed", "not ours", "differs")


@pytest.fixture(scope="module")
def outcomes() -> list[Outcome]:
    """What became of every recorded request."""
    app = Simulated({"missing": [], "models": ["m-1"], "reasoning": "never"})
    return [outcome_of(app, exchange) for exchange in exchanges()]


@pytest.fixture(scope="module")
def ours(outcomes) -> list[Outcome]:
    """Those of providers that have a package."""
    return [one for one in outcomes if has_package(one.exchange)]


def printed(table: dict[str, Counter[str]]) -> None:
    print(f"\n{'provider':<20}" + "".join(f"{column:>12}" for column in COLUMNS))
    total = sum(table.values(), Counter())
    for provider, found in [*sorted(table.items()), ("all", total)]:
        print(f"{provider:<20}" + "".join(f"{found[column]:>12}" for column in COLUMNS))


def test_table(outcomes):
    """Provider by provider; of what differs there is nothing without a reason."""
    tables: dict[bool, dict[str, Counter[str]]] = {True: defaultdict(Counter), False: defaultdict(Counter)}
    for outcome in outcomes:
        tables[has_package(outcome.exchange)][owner(outcome)][grade(outcome)] += 1
    for table in tables.values():
        printed(table)
    totals = {packaged: sum(table.values(), Counter()) for packaged, table in tables.items()}
    assert 0 == totals[True]["differs"]
    assert totals[True]["same"] >= 353
    assert totals[False]["same"] >= 30


def test_nothing_differs_without_a_reason(ours):
    """The reasons, each with how often it holds."""
    unknown = [one.exchange.id for one in ours if reason(one) is None]
    for why, count in Counter(filter(None, map(reason, ours))).most_common():
        print(f"{count:>4}  {why}")

    assert not unknown


def test_statuses_are_those_recorded(ours):
    """A success where there was one, and the same failure where there was none."""
    wrong = [
        one.exchange.id
        for one in ours
        if one.given is not None and one.given.status != one.recorded.status and reason(one) is None
    ]

    assert not wrong


def test_little_is_said_that_was_never_heard(ours):
    """Fields that no recorded answer of a provider has, to the same kind of question. They may become fewer."""
    heard, said = defaultdict(set), defaultdict(set)
    for one in ours:
        if one.given is not None and one.given.status == one.recorded.status < 400:
            kind = one.provider, one.operation, bool(one.recorded.events)
            heard[kind] |= one.recorded.keys.keys()
            said[kind] |= one.given.keys.keys()
    beyond = {kind: sorted(said[kind] - heard[kind]) for kind in said}
    for kind, keys in sorted(beyond.items()):
        print(*kind, *keys)

    assert sum(map(len, beyond.values())) <= MOST_BEYOND


def test_types_agree(outcomes):
    """Where both have a key, both have the same kind of value; failures have forms of their own."""
    clashes = {
        (owner(one), path)
        for one in outcomes
        if one.given is not None and one.given.status == one.recorded.status < 400
        for path in conflicts(one.recorded, one.given)
    }

    assert clashes <= {("(mistralrs)", "reasoning")}
