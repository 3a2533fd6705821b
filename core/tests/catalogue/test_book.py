"""Who says what something costs: the provider, the list, both, or nobody."""

from __future__ import annotations

import copy
import pickle
import sys
from decimal import Decimal
from pathlib import Path

from jackfield.catalogue import Charge, FreePrices, ReportedPrices
from jackfield.types import Completion, Usage

sys.path.insert(0, str(Path(__file__).parent))

from rate_tables import NOW, TOKENS, book

TOLD = Usage(1000, raw={"cost": 0.002})


def test_the_providers_own_figure_wins_and_ours_is_kept():
    """The difference is known."""
    found = ReportedPrices("cost", 1, book(per_1M_tokens=TOKENS)).charge(TOLD, NOW)

    assert (Decimal("0.002"), "reported") == (found, found.source)
    assert (Decimal("0.002"), Decimal("0.00125")) == (found.reported, found.computed)
    assert Decimal("0.00075") == found.difference


def test_the_list_is_asked_where_the_provider_says_nothing():
    """An answer without the figure is charged by the listed prices."""
    found = ReportedPrices("cost", 1, book(per_1M_tokens=TOKENS)).charge(Usage(1000), NOW)

    assert (Decimal("0.00125"), "catalogue", None) == (found, found.source, found.difference)


def test_only_the_providers_figure_is_known():
    """Nothing is made up for the other."""
    found = ReportedPrices("cost").charge(TOLD, NOW)

    assert (Decimal("0.002"), None, None) == (found, found.computed, found.difference)


def test_what_is_local_is_exactly_0():
    """And says so."""
    found = FreePrices().charge(Usage(10**9), NOW)

    assert (0, "local") == (found, found.source)


def test_a_charge_stays_one_when_it_is_copied():
    """Copies and pickles keep who said it."""
    charge = Charge("0.5", "reported", Decimal("0.5"), Decimal("0.4"))

    copies = [copy.copy(charge), copy.deepcopy(charge), pickle.loads(pickle.dumps(charge))]

    assert [Decimal("0.1")] * 3 == [one.difference for one in copies]
    assert ["reported"] * 3 == [one.source for one in copies]


def test_an_answer_tells_the_detail_of_its_charge():
    """A plain amount is one that somebody stated; none is none."""
    details = [
        Completion((), charge=amount).charge_detail for amount in (None, Decimal(1), Charge(2, "acme"))
    ]

    assert [None, "stated", "acme"] == [found and found.source for found in details]


def test_the_book_tells_its_rate():
    """Source and date are there for whoever shows a price."""
    assert "acme" == book(per_1M_tokens=TOKENS).rate(NOW).source
