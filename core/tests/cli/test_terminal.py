"""What a person at a terminal sees."""

from __future__ import annotations

from jackfield.cli.console import without_controls

MODEL = ("-m", "echo/echo-1")


def test_a_terminal_gets_a_last_newline(terminal):
    """The answer ends its line where a person reads it."""
    assert (0, "hi\r\n") == terminal(*MODEL, "hi")


def test_control_sequences_are_stripped(terminal):
    """What a model says cannot steer the terminal."""
    assert (0, "red\r\n") == terminal(*MODEL, "\x1b[31mred\x1b]52;c;aGk=\x07\x9b")


def test_raw_passes_them(terminal):
    """--raw shows the answer as it is."""
    assert (0, "\x1b[31mred\r\n") == terminal(*MODEL, "--raw", "\x1b[31mred")


def test_a_pipe_gets_them_as_they_are(run):
    """What is piped is data."""
    assert "\x1b[31mred" == run(*MODEL, "\x1b[31mred").stdout


def test_reasoning_is_dimmed(terminal):
    """Thinking is shown apart from the answer."""
    _, shown = terminal(*MODEL, "-o", "reasoning", "low", "hi")

    assert shown.startswith("\x1b[2mThe ")
    assert shown.endswith("\r\nhi\r\n")


def test_no_color_switches_colour_off(terminal):
    """NO_COLOR counts whatever its value."""
    _, shown = terminal(*MODEL, "-o", "reasoning", "low", "hi", NO_COLOR="")

    assert "The same words go back.\r\nhi\r\n" == shown


def test_a_flag_switches_colour_off(terminal):
    """--no-color beats FORCE_COLOR."""
    assert "\x1b" not in terminal("explain", "JF301", "--no-color", FORCE_COLOR="1")[1]


def test_force_color_colours_a_pipe(run):
    """FORCE_COLOR counts where nobody sees it too."""
    assert "\x1b[1mJF301" in run("explain", "JF301", FORCE_COLOR="1").stdout


def test_no_argument_shows_the_help(terminal):
    """At a terminal there is no prompt to read."""
    code, shown = terminal()

    assert (0, True) == (code, shown.startswith("Usage: jackfield"))


def test_a_conversation_at_a_terminal(terminal):
    """Lines are typed after a prompt that names the model; the history is the writer's alone."""
    code, shown = terminal("chat", *MODEL, typed="hello\n/exit\n")

    assert 0 == code
    assert "echo/echo-1> " in shown
    assert "hello\r\n" in shown


def test_the_history_is_closed_to_others(terminal, home):
    """What was typed is kept for its writer alone."""
    terminal("chat", *MODEL, typed="hello\n/exit\n")

    history = home / "home" / "state" / "chat_history"
    assert (0o600, 0o700) == (history.stat().st_mode & 0o777, history.parent.stat().st_mode & 0o777)


def test_twenty_columns_never_wrap(run):
    """A narrow table loses columns, and no line is longer than the terminal."""
    lines = run("models", "--provider", "echo", COLUMNS="20").stdout.splitlines()

    assert ["MODEL", "echo/echo-1", "echo/status-401"] == [line.strip() for line in lines[:3]]


def test_pieces_of_a_sequence_are_harmless():
    """A sequence that two pieces share loses what makes it one."""
    assert "]8;;x" == without_controls("\x1b") + without_controls("]8;;x")


def test_lines_and_tabs_stay():
    """Text keeps its form."""
    assert "a\n\tb\nc" == without_controls("a\n\tb\r\nc\r\x07")
