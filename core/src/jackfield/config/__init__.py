"""What the user has set: arguments, environment and files merged, and credentials looked up when needed."""

from __future__ import annotations

from jackfield.config.paths import Paths
from jackfield.config.provider import ProviderSettings
from jackfield.config.settings import Entry, Settings
from jackfield.config.store import remove_credential, store_credential, stored_providers

__all__ = [
    "Entry",
    "Paths",
    "ProviderSettings",
    "Settings",
    "remove_credential",
    "store_credential",
    "stored_providers",
]
