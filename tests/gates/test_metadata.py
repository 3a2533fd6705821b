"""What is installed is what the checkout says: editable installs do not notice a changed entry point."""

from __future__ import annotations

import importlib.metadata
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECTS = [ROOT / "core" / "pyproject.toml", *sorted(ROOT.glob("plugins/*/pyproject.toml"))]
CURE = "the environment is stale: run `hatch env prune`"


@pytest.mark.parametrize("file", PROJECTS, ids=lambda file: file.parent.name)
def test_installed_metadata_is_fresh(file):
    """Version and entry points of every distribution are those of its pyproject.toml."""
    project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
    scripts = {("console_scripts", name, value) for name, value in project.get("scripts", {}).items()}
    groups = project.get("entry-points", {}).items()
    wanted = scripts | {(group, name, value) for group, names in groups for name, value in names.items()}

    installed = importlib.metadata.distribution(project["name"])

    assert project["version"] == installed.version, CURE
    assert wanted == {(entry.group, entry.name, entry.value) for entry in installed.entry_points}, CURE


@pytest.mark.parametrize("file", PROJECTS, ids=lambda file: file.parent.name)
def test_licence_goes_along(file):
    """Each distribution has the licence in its own folder: builders take it from there, and from nowhere else."""
    licence = (ROOT / "LICENSE").read_bytes()
    place = file.parent / "LICENSE"

    assert place.is_file(), f"cp LICENSE {place.parent.relative_to(ROOT)}/"
    assert licence == place.read_bytes()
    assert "Apache-2.0" == tomllib.loads(file.read_text(encoding="utf-8"))["project"]["license"]


def test_no_removed_plugin_is_installed():
    """Every installed provider of this project has its folder."""
    known = {tomllib.loads(file.read_text(encoding="utf-8"))["project"]["name"] for file in PROJECTS}
    installed = importlib.metadata.entry_points(group="jackfield.providers")

    names = {entry.dist.name for entry in installed if entry.dist is not None}

    assert {name for name in names if name.startswith("jackfield-")} <= known, CURE
