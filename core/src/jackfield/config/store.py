"""The two stores of credentials: the system's keyring, and a file of our own that nobody else can read."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jackfield.config.keys import provider_id
from jackfield.config.paths import Paths
from jackfield.config.rewrite import with_value, without_table
from jackfield.config.sources import read_table, read_text
from jackfield.errors import BadConfig, ErrorInfo
from jackfield.secret import Secret

SERVICE = "jackfield"
_HEADER = "# Written by `jackfield keys`. Nobody but you may read this file.\n"


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


def bound_by(field: str) -> str:
    """What the origin is called that a credential was stored for."""
    return f"{field}_origin"


def in_keyring(provider: str, field: str) -> tuple[str, str]:
    """What the keyring holds, and why it could not be asked; both empty if it holds nothing."""
    try:
        import keyring

        return keyring.get_password(SERVICE, keyring_name(provider, field)) or "", ""
    except Exception as exc:  # noqa: BLE001  # a backend is foreign code, and raises what it likes
        return "", type(exc).__name__


def in_file(path: Path, provider: str, field: str) -> tuple[Any, str]:
    """What the file holds for a provider, and what is wrong with the file."""
    tables, fault = read_table(path)
    if fault:
        return None, fault
    for name, table in tables.items():
        if provider_id(name) == provider and isinstance(table, dict) and field in table:
            return table[field], ""
    return None, ""


def store_credential(
    paths: Paths,
    provider: str,
    secret: Secret,
    field: str = "api_key",
    *,
    keyring: bool | None = None,
    origin: str = "",
) -> str:
    """Keep a credential; says where.

    ``keyring`` decides the store, by default the keyring where there is one. ``origin`` is where the credential
    may go; without it, where the profile or the user's own files say.
    """
    provider = provider_id(provider)
    if has_keyring() if keyring is None else keyring:
        fault = _to_keyring(provider, field, secret, origin)
        if not fault:
            return f"keyring `{SERVICE}/{keyring_name(provider, field)}`"
        if keyring:
            msg = f"the keyring did not take the credential of `{provider}`: {fault}"
            raise BadConfig(ErrorInfo("config", msg, provider=provider))
    bound = {bound_by(field): origin}
    if not origin and bound_by(field) not in _names(paths.credentials).get(provider, ()):
        bound = {}
    _change(paths.credentials, lambda text: _with_values(text, provider, {field: secret.reveal(), **bound}))
    return f"`{paths.credentials}`"


def remove_credential(paths: Paths, provider: str, fields: Iterable[str] = ()) -> bool:
    """Forget what is stored for a provider in both stores; false if nothing was.

    ``fields`` are those it may have besides a key: a keyring cannot be asked which it holds.
    """
    provider = provider_id(provider)
    in_table = _names(paths.credentials).get(provider, set())
    if in_table:
        _change(paths.credentials, lambda text: without_table(text, provider))
    if not has_keyring():
        return bool(in_table)
    named = {"api_key", *fields, *in_table}
    removed = [_from_keyring(provider, field) for name in named for field in (name, bound_by(name))]
    return bool(in_table) or any(removed)


def stored_providers(paths: Paths) -> tuple[str, ...]:
    """The providers the file has credentials of. A keyring cannot be listed."""
    return tuple(sorted(_names(paths.credentials)))


def _with_values(text: str, provider: str, pairs: Mapping[str, str]) -> str | None:
    changed: str | None = text
    for field, value in pairs.items():
        changed = None if changed is None else with_value(changed, provider, field, value)
    return changed


def _to_keyring(provider: str, field: str, secret: Secret, origin: str) -> str:
    """Keep a credential in the keyring; says why that failed."""
    try:
        import keyring

        keyring.set_password(SERVICE, keyring_name(provider, field), secret.reveal())
        if origin:
            keyring.set_password(SERVICE, keyring_name(provider, bound_by(field)), origin)
    except Exception as exc:  # noqa: BLE001  # a backend is foreign code, and raises what it likes
        return type(exc).__name__
    if not origin:
        _from_keyring(provider, bound_by(field))
    return ""


def _from_keyring(provider: str, field: str) -> bool:
    """Forget a credential of the keyring; false if it was not there, or there is no keyring."""
    try:
        import keyring

        keyring.delete_password(SERVICE, keyring_name(provider, field))
    except Exception:  # noqa: BLE001  # as above; what cannot be asked holds nothing that could be read
        return False
    return True


def _names(path: Path) -> dict[str, set[str]]:
    """The names of the fields that the file holds, by provider."""
    refuse_open_file(path, str(path))
    names, fault = _read_names(path)
    if fault:
        raise _damaged(path, fault)
    return names


def _read_names(path: Path) -> tuple[dict[str, set[str]], str]:
    raw, fault = read_table(path)
    names: dict[str, set[str]] = {}
    for name, table in raw.items():
        if isinstance(table, dict):
            names.setdefault(provider_id(name), set()).update(table)
    return names, fault


def _change(path: Path, edit: Callable[[str], str | None]) -> None:
    """Change the file, and nothing in it but what ``edit`` changes."""
    refuse_open_file(path, str(path))
    fault = _rewritten(path, edit)
    if fault:
        raise _damaged(path, fault)


def _damaged(path: Path, fault: str) -> BadConfig:
    return BadConfig(
        ErrorInfo("config", f"`{path}` {fault}", hint="nothing in it was changed; mend it by hand")
    )


def _rewritten(path: Path, edit: Callable[[str], str | None]) -> str:
    """Change the file; says why that failed, as what is raised here would carry keys in its frames."""
    fault = read_table(path)[1]
    if fault:
        return fault
    text, fault = read_text(path)
    changed = None if fault else edit(text.removeprefix(_HEADER))
    if changed is None:
        return fault or "is written in a way that cannot be changed without losing something"
    try:
        _write(path, _HEADER + changed)
    except OSError as exc:
        return f"cannot be written: {exc.strerror}"
    return ""


def _write(path: Path, text: str) -> None:
    """Replace the file at once by one that was never open to others, whatever the umask."""
    import tempfile

    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".credentials-")  # made with mode 0600
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
