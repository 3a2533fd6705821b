"""The checks of ``jackfield doctor``, one module for each group. None opens a socket or costs anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from jackfield.cli.checks.base import FAIL, OK, WARN, Check
from jackfield.cli.checks.configuration import configuration
from jackfield.cli.checks.keys import credentials
from jackfield.cli.checks.network import network
from jackfield.cli.checks.packages import packages
from jackfield.cli.checks.state import state

if TYPE_CHECKING:
    from jackfield.cli.invocation import Invocation

__all__ = ["FAIL", "GROUPS", "OK", "WARN", "Check"]

GROUPS: Mapping[str, Callable[[Invocation], Iterator[Check]]] = {
    "Python and packages": packages,
    "configuration": configuration,
    "credentials": credentials,
    "network": network,
    "state": state,
}
