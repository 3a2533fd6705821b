"""The lines of a conversation, where somebody types them."""

from __future__ import annotations

import os
import sys

import pytest

from jackfield.cli.invocation import Invocation
from jackfield.cli.typing_in import lines


@pytest.fixture
def type_in(home, monkeypatch):
    """Lines as typed at a terminal; an exception among them is what the key raises."""

    def type_in(*typed):
        keys = iter(typed)

        def answer(prompt):
            line = next(keys)
            if isinstance(line, str):
                return line
            raise line

        monkeypatch.setattr("builtins.input", answer)
        run = Invocation()
        run.no_config = True
        run.__dict__["settings"] = Settings.load(env=os.environ)
        return list(lines(run, lambda: "> "))

    from jackfield.config import Settings

    ours, theirs = os.openpty()
    with open(theirs, encoding="utf-8") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        yield type_in
    os.close(ours)


def test_the_end_of_the_input_ends(type_in, capsys):
    """Ctrl-D ends the conversation, and its line."""
    assert ["one", "two"] == type_in("one", "two", EOFError())
    assert "\n" == capsys.readouterr().err


def test_an_interrupted_line_is_dropped_alone(type_in):
    """Ctrl-C forgets the line, not the conversation."""
    assert ["one", "two"] == type_in("one", KeyboardInterrupt(), "two", EOFError())


def test_the_history_is_kept_for_its_writer(type_in, home):
    """It is there when the conversation is over, and closed to others."""
    type_in("one", EOFError())

    assert 0o600 == (home / "home" / "state" / "chat_history").stat().st_mode & 0o777


def test_without_line_editing_nothing_is_kept(type_in, home, monkeypatch):
    """Some builds of Python have none."""
    monkeypatch.setitem(sys.modules, "readline", None)

    assert ["one"] == type_in("one", EOFError())
    assert not (home / "home" / "state" / "chat_history").exists()


def test_no_input_is_no_line(home, monkeypatch):
    """A process may have been started without stdin."""
    monkeypatch.setattr(sys, "stdin", None)

    assert [] == list(lines(Invocation(), lambda: "> "))
