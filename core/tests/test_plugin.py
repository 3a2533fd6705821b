"""The names a package may use: all are there, and those that most have no use for are loaded when they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from jackfield import plugin

LOADED_LATER = ("jackfield.wire.chat_completions", "jackfield.wire.messages", "jackfield.framing.ndjson")


@pytest.mark.parametrize("name", plugin.__all__)
def test_every_name_is_there(name):
    """Whether it is bound at once or later."""
    assert getattr(plugin, name) is getattr(plugin, name)


def test_a_name_that_is_not_there_is_an_error():
    """Of the kind modules have."""
    with pytest.raises(AttributeError, match=r"module 'jackfield.plugin' has no attribute 'nothing'"):
        _ = plugin.nothing


def test_importing_it_loads_no_wire():
    """A package that answers for prices alone does not pay for what it has no use for."""
    code = f"import sys, jackfield.plugin; print([name for name in {LOADED_LATER!r} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "[]\n" == done.stdout
