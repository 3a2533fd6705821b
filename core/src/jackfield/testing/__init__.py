"""What tests of and with providers need: the contract every provider is held to, cassettes, and fakes.

    from jackfield.testing import ProviderContract


    class TestAcme(ProviderContract):
        provider = "acme"

Names are bound lazily: importing the package loads nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jackfield.testing.cassettes import AsyncCassetteTransport, Cassette, CassetteTransport, cassettes_of
    from jackfield.testing.contract import ProviderContract
    from jackfield.testing.fake import FakeProvider
    from jackfield.testing.replaying import record, replay

__all__ = [
    "AsyncCassetteTransport",
    "Cassette",
    "CassetteTransport",
    "FakeProvider",
    "ProviderContract",
    "cassettes_of",
    "record",
    "replay",
]

_HOMES = {
    "cassettes": "AsyncCassetteTransport Cassette CassetteTransport cassettes_of",
    "contract": "ProviderContract",
    "fake": "FakeProvider",
    "replaying": "record replay",
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    home = _HOME_OF.get(name)
    if home is None:
        msg = f"module 'jackfield.testing' has no attribute {name!r}"
        raise AttributeError(msg)
    from importlib import import_module

    try:
        value: object = getattr(import_module(f"jackfield.testing.{home}"), name)
    except ModuleNotFoundError as exc:
        if exc.name not in {"pytest", "vcr", "yaml"}:
            raise
        msg = f"`jackfield.testing.{name}` needs `{exc.name}`: pip install 'jackfield[testing]'"
        raise ImportError(msg) from exc
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
