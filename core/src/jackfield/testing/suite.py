"""The contract for installed providers: ``pytest --pyargs jackfield.testing.suite --provider acme``."""

from __future__ import annotations

from jackfield.testing.contract import ProviderContract
from jackfield.testing.plugin import chosen

for _provider in chosen():
    _name = "Test" + "".join(word.capitalize() for word in _provider.split("-"))
    globals()[_name] = type(
        _name, (ProviderContract,), {"provider": _provider, "installed": True, "__module__": __name__}
    )
