"""What `complete` and `chat` have in common: the flags that say what is asked, read into values."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from jackfield.cli.failures import Misuse, meant

if TYPE_CHECKING:
    from jackfield.options import OptionSpec

Decorated = TypeVar("Decorated", bound=Callable[..., object])

# Settings of a call that are no options of a request, and so are not in the table of those.
_CALL: Mapping[str, tuple[type, ...]] = {
    "timeout": (int, float),
    "max_retries": (int,),
    "task": (str,),
    "preset": (str,),
    "max_cost": (int, float),
    "min_quality": (int, float),
    "priority": (int, str),
    "prefer_speed": (bool,),
    "minimise_cost": (bool,),
    "max_latency_ms": (int, float),
    "region": (str,),
    "compliance": (str,),
    "needs": (str,),
    "format": (str,),
    "size": (int, str),
    "estimated_tokens": (int,),
    "tags": (dict,),
}
_EXTRA = "extra."


def asking(function: Decorated) -> Decorated:
    """The flags ``-m -s -o -a -u --raw``."""
    from jackfield.cli.names import complete_model

    flags = (
        click.option(
            "--raw", is_flag=True, help="Do not strip control sequences from what a terminal shows."
        ),
        click.option("-u", "--usage", is_flag=True, help="Show tokens, time and charge on stderr."),
        click.option(
            "-a",
            "--attach",
            "attached",
            multiple=True,
            metavar="FILE|URL|-",
            help="Send a file, a URL, or stdin.",
        ),
        click.option(
            "-o",
            "--option",
            "pairs",
            nargs=2,
            multiple=True,
            metavar="KEY VALUE",
            help="Set an option of the call; extra.NAME sets a field of the provider's own.",
        ),
        click.option("-s", "--system", metavar="TEXT", help="The system prompt."),
        click.option("-m", "--model", metavar="MODEL", shell_complete=complete_model, help="PROVIDER/MODEL."),
    )
    for flag in flags:
        function = flag(function)
    return function


def options_of(pairs: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """The options of ``-o KEY VALUE``, in the types the library wants."""
    found: dict[str, Any] = {}
    for name, text in pairs:
        if name.startswith(_EXTRA) and len(name) > len(_EXTRA):
            found.setdefault("extra", {})[name.removeprefix(_EXTRA)] = _free(text)
        elif name == "stop":
            found["stop"] = (*found.get("stop", ()), text)
        else:
            found[name] = _typed(name, text)
    return found


def _typed(name: str, text: str) -> Any:
    value = _free(text)
    types = _types(name)
    if dict in types and isinstance(value, dict):
        return value
    if isinstance(value, bool):
        fits = bool in types
    else:
        fits = isinstance(value, types) and not isinstance(value, str)
    if fits:
        return value
    if str in types:
        return text
    kinds = " or ".join(_KINDS[kind] for kind in types)
    msg = f"option `{name}` must be {kinds}, not `{text:.40}`"
    raise Misuse(msg)


_KINDS: Mapping[type, str] = {
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    dict: "a JSON object",
    tuple: "text",
    str: "text",
}


def _types(name: str) -> tuple[type, ...]:
    from jackfield.options import OPTIONS

    spec: OptionSpec | None = OPTIONS.get(name)
    if spec is not None:
        return spec.types
    if name in _CALL:
        return _CALL[name]
    question = meant(name, [*OPTIONS, *_CALL])
    own = f"a field of the provider's own is set with `-o {_EXTRA}{name} VALUE`"
    msg = f"there is no option `{name}`"
    raise Misuse(msg, f"{question} {own}".strip())


def _free(text: str) -> Any:
    """JSON where it is JSON, else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def amount(text: str, flag: str) -> Decimal:
    """An amount of USD."""
    try:
        found = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        found = Decimal("nan")
    if not found.is_finite() or found < 0:
        msg = f"`{flag}` must be an amount of USD such as 0.05, not `{text:.40}`"
        raise Misuse(msg)
    return found


def schema_of(file: str) -> dict[str, Any]:
    """The JSON schema in a file."""
    try:
        schema = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else "it is not JSON"
        msg = f"`{file}` holds no schema: {reason}"
        raise Misuse(msg) from None
    if not isinstance(schema, dict):
        msg = f"`{file}` holds no schema: a schema is a JSON object"
        raise Misuse(msg)
    return schema


def piped_text() -> str:
    """The text on stdin, if it is not a terminal."""
    from jackfield.cli.console import is_terminal

    if sys.stdin is None or sys.stdin.closed or is_terminal(sys.stdin):
        return ""
    return text_of(sys.stdin.buffer.read(), "stdin")


def text_of(data: bytes, name: str) -> str:
    """Bytes as text."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        msg = f"{name} is not UTF-8 text"
        raise Misuse(msg, "`-a -` sends what stdin holds as a file") from None
