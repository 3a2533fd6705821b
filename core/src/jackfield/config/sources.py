"""Reads the layers: what the caller says, the environment, and the files of project, user and system."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jackfield.config.keys import FILE, provider_id, refused_in_project
from jackfield.config.layers import Kind, Layer
from jackfield.config.paths import shown
from jackfield.config.routes import READERS
from jackfield.profile.schema import Problems, message, suggestion

LARGEST_FILE = 1 << 20
_PREFIX = "JACKFIELD_"

# Variables of ours that are not settings.
_NOT_SETTINGS = ("JACKFIELD_CONFIG", "JACKFIELD_HOME", "JACKFIELD_TRACE_PLUGINS", "JACKFIELD_DEBUG")

# Settings as variables: how the text of each is read.
_PLAIN = {
    "JACKFIELD_DEFAULT": ("default",),
    "JACKFIELD_BLOCK": ("block",),
    "JACKFIELD_TIMEOUT": ("timeout",),
    "JACKFIELD_MAX_RETRIES": ("max_retries",),
    "JACKFIELD_TRANSPORT": ("transport",),
    "JACKFIELD_PROXY": ("proxy",),
    "JACKFIELD_STAGE": ("stage",),
    "JACKFIELD_LEDGER": ("ledger",),
}

# ``JACKFIELD_<PROVIDER>_<SUFFIX>``. Keys are looked up where they are needed, and are not read here.
_SUFFIXES = {
    "_BASE_URL": "base_url",
    "_DEFAULT_MODEL": "default_model",
    "_WIRE": "wire",
    "_TIMEOUT": "timeout",
    "_RETRIES": "max_retries",
}
_KEY_SUFFIXES = ("_API_KEY", "_API_KEYS")

# Our table in a ``pyproject.toml`` that cannot be read as TOML.
_OUR_HEADER = re.compile(rb"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*jackfield[ \t]*[.\]]", re.MULTILINE)

_NUMBERS = ("timeout", "max_retries", "concurrent", "burst", "waiting", "max_wait")
_LISTS = ("block",)
_FIGURES = ("breaker", "retry")  # tables of figures and switches alone
# Tables whose keys are words of ours, or the caller's own as they are; in others stand names of providers or rules.
_WORDED = (*_FIGURES, "cache", "routing", "state", "tags", "telemetry")


# What no variable may say: one may be set by whoever sets the address.
_NOT_HERE = {"allow_hosts": "where a kept key may go is said in a file of yours, or in code"}


def given(kind: Kind, name: str, raw: Mapping[str, Any] | None) -> tuple[Layer, str]:
    """What a caller or a command line says, and what is wrong with it."""
    if not raw:
        return Layer(kind, name), ""
    problems: Problems = []
    table = FILE({key: value for key, value in raw.items() if value is not None}, "", problems)
    return Layer(kind, name, table), message(name, problems) if problems else ""


def environment(env: Mapping[str, str]) -> tuple[Layer, list[str]]:
    """What the environment says, and warnings: an unknown variable there is no error."""
    table: dict[str, Any] = {}
    labels: dict[tuple[str, ...], str] = {}
    warnings: list[str] = []
    names = sorted(name for name in env if name.startswith(_PREFIX) and env[name].strip())
    for name in sorted(names, key=lambda name: "__" not in name):  # the short form counts more
        path = _path(name)
        if path is not None and path[-1] in _NOT_HERE:
            warnings.append(f"the variable `{name}` is not read: {_NOT_HERE[path[-1]]}")
        elif path is not None:
            _put(table, path, _fitting(path, env[name]))
            labels[path] = f"env `{name}`"
        elif not _elsewhere(name):
            warnings.append(f"the variable `{name}` means nothing{_meant(name)}")
    problems: Problems = []
    checked = FILE(table, "", problems)
    problems = [problem for problem in problems if not problem.endswith(_MISSING)]  # a file may say it
    warnings += [f"environment: {problem}" for problem in problems]
    return Layer("environment", "environment", _without_faults(checked, problems), labels), warnings


def _meant(name: str) -> str:
    """What a variable may be meant to be; all share a beginning, so that does not count."""
    hint = suggestion(name.removeprefix(_PREFIX), [known.removeprefix(_PREFIX) for known in _PLAIN])
    return hint.replace("`", f"`{_PREFIX}", 1)


def _without_faults(table: dict[str, Any], problems: Problems) -> dict[str, Any]:
    """The table without values that are wrong: those are warned of, and do not count."""
    for problem in problems:
        *above, last = problem.partition(":")[0].split(".")
        place: Any = table
        for name in above:
            place = place.get(name, {})
        place.pop(last, None)
    return table


def _elsewhere(name: str) -> bool:
    """Whether a variable that is no setting is read by somebody else."""
    return name in _NOT_SETTINGS or ("__" not in name and name.endswith(_KEY_SUFFIXES))


def key_variables(env: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Our variables that hold a provider's keys, and the provider's id."""
    for name in sorted(env):
        suffix = next((end for end in _KEY_SUFFIXES if name.endswith(end)), "")
        if suffix and name.startswith(_PREFIX) and "__" not in name and env[name].strip():
            yield name, provider_id(name[len(_PREFIX) :].removesuffix(suffix))


def _path(name: str) -> tuple[str, ...] | None:
    """Where the value of a variable goes; ``None`` if it is no setting."""
    if name in _PLAIN:
        return _PLAIN[name]
    first, *rest = name.removeprefix(_PREFIX).lower().split("__")
    if rest:
        return (first, rest[0] if first in _WORDED else provider_id(rest[0]), *rest[1:])
    for suffix, key in _SUFFIXES.items():
        if name.endswith(suffix) and name not in _NOT_SETTINGS:
            return "providers", provider_id(name.removeprefix(_PREFIX).removesuffix(suffix)), key
    return None


_MISSING = ": is missing"


def _fitting(path: tuple[str, ...], raw: str) -> Any:
    """The text of a variable as its setting takes it: as the table above says, else as a number or a switch."""
    raw = raw.strip()
    usual = _value(path, raw)
    others = [READERS[kind](raw) for kind in ("enabled", "timeout", "targets")] if usual == raw else []
    return next((value for value in (usual, *others) if _fits(path, value)), usual)


def _fits(path: tuple[str, ...], value: Any) -> bool:
    table: dict[str, Any] = {}
    _put(table, path, value)
    problems: Problems = []
    FILE(table, "", problems)
    return all(problem.endswith(_MISSING) for problem in problems)


def _value(path: tuple[str, ...], raw: str) -> Any:
    """The text of a variable as the setting's type."""
    text = raw.strip()
    if path[0] in ("routes", "routing", "telemetry"):
        return READERS.get(path[-1], str)(text)
    if path[-1] in _LISTS:
        return [item.strip() for item in text.split(",") if item.strip()]
    if path[0] in _FIGURES and text in {"true", "false"}:
        return text == "true"
    if path[-1] in _NUMBERS or path[0] in _FIGURES:
        try:
            return float(text) if "." in text else int(text)
        except ValueError:
            return text  # the check says what is wrong
    return text


def _put(table: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Set a value in nested tables; a variable that stands for a whole table gives way to those in it."""
    for name in path[:-1]:
        below = table.get(name)
        if not isinstance(below, dict):
            table[name] = below = {}
        table = below
    table[path[-1]] = value


def file_layer(kind: Kind, path: Path, env: Mapping[str, str], below: str = "") -> tuple[Layer, str]:
    """What a file says, and what is wrong with it."""
    name = f"{kind} file {shown(path, env)}"
    raw: Any
    raw, fault = read_table(path)
    for key in filter(None, below.split(".")):
        raw = raw.get(key, {}) if isinstance(raw, dict) else {}
    if fault:
        return Layer(kind, name), f"`{shown(path, env)}` {fault}"
    problems = refused_in_project(raw) if kind == "project" else []
    table = FILE(raw, "", problems)
    label = f"{shown(path, env)} [{below}]" if below else shown(path, env)
    return Layer(kind, name, table), message(label, problems) if problems else ""


def read_table(path: Path) -> tuple[dict[str, Any], str]:
    """A file as TOML, and what is wrong with it; a file that is not there is empty.

    The fault is returned, not raised: files may hold keys, and what is raised here would carry them in
    the frames of its traceback.
    """
    import tomllib

    text, fault = read_text(path)
    try:
        return ({}, fault) if fault else (tomllib.loads(text), "")
    except tomllib.TOMLDecodeError as exc:
        return {}, f"is not TOML: {exc}"
    except RecursionError:
        return {}, "is nested too deep"


def read_text(path: Path) -> tuple[str, str]:
    """What a file holds, and why that cannot be read; a file that is not there is empty."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            return "", "is larger than 1 MiB"
        return data.decode("utf-8-sig"), ""
    except (FileNotFoundError, NotADirectoryError):
        return "", ""
    except OSError as exc:
        return "", f"cannot be read: {exc.strerror}"
    except UnicodeDecodeError:
        return "", "is not UTF-8"


def project_file(start: Path) -> tuple[Path | None, str, str]:
    """The nearest file of a project, the table in it that is ours, and a warning if there are two."""
    for folder in (start, *start.parents):
        own, shared = folder / "jackfield.toml", folder / "pyproject.toml"
        in_shared = _has_table(shared)
        if own.is_file():
            both = f"`{shared.name}` has a table [tool.jackfield] that is not read: `{own.name}` beside it counts"
            return own, "", both if in_shared else ""
        if in_shared:
            return shared, "tool.jackfield", ""
    return None, "", ""


def _has_table(path: Path) -> bool:
    """Whether a ``pyproject.toml`` has a table of ours; most have not, and are not parsed."""
    try:
        with open(os.fspath(path), "rb") as file:
            data = file.read(LARGEST_FILE)
    except OSError:
        return False
    if b"jackfield" not in data:
        return False
    table, fault = read_table(path)
    if fault:  # the fault is ours to tell only if the table is ours
        return _OUR_HEADER.search(data) is not None
    tool = table.get("tool")
    return isinstance(tool, dict) and "jackfield" in tool
