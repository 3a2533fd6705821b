"""Every example of the documentation runs, every link leads somewhere, every TOML block can be read."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "core" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PAGES += sorted(ROOT.glob("plugins/*/README.md"))
TUTORIALS = sorted((ROOT / "docs" / "write-a-provider").glob("*.md"))
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
REASON = re.compile(r"[a-z]+ notest: \S+ \S+ \S+.*")
WRITTEN = re.compile(
    r"(?:toml|python|yaml) (file|more|change): (\S+)"
)  # a file the reader writes, adds to, or changes in some lines
STAND_IN = Path(__file__).with_name("stand_in_pip.py")

# Runs a page's examples in one namespace, with the page's own line numbers in tracebacks.
RUNNER = """
import json, sys
namespace = {"__name__": "__main__"}
for line, source in json.load(sys.stdin):
    exec(compile("\\n" * line + source, sys.argv[1], "exec"), namespace)
"""


def blocks(page: Path) -> list[tuple[int, str, str]]:
    """The fenced blocks of a page: line, language, text."""
    text = page.read_text(encoding="utf-8")
    return [
        (text.count("\n", 0, match.start()) + 1, match[1].strip(), match[2]) for match in FENCE.finditer(text)
    ]


def pages_with(language: str) -> list[pytest.param]:
    """The pages that have blocks of that language; tutorials are run from top to bottom, with all of theirs."""
    pages = [page for page in PAGES if page not in TUTORIALS]
    found = [page for page in pages if any(name == language for _, name, _ in blocks(page))]
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in found]


@pytest.fixture
def environment(tmp_path: Path, loopback: str) -> dict[str, str]:
    """A home of its own, no keys but fake ones, and every provider at the loopback server."""
    kept = {
        name: os.environ[name] for name in ("PATH", "COVERAGE_PROCESS_CONFIG", "LANG") if name in os.environ
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.pop('PATH', '')}"
    names = ["acme", *(entry.stem for entry in (ROOT / "plugins").iterdir())]
    upper = [name.upper().replace("-", "_") for name in names]
    keys = {f"{name}_API_KEY": "sk-test-0123456789abcdef" for name in upper}
    bases = {f"{name}_BASE_URL": loopback for name in upper}
    return {**kept, **keys, **bases, "PATH": path, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}


@pytest.mark.parametrize("page", pages_with("python"))
def test_python_examples_run(page, environment, tmp_path):
    """The Python examples of a page run one after another, without a key and without a network."""
    examples = [(line, text) for line, name, text in blocks(page) if name == "python"]

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", RUNNER, page.name],
        input=json.dumps(examples), env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    assert 0 == done.returncode, done.stderr


@pytest.mark.parametrize("page", pages_with("console"))
def test_console_examples_print_what_they_show(page, environment, tmp_path):
    """A command of a page prints what the page shows below it."""
    sessions = [text for _, name, text in blocks(page) if name == "console"]

    for command, shown in [step for session in sessions for step in steps_of(session)]:
        assert_prints(command, shown, environment, tmp_path)


@pytest.fixture
def workshop(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The same, and a pip that installs what a page has written."""
    site, programs = tmp_path / ".site", tmp_path / ".bin"
    site.mkdir()
    programs.mkdir()
    pip = programs / "pip"
    pip.write_text(f"#!{sys.executable}\n{STAND_IN.read_text(encoding='utf-8')}")
    pip.chmod(0o755)
    path = f"{programs}{os.pathsep}{environment['PATH']}"
    return {**environment, "PATH": path, "PYTHONPATH": str(site), "COLUMNS": "200"}


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda page: page.stem)
def test_tutorial_runs_from_top_to_bottom(page, workshop, tmp_path):
    """Whoever follows a tutorial ends where it says: its files, commands and examples are one story."""
    for line, name, text in blocks(page):
        written = WRITTEN.fullmatch(name)
        if written is not None:
            write(tmp_path / written[2], text, how=written[1])
        elif name == "console":
            for command, shown in steps_of(text):
                assert_prints(command, shown, workshop, tmp_path)
        elif name == "python":
            source = json.dumps([(line, text)])
            done = ran([sys.executable, "-W", "error", "-c", RUNNER, page.name], workshop, tmp_path, source)
            assert 0 == done.returncode, done.stderr
        else:
            assert REASON.fullmatch(name) or name == "toml", (
                f"{page.name}:{line}: a `{name}` block nobody runs"
            )


def write(file: Path, text: str, *, how: str) -> None:
    """A file as the page shows it, or what it adds to one that is there, or changes of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    there = file.read_text(encoding="utf-8") if how != "file" else ""
    file.write_text(changed(there, text) if how == "change" else there + text, encoding="utf-8")


def changed(there: str, lines: str) -> str:
    """TOML whose lines stand in place of those of the same key in the same table; new ones stand first in it."""
    table, found = "", there.splitlines()
    for line in lines.splitlines():
        if line.startswith("["):
            table = line
            continue
        key = line.partition("=")[0]
        begin = found.index(table) + 1
        end = next((n for n in range(begin, len(found)) if found[n].startswith("[")), len(found))
        old = [n for n in range(begin, end) if found[n].startswith(key)]
        found[old[0] if old else begin : old[0] + 1 if old else begin] = [line]
    return "\n".join(found) + "\n"


def steps_of(session: str) -> list[tuple[str, str]]:
    """The commands of a session, each with what is shown below it."""
    steps = re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]
    return [(command, shown) for command, _, shown in (step.partition("\n") for step in steps)]


def assert_prints(command: str, shown: str, environment: dict[str, str], folder: Path) -> None:
    """A command prints what a page shows; `…` stands for anything."""
    done = ran(command, environment, folder)
    assert 0 == done.returncode, f"{command}\n{done.stdout}\n{done.stderr}"
    pattern = ".*".join(map(re.escape, re.split(r"\n?…\n?", shown.strip())))
    assert re.fullmatch(pattern, done.stdout.strip(), re.DOTALL), f"{command}\n{done.stdout}"


def ran(
    command: str | list[str], environment: dict[str, str], folder: Path, given: str = ""
) -> subprocess.CompletedProcess[str]:
    """A command that has ended."""
    return subprocess.run(
        command, shell=isinstance(command, str), input=given, env=environment, cwd=folder,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_is_sound(page):
    """Examples that do not run say why, TOML can be read, and links lead to files and headings that exist."""
    found = blocks(page)
    for _, name, text in found:
        known = name == "python" or REASON.fullmatch(name) or WRITTEN.fullmatch(name)
        assert known or not name.startswith("py")
        assert not name.startswith("toml") or tomllib.loads(text) is not None

    assert [] == [target for target in links(page) if not leads_somewhere(page, target)]


def links(page: Path) -> list[str]:
    """The relative links of a page."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:", link)]


def leads_somewhere(page: Path, target: str) -> bool:
    """Whether a link's file exists, and its heading, if it names one."""
    name, _, anchor = target.partition("#")
    file = (page.parent / name).resolve() if name else page
    if not file.exists() or not anchor:
        return file.exists()
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", file.read_text(encoding="utf-8")), re.MULTILINE)
    return anchor in {
        re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }
