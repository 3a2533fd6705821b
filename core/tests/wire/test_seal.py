"""What only its maker can read back."""

from __future__ import annotations

import pytest

from jackfield.types import Opaque
from jackfield.wire.seal import Seal

SEAL = Seal("acme", "messages")


def test_what_was_sealed_here_is_opened_here():
    """The provider and the wire are those of the seal."""
    assert {"signature": "s"} == SEAL.open(SEAL.close({"signature": "s"}))


@pytest.mark.parametrize("other", [None, Seal("bolt", "messages"), Seal("acme", "responses")])
def test_what_others_sealed_stays_closed(other):
    """Another provider's, and that of another wire."""
    assert SEAL.open(other and other.close({"signature": "s"})) is None


def test_nothing_needs_no_seal():
    """What holds nothing is not kept."""
    assert [None, Opaque("acme", "messages", {"a": 1})] == [SEAL.keep({}), SEAL.keep({"a": 1})]
