"""The catalogue of what is installed: each provider's table of models, bundled, kept, or made from its files.

No plugin is imported. What a third party ships without a table is read as TOML once and kept in the user's
cache folder.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from jackfield.catalogue.index import INDEX_FILE, Shelf, keep, kept_shelf, sum_of, table_of
from jackfield.catalogue.query import Catalogue
from jackfield.errors import PluginFailed, ProviderConflict
from jackfield.profile.reader import PROFILE_FILE
from jackfield.registry.entries import Entry, folder_of, normalised
from jackfield.registry.registry import Registry


def catalogue_of(
    registry: Registry, cache: Path | None = None, compliance: Mapping[str, Sequence[str]] = {}
) -> Catalogue:
    """The catalogue of all providers a registry sees.

    ``cache`` is the user's folder for what can be made anew: tables of third parties, and what providers told of
    their models within the hour. ``compliance`` is what providers comply with by the user's word.
    """
    return Catalogue(Shelves(registry, cache, compliance))


class Shelves:
    """The tables of a registry's providers, each read when it is first asked for."""

    def __init__(
        self, registry: Registry, cache: Path | None = None, compliance: Mapping[str, Sequence[str]] = {}
    ) -> None:
        self._registry = registry
        self._compliance = compliance
        self._cache = None if cache is None else cache / "catalogue"
        self._told = None if cache is None else cache / "models"
        self._kept: dict[str, tuple[object, Shelf]] = {}
        self._places = _Places()

    def __call__(self, providers: Sequence[str] = ()) -> Iterable[Shelf]:
        """The tables of the providers that are named, or of all; one that cannot be read is a finding of the registry."""
        if providers:
            return map(self._with_told, [self.shelf(self._registry.id_of(name)) for name in providers])
        return map(self._with_told, self._readable())

    def _readable(self) -> Iterator[Shelf]:
        for provider in self._registry.ids():
            try:
                yield self.shelf(provider)
            except (PluginFailed, ProviderConflict):
                continue  # `findings` tells of it

    def _with_told(self, shelf: Shelf) -> Shelf:
        if self._told is None or not os.path.isdir(self._told):
            return shelf
        from jackfield.catalogue.live import told_shelf

        return told_shelf(shelf, self._told, time.time())

    def shelf(self, provider: str) -> Shelf:
        """One provider's table."""
        source = self._registry.source_of(provider)
        kept = self._kept.get(provider)
        if kept is not None and kept[0] == source:
            return kept[1]
        shelf = (
            self._from_entry(provider, source)
            if isinstance(source, Entry)
            else Shelf(table_of(source), "read")
        )
        for name in (provider, *shelf.facts["aliases"]) if self._compliance else ():
            shelf = shelf.complying(self._compliance.get(name, ()))
        self._kept[provider] = (source, shelf)
        return shelf

    def _from_entry(self, provider: str, entry: Entry) -> Shelf:
        folder = self._places.folder(entry)
        if folder is None:
            return Shelf(table_of(self._registry.profile(provider)), "read")  # which says what is missing
        total = sum_of(folder)
        file = None if self._cache is None else self._cache / f"{provider}.json"
        shelf = kept_shelf(os.path.join(folder, INDEX_FILE), total, "bundled")
        if shelf is None and file is not None:
            shelf = kept_shelf(file, total, "cached")
        if shelf is not None and normalised(shelf.provider) == provider:
            return shelf
        table = table_of(self._registry.checked_profile(provider), total)
        if file is not None:
            keep(file, table)
        return Shelf(table, "read")


class _Places:
    """Where packages lie. Most stand beside their metadata; the others are looked for on the path, listed once."""

    def __init__(self) -> None:
        self._listed: dict[str, str] | None = None

    def folder(self, entry: Entry) -> str | Path | None:
        """The folder with a provider's files."""
        top, _, below = entry.module.partition(".")
        for place in (os.path.dirname(entry.place), self._on_path().get(top)) if entry.place else ():
            folder = os.path.join(place or "", top, *below.split(".")) if place else ""
            if folder and os.path.isfile(os.path.join(folder, PROFILE_FILE)):
                return folder
        return folder_of(entry)

    def _on_path(self) -> dict[str, str]:
        if self._listed is None:
            self._listed = {}
            for place in sys.path:
                for name in _names(place or "."):
                    self._listed.setdefault(name, place or ".")
        return self._listed


def _names(place: str) -> list[str]:
    try:
        return os.listdir(place)
    except OSError:
        return []  # the path may name what is not there, or an archive
