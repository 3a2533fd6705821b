"""One run of the command: the global options, and what is made from them when it is first needed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import click

from jackfield.cli.console import Console

if TYPE_CHECKING:
    from jackfield.client import Client
    from jackfield.config import Settings
    from jackfield.registry import Registry


class Invocation:
    """The global options of one run. They may stand before or after the command, and mean the same."""

    def __init__(self) -> None:
        self.console = Console()
        self.json = False
        self.offline = False
        self.debug = False
        self.config: str | None = None
        self.no_config = False

    @cached_property
    def environment(self) -> Mapping[str, str]:
        """The environment, with ``--config`` in it."""
        return {**os.environ, "JACKFIELD_CONFIG": self.config} if self.config else os.environ

    @cached_property
    def settings(self) -> Settings:
        """The configuration that holds for this run."""
        from jackfield.cli.talk import show_warnings
        from jackfield.config import Settings

        click.get_current_context().find_root().call_on_close(show_warnings(self.console))
        return _without_files(self.environment) if self.no_config else Settings.load(env=self.environment)

    @cached_property
    def registry(self) -> Registry:
        """The providers that this run sees."""
        from jackfield.registry import Registry

        return Registry(blocked=self.settings.block, prefer=self.settings.prefer)

    def client(self) -> Client:
        """A client; with ``--offline`` one that cannot open a socket."""
        from jackfield.client import Client

        if not self.offline:
            return Client(self.settings, registry=self.registry)
        from jackfield.cli.offline import NoTransport

        return Client(self.settings, registry=self.registry, transport=NoTransport())


def _without_files(env: Mapping[str, str]) -> Settings:
    """What the environment alone says."""
    from jackfield.config import Paths, Settings
    from jackfield.config.credentials import Environment
    from jackfield.config.layers import Layers
    from jackfield.config.sources import environment

    layer, warnings = environment(env)
    return Settings(Paths.of(env), tuple(warnings), Layers((layer,)), Environment(env))


def invocation() -> Invocation:
    """The run that the command being carried out belongs to."""
    found = click.get_current_context().find_root().obj
    assert isinstance(found, Invocation)
    return found
