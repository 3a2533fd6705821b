"""What is known of a package without calling it: its imports, its distribution, the texts in it."""

from __future__ import annotations

import ast
import builtins
import os
import re
import sys
from collections.abc import Iterator, Mapping
from email.message import Message
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from jackfield.registry.entries import Entry, normalised
from jackfield.testing.redaction import SHAPES

# These are about headers and addresses; in code they are templates.
_IN_CODE = ("a bearer token", "a name and password")
_READ = {".py", ".toml", ".yaml", ".json", ".md", ".txt"}


def key_shaped(text: str) -> str:
    """The first thing in a text that looks like a key; one of a few repeated signs is a stand-in, and none."""
    data = text.encode()
    shapes = (shape for name, shape in SHAPES.items() if name not in _IN_CODE)
    found = (match[0].decode("utf-8", "replace") for shape in shapes for match in shape.finditer(data))
    return next((key for key in found if len(set(key[8:])) > 8 and "..." not in key and "…" not in key), "")


def texts_of(*folders: Path | None) -> Iterator[tuple[Path, str]]:
    """All texts in some folders."""
    for folder in folders:
        for file in sorted(folder.rglob("*")) if folder is not None else ():
            if file.suffix in _READ and file.is_file():
                yield file, file.read_text("utf-8", "replace")


def imported_names(tree: ast.Module) -> Iterator[str]:
    """The modules a file imports, wherever in it; those for type checkers alone too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            yield node.module


@lru_cache(maxsize=64)
def distribution_of(entry: Entry) -> tuple[Message, tuple[str, ...]]:
    """Metadata and requirements of the distribution an entry point came with."""
    from importlib.metadata import Distribution

    found = Distribution.at(entry.place)
    metadata: Any = found.metadata
    return metadata, tuple(found.requires or ())


@lru_cache(maxsize=64)
def required_modules(entry: Entry) -> frozenset[str]:
    """The top-level modules of all that a distribution requires, extras included, as far as they are installed."""
    _, requires = distribution_of(entry)
    named = [_REQUIREMENT.match(text) for text in requires]
    wanted = [(normalised(match[1]), match[2] or "") for match in named if match]
    names = {name for name, _ in wanted} | {more for name, extras in wanted for more in _behind(name, extras)}
    return frozenset(module for name in names for module in _modules_of(name))


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


def _modules_of(name: str) -> set[str]:
    """The top-level modules of a distribution; those of an editable one go by its name."""
    from importlib.metadata import PackageNotFoundError, distribution

    guess = {name.replace("-", "_")}
    try:
        files = distribution(name).files or []
    except PackageNotFoundError:
        return guess
    parts = [file.parts for file in files if file.suffix == ".py"]
    tops = {step[0].removesuffix(".py") for step in parts}
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
