"""What users install works: wheels by extras of core, and extras of the root from a checkout.

Takes minutes and an index, so it runs where ``JACKFIELD_INSTALL`` is set, as in ``.ci/run``.
"""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).resolve().parents[2]
VERSION = tomllib.loads((ROOT / "core" / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

RIVERS = "Aare, Limmat, Inn."  # what the loopback server answers

pytestmark = [
    pytest.mark.install,
    pytest.mark.skipif(
        not os.environ.get("JACKFIELD_INSTALL"), reason="set JACKFIELD_INSTALL=1 to install wheels"
    ),
]

# Lists, binds and completes; prints what it found.
SCRIPT = """
import json, sys
import jackfield

model = sys.argv[1]
with jackfield.Client() as client:
    binding = client.bind(model)
    answer = client.complete(model, "Name three rivers.")
    with client.stream(model, "Name three rivers.") as stream:
        streamed = "".join(stream.text)
print(json.dumps({"ids": client.registry.ids(), "bound": binding.name, "text": answer.text, "streamed": streamed}))
"""


@pytest.fixture(scope="module")
def installed(fetch, fresh, wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean environment with one provider and the command line, from wheels."""
    bin_folder = fresh(tmp_path_factory.mktemp("wheels"))
    fetch(bin_folder, "--find-links", wheels, f"jackfield[groq,cli]=={VERSION}")
    return bin_folder


@pytest.fixture
def surroundings(tmp_path: Path, loopback: str) -> dict[str, str]:
    """An empty home, a fake key, and the provider's address at the loopback server."""
    return {
        "HOME": str(tmp_path),
        "GROQ_API_KEY": "gsk_0123456789abcdef0123456789abcdef",
        "GROQ_BASE_URL": loopback,
    }


def test_every_project_becomes_a_wheel(wheels):
    """Core and every plugin become one wheel each, of one version."""
    projects = [
        "jackfield",
        *(
            f"jackfield_{file.parent.name.replace('-', '_')}"
            for file in ROOT.glob("plugins/*/pyproject.toml")
        ),
    ]

    assert {f"{name}-{VERSION}-py3-none-any.whl" for name in projects} == {
        file.name for file in wheels.iterdir()
    }


def test_every_wheel_has_its_licence(wheels):
    """The text, and what it is called."""
    bare = []
    for wheel in wheels.iterdir():
        with ZipFile(wheel) as packed:
            licences = [name for name in packed.namelist() if name.endswith(".dist-info/licenses/LICENSE")]
            bare += [] if licences else [wheel.name]

    assert [] == bare


def test_wheels_complete_and_stream(run, installed, surroundings, tmp_path):
    """Installed by the extras of core, the one provider is listed, binds, completes and streams."""
    found = json.loads(
        run(
            installed / "python",
            "-W",
            "error",
            "-c",
            SCRIPT,
            "groq/any-model",
            cwd=tmp_path,
            env=surroundings,
        )
    )

    assert {"ids": ["groq"], "bound": "groq/any-model", "text": RIVERS, "streamed": RIVERS} == {
        **found,
        "ids": list(found["ids"]),
    }


def test_command_line_is_installed(run, installed, surroundings, tmp_path):
    """The extra ``cli`` installs a command that answers and lists."""
    answer = run(
        installed / "jackfield", "-m", "groq/any-model", "Name three rivers.", cwd=tmp_path, env=surroundings
    )
    listed = json.loads(run(installed / "jackfield", "providers", "--json", cwd=tmp_path, env=surroundings))

    assert RIVERS == answer.strip()
    assert "groq" in json.dumps(listed)


def test_checkout_installs_by_extras(run, fresh, tmp_path, surroundings):
    """``pip install ".[groq,anthropic]"`` from the checkout needs nothing that was built before."""
    bin_folder = fresh(tmp_path / "checkout")
    run(bin_folder / "python", "-m", "pip", "install", "--quiet", ".[groq,anthropic]")

    found = json.loads(
        run(bin_folder / "python", "-c", SCRIPT, "groq/any-model", cwd=tmp_path, env=surroundings)
    )

    assert ["anthropic", "groq"] == sorted(found["ids"])
    assert RIVERS == found["text"] == found["streamed"]
