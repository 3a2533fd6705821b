"""Fields that are worked out when they are asked for."""

from __future__ import annotations

import copy
import pickle
from decimal import Decimal
from functools import partial

import attrs
import pytest

from jackfield import Completion, Text


class Till:
    """Says what something costs, and counts how often it is asked."""

    asked = 0

    def charge(self) -> Decimal:
        """The same each time."""
        self.asked += 1
        return Decimal("0.25")


def answered(till: Till) -> Completion:
    """A completion whose charge nobody has asked for."""
    return Completion((Text("hello"),), charge=partial(till.charge))  # type: ignore[arg-type]  # as core makes it


def test_a_field_is_not_worked_out_before_it_is_asked_for():
    """Making a value, and reading its other fields, asks for nothing."""
    till = Till()

    text = answered(till).text

    assert ("hello", 0) == (text, till.asked)


def test_a_field_is_worked_out_once():
    """Whoever asks again is told the same object."""
    till = Till()
    completion = answered(till)

    first, second = completion.charge, completion.charge

    assert (Decimal("0.25"), 1) == (first, till.asked)
    assert first is second


def same(completion: Completion) -> Completion:
    """The value itself, pickled and read again."""
    return pickle.loads(pickle.dumps(completion))  # type: ignore[no-any-return]  # what was put in


@pytest.mark.parametrize("copied", [same, copy.copy, copy.deepcopy, attrs.evolve])
def test_a_copy_holds_the_figure(copied):
    """However a value is copied, its copy knows the field, and asks nobody."""
    till = Till()
    completion = answered(till)

    found = copied(completion)

    assert (completion, Decimal("0.25"), 1) == (found, found.charge, till.asked)


def test_values_compare_and_show_the_figure():
    """A field that is due equals one that was given, and stands in ``repr`` and in the fields as a table."""
    completion = answered(Till())

    given = Completion((Text("hello"),), charge=Decimal("0.25"))

    assert (given, repr(given)) == (completion, repr(completion))
    assert Decimal("0.25") == attrs.asdict(answered(Till()))["charge"]


def test_a_field_is_still_frozen():
    """Nothing can be set from outside."""
    completion = answered(Till())

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        completion.charge = Decimal(0)  # type: ignore[misc]


def test_a_field_that_was_given_is_as_it_was_given():
    """Nothing, or an amount."""
    found = [Completion(()).charge, Completion((), charge=Decimal(1)).charge]

    assert [None, Decimal(1)] == found
