"""What tests in virtual time have in common: no configuration of this machine's."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def _home(tmp_path, monkeypatch):
    """No configuration of this machine's."""
    monkeypatch.setenv("JACKFIELD_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
