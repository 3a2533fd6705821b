"""The ledger: what was attempted, used and charged, kept where a crash does not reach.

ledger = open_ledger(settings)                   # None unless it is turned on
id = request_id()
ledger.submit(AttemptStarted(attempt_id(id, 1), "acme", "tiny")).result()   # on the disk before a byte leaves
...
ledger.record(AttemptFinished(attempt_id(id, 1), usage=usage), RequestFinished(id))
"""

from __future__ import annotations

from jackfield.identity import attempt_id, request_id
from jackfield.ledger.base import Ledger
from jackfield.ledger.opening import book_at, open_ledger
from jackfield.ledger.rows import (
    AttemptFinished,
    AttemptStarted,
    Billed,
    Outcome,
    RequestFinished,
    Role,
    Row,
)

__all__ = [
    "AttemptFinished",
    "AttemptStarted",
    "Billed",
    "Ledger",
    "Outcome",
    "RequestFinished",
    "Role",
    "Row",
    "attempt_id",
    "book_at",
    "open_ledger",
    "request_id",
]
