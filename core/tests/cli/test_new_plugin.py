"""``jackfield new-plugin``: what it writes for each rung, and what it refuses to write."""

from __future__ import annotations

import importlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from jackfield import Client, Message, Registry, Request, Tool, ToolCall, ToolResult, Unsupported
from jackfield.capability import CHAT_CAPABILITIES, Support
from jackfield.cli.new_plugin import _LAYERS, SCAFFOLD
from jackfield.plugin import Dialect
from jackfield.profile import read_profile
from jackfield.wire import WIRES, wire_named

URL = "https://api.brook.example/v1"
SHARED = [(rung, wire) for rung in "abc" for wire in WIRES]


@pytest.fixture
def write(run):
    """Writes a package: ``write("brook", "--rung", "b")`` is its folder."""

    def write(name, *args):
        result = run("new-plugin", name, "--base-url", URL, "--no-check", *args)
        assert (0, "") == (result.exit_code, result.stderr[:5].replace("next:", ""))
        return Path(f"jackfield-{name}")

    return write


@pytest.fixture
def imported(monkeypatch):
    """Imports a package that was written."""

    def load(folder):
        package = next((folder / "src").iterdir()).name
        monkeypatch.syspath_prepend(str(folder / "src"))
        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            monkeypatch.delitem(sys.modules, name)
        return importlib.import_module(package)

    return load


# -- what is written -------------------------------------------------------------------------------


def test_data_alone_is_eleven_files(write):
    """A repository, complete: the package, its tests, its build, its licence, what runs at each push."""
    folder = write("brook")

    files = sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())

    assert [
        ".github/workflows/test.yml",
        ".gitignore",
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "pyproject.toml",
        "src/jackfield_brook/__init__.py",
        "src/jackfield_brook/models.toml",
        "src/jackfield_brook/profile.toml",
        "src/jackfield_brook/py.typed",
        "tests/test_contract.py",
    ] == files


def test_the_contract_is_four_lines(write):
    """Beside blank ones."""
    lines = (write("two-words") / "tests" / "test_contract.py").read_text().split("\n")

    assert [
        "from jackfield.testing import ProviderContract",
        "class TestTwoWords(ProviderContract):",
        '    provider = "two-words"',
    ] == [line for line in lines if line]


def test_metadata_says_what_it_is(write):
    """Name, licence, the range of core, and the one entry point."""
    project = tomllib.loads((write("two-words") / "pyproject.toml").read_text())["project"]

    assert ("jackfield-two-words", "MIT", ["jackfield>=0.1.0,<0.2"]) == (
        project["name"],
        project["license"],
        project["dependencies"],
    )
    assert {"jackfield.providers": {"two-words": "jackfield_two_words"}} == project["entry-points"]


def test_arguments_reach_the_profile(write):
    """The key's variable, the address, the names."""
    folder = write("brook", "--key-env", "BROOK_TOKEN", "--title", "Brook & Co", "--model", "@cf/brook-7")

    profile = read_profile(folder / "src" / "jackfield_brook")

    assert ("Brook & Co", URL, ("BROOK_TOKEN",), ("BROOK_BASE_URL",), "@cf/brook-7") == (
        profile.name,
        profile.base_url,
        profile.auth.env,
        profile.base_url_env,
        profile.models[0].id,
    )


@pytest.mark.parametrize(("rung", "wire"), SHARED)
def test_every_capability_is_stated(write, rung, wire):
    """Modestly, whatever the wire and the rung."""
    profile = read_profile(write("brook", "--rung", rung, "--wire", wire) / "src" / "jackfield_brook")

    assert wire == profile.wire
    assert [] == [one for one in CHAT_CAPABILITIES if profile.supports(one) is Support.UNKNOWN]


@pytest.mark.parametrize(("rung", "wire"), [*SHARED, ("d", "brook")])
def test_its_model_binds_and_is_asked(write, imported, rung, wire):
    """Over the wire it was written for, at its address."""
    folder = write("brook", "--rung", rung, "--wire", wire)
    registry = Registry()
    registry.add(folder / "src" / "jackfield_brook", imported(folder) if rung in "cd" else None)
    client = Client({"providers": {"brook": {"api_key": "not-a-real-key"}}}, registry=registry)

    binding = client.bind("brook/brook-1")
    call = binding.wire.render_completion(Request("brook-1", (Message("user", "hi"),)), stream=False)

    assert wire == binding.wire.name
    assert call.url.startswith(f"{URL}/")


@pytest.mark.parametrize("wire", WIRES)
def test_what_a_format_has_no_field_for_is_refused_by_the_profile(write, wire):
    """Every option either goes into the body, or has a rule."""
    profile = read_profile(write("brook", "--wire", wire) / "src" / "jackfield_brook")
    refused = set()
    for name, value in VALUES.items():
        asked = Request("brook-1", (Message("user", "hi"),), options={"max_tokens": 5, name: value})
        try:
            wire_named(wire)(Dialect("brook", max_output=9)).render_completion(asked, stream=False)
        except Unsupported:
            refused.add(name)

    assert refused == {*profile.options}


VALUES = {
    "temperature": 0.5, "top_p": 0.5, "top_k": 5, "stop": ("x",), "seed": 1, "frequency_penalty": 0.5,
    "presence_penalty": 0.5, "n": 2, "verbosity": "low", "user": "u", "metadata": {"a": "b"}, "service_tier": "auto",
    "store": True,
}  # fmt: skip


@pytest.mark.parametrize("rung", "abcd")
def test_no_place_is_left_open(write, rung):
    """Every template is filled in wholly, and ends in one newline."""
    folder = write("brook", "--rung", rung)

    texts = [file.read_text() for file in folder.rglob("*") if file.is_file() and file.name != "py.typed"]

    assert [] == [text for text in texts if "@" in re.sub(r"actions/[a-z-]+@v\d|@hookimpl", "", text)]
    assert [] == [text for text in texts if not text.endswith("\n") or text.endswith("\n\n")]


@pytest.mark.parametrize("name", ["abc", "a-rather-long-name"])
@pytest.mark.parametrize("rung", "abcd")
def test_linters_have_nothing_to_say(write, rung, name):
    """By the settings the package brings itself, whatever its name does to the length of lines."""
    folder = write(name, "--rung", rung)

    for command in (["check", "--no-cache"], ["format", "--check", "--no-cache"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command], cwd=folder, capture_output=True, text=True, check=False
        )
        assert 0 == done.returncode, done.stdout


def test_every_template_is_used():
    """None lies about."""
    folders = {layer for layers in _LAYERS.values() for layer in layers}

    assert folders == {folder.name for folder in SCAFFOLD.iterdir()}
    assert [] == [file for file in SCAFFOLD.rglob("*") if file.is_file() and file.suffix != ".in"]


def test_json_says_what_was_written(run):
    """For programs."""
    form = json.loads(run("new-plugin", "brook", "--base-url", URL, "--code", "--json", "--no-check").stdout)

    assert ("jackfield-brook", "d", "brook") == (form["folder"], form["rung"], form["wire"])
    assert "jackfield-brook/src/jackfield_brook/wire.py" in form["files"]


@pytest.mark.parametrize(
    ("args", "rung", "wire"),
    [
        ((), "a", "chat_completions"),
        (("--code",), "d", "brook"),
        (("--code", "--wire", "messages"), "c", "messages"),
        (("--code", "--wire", "own_words"), "d", "own_words"),
        (("--rung", "c"), "c", "chat_completions"),
    ],
)
def test_the_rung_follows_from_what_is_asked(run, args, rung, wire):
    """The lowest that does it."""
    form = json.loads(run("new-plugin", "brook", "--base-url", URL, "--json", "--no-check", *args).stdout)

    assert (rung, wire) == (form["rung"], form["wire"])


@pytest.mark.parametrize("rung", ["a", "d"])
def test_its_contract_is_asked_at_once(run, rung):
    """Before it is installed; what to do next is said below."""
    result = run("new-plugin", "brook", "--base-url", URL, "--rung", rung)

    assert "its contract is met: bronze" in result.stderr
    assert ["next: cd jackfield-brook && pip install -e '.[test]' && pytest", 3] == [
        result.stderr.splitlines()[1],
        len(result.stderr.splitlines()[1:]),
    ]


def test_a_contract_that_cannot_be_asked_is_told_of(run, monkeypatch):
    """What it needs is an extra."""
    monkeypatch.setattr("jackfield.cli.checks.contract.missing", lambda: "pytest")

    result = run("new-plugin", "brook", "--base-url", URL)

    assert 0 == result.exit_code
    assert "`pytest` is not installed (`pip install 'jackfield[testing]'`)" in result.stderr


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("Brook AI",), "ids are lower case with dashes: `brook-ai`"),
        (("groq",), "`pip install 'jackfield[groq]'`"),
        (("brook", "--wire", "chat"), "`--rung d` writes one of its own"),
        (("brook", "--rung", "a", "--code"), "rung a has no code"),
        (("brook", "--rung", "d", "--wire", "messages"), "is a shared wire"),
        (("brook", "--rung", "d", "--wire", "Own Words"), "cannot be the name of a wire"),
        (("brook", "--key-env", "sk-123"), "no name of a variable"),
        (("brook", "--title", 'Brook "AI"'), "must be plain text"),
        (("brook", "--base-url", "ftp://brook.example"), "no address of a server"),
        (("brook", "--base-url", "https://me:key@brook.example"), "no address of a server"),
        (("brook", "--base-url", "https://brook.example:port"), "no address of a server"),
    ],
)
def test_what_cannot_be_is_refused(run, args, words):
    """With what would be right, and before anything is written."""
    result = run("new-plugin", "--base-url", URL, *args)

    assert (2, True) == (result.exit_code, words in result.stderr)
    assert [] == list(Path().iterdir())


def test_without_an_address_it_asks_for_one(run):
    """It is the one thing nobody can guess."""
    result = run("new-plugin", "brook")

    assert (2, True) == (result.exit_code, "--base-url https://api.brook.example/v1" in result.stderr)


def test_what_is_there_is_kept(run, write):
    """A folder with something in it is nobody's to write into."""
    write("brook")

    result = run("new-plugin", "brook", "--base-url", URL)

    assert (2, True) == (result.exit_code, "`jackfield-brook` is there already" in result.stderr)


def test_a_folder_that_cannot_be_written_is_told_of(run):
    """And is no bug of ours."""
    Path("file").write_text("")

    result = run("new-plugin", "brook", "--base-url", URL, "--to", "file/below")

    assert (2, True) == (result.exit_code, "cannot be written" in result.stderr)


# -- the wire of rung d ----------------------------------------------------------------------------


@pytest.fixture
def wire(write, imported):
    """The wire that is written as a beginning."""
    imported(write("brook", "--code"))
    return importlib.import_module("jackfield_brook.wire").BrookWire(Dialect("brook", URL))


def test_what_it_renders_it_reads(wire):
    """Every turn, tool and option, both ways."""
    turns = (
        Message("system", "be brief"),
        Message("user", "hi", name="ada"),
        Message("assistant", ["let me see", ToolCall("c1", "weather", '{"city": "Bern"}')]),
        Message("tool", ToolResult("c1", "sun", name="weather")),
        Message("tool", ToolResult("c2", "no such city", error=True)),
    )
    options = {"max_tokens": 5, "temperature": 0, "stop": ("a", "b"), "seed": 0}
    request = Request("brook-1", turns, (Tool("weather", "The weather."),), "auto", None, options, {"own": 1})

    assert (request, False) == wire.read_completion(wire.render_completion(request, stream=False))
    assert (request, True) == wire.read_completion(wire.render_completion(request, stream=True))
