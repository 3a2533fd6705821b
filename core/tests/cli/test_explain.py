"""Every error is explained."""

from __future__ import annotations

import json

import pytest

from jackfield.cli.explain import ADVICE
from jackfield.errors import LEAVES

EXPECTED = """\
JF301 RateLimited
The provider limits this account; `retry_after` says for how long, if it told.

What to do: Wait as long as the message says, and send less at a time.
Retrying:   the same request may succeed later
Exit code:  5
Gateway:    429
"""


def test_a_code_is_explained(run):
    """What it means, what to do, and what follows."""
    assert EXPECTED == run("explain", "JF301").stdout


@pytest.mark.parametrize("name", ["RateLimited", "ratelimited", "jf301"])
def test_a_name_is_as_good(run, name):
    """The exception's name stands for its code."""
    assert EXPECTED == run("explain", name).stdout


def test_a_rule_of_the_contract_is_explained(run):
    """As failures say that they are; with or without what stands before the names of tests."""
    told = run("explain", "test_it_streams").stdout

    assert told.startswith("it_streams (bronze)\nThe pieces of a stream make the text of the answer.")
    assert "Asked of:   streaming" in told
    assert "bronze" == json.loads(run("explain", "it_streams", "--json").stdout)["level"]


@pytest.mark.parametrize("leaf", LEAVES.values(), ids=list(LEAVES))
def test_no_error_is_without_advice(run, leaf):
    """A new error needs a line of advice."""
    assert leaf.number in ADVICE
    assert json.loads(run("explain", leaf.number, "--json").stdout)["means"]


def test_an_unknown_code_is_refused(run):
    """A slip is answered with what may have been meant."""
    result = run("explain", "JF310")

    assert (2, True) == (result.exit_code, "did you mean `JF3" in result.stderr)


def test_json_has_the_documented_keys(run):
    """One object."""
    keys = "code exception means advice retry exit_code gateway_status"

    assert keys.split() == list(json.loads(run("explain", "JF301", "--json").stdout))
