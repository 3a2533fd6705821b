"""What a check finds."""

from __future__ import annotations

from typing import Literal, TypeAlias

from attrs import frozen

from jackfield.errors import ErrorInfo, JackfieldError

Status: TypeAlias = Literal["ok", "warn", "fail"]
OK: Status = "ok"
WARN: Status = "warn"
FAIL: Status = "fail"


@frozen
class Check:
    """One thing that was looked at: how it is, why, and how to mend it."""

    title: str
    status: Status = OK
    reason: str = ""
    mend: str = ""


def of_error(title: str, error: JackfieldError | ErrorInfo) -> Check:
    """A failed check from an error."""
    info = error.info if isinstance(error, JackfieldError) else error
    return Check(title, FAIL, info.message, info.hint)
