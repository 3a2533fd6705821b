"""The default command: what goes in, what comes out, and where."""

from __future__ import annotations

import json
import re

import pytest

MODEL = ("-m", "echo/echo-1")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(8)


def test_a_prompt_needs_no_command(run):
    """A prompt where a command might stand is completed."""
    assert "Name three rivers." == run(*MODEL, "Name three rivers.").stdout


def test_words_make_one_prompt(run):
    """Several arguments are one prompt."""
    assert "three rivers" == run("complete", *MODEL, "three", "rivers").stdout


def test_stdin_comes_before_the_argument(run):
    """Text on stdin and the argument are joined."""
    assert "a text\n\nSum it up." == run(*MODEL, "Sum it up.", piped="a text\n").stdout


def test_stdin_alone_is_a_prompt(run):
    """The argument may be left out."""
    assert "a text" == run(*MODEL, piped="a text\n").stdout


def test_no_command_reads_stdin(run):
    """Without any argument stdin is the prompt of the default model."""
    assert "a text" == run(piped="a text", JACKFIELD_DEFAULT="echo/echo-1").stdout


def test_the_system_prompt_is_sent(run):
    """-s goes out as a system turn."""
    body = json.loads(run(*MODEL, "-s", "Be brief.", "hi", "--dry-run", "--json").stdout)["body"]

    assert {"role": "system", "content": "Be brief."} == body["messages"][0]


def test_options_are_typed(run):
    """-o takes the types of the options' table, and fields of the provider's own."""
    pairs = ("-o", "max_tokens", "2", "-o", "extra.tier", '{"a": 1}', "-o", "stop", "END", "-o", "user", "7")

    body = json.loads(run(*MODEL, *pairs, "hi", "--dry-run", "--json").stdout)["body"]

    assert ({"a": 1}, ["END"], "7") == (body["tier"], body["stop"], body["user"])


def test_an_unknown_option_is_refused(run):
    """A slip is answered with what may have been meant."""
    result = run(*MODEL, "-o", "temprature", "1", "hi")

    expected = (
        "error: there is no option `temprature`\n\nhint: did you mean `temperature`? "
        "a field of the provider's own is set with `-o extra.temprature VALUE`\n"
    )
    assert (2, expected) == (result.exit_code, result.stderr)


def test_an_option_of_the_wrong_type_is_refused(run):
    """Text where a number is wanted is a wrong flag."""
    result = run(*MODEL, "-o", "max_tokens", "many", "hi")

    assert (2, "error: option `max_tokens` must be a whole number, not `many`") == (
        result.exit_code,
        result.stderr.partition("\n")[0],
    )


def test_a_file_is_attached(run, project):
    """A picture goes before the prompt."""
    (project / "a.png").write_bytes(PNG)

    assert "[image/png] What is it?" == run(*MODEL, "-a", "a.png", "What is it?").stdout


def test_stdin_is_attached(run):
    """With -a - stdin is a file, and no part of the prompt."""
    assert "[application/pdf] Sum it up." == run(*MODEL, "-a", "-", "Sum it up.", piped=b"%PDF-1.7").stdout


def test_a_text_file_goes_as_text(run, project):
    """A text file is sent under its name."""
    (project / "a.py").write_text("x = 1\n")

    assert "a.py:\n\nx = 1\n" == run(*MODEL, "-a", "a.py").stdout


def test_a_schema_shapes_the_answer(run, project):
    """--schema holds the answer to a schema."""
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}}
    (project / "schema.json").write_text(json.dumps(schema))

    assert {"n": 3} == json.loads(run(*MODEL, "--schema", "schema.json", "hi").stdout)


def test_a_block_is_extracted(run):
    """-x prints the inside of the first fenced block alone."""
    assert "x = 1\n" == run(*MODEL, "-x", "Look:\n```py\nx = 1\n```\nand\n```\ny\n```").stdout


def test_no_block_prints_nothing(run):
    """Without a block nothing goes to stdout, where a shell may wait for it; the answer is not lost."""
    result = run(*MODEL, "-x", "just words")

    assert (1, "") == (result.exit_code, result.stdout)
    assert result.stderr.endswith("just words\n")


def test_the_usage_line(run):
    """-u writes model, tokens, time and charge to stderr."""
    result = run(*MODEL, "-u", "three words here")

    pattern = r"echo/echo-1 · 3 in · 3 out · \d\.\d+ s \(\d\.\d\d s to first\) · \$0\n"
    assert re.fullmatch(pattern, result.stderr)


@pytest.mark.parametrize("place", [0, 2, 3])
def test_json_has_the_documented_keys(run, place):
    """--json prints one object, wherever the flag stands."""
    args = [*MODEL, "hi"]
    args.insert(place, "--json")

    form = json.loads(run(*args).stdout)

    keys = "text parts model provider usage charge finish route request_id warnings"
    assert keys.split() == list(form)
    assert ("hi", "0", "stop", None) == (form["text"], form["charge"], form["finish"], form["route"])
    assert [{"type": "text", "text": "hi"}] == form["parts"]


def test_json_lines_are_the_events(run):
    """--json-lines prints one event a line."""
    lines = [json.loads(line) for line in run(*MODEL, "--json-lines", "hi").stdout.splitlines()]

    assert ["started", "part_started", "text_delta"] == [line["event"] for line in lines][:3]
    assert ("finished", "stop") == (lines[-1]["event"], lines[-1]["finish"]["reason"])


def test_reasoning_goes_to_stderr(run):
    """The model's thinking is talk, not answer."""
    result = run(*MODEL, "-o", "reasoning", "low", "hi")

    assert ("hi", "The same words go back.\n") == (result.stdout, result.stderr)


def test_quiet_hides_reasoning(run):
    """-q leaves the answer alone."""
    assert "" == run("-q", *MODEL, "-o", "reasoning", "low", "hi").stderr


def test_a_cut_answer_is_told(run):
    """An answer that stops at its limit says so."""
    result = run(*MODEL, "-o", "max_tokens", "1", "two words")

    warning = "warning: the answer stops at its token limit; `-o max_tokens N` sets another\n"
    assert ("two ", warning) == (result.stdout, result.stderr)


def test_whole_and_streamed_are_the_same(run):
    """--no-stream changes when it is printed, not what."""
    assert run(*MODEL, "a b c").stdout == run(*MODEL, "--no-stream", "a b c").stdout


def test_nothing_to_ask_is_a_wrong_argument(run):
    """A prompt is needed."""
    assert (2, "error: there is no prompt") == _code_and_first(run(*MODEL))


def test_flags_that_exclude_each_other_are_refused(run):
    """Nothing is accepted and ignored."""
    result = run(*MODEL, "--json", "-x", "hi")

    assert (2, "error: `--json` and `--extract` cannot be given together") == _code_and_first(result)


def test_several_answers_need_json(run):
    """Text has no form for several answers."""
    assert 2 == run(*MODEL, "-o", "n", "2", "hi").exit_code


def test_no_default_model_is_told(run):
    """Without -m and a default the error says what to set."""
    assert (3, "error: no model was named, and no default is set") == _code_and_first(run("hi"))


def test_text_that_is_no_text_is_refused(run):
    """Bytes on stdin are not guessed at."""
    assert (2, "error: stdin is not UTF-8 text") == _code_and_first(run(*MODEL, "hi", piped=b"\xff\xfe"))


def _code_and_first(result):
    return result.exit_code, result.stderr.partition("\n")[0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [("[]", "a schema is a JSON object"), ("{", "it is not JSON"), (None, "No such file or directory")],
)
def test_a_wrong_schema_is_refused(run, project, text, reason):
    """The error says what is wrong with the file."""
    if text is not None:
        (project / "s.json").write_text(text)

    assert (2, f"error: `s.json` holds no schema: {reason}") == _code_and_first(
        run(*MODEL, "--schema", "s.json", "hi")
    )


def test_several_answers_are_in_the_json(run, acme):
    """Options of the wrong kind for text are fine with --json."""
    model = ("-m", "acme/small-latest")
    body = run(
        *model,
        "-o",
        "n",
        "2",
        "-o",
        "metadata",
        '{"a": "b"}',
        "--json",
        "--dry-run",
        "hi",
        ACME_API_KEY="k" * 20,
    ).stdout

    assert (2, {"a": "b"}) == (json.loads(body)["body"]["n"], json.loads(body)["body"]["metadata"])
