"""A strict user of the library can type-check."""

from __future__ import annotations

import subprocess
import sys

USER = """
from typing import assert_type

import jackfield
from jackfield import AsyncClient, Client, Completion, Image, Message, TextDelta, tool

@tool
def weather(city: str) -> str:
    return city

answer: Completion = jackfield.complete("echo/echo-1", [Message("user", "hi")], tools=[weather], temperature=0)
for event in Client().stream("echo/echo-1", "hi"):
    if isinstance(event, TextDelta):
        print(event.text.upper(), Image.from_url("https://a.example/x.png").url)

try:
    jackfield.complete("echo/echo-1", "hi")
except jackfield.RateLimited as exc:
    assert_type(exc.retry_after, float | None)
    assert_type(exc.hint, str)

async def ask() -> str:
    async with AsyncClient() as client:
        return (await client.complete("echo/echo-1", "hi", max_tokens=5)).text
"""


def test_a_strict_user_sees_every_public_name(tmp_path) -> None:
    """Mypy in strict mode finds nothing in a user's file."""
    (tmp_path / "user.py").write_text(USER)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "user.py"]

    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)

    assert done.stdout.startswith("Success"), done.stdout
