"""Distributions made for a test: metadata and a package in a folder on the path."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from jackfield.registry import Registry

PROFILE = 'spec = {spec}\nid = "{id}"\nname = "{id}"\nwire = "chat_completions"\n{more}\n'

Install = Callable[..., Path]


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees what the developer blocks or traces."""
    monkeypatch.delenv("JACKFIELD_BLOCK", raising=False)
    monkeypatch.delenv("JACKFIELD_TRACE_PLUGINS", raising=False)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the path, the only one with plugins; its modules are forgotten afterwards."""
    folder = tmp_path / "site"
    folder.mkdir()
    kept = [place for place in sys.path if not _has_plugins(place)]
    monkeypatch.setattr(sys, "path", [str(folder), *kept])
    before = set(sys.modules)
    importlib.invalidate_caches()
    yield folder
    for name in set(sys.modules) - before:
        if name.startswith(("acme", "ext_")):
            del sys.modules[name]


def _has_plugins(place: str) -> bool:
    return any(Path(place or ".").glob("jackfield_*.dist-info"))


@pytest.fixture
def install(site: Path) -> Install:
    """Install a distribution: a provider by default, an extension if the group says so."""

    def installed(
        name: str, *, code: str = "", distribution: str = "", group: str = "providers", **facts: object
    ) -> Path:
        module = str(facts.get("module", f"{name}_module".replace("-", "_")))
        dist = distribution or f"jackfield-{name}"
        info = site / f"{dist.replace('-', '_')}-{facts.get('version', '1.0')}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {dist}\nVersion: {facts.get('version', '1.0')}\n"
        )
        (info / "entry_points.txt").write_text(f"[other]\nx = y\n\n[jackfield.{group}]\n{name} = {module}\n")
        package = site / module
        package.mkdir()
        (package / "__init__.py").write_text(code)
        if group == "providers":
            text = PROFILE.format(
                spec=facts.get("spec", 1), id=facts.get("id", name), more=facts.get("more", "")
            )
            (package / "profile.toml").write_text(text)
            (package / "models.toml").write_text(str(facts.get("models", "")))
        importlib.invalidate_caches()
        return package

    return installed


@pytest.fixture
def registry(site: Path) -> Registry:
    """A registry of what the test installs; it looks when it is first asked."""
    return Registry()
