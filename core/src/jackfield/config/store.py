"""The two stores of credentials: the system's keyring, and a file of our own that nobody else can read."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jackfield.config.keys import provider_id
from jackfield.config.paths import Paths
from jackfield.config.sources import read_table
from jackfield.errors import BadConfig, ErrorInfo
from jackfield.secret import Secret

SERVICE = "jackfield"
_HEADER = "# Written by `jackfield keys`. Nobody but you may read this file.\n"
_BARE = re.compile(r"[A-Za-z0-9_-]+")


def fault_of_mode(path: Path) -> str:
    """Why a file with secrets is not trusted; empty if it is, or is not there."""
    if os.name == "nt":
        return ""  # access lists decide there, and a user's profile is closed to others
    try:
        status = path.stat()
    except OSError:
        return ""
    if status.st_mode & 0o077:
        return f"can be read by others (mode {status.st_mode & 0o777:04o})"
    if status.st_uid not in (os.geteuid(), 0):
        return "belongs to another user"
    return ""


def refuse_open_file(path: Path, shown: str) -> None:
    """Raise if others can read a file with secrets."""
    fault = fault_of_mode(path)
    if fault:
        msg = f"`{shown}` holds credentials and {fault}"
        raise BadConfig(ErrorInfo("config", msg, hint=f"`chmod 600 {shown}`"))


def has_keyring() -> bool:
    """Whether the extra that reaches the system's keyring is installed."""
    return find_spec("keyring") is not None


def keyring_name(provider: str, field: str) -> str:
    """What a credential is called in the keyring."""
    return provider if field == "api_key" else f"{provider}:{field}"


def in_keyring(provider: str, field: str) -> tuple[str, str]:
    """What the keyring holds, and why it could not be asked; both empty if it holds nothing."""
    import keyring
    from keyring.errors import KeyringError

    try:
        return keyring.get_password(SERVICE, keyring_name(provider, field)) or "", ""
    except (KeyringError, OSError, RuntimeError) as exc:  # some backends let their own errors through
        return "", type(exc).__name__


def in_file(path: Path, provider: str, field: str) -> tuple[Any, str]:
    """What the file holds for a provider, and what is wrong with the file."""
    tables, fault = read_table(path)
    if fault:
        return None, fault
    for name, table in tables.items():
        if provider_id(name) == provider and isinstance(table, dict):
            return table.get(field), ""
    return None, ""


def store_credential(
    paths: Paths, provider: str, secret: Secret, field: str = "api_key", *, keyring: bool | None = None
) -> str:
    """Keep a credential; says where. ``keyring`` decides the store, by default the keyring where there is one."""
    provider = provider_id(provider)
    if has_keyring() if keyring is None else keyring:
        fault = _to_keyring(provider, field, secret)
        if not fault:
            return f"keyring `{SERVICE}/{keyring_name(provider, field)}`"
        if keyring:
            msg = f"the keyring did not take the credential of `{provider}`: {fault}"
            raise BadConfig(ErrorInfo("config", msg, provider=provider))
    tables = _stored(paths.credentials)
    tables.setdefault(provider, {})[field] = secret
    _write(paths.credentials, tables)
    return f"`{paths.credentials}`"


def remove_credential(paths: Paths, provider: str) -> bool:
    """Forget what is stored for a provider in both stores; false if nothing was."""
    provider = provider_id(provider)
    tables = _stored(paths.credentials)
    fields = set(tables.pop(provider, {}))
    if fields:
        _write(paths.credentials, tables)
    removed = [_from_keyring(provider, field) for field in {"api_key", *fields}] if has_keyring() else []
    return bool(fields) or any(removed)


def stored_providers(paths: Paths) -> tuple[str, ...]:
    """The providers the file has credentials of. A keyring cannot be listed."""
    return tuple(sorted(_stored(paths.credentials)))


def _to_keyring(provider: str, field: str, secret: Secret) -> str:
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.set_password(SERVICE, keyring_name(provider, field), secret.reveal())
    except (KeyringError, OSError, RuntimeError) as exc:  # some backends let their own errors through
        return type(exc).__name__
    return ""


def _from_keyring(provider: str, field: str) -> bool:
    import keyring
    from keyring.errors import KeyringError

    try:
        keyring.delete_password(SERVICE, keyring_name(provider, field))
    except KeyringError:
        return False  # it was not there, or there is no keyring
    return True


def _stored(path: Path) -> dict[str, dict[str, Secret]]:
    """All that the file holds, wrapped at once."""
    refuse_open_file(path, str(path))
    tables, fault = _read_wrapped(path)
    if fault:
        raise BadConfig(ErrorInfo("config", f"`{path}` {fault}"))
    return tables


def _read_wrapped(path: Path) -> tuple[dict[str, dict[str, Secret]], str]:
    raw, fault = read_table(path)
    found: dict[str, dict[str, Secret]] = {}
    for name, table in raw.items():
        fields = table.items() if isinstance(table, dict) else ()
        found[provider_id(name)] = {
            field: Secret(value, f"`{path}`")
            for field, value in fields
            if isinstance(value, str) and value.strip()
        }
    return found, fault


def _write(path: Path, tables: Mapping[str, Mapping[str, Secret]]) -> None:
    """Replace the file at once by one that was never open to others, whatever the umask."""
    import tempfile

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".credentials-")  # made with mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(_HEADER)
            for provider, fields in sorted(tables.items()):
                file.write(f"\n[{_key(provider)}]\n")
                file.writelines(f"{_key(field)} = {_text(secret)}\n" for field, secret in fields.items())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else f'"{name}"'


def _text(secret: Secret) -> str:
    """A TOML string; a secret is printable ASCII, so two characters need care."""
    escaped = secret.reveal().replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
