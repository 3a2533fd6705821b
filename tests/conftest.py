"""What tests across packages share."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def loopback() -> Iterator[str]:
    """The address of a server that speaks every wire and answers with three rivers."""
    from jackfield import Completion, Finish, Text, Usage

    spec = importlib.util.spec_from_file_location("loopback", TESTS / "loopback.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["loopback"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    answer = Completion((Text("Aare, Limmat, Inn."),), Finish("stop"), Usage(input=5, output=6))
    with module.Loopback(lambda _: answer) as server:
        yield server.url
