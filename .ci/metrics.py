"""Measures modules and functions against the budgets of the house style.

A function's length is its lines of code: no docstring, no comments, no blank lines. Parameters are counted
without ``self`` and ``cls``.
"""

from __future__ import annotations

import ast
import statistics
import sys
from pathlib import Path
from typing import TypeAlias

from tree import ROOT, python_files, report

MODULE_LINES = 500
MEDIAN_LINES = 8
P90_LINES = 30
FUNCTION_LINES = 60
PARAMETERS = 6
TEST_LINES = 20

Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef


def functions(tree: ast.Module) -> list[Function]:
    """Every function and method of a module."""
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(function: Function, lines: list[str]) -> int:
    """The lines of code of one function."""
    first = function.lineno
    skipped = set[int]()
    if ast.get_docstring(function, clean=False) is not None:
        docstring = function.body[0]
        skipped = set(range(docstring.lineno, (docstring.end_lineno or docstring.lineno) + 1))
    numbered = range(first, (function.end_lineno or first) + 1)
    code = (lines[number - 1].strip() for number in numbered if number not in skipped)
    return sum(1 for line in code if line and not line.startswith("#"))


def parameters(function: Function) -> int:
    """How many parameters a caller has to know."""
    given = function.args
    names = [argument.arg for argument in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return (
        len([name for name in names if name not in {"self", "cls"}]) + bool(given.vararg) + bool(given.kwarg)
    )


def percentile(lengths: list[int], share: float) -> int:
    """The length that ``share`` of the functions do not exceed."""
    ordered = sorted(lengths)
    return ordered[max(0, round(share * len(ordered)) - 1)]


def source_findings(file: Path, name: str) -> tuple[list[str], list[int]]:
    """What is too large in one source file, and the lengths of its functions."""
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    found = [f"{name}: {len(lines)} lines, at most {MODULE_LINES}"] if len(lines) > MODULE_LINES else []
    lengths = []
    for function in functions(ast.parse(text)):
        lengths.append(length(function, lines))
        where = f"{name}:{function.lineno} {function.name}"
        if lengths[-1] > FUNCTION_LINES:
            found.append(f"{where}: {lengths[-1]} lines, at most {FUNCTION_LINES}")
        if parameters(function) > PARAMETERS:
            found.append(f"{where}: {parameters(function)} parameters, at most {PARAMETERS}")
    return found, lengths


def overall(lengths: list[int]) -> list[str]:
    """What the whole of the functions exceeds."""
    if not lengths:
        return ["there are no functions to measure"]
    median, p90 = statistics.median(lengths), percentile(lengths, 0.9)
    found = (
        [f"the median function has {median} lines, at most {MEDIAN_LINES}"] if median > MEDIAN_LINES else []
    )
    return found + (
        [f"one function in ten has more than {p90} lines, at most {P90_LINES}"] if p90 > P90_LINES else []
    )


def test_findings(root: Path) -> list[str]:
    """Tests that are too long or do not say in a sentence what they show."""
    found = []
    folders = [root / "core" / "tests", root / "tests", *sorted((root / "plugins").glob("*/tests"))]
    for file in python_files(*(folder for folder in folders if folder.exists())):
        text = file.read_text(encoding="utf-8")
        for function in functions(ast.parse(text)):
            if not function.name.startswith("test_"):
                continue
            where = f"{file.relative_to(root)}:{function.lineno} {function.name}"
            lines = length(function, text.splitlines())
            found += [f"{where}: {lines} lines, at most {TEST_LINES}"] if lines > TEST_LINES else []
            found += [] if ast.get_docstring(function) else [f"{where}: no docstring"]
    return found


def findings(root: Path) -> list[str]:
    """Everything that exceeds its budget."""
    found, lengths = list[str](), list[int]()
    for file in python_files(root / "core" / "src", *sorted((root / "plugins").glob("*/src")), root / ".ci"):
        more, measured = source_findings(file, str(file.relative_to(root)))
        found += more
        lengths += measured
    return found + overall(lengths) + test_findings(root)


if __name__ == "__main__":
    sys.exit(report("metrics", findings(ROOT)))
