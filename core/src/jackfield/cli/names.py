"""Names the shell can complete, from one file in the user's cache: no plugin is imported, nobody is asked.

The file holds every name a line. It is made from the catalogue's tables, anew when something was installed or
removed, and once an hour. Beside it nothing is loaded: a Tab has 100 ms.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click

MANY = 200
_AGE = 3600.0
_FORM = "1"


def complete_model(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """Providers first, and the models of one once it is typed; a bare name where no provider begins like that."""
    return _completed(incomplete)


def _completed(incomplete: str) -> list[str]:
    head, tail = f"\n{incomplete}", f"/{incomplete}"
    text = _names()
    if "/" in incomplete:
        return list(_some(line for line in _lines_with(text, head)))
    found = list(dict.fromkeys(f"{line.partition('/')[0]}/" for line in _lines_with(text, head)))
    if found:
        return found
    bare = (line.partition("/")[2] for line in _lines_with(text, tail))
    return list(_some(sorted({name for name in bare if name.startswith(incomplete)})))


def complete_provider(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    """The installed providers."""
    lines = _lines_with(_names(), f"\n{incomplete}")
    return list(dict.fromkeys(line.partition("/")[0] for line in lines))


def complete_after_model_flag(command: click.Command, name: str, variable: str) -> bool:
    """Answer a shell that completes the value of ``-m``, which is a model everywhere: no command is loaded for it."""
    shell, _, instruction = os.environ.get(variable, "").partition("_")
    if instruction != "complete":
        return False
    from click.shell_completion import CompletionItem, get_completion_class

    kind = get_completion_class(shell)
    if kind is None:
        return False
    completion = kind(command, {}, name, variable)
    arguments, incomplete = completion.get_completion_args()
    if not arguments or arguments[-1] not in ("-m", "--model"):
        return False
    found = _completed(incomplete)
    sys.stdout.write("".join(f"{completion.format_completion(CompletionItem(item))}\n" for item in found))
    return True


def _some(names: Iterable[str]) -> Iterator[str]:
    for number, name in enumerate(names):
        if number == MANY:
            return
        yield name


def _lines_with(text: str, words: str) -> Iterator[str]:
    """The lines of a text that hold some words, which may begin with the end of the line before."""
    at = text.find(words)
    while at >= 0:
        start = at + 1 if words[:1] == "\n" else text.rfind("\n", 0, at) + 1
        end = text.find("\n", start)
        if end < 0:  # behind the last line
            return
        yield text[start:end]
        at = text.find(words, end)


def _names() -> str:
    """All names, each after the end of a line and before one."""
    from jackfield.places import folders

    file = os.path.join(folders(os.environ)[1], "names.txt")
    stamp = _stamp()
    try:
        if os.stat(file).st_mtime + _AGE > time.time():
            with open(file, encoding="utf-8") as opened:
                head, _, text = opened.read().partition("\n")
            if head == stamp:
                return f"\n{text}"
    except (OSError, UnicodeDecodeError):
        pass  # it is made anew
    text = "".join(f"{name}\n" for name in _listed())
    _keep(file, f"{stamp}\n{text}")
    return f"\n{text}"


def _stamp() -> str:
    """What the names depend on: what is on the path, and what is blocked."""
    import zlib

    seen = [(place, _changed(place)) for place in sys.path]
    seen.append((os.environ.get("JACKFIELD_BLOCK", ""), 0))
    return f"{_FORM} {zlib.crc32(repr(seen).encode('utf-8', 'surrogateescape')):08x}"


def _changed(place: str) -> int:
    try:
        return os.stat(place or ".").st_mtime_ns
    except OSError:
        return 0  # the path may name what is not there


def _listed() -> list[str]:
    """All names; a provider that lists no model stands for itself."""
    from pathlib import Path

    from jackfield.errors import JackfieldError
    from jackfield.places import folders
    from jackfield.registry import Registry
    from jackfield.registry.shelves import catalogue_of

    try:
        shelves = catalogue_of(Registry(), Path(folders(os.environ)[1])).shelves(())
        return [f"{shelf.provider}/{name}" for shelf in shelves for name in shelf.ids or [""]]
    except JackfieldError:
        return []  # a shell that completes has no place for messages


def _keep(file: str, text: str) -> None:
    draft = f"{file}.{os.getpid()}"
    try:
        os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
        with open(draft, "w", encoding="utf-8") as opened:
            opened.write(text)
        os.replace(draft, file)
    except OSError:
        return  # then they are looked up each time
