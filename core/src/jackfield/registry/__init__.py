"""Which providers are installed, what their profiles say, and who answers the four hooks for them."""

from __future__ import annotations

from jackfield.registry.entries import Entry, installed_entries
from jackfield.registry.known import known_providers
from jackfield.registry.registry import Finding, Registry, Resolved

__all__ = ["Entry", "Finding", "Registry", "Resolved", "installed_entries", "known_providers"]
