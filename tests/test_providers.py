"""What holds for every provider of this checkout, whoever wrote it."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jackfield import Registry

PLUGINS = sorted(
    file.parent
    for file in (Path(__file__).parents[1] / "plugins").glob("*/pyproject.toml")
    if "jackfield.providers" in file.read_text(encoding="utf-8")  # the simulator is none
)

# What is imported by a call that needs it, and by nothing before.
HEAVY = (
    "httpx",
    "httpx2",
    "aiohttp",
    "requests",
    "botocore",
    "boto3",
    "google.auth",
    "azure",
    "openai",
    "anthropic",
)
LONGEST = 0.05  # seconds of processor time
SLOWER_HERE = 4  # this machine may be busy

MEASURE = """
import json, sys, time
import jackfield.plugin
started = time.process_time()
__import__(sys.argv[1])
spent = time.process_time() - started
print(json.dumps([spent, [name for name in sys.argv[2:] if name in sys.modules]]))
"""


def each():
    return pytest.mark.parametrize("folder", PLUGINS, ids=lambda folder: folder.name)


def package(folder: Path) -> Path:
    return next(folder.glob("src/jackfield_*"))


@each()
def test_a_package_is_imported_quickly_and_alone(folder):
    """No client of a vendor, no HTTP library: they wait for a call."""
    command = [sys.executable, "-c", MEASURE, package(folder).name, *HEAVY]

    spent, loaded = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert [] == loaded
    assert spent <= LONGEST * SLOWER_HERE


@each()
def test_what_is_data_alone_has_no_code(folder):
    """Beyond a docstring: a package with code answers a hook."""
    tree = ast.parse((package(folder) / "__init__.py").read_text(encoding="utf-8"))
    modules = [file for file in package(folder).rglob("*.py") if file.name != "__init__.py"]
    answers = any(isinstance(node, ast.FunctionDef | ast.Assign | ast.ImportFrom) for node in tree.body)

    assert ast.get_docstring(tree)
    assert answers or (len(tree.body) == 1 and not modules)


@each()
def test_a_provider_has_what_its_users_look_for(folder):
    """Recordings of an answer, a stream and a failure; a page; a line in the changes."""
    cassettes = {file.stem.partition("_")[0] for file in folder.glob("tests/cassettes/*.yaml")}

    assert folder.name == "echo" or {"completion", "stream", "error"} <= cassettes
    assert (folder / "README.md").read_text(encoding="utf-8").startswith("# ")
    assert (package(folder) / "py.typed").exists()


def test_every_model_of_every_provider_can_be_read():
    """And every provider is found."""
    registry = Registry()

    found = {folder.name: len(registry.profile(folder.name).models) for folder in PLUGINS}

    assert sum(found.values()) > 3000
    assert set(found) <= set(registry.ids())


def test_what_leads_credentials_elsewhere_is_guarded():
    """No project's file sets a host, a place where tokens are made, a role, or a file that is sent to one."""
    leading = re.compile(r"authority|resource|role_arn|token_file|.*(host|url|endpoint|domain)")
    settings = {
        (profile.id, setting.name): setting.guarded
        for profile in Registry().profiles()
        for setting in profile.settings.values()
        if leading.fullmatch(setting.name)
    }

    assert settings
    assert [] == [place for place, guarded in settings.items() if not guarded]
