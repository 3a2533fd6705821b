"""Where it is shown what a setting or an option does: tests by name, which have to be there."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def tests_of(path: str) -> frozenset[str]:
    """The names of the tests in a file, without ``test_``."""
    tree = ast.parse((ROOT / path).read_text())
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name.removeprefix("test_") for node in functions if node.name.startswith("test_"))


def missing(pointers: Iterable[str]) -> list[str]:
    """Those of ``folder/test_x.py::name`` that are not there; a folder is one of ``core/tests`` unless it is ``tests``."""
    return sorted(pointer for pointer in set(pointers) if not _is_there(pointer))


def _is_there(pointer: str) -> bool:
    path, _, name = pointer.partition("::")
    place = path if path.startswith("tests/") else f"core/tests/{path}"
    return (ROOT / place).is_file() and name in tests_of(place)
