"""Which credential signed last, in this thread or task.

Calls run at the same time and share an auth object, and ``rejected`` does not say which call it is about.
A flow signs, sends and hears of the answer in one thread or task, so what signed is kept there: a second
call that comes back rejected blames the credential it was signed with, not the one that replaced it.
"""

from __future__ import annotations

from contextvars import ContextVar

_signed: ContextVar[tuple[object, object] | None] = ContextVar("jackfield_signed", default=None)


def note_signed(auth: object, credential: object) -> None:
    """``auth`` has signed the call of this thread or task with ``credential``."""
    _signed.set((auth, credential))


def signed_with(auth: object) -> object | None:
    """What ``auth`` signed the last call of this thread or task with."""
    noted = _signed.get()
    return noted[1] if noted is not None and noted[0] is auth else None
