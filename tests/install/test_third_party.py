"""A stranger's package: made by the command, built and installed from wheels, outside of this checkout.

Whatever it needs it finds in the wheel of core. Each rung completes and passes the contract as it is written; each of
four defects turns one test of the contract red, and no other; packages that answer one hook answer only that.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from attrs import frozen

from jackfield import Completion, Finish, Text, Usage

ROOT = Path(__file__).resolve().parents[2]
RIVERS = "Aare, Limmat, Inn."
KEY = "not-a-real-key-0123"

pytestmark = [
    pytest.mark.install,
    pytest.mark.skipif(
        not os.environ.get("JACKFIELD_INSTALL"), reason="set JACKFIELD_INSTALL=1 to install wheels"
    ),
]

# Binds, completes and streams; prints what it found, and that core is the installed one.
SCRIPT = """
import json, sys
import jackfield

with jackfield.Client() as client:
    answer = client.complete(sys.argv[1], "Name three rivers.")
    with client.stream(sys.argv[1], "Name three rivers.") as stream:
        streamed = "".join(stream.text)
found = {"core": jackfield.__file__, "text": answer.text, "streamed": streamed, "charge": str(answer.charge)}
print(json.dumps({**found, "ids": list(client.registry.ids())}))
"""


@frozen
class Shop:
    """An environment in which nothing but wheels is installed, and a folder to work in."""

    programs: Path
    folder: Path
    run: Callable[..., str]
    attempt: Callable[..., Any]
    build: Callable[..., Path]

    def write(self, name: str, *args: str) -> Path:
        """A package made by the command."""
        url = ("--base-url", f"https://api.{name}.example/v1")
        self.run(self.programs / "jackfield", "new-plugin", name, *url, *args, cwd=self.folder)
        return self.folder / f"jackfield-{name}"

    def install(self, project: Path, site: Path | None = None) -> None:
        """Install a project by its wheel: into the environment, or unpacked into a folder of its own."""
        (wheel,) = self.build(project / "dist", project).iterdir()
        if site is not None:
            with ZipFile(wheel) as packed:
                packed.extractall(site)
            return
        flags = ("--quiet", "--no-index", "--no-deps")
        self.run(self.programs / "python", "-m", "pip", "install", *flags, wheel, cwd=project)

    def contract(self, project: Path, site: Path | None = None) -> tuple[list[str], str]:
        """The names of the tests that fail in a package's repository, and what pytest printed."""
        env = {"HOME": str(self.folder), **({"PYTHONPATH": str(site)} if site else {})}
        flags = ("-q", "-rfE", "-p", "no:cacheprovider")
        done = self.attempt(self.programs / "pytest", *flags, cwd=project, env=env)
        assert done.returncode in {0, 1}, done.stdout + done.stderr
        return re.findall(r"^(?:FAILED|ERROR) \S+?::(?:\w+::)?(\S+)", done.stdout, re.MULTILINE), done.stdout


@pytest.fixture(scope="module")
def shop(run, attempt, fresh, fetch, builder, wheels, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Core from its wheel, with the command line and what tests need."""
    programs = fresh(tmp_path_factory.mktemp("stranger"))
    (wheel,) = wheels.glob("jackfield-*.whl")
    folder = tmp_path_factory.mktemp("outside")
    needed = (f"jackfield[cli,testing] @ {wheel.as_uri()}", "mypy>=1.13")
    fetch(programs, *needed)
    return Shop(programs, folder, run, attempt, builder)


@pytest.fixture(scope="module", params=["a", "b", "c", "d"])
def written(request: pytest.FixtureRequest, shop: Shop) -> Path:
    """The repository of a package of each rung, installed once."""
    name = f"rung-{request.param}"
    project = shop.folder / f"jackfield-{name}"
    if not project.exists():
        shop.install(shop.write(name, "--rung", request.param))
    return project


@pytest.fixture(scope="module")
def brook(shop: Shop) -> Path:
    """The repository of a package with a wire of its own, which claims silver; it is installed nowhere yet."""
    project = shop.write("brook", "--code")
    (project / "tests" / "cassettes").mkdir()
    for name, exchange in CASSETTES.items():
        text = CASSETTE.replace("REQUEST", exchange[0]).replace("REPLY", exchange[1])
        (project / "tests" / "cassettes" / f"{name}.yaml").write_text(text, encoding="utf-8")
    profile = project / "src" / "jackfield_brook" / "profile.toml"
    claims = (
        profile.read_text(encoding="utf-8")
        .replace('"bronze"', '"silver"')
        .replace('owner = ""', 'owner = "@me"')
    )
    profile.write_text(claims, encoding="utf-8")
    return project


@pytest.fixture
def served(written: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A server on the loopback interface that speaks the shared wires, and that of the package."""
    from jackfield.plugin import Dialect

    package = next((written / "src").iterdir()).name
    monkeypatch.syspath_prepend(str(written / "src"))
    wires = []
    if written.name == "jackfield-rung-d":
        wires = [importlib.import_module(f"{package}.wire").RungDWire(Dialect())]
    rivers = Completion((Text(RIVERS),), Finish("stop"), Usage(input=5, output=6))
    with beside("loopback").Loopback(lambda _: rivers, wires=wires) as server:
        yield server


def beside(name: str) -> Any:
    """A module of the folder above, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "tests" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def surroundings(project: Path, server: Any, tmp_path: Path) -> dict[str, str]:
    """An empty home, a key, and the address of the server."""
    name = project.name.removeprefix("jackfield-").replace("-", "_").upper()
    return {"HOME": str(tmp_path), f"{name}_API_KEY": KEY, f"{name}_BASE_URL": server.url}


# -- every rung ------------------------------------------------------------------------------------


def test_it_completes_and_streams(shop, written, served, tmp_path):
    """Bound by its name, over the wheel of core, against a server of its format."""
    provider = written.name.removeprefix("jackfield-")
    command = (shop.programs / "python", "-W", "error", "-c", SCRIPT, f"{provider}/{provider}-1")

    found = json.loads(shop.run(*command, cwd=tmp_path, env=surroundings(written, served, tmp_path)))

    assert (RIVERS, RIVERS, "None") == (found["text"], found["streamed"], found["charge"])
    assert provider in found["ids"]
    assert not Path(found["core"]).is_relative_to(ROOT)
    assert {f"Bearer {KEY}"} == {call.headers["authorization"] for call in served.calls}


def test_it_is_listed(shop, written, tmp_path):
    """By the command: as a provider with its level and its key's state, and with its models."""
    provider = written.name.removeprefix("jackfield-")
    command = (shop.programs / "jackfield", "--json")

    listed = json.loads(shop.run(*command, "providers", cwd=tmp_path, env={"HOME": str(tmp_path)}))
    models = json.loads(shop.run(*command, "models", provider, cwd=tmp_path, env={"HOME": str(tmp_path)}))

    (row,) = [row for row in listed if row["id"] == provider]
    assert ("installed", f"jackfield-{provider}", "bronze") == (
        row["state"],
        row["distribution"],
        row["level"],
    )
    assert f"{provider}-1" in json.dumps(models)


def test_its_contract_is_green(shop, written):
    """As it was written: offline, without a key, without a change."""
    failed, printed = shop.contract(written)

    assert [] == failed, printed
    assert re.search(r"\d+ passed", printed)


def test_its_code_is_typed(shop, written):
    """Strictly, against the installed core; there is little to check where there is little code."""
    flags = ("--strict", "--cache-dir", shop.folder / "checked")

    printed = shop.run(shop.programs / "mypy", *flags, written / "src", cwd=written)

    assert printed.startswith("Success")


# -- defects ---------------------------------------------------------------------------------------

CASSETTE = """\
origin: documented
recorded: 2026-11-21
model: brook-1
version: 1
interactions:
- request:
    method: POST
    uri: https://api.brook.example/v1/generate
    headers:
      content-type: [application/json]
    body: 'REQUEST'
  response:
REPLY
"""
ASKED = (
    '{"model":"brook-1","messages":[{"role":"user","content":[{"type":"text","text":"Name three rivers."}]}]}'
)
WHOLE = """\
    status: {code: 200, message: OK}
    headers:
      content-type: [application/json]
    body:
      string: '{"id":"a1","model":"brook-1","content":[{"type":"text","text":"Aare."}],"stop":"end","usage":{"input_tokens":5}}'"""
PIECES = """\
    status: {code: 200, message: OK}
    headers:
      content-type: [text/event-stream]
    body:
      string: |+
        data: {"type":"start","id":"a1","model":"brook-1"}

        data: {"type":"block","index":0,"block":{"type":"text","text":""}}

        data: {"type":"delta","index":0,"text":"Aare."}

        data: {"type":"block_end","index":0}

        data: {"type":"end","stop":"end","usage":{"input_tokens":5,"output_tokens":3}}

"""
FAILURE = """\
    status: {code: 429, message: Too Many Requests}
    headers:
      content-type: [application/json]
      retry-after: ['7']
    body:
      string: '{"error":{"code":"too_many","message":"slow down","status":429}}'"""
CASSETTES = {
    "completion": (ASKED, WHOLE),
    "stream": (ASKED.replace("]}]}", ']}],"stream":true}'), PIECES),
    "error": (ASKED, FAILURE),
}

# What is wrong -> the file, what stands in it, what stands there then, the one test that turns red.
DEFECTS = {
    "the usage of a stream is read from a wrong field": (
        "src/jackfield_brook/streams.py",
        'usage_of(value.get("usage"))',
        'usage_of(value.get("used"))',
        "test_it_tells_the_usage",
    ),
    "a tool's answer loses the id of its call": (
        "src/jackfield_brook/blocks.py",
        '"call": part.call_id',
        '"call": ""',
        "test_what_a_tool_answered_arrives",
    ),
    "a secret is on a cassette": (
        "tests/cassettes/completion.yaml",
        "content-type: [application/json]\n    body:\n",
        "content-type: [application/json]\n      x-echo: [sk-9fQ2mX7cR4tLw8ZbV1nKd6Hs]\n    body:\n",
        "test_nothing_in_it_looks_like_a_secret",
    ),
    "the end of the bytes is taken for the end of the answer": (
        "src/jackfield_brook/streams.py",
        'return [Failed(ErrorInfo("stream.truncated", msg, sent="yes"))]',
        "return [Finished(finish_of(msg and None))]",
        "test_a_stream_cut_off_is_no_answer",
    ),
}


def test_without_a_defect_all_is_green(shop, brook, tmp_path):
    """So what is red below is red by the defect."""
    shop.install(brook, tmp_path / "site")

    failed, printed = shop.contract(brook, tmp_path / "site")

    assert [] == failed, printed


@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defect_turns_one_test_red(shop, brook, tmp_path, defect):
    """The one whose name says what is wrong, and no other."""
    place, right, wrong, expected = DEFECTS[defect]
    project = Path(shutil.copytree(brook, tmp_path / "brook", ignore=shutil.ignore_patterns("dist")))
    text = (project / place).read_text(encoding="utf-8")
    assert 1 == text.count(right)
    (project / place).write_text(text.replace(right, wrong), encoding="utf-8")
    shop.install(project, tmp_path / "site")

    failed, printed = shop.contract(project, tmp_path / "site")

    assert [expected] == failed, printed


# -- one hook for somebody else's provider ---------------------------------------------------------

PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "1.0"
dependencies = ["jackfield>=0.1.0,<0.2"]

[project.entry-points."jackfield.extensions"]
{name} = "{name}"
"""
PRICES = '''\
"""Prices for somebody else's provider."""
from decimal import Decimal

from jackfield.plugin import hookimpl


class Prices:
    source = "prices"

    def charge(self, usage, at):
        return Decimal(usage.total_input + usage.total_output) / 1000


@hookimpl
def pricing(profile):
    return Prices() if profile.id == "rung-{rung}" else None
'''
SIGN_ON = '''\
"""A sign-on for somebody else's provider."""
from jackfield.plugin import hookimpl


class SignOn:
    scheme = "sign-on"

    def sign(self, call):
        yield from ()
        return call.with_headers({{"x-badge": "b-1234"}})

    def rejected(self, error):
        return False

    def accepted(self):
        pass


@hookimpl
def auth(profile):
    return SignOn() if profile.id == "rung-{rung}" else None
'''


@pytest.fixture
def extended(shop: Shop, written: Path, tmp_path: Path) -> Callable[[str, str], Path]:
    """Installs an extension into a folder: ``extended("prices", PRICES)``."""

    def extend(name: str, code: str) -> Path:
        project = tmp_path / name
        project.mkdir()
        (project / "pyproject.toml").write_text(PROJECT.format(name=name))
        (project / f"{name}.py").write_text(code.format(rung=written.name[-1]))
        shop.install(project, tmp_path / "site")
        return tmp_path / "site"

    return extend


def asked(shop: Shop, written: Path, env: dict[str, str], folder: Path) -> tuple[dict[str, Any], set[str]]:
    """What a completion was, and which hooks an extension answers for its model."""
    model = f"{written.name.removeprefix('jackfield-')}/any"
    found = json.loads(shop.run(shop.programs / "python", "-c", SCRIPT, model, cwd=folder, env=env))
    hooks = (shop.programs / "jackfield", "plugins", "--hooks", model, "--json")
    rows = json.loads(shop.run(*hooks, cwd=folder, env=env))
    return found, {row["hook"] for row in rows if row["by"].startswith("extension")}


@pytest.mark.parametrize("written", ["a"], indirect=True)
def test_a_package_answers_only_for_prices(shop, written, served, extended, tmp_path):
    """Everything else stays the provider's: what is charged is all that changes."""
    env = surroundings(written, served, tmp_path) | {"PYTHONPATH": str(extended("prices", PRICES))}

    found, answered = asked(shop, written, env, tmp_path)

    assert (RIVERS, "0.011", {"pricing"}) == (found["text"], found["charge"], answered)
    assert {f"Bearer {KEY}"} == {call.headers["authorization"] for call in served.calls}


@pytest.mark.parametrize("written", ["d"], indirect=True)
def test_a_package_answers_only_for_auth(shop, written, served, extended, tmp_path):
    """Without the provider's key: calls are signed by the extension, and all else is as it was."""
    env = surroundings(written, served, tmp_path) | {"PYTHONPATH": str(extended("sign_on", SIGN_ON))}
    env = {name: value for name, value in env.items() if not name.endswith("_API_KEY")}

    found, answered = asked(shop, written, env, tmp_path)

    assert (RIVERS, "None", {"auth"}) == (found["text"], found["charge"], answered)
    assert {("b-1234", None)} == {
        (call.headers["x-badge"], call.headers.get("authorization")) for call in served.calls
    }
