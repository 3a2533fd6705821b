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
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
REASON = re.compile(r"python notest: \S+ \S+ \S+.*")

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
    """The pages that have blocks of that language."""
    found = [page for page in PAGES if any(name == language for _, name, _ in blocks(page))]
    return [pytest.param(page, id=str(page.relative_to(ROOT))) for page in found]


@pytest.fixture
def environment(tmp_path: Path, loopback: str) -> dict[str, str]:
    """A home of its own, no keys but fake ones, and every provider at the loopback server."""
    kept = {
        name: os.environ[name] for name in ("PATH", "COVERAGE_PROCESS_CONFIG", "LANG") if name in os.environ
    }
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept.pop('PATH', '')}"
    names = [entry.stem for entry in (ROOT / "plugins").iterdir()]
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
        input=json.dumps(examples), env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert 0 == done.returncode, done.stderr


@pytest.mark.parametrize("page", pages_with("console"))
def test_console_examples_print_what_they_show(page, environment, tmp_path):
    """A command of a page prints what the page shows below it."""
    sessions = [text for _, name, text in blocks(page) if name == "console"]
    steps = [
        step.partition("\n")[::2]
        for text in sessions
        for step in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    ]

    for command, shown in steps:
        done = subprocess.run(
            command,
            shell=True,
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert 0 == done.returncode, done.stderr
        assert shown.strip() == done.stdout.strip()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_is_sound(page):
    """Examples that do not run say why, TOML can be read, and links lead to files and headings that exist."""
    found = blocks(page)
    for _, name, text in found:
        assert not name.startswith("py") or name == "python" or REASON.fullmatch(name)
        assert name != "toml" or tomllib.loads(text) is not None

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
