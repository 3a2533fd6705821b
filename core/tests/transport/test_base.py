"""Which transport is taken."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from types import ModuleType

import pytest

from jackfield.errors import BadConfig
from jackfield.transport import base, default_async_transport, default_transport


def only(monkeypatch, *installed):
    monkeypatch.setattr(base, "find_spec", lambda name: name if name in installed else None)


@pytest.mark.parametrize(
    ("installed", "sync", "tasks"),
    [
        (("httpx",), "httpx", "httpx"),
        (("httpx", "httpx2"), "httpx2", "httpx2"),
        (("httpx", "httpx2", "aiohttp"), "httpx2", "aiohttp"),
        (("httpx", "aiohttp"), "httpx", "aiohttp"),
    ],
)
def test_the_best_library_installed_is_taken(monkeypatch, installed, sync, tasks):
    """Core brings the plain one; what is better is used where it is."""
    only(monkeypatch, *installed)
    monkeypatch.setattr(base, "import_module", ModuleType)

    chosen = base._library(None, base.SYNC).__name__, base._library(None, base.ASYNC).__name__

    assert chosen == (sync, tasks)


def test_a_transport_can_be_chosen_by_name():
    """Each name gives its own."""
    assert type(default_transport("httpx")).__name__ == "HttpTransport"
    assert type(default_async_transport("httpx")).__name__ == "AsyncHttpTransport"


def test_an_unknown_name_is_refused_with_those_there_are():
    """So that it can be mended."""
    with pytest.raises(BadConfig, match="there are httpx2, httpx"):
        default_transport("aiohttp")


def test_a_library_that_is_not_installed_is_named_with_the_remedy(monkeypatch):
    """As a command."""
    only(monkeypatch)

    with pytest.raises(BadConfig, match="pip install aiohttp"):
        default_async_transport("aiohttp")


def test_the_drivers_import_no_library():
    """A library is imported when a transport is made, and not before."""
    assert importlib.util.find_spec("httpx") is not None
    code = "import sys, jackfield.transport; print(any(n in sys.modules for n in ('httpx', 'httpx2', 'aiohttp', 'asyncio')))"

    printed = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout

    assert printed == "False\n"
