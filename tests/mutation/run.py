"""Changes the code of a module in one small way after another, and counts the changes that its tests notice.

    python tests/mutation/run.py                     every module of the table
    python tests/mutation/run.py policy/retry.py     one, by the end of its path
    python tests/mutation/run.py --survivors …       and tell of every change that nobody noticed
    python tests/mutation/run.py --sample 100 …      so many changes of each module at most, always the same ones

Each change runs in a fork of one process that has imported pytest already, against the tests that the table
names. A change that makes them hang counts as noticed. The score is the share that was noticed; less than
``LEAST`` fails.
"""

from __future__ import annotations

import argparse
import ast
import copy
import importlib.abc
import importlib.util
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CORE = ROOT / "core" / "src"
TESTS = ROOT / "core" / "tests"
LEAST = 0.85
SECONDS = 20  # for the tests of one change, if those of none took less than a fifth of that
POLICY = "policy/test_"
CLIENT = "client/test_"
SIMULATED = "../../tests/simulated/test_"
AGAIN = ("jackfield.policy", "jackfield.wire", "jackfield.client")  # imported anew for every change

# Module below jackfield/ -> its tests below core/tests/, the quick ones first.
MODULES: dict[str, tuple[str, ...]] = {
    "policy/retry.py": (f"{POLICY}retry.py", f"{POLICY}decide.py"),
    "policy/retry_budget.py": (f"{POLICY}retry_budget.py",),
    "policy/breaker.py": (
        f"{POLICY}breaker.py",
        f"{POLICY}breaker_probes.py",
        f"{POLICY}board.py",
        f"{POLICY}breaker_model.py",
    ),
    "policy/window.py": (f"{POLICY}window.py", f"{POLICY}breaker.py"),
    "policy/decide.py": (f"{POLICY}decide.py",),
    "policy/gates.py": (f"{POLICY}gates.py", f"{POLICY}board.py"),
    "policy/board.py": (f"{POLICY}guards.py", f"{POLICY}board.py"),
    "policy/hedge.py": (f"{POLICY}hedge.py",),
    "policy/budgets/budget.py": ("policy/budgets/test_budget.py", "policy/budgets/test_board.py"),
    "policy/budgets/periods.py": ("policy/budgets/test_periods.py",),
    "policy/budgets/store.py": ("policy/budgets/test_board.py", "policy/budgets/test_store.py"),
    "policy/budgets/board.py": ("policy/budgets/test_board.py",),
    "client/session.py": (
        f"{CLIENT}session.py",
        f"{CLIENT}stream.py",
        f"{CLIENT}nine_clocks.py",
    ),
    "client/attempts.py": (
        f"{CLIENT}course.py",
        f"{CLIENT}attempts.py",
        f"{CLIENT}admission.py",
        f"{SIMULATED}calls.py",
    ),
    "wire/hints.py": ("wire/test_hints.py", "wire/test_replies.py"),
}

COMPARISONS: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
}

Change = Callable[[ast.AST], ast.AST]


def changes_of(node: ast.AST) -> Iterator[tuple[str, Change]]:
    """The small ways to change a node."""
    for kinds, ways in WAYS:
        if isinstance(node, kinds):
            yield from ways(node)


def _comparisons(node: Any) -> Iterator[tuple[str, Change]]:
    for kind in COMPARISONS.get(type(node.ops[0]), ()) if len(node.ops) == 1 else ():
        yield (
            f"{type(node.ops[0]).__name__} -> {kind.__name__}",
            lambda new, kind=kind: _set(new, ops=[kind()]),
        )


def _operators(node: Any) -> Iterator[tuple[str, Change]]:
    kind = OPERATORS.get(type(node.op))
    if kind is not None:
        yield f"{type(node.op).__name__} -> {kind.__name__}", lambda new: _set(new, op=kind())


def _words(node: Any) -> Iterator[tuple[str, Change]]:
    other = ast.Or if isinstance(node.op, ast.And) else ast.And
    yield f"{type(node.op).__name__} -> {other.__name__}", lambda new: _set(new, op=other())


def _negations(node: Any) -> Iterator[tuple[str, Change]]:
    if isinstance(node.op, ast.Not):
        yield "not dropped", lambda new: new.operand


def _conditions(node: Any) -> Iterator[tuple[str, Change]]:
    yield "condition negated", lambda new: _set(new, test=ast.UnaryOp(ast.Not(), new.test))


def _returns(node: Any) -> Iterator[tuple[str, Change]]:
    if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
        yield "nothing returned", lambda new: _set(new, value=ast.Constant(None))


def _calls(node: Any) -> Iterator[tuple[str, Change]]:
    if isinstance(node.value, ast.Call):
        yield "call dropped", lambda new: ast.Pass()


def _constants(node: ast.Constant) -> Iterator[tuple[str, Change]]:
    value = node.value
    if isinstance(value, bool):
        yield f"{value} -> {not value}", lambda new: _set(new, value=not value)
    elif isinstance(value, int | float):
        yield f"{value} -> {value + 1}", lambda new: _set(new, value=value + 1)
    elif isinstance(value, str) and value:
        yield f"{value!r:.20} -> other text", lambda new: _set(new, value=f"{value}~")


def _set(node: ast.AST, **fields: object) -> ast.AST:
    for name, value in fields.items():
        setattr(node, name, value)
    return node


WAYS: tuple[tuple[Any, Callable[[Any], Iterator[tuple[str, Change]]]], ...] = (
    (ast.Compare, _comparisons),
    ((ast.BinOp, ast.AugAssign), _operators),
    (ast.BoolOp, _words),
    (ast.UnaryOp, _negations),
    (ast.Constant, _constants),
    ((ast.If, ast.IfExp, ast.While), _conditions),
    (ast.Return, _returns),
    (ast.Expr, _calls),
)


class Numbered(ast.NodeTransformer):
    """Applies one change at the node of one number."""

    def __init__(self, wanted: int, change: Change) -> None:
        self._wanted = wanted
        self._change = change
        self._number = -1

    def visit(self, node: ast.AST) -> ast.AST:
        self._number += 1
        here = self._number == self._wanted
        new = self.generic_visit(node)
        return ast.copy_location(self._change(new), node) if here else new


class Mutant:
    """A module with one change."""

    def __init__(self, tree: ast.Module, number: int, line: int, words: str, change: Change) -> None:
        self._tree = tree
        self._number = number
        self._change = change
        self.name = f"line {line}: {words}"

    def tree(self) -> ast.Module:
        """Its code."""
        tree = Numbered(self._number, self._change).visit(copy.deepcopy(self._tree))
        return ast.fix_missing_locations(tree)


def mutants_of(file: Path) -> list[Mutant]:
    """Every change of a file. What is no behaviour is left alone: texts for people, types, slots, bounds of memory."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    still = set(_still(tree))
    mutants: list[Mutant] = []

    class Walk(ast.NodeTransformer):
        number = -1

        def visit(self, node: ast.AST) -> ast.AST:
            self.number += 1
            if id(node) not in still:
                line = getattr(node, "lineno", 0)
                mutants.extend(
                    Mutant(tree, self.number, line, words, change) for words, change in changes_of(node)
                )
            return self.generic_visit(node)

    Walk().visit(tree)
    return mutants


def _still(tree: ast.AST) -> Iterator[int]:
    for node in ast.walk(tree):
        for kinds, quiet in STILL:
            if isinstance(node, kinds):
                yield from (id(child) for part in quiet(node) for child in ast.walk(part))


def _assigned(node: Any) -> list[ast.AST]:
    names = {getattr(name, "id", "") for name in node.targets}
    return [node] if names & {"__slots__", "__all__", "msg", "message"} else []


# What is no behaviour, by the node it is found in.
STILL: tuple[tuple[Any, Callable[[Any], list[ast.AST]]], ...] = (
    (ast.Expr, lambda node: [node] if isinstance(node.value, ast.Constant) else []),
    (ast.Assign, _assigned),
    (ast.AnnAssign, lambda node: [node if ast.unparse(node.annotation) == "TypeAlias" else node.annotation]),
    (ast.arg, lambda node: [node.annotation] if node.annotation else []),
    (
        ast.FunctionDef,
        lambda node: [node] if node.name == "__repr__" else [node.returns] if node.returns else [],
    ),
    (ast.ImportFrom, lambda node: [node]),
    (ast.If, lambda node: [node] if getattr(node.test, "id", "") == "TYPE_CHECKING" else []),
)


# -- running -------------------------------------------------------------------------------------


def noticed(module: str, mutant: Mutant | None, tests: list[str], seconds: int = 600) -> bool:
    """Whether tests fail with the change, or hang for so many seconds; they run in a fork."""
    child = os.fork()
    if child:
        return _waited(child)
    try:
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        signal.alarm(seconds)
        try:
            _load(module, mutant)
        except Exception:  # noqa: BLE001  # it cannot even be imported
            os._exit(1)
        import pytest

        options = [
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "-k",
            "not nothing_drifts and not a_thousand_threads",
        ]
        os._exit(int(pytest.main([*options, *tests])) and 1)
    finally:
        os._exit(1)


def _waited(child: int) -> bool:
    return os.waitpid(child, 0)[1] != 0


def _load(module: str, mutant: Mutant | None) -> None:
    """Have the changed module imported in the place of the real one, and anew by all who use it."""
    spec = importlib.util.find_spec(module)  # imports the package around it, and that the real module
    assert spec is not None
    assert spec.origin is not None
    for name in [name for name in sys.modules if name.startswith(AGAIN)]:
        del sys.modules[name]
    tree = mutant.tree() if mutant is not None else ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    sys.meta_path.insert(0, Changed(module, spec.origin, compile(tree, spec.origin, "exec")))


class Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module, and is its code."""

    def __init__(self, name: str, file: str, code: CodeType) -> None:
        self._name = name
        self._file = file
        self._code = code

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module, if it is the one."""
        return (
            importlib.util.spec_from_file_location(name, self._file, loader=self)
            if name == self._name
            else None
        )

    def create_module(self, spec: ModuleSpec) -> None:
        """An ordinary module."""

    def exec_module(self, module: ModuleType) -> None:
        """The changed code, run."""
        exec(self._code, module.__dict__)


def sampled(mutants: list[Mutant], most: int) -> list[Mutant]:
    """All, or so many by chance that is always the same, in the order of their lines."""
    if len(mutants) <= most:
        return mutants
    return [mutants[at] for at in sorted(random.Random(1).sample(range(len(mutants)), most))]


def measured(path: str, tell: bool, most: int) -> float:
    """The score of one module, by ``most`` of its changes."""
    module = f"jackfield.{path.removesuffix('.py').replace('/', '.')}"
    tests = [str(TESTS / name) for name in MODULES[path]]
    mutants = sampled(mutants_of(CORE / "jackfield" / path), most)
    begun = time.monotonic()
    if noticed(module, None, tests):
        print(f"{path:<26} its tests fail as it is")
        return 0.0
    seconds = max(SECONDS, 5 * int(time.monotonic() - begun))
    with ThreadPoolExecutor(max(1, int(os.environ.get("JACKFIELD_JOBS", "1")))) as pool:
        results = list(pool.map(lambda mutant: noticed(module, mutant, tests, seconds), mutants))
    survivors = [mutant for mutant, seen in zip(mutants, results, strict=True) if not seen]
    score = 1 - len(survivors) / len(mutants)
    print(
        f"{path:<26} {len(mutants):>4} changes, {score:>6.1%} noticed, {time.monotonic() - begun:.0f} s",
        flush=True,
    )
    for survivor in survivors if tell else ():
        print(f"    {survivor.name}")
    return score


def main() -> int:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", help="ends of paths; all if none is named")
    parser.add_argument("--survivors", action="store_true", help="tell of changes that nobody noticed")
    parser.add_argument("--sample", type=int, default=10_000, help="how many changes of a module at most")
    asked = parser.parse_args()
    import hypothesis
    import pytest

    assert pytest and hypothesis  # imported once, before the forks
    os.environ["JACKFIELD_FEWER"] = "10"
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # ours is imported with the code that is changed
    chosen = [
        path for path in MODULES if not asked.modules or any(path.endswith(end) for end in asked.modules)
    ]
    return int(min(measured(path, asked.survivors, asked.sample) for path in chosen) < LEAST)


if __name__ == "__main__":
    sys.exit(main())
