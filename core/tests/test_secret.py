"""A value that must never be seen."""

from __future__ import annotations

import copy
import pickle
import traceback

import pytest

from jackfield import BadConfig, Secret

CANARY = "sk-canary-0123456789abcdef"


def test_nothing_shows_a_secret() -> None:
    """Neither ``repr`` nor ``str`` nor formatting tells anything."""
    secret = Secret(CANARY)

    assert {repr(secret), str(secret), f"{secret}", f"{secret!r}"} == {"Secret('***')"}


def test_a_secret_is_revealed_on_purpose_only() -> None:
    """The value is there for who asks by name, trimmed of the newline that files end with."""
    assert Secret(CANARY + "\n").reveal() == CANARY


@pytest.mark.parametrize(("value", "shown"), [(CANARY, "sk-c…cdef"), ("short-key", "***")])
def test_the_masked_form_shows_ends_of_long_keys_only(value: str, shown: str) -> None:
    """First and last four characters, and none of a short key."""
    assert shown == Secret(value).masked()


@pytest.mark.parametrize("value", ["", "  \n", "line\nbreak-0123", "schlüssel-0123", "nul\0-0123456"])
def test_what_no_header_can_carry_is_refused_unseen(value: str) -> None:
    """The refusal names the source and shows none of the value."""
    with pytest.raises(BadConfig) as caught:
        Secret(value, "env `ACME_API_KEY`")

    assert "env `ACME_API_KEY`" in str(caught.value)
    assert not value.strip() or value not in str(caught.value)


def test_a_secret_is_not_pickled_but_copied() -> None:
    """A pickle would show it; a copy is the same object."""
    secret = Secret(CANARY)

    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert copy.deepcopy(secret) is copy.copy(secret) is secret


def test_secrets_compare_by_value() -> None:
    """Equal values are equal secrets."""
    assert Secret(CANARY) == Secret(CANARY, "elsewhere")
    assert len({Secret(CANARY), Secret(CANARY), Secret("another-key")}) == 2
    assert Secret(CANARY) != CANARY


def test_a_traceback_with_locals_shows_no_secret() -> None:
    """A secret in a local variable stays one."""
    secret = Secret(CANARY)
    try:
        raise RuntimeError(repr(secret))
    except RuntimeError as exc:
        shown = "".join(traceback.TracebackException.from_exception(exc, capture_locals=True).format())

    assert CANARY not in shown.replace(f"CANARY = '{CANARY}'", "")
