"""Named rewritings of a rendered body, for providers that speak a format almost.

A profile lists them in ``[[quirks]]`` tables of one key each; they are compiled when a model is bound and
applied in order. Fields are dotted paths, and ``*`` stands for every item of a list::

    [[quirks]]
    rename = { max_completion_tokens = "max_tokens" }
    [[quirks]]
    drop = ["seed", "tools.*.function.strict"]
    [[quirks]]
    default = { max_tokens = 4096 }         # where the caller set nothing
    [[quirks]]
    set = { safe_prompt = true }            # whatever the caller set
    [[quirks]]
    coerce = { logprobs = "integer" }
    [[quirks]]
    values = { reasoning_effort = { minimal = "low", xhigh = "high" } }
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from jackfield.errors import BadConfig, ErrorInfo
from jackfield.jsontext import dump_text
from jackfield.wire.base import Quirk

Body: TypeAlias = dict[str, Any]


def compile_quirks(tables: Iterable[Mapping[str, Any]]) -> tuple[Quirk, ...]:
    """The quirks of a profile, ready to be applied; a name or form nobody knows is ``BadConfig``."""
    return tuple(_compiled(name, options) for table in tables for name, options in table.items())


def _compiled(name: str, options: Any) -> Quirk:
    known = QUIRKS.get(name)
    if known is None:
        raise _bad(f"there is no quirk `{name}`", f"the quirks are: {', '.join(QUIRKS)}")
    return known(options)


def _bad(message: str, hint: str = "") -> BadConfig:
    return BadConfig(ErrorInfo("config", message, hint=hint, sent="no"))


def _table(name: str, options: Any) -> dict[str, Any]:
    if not isinstance(options, Mapping) or not options:
        raise _bad(f"quirk `{name}` needs a table of fields, not {options!r:.60}")
    return dict(options)


def _places(body: Any, path: str) -> Iterable[tuple[Body, str]]:
    """The objects a path leads to, each with the key that is meant."""
    if "." not in path:  # as nearly always, and at every call
        return ((body, path),) if isinstance(body, dict) else ()
    return _deep_places(body, path)


def _deep_places(body: Any, path: str) -> Iterator[tuple[Body, str]]:
    step, _, rest = path.partition(".")
    if step == "*":
        for item in body if isinstance(body, list) else ():
            yield from _places(item, rest)
    elif isinstance(body, dict) and step in body:
        yield from _places(body[step], rest)


def rename(options: Any) -> Quirk:
    """Fields under other names; a field that is there already under the new name stays."""
    names = _table("rename", options)
    if not all(isinstance(new, str) and new for new in names.values()):
        raise _bad("quirk `rename` maps a field to its new name")

    def apply(body: Body) -> Body:
        for path, new in names.items():
            for place, key in _places(body, path):
                if key in place:
                    place.setdefault(new, place.pop(key))
        return body

    return apply


def drop(options: Any) -> Quirk:
    """Without these fields."""
    if not isinstance(options, list | tuple) or not all(isinstance(path, str) for path in options):
        raise _bad(f"quirk `drop` needs a list of fields, not {options!r:.60}")
    paths = tuple(options)

    def apply(body: Body) -> Body:
        for path in paths:
            for place, key in _places(body, path):
                place.pop(key, None)
        return body

    return apply


def default(options: Any) -> Quirk:
    """With these values where nothing is set."""
    return _setting("default", options, keep=True)


def set_(options: Any) -> Quirk:
    """With these values, whatever is set."""
    return _setting("set", options, keep=False)


def _setting(name: str, options: Any, *, keep: bool) -> Quirk:
    values = _table(name, options)

    def apply(body: Body) -> Body:
        for path, value in values.items():
            for place, key in _places(body, path):
                if not (keep and key in place):
                    place[key] = value
        return body

    return apply


def _as_boolean(value: Any) -> Any:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else bool(value)


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else dump_text(value)


# What a value may be made into; true becomes 1, 1.0 becomes 1, one value becomes a list of one.
_TYPES: Mapping[str, Callable[[Any], Any]] = {
    "boolean": _as_boolean,
    "integer": lambda value: int(value) if isinstance(value, bool | int | float) else value,
    "number": lambda value: float(value) if isinstance(value, bool | int | float) else value,
    "string": _as_text,
    "list": lambda value: value if isinstance(value, list) else [value],
    "first": lambda value: value[0] if isinstance(value, list) and len(value) == 1 else value,
}


def coerce(options: Any) -> Quirk:
    """Fields as another type: boolean, integer, number, string, list, or the first of a list of one."""
    kinds = _table("coerce", options)
    wrong = next((kind for kind in kinds.values() if kind not in _TYPES), None)
    if wrong is not None:
        raise _bad(f"quirk `coerce` knows no type {wrong!r:.40}", f"the types are: {', '.join(_TYPES)}")

    def apply(body: Body) -> Body:
        for path, kind in kinds.items():
            for place, key in _places(body, path):
                if key in place:
                    place[key] = _TYPES[kind](place[key])
        return body

    return apply


def values(options: Any) -> Quirk:
    """Words under the provider's names for them; what no table lists stays."""
    tables = {path: _table("values", table) for path, table in _table("values", options).items()}

    def apply(body: Body) -> Body:
        for path, table in tables.items():
            for place, key in _places(body, path):
                if isinstance(place.get(key), str):
                    place[key] = table.get(place[key], place[key])
        return body

    return apply


QUIRKS: Mapping[str, Callable[[Any], Quirk]] = {
    "rename": rename,
    "drop": drop,
    "default": default,
    "set": set_,
    "coerce": coerce,
    "values": values,
}
