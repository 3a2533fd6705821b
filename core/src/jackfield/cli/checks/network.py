"""What stands between here and the providers, as far as it can be told without opening a socket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jackfield.cli.checks.base import FAIL, OK, WARN, Check, of_error
from jackfield.config.keys import ENVIRONMENT
from jackfield.errors import JackfieldError

if TYPE_CHECKING:
    from jackfield.cli.invocation import Invocation

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
_HERE = ("localhost", "127.0.0.1", "::1")


def network(run: Invocation) -> Iterator[Check]:
    """All checks of this group."""
    yield _proxies(run)
    yield _transport(run)
    yield from _addresses(run)


def _proxies(run: Invocation) -> Check:
    names = ", ".join(f"`{name}`" for name in _PROXIES if run.environment.get(name))
    setting = run.settings.proxy
    if setting is None and names:
        reason = f"{names} set, but proxies of the environment are used only when asked for"
        return Check("proxies", WARN, reason, f'`proxy = "{ENVIRONMENT}"` in your file, or `JACKFIELD_PROXY`')
    if setting == ENVIRONMENT:
        return Check("proxies", OK, f"those of the environment are used: {names or 'none is set'}")
    return Check("proxies", OK, "none is used" if setting is None else "one is set, and used")


def _transport(run: Invocation) -> Check:
    """The HTTP library of synchronous calls, loaded as a call would load it."""
    try:
        with run.client() as client:
            found = type(client.driver.transport).__name__
    except JackfieldError as exc:
        return of_error("transport", exc)
    return Check("transport", OK, f"{run.settings.transport} ({found})")


def _addresses(run: Invocation) -> Iterator[Check]:
    """Where calls go. A key in clear is a failure, except to this machine."""
    clear = []
    for profile in run.registry.profiles():
        try:
            base = run.settings.provider(profile).base_url or ""
        except JackfieldError:
            continue  # told of under configuration
        parts = urlsplit(base)
        if parts.scheme == "http" and parts.hostname not in _HERE:
            clear.append(f"`{profile.id}` at {parts.hostname}")
    if clear:
        yield Check(
            "addresses", FAIL, f"keys would be sent in clear: {', '.join(clear)}", "use https in `base_url`"
        )
    else:
        yield Check("addresses", OK, "all are https, or on this machine")
