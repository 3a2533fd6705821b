"""Where files lie."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jackfield.config import Paths
from jackfield.config.paths import shown

HOME = Path("/somewhere/me")
PLACES = {
    "linux": (".config/jackfield", ".cache/jackfield", ".local/share/jackfield", ".local/state/jackfield"),
    "darwin": (
        "Library/Application Support/jackfield",
        "Library/Caches/jackfield",
        "Library/Application Support/jackfield",
        "Library/Application Support/jackfield/state",
    ),
    "win32": (
        "AppData/Roaming/jackfield",
        "AppData/Local/jackfield/cache",
        "AppData/Local/jackfield/data",
        "AppData/Local/jackfield/state",
    ),
}


@pytest.mark.parametrize("platform", PLACES)
def test_places_are_the_platforms(monkeypatch: pytest.MonkeyPatch, platform: str) -> None:
    """Nobody has to learn where we keep things."""
    monkeypatch.setattr(sys, "platform", platform)

    paths = Paths.of({"HOME": str(HOME)})

    expected = [HOME / place for place in PLACES[platform]]
    assert expected == [paths.config.parent, paths.cache, paths.data, paths.state]
    assert (platform == "win32") == (paths.system == ())


def test_a_place_that_is_stated_counts_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """The XDG variables are obeyed on every platform; a relative one is invalid."""
    monkeypatch.setattr(sys, "platform", "darwin")

    paths = Paths.of({"HOME": str(HOME), "XDG_STATE_HOME": "/state", "XDG_CACHE_HOME": "relative"})

    assert (Path("/state/jackfield"), HOME / "Library/Caches/jackfield") == (paths.state, paths.cache)


def test_the_home_folder_is_shown_short() -> None:
    """As a person writes it."""
    env = {"HOME": str(HOME)}

    assert ["~/x", "/somewhere/meme/x"] == [shown(HOME / "x", env), shown(Path("/somewhere/meme/x"), env)]
