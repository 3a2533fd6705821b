"""A conversation as a file: Markdown to read, JSON to use."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

from jackfield.cli.failures import Misuse
from jackfield.cli.plain import plain_part
from jackfield.types import Message


def save(name: str, system: str | None, messages: Sequence[Message]) -> None:
    """Write a conversation to a file of its own, which only its writer can read."""
    path = Path(name).expanduser()
    text = _markdown(system, messages) if path.suffix == ".md" else _json(system, messages)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        msg = f"`{name}` is there already; it was left as it is"
        raise Misuse(msg, "`/save` another name") from None
    except OSError as exc:
        msg = f"`{name}` cannot be written: {exc.strerror}"
        raise Misuse(msg) from None
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)


def _json(system: str | None, messages: Sequence[Message]) -> str:
    turns = [{"role": turn.role, "parts": [plain_part(part) for part in turn.parts]} for turn in messages]
    return json.dumps({"system": system, "messages": turns}, indent=2, ensure_ascii=False) + "\n"


def _markdown(system: str | None, messages: Sequence[Message]) -> str:
    turns = [f"# {turn.role}\n\n{turn.text}\n" for turn in messages]
    return "\n".join([f"# system\n\n{system}\n", *turns] if system else turns)
