"""A conversation from a pipe: one turn a line, and the commands."""

from __future__ import annotations

import json
import signal
import subprocess
import sys

import pytest

CHAT = ("chat", "-m", "echo/echo-1")


def test_each_line_is_a_turn(run):
    """Answers come in order, one a line."""
    assert "one\ntwo\n" == run(*CHAT, piped="one\ntwo\n").stdout


def test_turns_are_remembered(run, project):
    """What was said before goes with what is said next."""
    run(*CHAT, "-s", "Be brief.", piped="one\n/save talk.json\n")

    saved = json.loads((project / "talk.json").read_text())
    assert ("Be brief.", ["user", "assistant"]) == (
        saved["system"],
        [turn["role"] for turn in saved["messages"]],
    )
    assert 0o600 == (project / "talk.json").stat().st_mode & 0o777


def test_markdown_is_saved_to_be_read(run, project):
    """A name that ends in .md makes a page."""
    run(*CHAT, piped="one\n/save talk.md\n")

    assert "# user\n\none\n\n# assistant\n\none\n" == (project / "talk.md").read_text()


def test_a_file_that_is_there_is_not_written(run, project):
    """Saving never destroys."""
    (project / "talk.json").write_text("mine")

    result = run(*CHAT, piped="one\n/save talk.json\n")

    assert (2, "mine") == (result.exit_code, (project / "talk.json").read_text())


def test_several_lines_make_one_turn(run):
    """/multi reads up to /end."""
    assert "a\nb\n" == run(*CHAT, piped="/multi\na\nb\n/end\n").stdout


def test_a_failed_turn_can_be_sent_again(run):
    """A turn that fails is taken back, and /retry sends it to another model."""
    result = run("chat", "-m", "echo/status-400", piped="hi\n/model echo/echo-1\n/retry\n")

    assert ("hi\n", 4) == (result.stdout, result.exit_code)


def test_undo_forgets(run, project):
    """The last turn is as if it had never been."""
    run(*CHAT, piped="one\ntwo\n/undo\n/save talk.md\n")

    assert "two" not in (project / "talk.md").read_text()


def test_an_attachment_goes_with_the_next_turn(run, project):
    """/attach waits for words."""
    (project / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n0")

    assert "[image/png] look\nmore\n" == run(*CHAT, piped="/attach a.png\nlook\nmore\n").stdout


def test_an_unknown_command_is_told(run):
    """A slip is answered with what may have been meant, and nothing is sent."""
    result = run(*CHAT, piped="/retri\n")

    assert ("", "error: there is no command `/retri`\n\nhint: did you mean `/retry`?\n") == (
        result.stdout,
        result.stderr,
    )


def test_help_lists_what_works(run):
    """Every command is listed with what it does."""
    lines = run(*CHAT, piped="/help\n").stderr.splitlines()

    names = "/help /model /system /attach /multi /retry /undo /usage /save /exit"
    assert names.split() == [line.split()[0] for line in lines]


def test_usage_adds_up(run):
    """/usage tells of the last turn and of all."""
    assert "last turn: 3 in · 1 out · 2 turns in all · $0\n" == run(*CHAT, piped="one\ntwo\n/usage\n").stderr


def test_the_system_prompt_changes(run):
    """/system shows and sets."""
    assert "there is no system prompt\nBe brief.\n" == run(*CHAT, piped="/system\n/system Be brief.\n").stderr


def test_exit_ends(run):
    """What follows /exit is not read."""
    assert "" == run(*CHAT, piped="/exit\nmore\n").stdout


def test_a_wrong_model_is_told_at_once(run):
    """Nothing is typed in vain."""
    assert 7 == run("chat", "-m", "nobody/x", piped="hi\n").exit_code


def test_chat_has_no_json(run):
    """A flag without effect is refused."""
    assert (2, "error: `jackfield chat` has no `--json`") == _code_and_first(run(*CHAT, "--json"))


def _code_and_first(result):
    return result.exit_code, result.stderr.partition("\n")[0]


CANNOT = {
    "/attach": "`/attach` needs a file or an address",
    "/save": "`/save` needs the name of a file",
    "/save no/where.md": "`no/where.md` cannot be written: No such file or directory",
    "/retry": "there is nothing to send again",
    "/undo": "there is nothing to undo",
}


@pytest.mark.parametrize("line", CANNOT)
def test_a_command_that_cannot_be_done_is_told(run, line):
    """The conversation goes on, and the code tells at its end."""
    result = run(*CHAT, piped=f"{line}\nhi\n")

    assert (2, "hi\n", f"error: {CANNOT[line]}") == (
        result.exit_code,
        result.stdout,
        result.stderr.splitlines()[0],
    )


def test_a_model_that_is_not_there_is_told(run):
    """The conversation goes on with the model it had."""
    result = run(*CHAT, piped="/model nobody/x\nhi\n/model\n")

    assert (7, "hi\n") == (result.exit_code, result.stdout)
    assert result.stderr.endswith("echo/echo-1\n")


def test_retry_sends_the_last_turn_again(run):
    """A turn that went well is asked once more, and takes its own place."""
    result = run(*CHAT, piped="one\n/retry\n/usage\n")

    assert ("one\none\n", True) == (result.stdout, "1 turns in all" in result.stderr)


def test_nothing_said_is_nothing_sent(run):
    """Blank lines, and several that are empty, are no turn."""
    result = run(*CHAT, piped="\n/multi\n/end\n/usage\n")

    assert ("", "nothing was answered yet\n") == (result.stdout, result.stderr)


def test_usage_is_shown_after_each_turn(run):
    """--usage asks for it once for all."""
    assert 2 == run(*CHAT, "--usage", piped="one\ntwo\n").stderr.count("echo/echo-1")


def test_ctrl_c_ends_a_piped_conversation(server):
    """What came of the answer is kept, what was used is told, and the code is 130."""
    command = [sys.executable, "-m", "jackfield.cli", "chat", "-m", "acme/slow"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, **pipes) as running:
        running.stdin.write(b"hi\n")
        running.stdin.close()
        running.stdin = None
        came = running.stdout.read(len("the first words"))
        running.send_signal(signal.SIGINT)
        _, talk = running.communicate(timeout=300)

    assert (130, b"the first words") == (running.returncode, came)
    assert b"partial: acme/slow" in talk
