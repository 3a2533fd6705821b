"""Auth schemes: flows that sign calls. One module per scheme; ``auth_for`` picks the one a profile asks for."""

from __future__ import annotations

from jackfield.auth.base import Auth
from jackfield.auth.schemes import SCHEMES, Scheme, auth_for, auth_named

__all__ = ["SCHEMES", "Auth", "Scheme", "auth_for", "auth_named"]
