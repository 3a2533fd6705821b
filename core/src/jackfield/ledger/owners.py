"""Who writes to a ledger, and whether he still lives.

A process that writes is an owner: a row with its machine, its number there, and the moment it was started at,
which together name it for ever. On the same machine that is asked of the system, and the answer is exact. Of a
process elsewhere, or where the system does not tell, only its lease is known: it is renewed every half minute
while it has attempts under way, and is over after two.
"""

from __future__ import annotations

import os
import platform
import secrets
from pathlib import Path
from typing import Any

from attrs import frozen

from jackfield.ledger.rows import now_us

LEASE = 120.0
BEAT_EVERY = 30.0


@frozen
class Owner:
    """A process that writes."""

    name: str
    machine: str
    pid: int
    ticks: int  # when it was started, in the kernel's measure; 0 if that is not told
    born: int
    seen: int

    @classmethod
    def this(cls) -> Owner:
        """This process."""
        pid, now = os.getpid(), now_us()
        return cls(f"{secrets.token_hex(6)}-{pid}", machine(), pid, started(pid), now, now)

    def row(self) -> tuple[Any, ...]:
        """The values of its row, seen now."""
        return (self.name, self.machine, self.pid, self.ticks, self.born, now_us())

    def lives(self, now: int) -> bool:
        """Whether it may still write."""
        if self.machine and self.machine == machine() and self.ticks:
            return started(self.pid) == self.ticks
        return now - self.seen < LEASE * 1e6


def machine() -> str:
    """This machine since it was booted, as far as processes of it can see each other; empty where nobody tells."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{platform.node()} {boot} {os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def started(pid: int) -> int:
    """When a process was started, in ticks since boot; 0 if there is none, or it has ended, or nobody tells."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0
    # the name may hold anything, blanks and brackets too; what follows its last bracket is state, parent, …
    state, *rest = text.rpartition(")")[2].split()
    return 0 if state in ("Z", "X") else int(rest[18])
