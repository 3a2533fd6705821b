"""What the tests of installing share: commands in clean surroundings, fresh environments, and wheels of everything."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
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
def pip(run: Callable[..., str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which pip lies, and nothing else: it is unpacked once, which takes most of making an environment."""
    folder = tmp_path_factory.mktemp("pip")
    run(sys.executable, "-m", "venv", folder)
    (found,) = folder.glob("**/site-packages/pip")
    alone = folder / "alone"
    alone.mkdir()
    for part in (found, *found.parent.glob("pip-*.dist-info")):
        part.rename(alone / part.name)
    return alone


@pytest.fixture(scope="session")
def fresh(run: Callable[..., str], pip: Path) -> Callable[[Path], Path]:
    """Makes a virtual environment that has pip and nothing else; the folder of its programs."""

    def fresh(folder: Path) -> Path:
        run(sys.executable, "-m", "venv", "--without-pip", folder)
        programs = folder / ("Scripts" if os.name == "nt" else "bin")
        place = run(programs / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
        Path(place.strip(), "pip.pth").write_text(f"{pip}\n")
        return programs

    return fresh


@pytest.fixture(scope="session")
def fetch(run: Callable[..., str]) -> Callable[..., None]:
    """Installs from an index into an environment: by uv where it is at hand, which has most of it in its cache."""
    uv = shutil.which("uv")

    def fetch(programs: Path, *wanted: str | Path) -> None:
        python = programs / "python"
        by = (uv, "pip", "install", "--python", python) if uv else (python, "-m", "pip", "install")
        run(*by, "--quiet", *wanted)

    return fetch


@pytest.fixture(scope="session")
def builder(run: Callable[..., str]) -> Callable[..., Path]:
    """Builds wheels, as any front end would have the backend do it: ``builder(folder, project, ...)``."""
    if find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed here")

    def build(folder: Path, *projects: Path) -> Path:
        def one(project: Path) -> None:
            run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=project)

        with ThreadPoolExecutor(os.cpu_count()) as threads:
            list(threads.map(one, projects))
        return folder

    return build


@pytest.fixture(scope="session")
def wheels(builder: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheels of core and every plugin."""
    return builder(tmp_path_factory.mktemp("dist"), *PROJECTS)
