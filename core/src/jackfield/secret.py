"""A value that must never be seen: it has no readable ``repr``, ``str`` or pickle."""

from __future__ import annotations

from typing import NoReturn

from jackfield.errors import BadConfig, ErrorInfo


class Secret:
    """A credential. ``reveal`` is the only way to its value, and only auth schemes call it."""

    __slots__ = ("_value", "source")

    def __init__(self, value: str, source: str = "") -> None:
        self._value = _checked(value, source)
        self.source = source

    def reveal(self) -> str:
        """The value itself."""
        return self._value

    def masked(self) -> str:
        """First and last four characters of long keys, for a person at a terminal; nothing of short ones."""
        return f"{self._value[:4]}…{self._value[-4:]}" if len(self._value) >= 16 else "***"

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(("jackfield.secret", self._value))

    def __reduce__(self) -> NoReturn:
        msg = "a Secret cannot be pickled"
        raise TypeError(msg)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self


def _checked(value: str, source: str) -> str:
    """The value as a header can carry it; what is wrong is said without showing any of it."""
    value = value.strip()  # keys come from files and shells with a newline at the end
    where = f" from {source}" if source else ""
    if not value:
        raise BadConfig(ErrorInfo("config", f"the credential{where} is empty"))
    if not (value.isascii() and value.isprintable()):
        raise BadConfig(
            ErrorInfo(
                "config", f"the credential{where} has control or non-ASCII characters, which no key has"
            ),
        )
    return value
