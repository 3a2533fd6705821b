"""Where the credentials that a user keeps may go: to the origins they were given for, whatever else is set.

A credential that is given with the call, or stands in the environment, goes where the call goes. One that lies in
a store or in a file was put there for an address: a variable, a flag or an argument that says another one must
not take it along.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from attrs import frozen

if TYPE_CHECKING:
    from jackfield.config.layers import Layers

KEPT: Final = ("user", "system")  # the kinds of files a user's own credentials lie in
_MAY_ALLOW: Final = ("argument", "command line", *KEPT)
_PORTS: Final = {"http": 80, "https": 443}


def origin_of(address: str) -> str:
    """The scheme, host and port of an address in one spelling; a host alone is meant over https."""
    parts = urlsplit((address if "://" in address else f"https://{address}").strip())
    try:
        port = parts.port
    except ValueError:
        return parts.netloc  # nobody connects there, and it equals nothing else
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, _PORTS.get(parts.scheme)) else "")


@frozen
class Bounds:
    """The origins that kept credentials of one provider may go to.

    ``home`` is what the profile and the user's own files say; a store that knows what a credential was stored
    for counts more. ``stated`` is where the address that counts comes from.
    """

    home: frozenset[str] = frozenset()
    allowed: frozenset[str] = frozenset()
    stated: str = ""

    def fault(self, address: str | None, stored_for: str) -> str:
        """Why a kept credential does not go to ``address``; empty if it may."""
        known = frozenset({stored_for}) if stored_for else self.home
        going = origin_of(address) if address else ""
        if not going or not known or going in known | self.allowed:
            return ""
        by = f" ({self.stated})" if self.stated else ""
        return f"is for {' and '.join(sorted(known))}, but calls go to {going}{by}"


def bounds_of(layers: Layers, names: tuple[str, ...], own: str | None, stated: str) -> Bounds:
    """The bounds of a provider with these names, whose profile says ``own`` as its address."""
    tables = [(layer.kind, layer.at(("providers", name)) or {}) for layer in layers.layers for name in names]
    said = [table["base_url"] for kind, table in tables if kind in KEPT and table.get("base_url")]
    hosts = [host for kind, table in tables if kind in _MAY_ALLOW for host in table.get("allow_hosts") or ()]
    home = frozenset(map(origin_of, filter(None, (own, *said))))
    return Bounds(home, frozenset(map(origin_of, hosts)), stated)
