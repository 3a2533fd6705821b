"""What tests across packages share."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from jackfield.wire import Wire

TESTS = Path(__file__).resolve().parent


@pytest.fixture(scope="session")
def loopback() -> Iterator[str]:
    """The address of a server that speaks every wire and answers with three rivers, and to all else what fits."""
    from jackfield import Completion, Finish, Text, Usage

    answers = beside("answers").ANSWERS
    rivers = Completion((Text("Aare, Limmat, Inn."),), Finish("stop"), Usage(input=5, output=6))
    wires = wires_of_plugins()
    with beside("loopback").Loopback(
        lambda _: rivers, lambda request: answers[type(request)], wires=wires
    ) as server:
        yield server.url


def wires_of_plugins() -> list[Wire]:
    """The wires that one provider alone speaks; they live in its package."""
    from jackfield.wire import Dialect

    own = {"jackfield_cohere.wire": "CohereWire", "jackfield_ollama.wire": "OllamaWire"}
    return [getattr(importlib.import_module(module), name)(Dialect()) for module, name in own.items()]


def beside(name: str) -> ModuleType:
    """A module of this folder, which is no package."""
    spec = importlib.util.spec_from_file_location(name, TESTS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
