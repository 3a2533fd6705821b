"""What the tests of installing share: commands in clean surroundings, fresh environments, and wheels of everything."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = [ROOT / "core", *(file.parent for file in sorted(ROOT.glob("plugins/*/pyproject.toml")))]


@pytest.fixture(scope="session")
def attempt() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command, in the checkout unless said otherwise, and tells how it ended."""

    def attempt(
        *command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        ours = ("PYTHON", "COV_", "COVERAGE", "VIRTUAL", "PYTEST")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
        return subprocess.run(
            [str(part) for part in command], cwd=cwd, env=kept | (env or {}),
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return attempt


@pytest.fixture(scope="session")
def run(attempt: Callable[..., subprocess.CompletedProcess[str]]) -> Callable[..., str]:
    """What a command prints; its own words where it fails."""

    def run(*command: str | Path, cwd: Path = ROOT, env: dict[str, str] | None = None) -> str:
        done = attempt(*command, cwd=cwd, env=env)
        assert 0 == done.returncode, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    return run


@pytest.fixture(scope="session")
def fresh(run: Callable[..., str]) -> Callable[[Path], Path]:
    """Makes a virtual environment; the folder of its programs."""

    def fresh(folder: Path) -> Path:
        run(sys.executable, "-m", "venv", folder)
        return folder / ("Scripts" if os.name == "nt" else "bin")

    return fresh


@pytest.fixture(scope="session")
def builder(
    run: Callable[..., str], fresh: Callable[[Path], Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Path]:
    """Builds wheels: ``builder(folder, project, ...)``."""
    bin_folder = fresh(tmp_path_factory.mktemp("builder"))
    run(bin_folder / "pip", "install", "--quiet", "hatchling")

    def build(folder: Path, *projects: Path) -> Path:
        flags = ("--quiet", "--no-build-isolation", "--no-deps")
        run(bin_folder / "pip", "wheel", *flags, "-w", folder, *projects)
        return folder

    return build


@pytest.fixture(scope="session")
def wheels(builder: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheels of core and every plugin."""
    return builder(tmp_path_factory.mktemp("dist"), *PROJECTS)
