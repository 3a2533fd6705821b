"""What is known of a package without calling it: its imports, its distribution, the texts in it."""

from __future__ import annotations

import ast
import builtins
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping, Set
from email.message import Message
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from attrs import frozen

from jackfield.registry.entries import Entry, normalised
from jackfield.testing.redaction import SHAPES

# These are about headers and addresses; in code they are templates.
_IN_CODE = ("a bearer token", "a name and password")
_READ = {".py", ".toml", ".yaml", ".json", ".md", ".txt"}


def key_shaped(text: str) -> str:
    """The first thing in a text that looks like a key; one of a few repeated signs is a stand-in, and none."""
    data = "\n".join(dict.fromkeys(text.splitlines())).encode()  # lists repeat themselves
    shapes = (shape for name, shape in SHAPES.items() if name not in _IN_CODE)
    found = (match[0].decode("utf-8", "replace") for shape in shapes for match in shape.finditer(data))
    return next((key for key in found if len(set(key[8:])) > 8 and "..." not in key and "…" not in key), "")


def texts_of(*folders: Path | None) -> Iterator[tuple[Path, str]]:
    """All texts in some folders."""
    for folder in folders:
        for file in sorted(folder.rglob("*")) if folder is not None else ():
            if file.suffix in _READ and file.is_file():
                yield file, file.read_text("utf-8", "replace")


Function = ast.FunctionDef | ast.AsyncFunctionDef


@frozen
class Source:
    """A file of code: what it imports, wherever in it and for type checkers too, and all of its functions."""

    imports: frozenset[str]
    functions: tuple[Function, ...]


def source_of(file: Path) -> Source | None:
    """What is in a file; nothing where it has no statement but a docstring."""
    tree = ast.parse(file.read_bytes())
    if not any(map(_does_something, tree.body)):
        return None
    imports: set[str] = set()
    functions: list[Function] = []
    waiting: list[ast.AST] = [*tree.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            imports.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            imports.update({node.module} if node.module and not node.level else ())
        elif isinstance(node, Function):
            functions.append(node)
        for name in _BODIES:  # statements stand in statements: expressions need not be looked through
            waiting += getattr(node, name, ())
    return Source(frozenset(imports), tuple(functions))


# Where the fields of a node hold statements, or what holds statements.
_BODIES = ("body", "orelse", "finalbody", "handlers", "cases")


def _does_something(statement: ast.stmt) -> bool:
    return not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))


@lru_cache(maxsize=64)
def distribution_of(entry: Entry) -> tuple[Message, tuple[str, ...]]:
    """Metadata and requirements of the distribution an entry point came with."""
    from importlib.metadata import Distribution

    found = Distribution.at(entry.place)
    metadata: Any = found.metadata
    return metadata, tuple(found.requires or ())


def stated_names(entry: Entry) -> list[str]:
    """The names of the distributions that one requires in so many words, none of an extra of its own."""
    _, requires = distribution_of(entry)
    named = (_REQUIREMENT.match(text) for text in requires if "extra ==" not in text)
    return sorted({normalised(match[1]) for match in named if match})


@lru_cache(maxsize=64)
def required_names(entry: Entry) -> frozenset[str]:
    """The names of all distributions that one requires, extras included."""
    _, requires = distribution_of(entry)
    named = [_REQUIREMENT.match(text) for text in requires]
    wanted = [(normalised(match[1]), match[2] or "") for match in named if match]
    return frozenset({name for name, _ in wanted} | {more for one in wanted for more in _behind(*one)})


def not_required(entry: Entry, modules: set[str]) -> list[str]:
    """Top-level modules of no distribution that is required; what is installed is looked at where names do not tell."""
    if not modules:
        return []
    names = required_names(entry)
    left = modules - {name.replace("-", "_") for name in names}
    return sorted(left and left - {module for name in names for module in _modules_of(name)})


_REQUIREMENT = re.compile(r"([\w.-]+)\s*(?:\[([^\]]*)\])?")


def _behind(name: str, extras: str) -> set[str]:
    """What the extras of a distribution require."""
    from importlib.metadata import PackageNotFoundError, requires

    wanted = [extra.strip() for extra in extras.split(",") if extra.strip()]
    try:
        stated = (requires(name) or []) if wanted else []
    except PackageNotFoundError:
        return set()
    found = (_REQUIREMENT.match(text) for text in stated if any(f'"{extra}"' in text for extra in wanted))
    return {normalised(match[1]) for match in found if match}


@lru_cache(maxsize=64)
def _modules_of(name: str) -> set[str]:
    """The top-level modules of a distribution; those of an editable one go by its name."""
    from importlib.metadata import PackageNotFoundError, distribution

    guess = {name.replace("-", "_")}
    try:
        record = distribution(name).read_text("RECORD") or ""
    except PackageNotFoundError:
        return guess
    files = [line.partition(",")[0] for line in record.splitlines()]
    tops = {file.partition("/")[0].removesuffix(".py") for file in files if file.endswith(".py")}
    # several distributions may share one name space, as clouds do
    return guess | tops


class _WatchedEnvironment(dict[str, str]):
    """The environment, telling which variables were read."""

    def __init__(self, values: Mapping[str, str], read: set[str]) -> None:
        super().__init__(values)
        self._read = read

    def __getitem__(self, name: str) -> str:
        self._read.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a variable."""
        self._read.add(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self._read.add(str(name))
        return super().__contains__(name)


@frozen
class Imported:
    """What an import of a package did, and how long it took: the best of up to three times."""

    imported: Set[str]  # every name that an import statement asked for
    own: Set[str]
    read: Set[str]  # variables
    seconds: float


def imported_anew(package: str, soon: float) -> Imported:
    """Import a package as if it had not been; again if that was not soon done, as machines are busy at times."""
    spent: list[float] = []
    while True:
        with Watched(package) as watched:
            begun = time.perf_counter()
            import_module(package)
            spent.append(time.perf_counter() - begun)
        if min(spent) <= soon or len(spent) == 3:
            return Imported(watched.imported, watched.own, watched.read, min(spent))


class Watched:
    """While it lasts a package can be imported anew: what it imports and which variables it reads is kept."""

    def __init__(self, package: str) -> None:
        self._package = package
        self.imported: set[str] = set()
        self.own: set[str] = set()
        self.read: set[str] = set()

    def __enter__(self) -> Self:
        names = [name for name in sys.modules if f"{name}.".startswith(f"{self._package}.")]
        self._kept = {name: sys.modules.pop(name) for name in names}
        self._environment, self._import = os.environ, builtins.__import__
        # for a moment; `putenv` is not called for it, which nobody needs here
        os.environ = _WatchedEnvironment(self._environment, self.read)  # type: ignore[assignment]  # noqa: B003
        builtins.__import__ = self._importing
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        builtins.__import__ = self._import
        os.environ = self._environment  # noqa: B003  # the one that was there
        self.own = {name for name in sys.modules if f"{name}.".startswith(f"{self._package}.")}
        for name in self.own:
            del sys.modules[name]
        sys.modules.update(self._kept)

    def _importing(self, name: str, *arguments: Any, **named: Any) -> Any:
        self.imported.add(name)
        return self._import(name, *arguments, **named)
