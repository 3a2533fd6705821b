"""What the clients say of models and providers: from the catalogue, or asked of the providers and kept for an hour."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from attrs import frozen

from jackfield.errors import ErrorInfo, InvalidRequest, JackfieldError

if TYPE_CHECKING:
    from jackfield.catalogue.features import ProviderFacts
    from jackfield.catalogue.filters import ModelFilters
    from jackfield.catalogue.index import Shelf
    from jackfield.catalogue.listed import Listed
    from jackfield.catalogue.query import Catalogue
    from jackfield.client.binding import Binding
    from jackfield.client.prompt import Prompt
    from jackfield.config import Settings
    from jackfield.options import OperationOptions
    from jackfield.registry import Registry
    from jackfield.types import ModelList

HOUR = 3600.0


class Binds:
    """What the methods need of a client."""

    settings: Settings
    registry: Registry

    @abstractmethod
    def bind(self, model: str | None = None) -> Binding:
        """The model, with everything a call of it needs."""

    @abstractmethod
    def settled_on(
        self, model: str | None, prompt: Prompt, options: Mapping[str, Any]
    ) -> tuple[str | None, Mapping[str, Any]]:
        """The model a call would go to now, and the options it takes."""

    @abstractmethod
    def bind_provider(self, provider: str) -> Binding:
        """The provider, for what is about no one model."""

    @property
    def catalogue(self) -> Catalogue:
        """The models of all installed providers, as their packages know them."""
        from jackfield.registry.shelves import catalogue_of

        kept: Catalogue | None = self.__dict__.get("_catalogue")
        if kept is None:
            kept = self.__dict__.setdefault(
                "_catalogue",
                catalogue_of(self.registry, self.settings.paths.cache, self.settings.compliance),
            )
        return kept

    def model(self, name: str) -> Listed:
        """What is known of one model; ``ModelNotFound`` names those that are near."""
        return self.catalogue.get(name)

    def provider(self, name: str) -> ProviderFacts:
        """What is known of one provider; ``UnknownProvider`` names those that are near."""
        return self.catalogue.provider(name)

    def providers(
        self,
        *,
        category: str | None = None,
        feature: str | None = None,
        auth: str | None = None,
        region: str | None = None,
        compliance: str | None = None,
    ) -> tuple[ProviderFacts, ...]:
        """The installed providers, or those of a category, with a feature, a way to authenticate, a region, a tag."""
        return self.catalogue.providers(category, feature, auth, region, compliance)


@frozen
class Ask:
    """A provider whose list is asked for, and where it is kept."""

    binding: Binding
    file: Path
    now: float
    max_age: float

    @property
    def kept(self) -> ModelList | None:
        """The list that was kept, if it is young enough."""
        from jackfield.catalogue.live import read_told
        from jackfield.types import ModelList

        told = read_told(self.file)
        if told is None or not told.fresh(self.now, self.max_age):
            return None
        return ModelList(told.models, provider=self.binding.provider)

    def keep(self, found: ModelList) -> ModelList:
        """The list, kept for the next time."""
        from jackfield.catalogue.live import Told, keep_told

        keep_told(self.file, Told(self.now, found.models))
        return found

    def shelf(self, found: ModelList) -> Shelf:
        """The list, joined with what the provider's package knows."""
        from jackfield.catalogue.live import live_shelf

        return live_shelf(self.binding.profile, found.models)


def asked(client: Binds, provider: str, max_age: float) -> Ask:
    """What asking for a provider's list takes."""
    from jackfield.catalogue.live import file_of

    binding = client.bind_provider(provider)
    base = client.settings.provider(binding.profile).base_url or binding.profile.base_url or ""
    folder = client.settings.paths.cache / "models"
    return Ask(binding, file_of(folder, binding.provider, base), time.time(), max_age)


def _named(filters: ModelFilters) -> tuple[str, ...]:
    """The providers that are asked: they have to be named, since asking takes their keys and their time."""
    named = filters.get("provider") or ()
    if not named:
        msg = "`live=True` asks providers for their lists, and none is named"
        hint = 'name them, as in provider="acme"'
        raise InvalidRequest(ErrorInfo("request.invalid", msg, hint=hint, sent="no"))
    return (named,) if isinstance(named, str) else tuple(named)


def _found(shelves: list[Shelf], words: tuple[str, ...], filters: ModelFilters) -> tuple[Listed, ...]:
    from jackfield.catalogue.filters import query_of
    from jackfield.catalogue.query import Catalogue

    return Catalogue(lambda _: shelves).find(query_of(words, filters))


def _bundled(client: Binds, provider: str, failure: JackfieldError) -> Iterator[Shelf]:
    """What the package knows, where the provider cannot be asked; it is told of, since it may be old."""
    import logging

    logging.getLogger("jackfield").warning(
        "`%s` could not be asked for its models (%s); these are those its package lists",
        provider,
        failure.summary,
    )
    yield from client.catalogue.shelves((provider,))


class Listing(Binds):
    """Questions about models, of a synchronous client."""

    @abstractmethod
    def list_models(self, provider: str, **options: Unpack[OperationOptions]) -> ModelList:
        """The models a provider offers to this key, as it says itself."""

    def models(
        self, *words: str, live: bool = False, max_age: float = HOUR, **filters: Unpack[ModelFilters]
    ) -> tuple[Listed, ...]:
        """The models that can, cost and are allowed what is asked, of all installed providers.

        With ``live=True`` the providers that are named are asked for their lists, at most once an hour; where one
        cannot be asked, its package answers, and a warning is logged. Each model says in ``origin`` which it was.
        """
        from jackfield.catalogue.filters import query_of

        if not live:
            return self.catalogue.find(query_of(words, filters))
        shelves = [shelf for name in _named(filters) for shelf in self._live(name, max_age)]
        return _found(shelves, words, filters)

    def _live(self, provider: str, max_age: float) -> list[Shelf]:
        ask = asked(self, provider, max_age)
        try:
            return [ask.shelf(ask.kept or ask.keep(self.list_models(provider)))]
        except JackfieldError as exc:
            return list(_bundled(self, provider, exc))


class AsyncListing(Binds):
    """Questions about models, of an asynchronous client."""

    @abstractmethod
    async def list_models(self, provider: str, **options: Unpack[OperationOptions]) -> ModelList:
        """The models a provider offers to this key, as it says itself."""

    async def models(
        self, *words: str, live: bool = False, max_age: float = HOUR, **filters: Unpack[ModelFilters]
    ) -> tuple[Listed, ...]:
        """The models that can, cost and are allowed what is asked: as with the synchronous client, awaited."""
        from jackfield.catalogue.filters import query_of

        if not live:
            return self.catalogue.find(query_of(words, filters))
        shelves = [shelf for name in _named(filters) for shelf in await self._live(name, max_age)]
        return _found(shelves, words, filters)

    async def _live(self, provider: str, max_age: float) -> list[Shelf]:
        ask = asked(self, provider, max_age)
        try:
            return [ask.shelf(ask.kept or ask.keep(await self.list_models(provider)))]
        except JackfieldError as exc:
            return list(_bundled(self, provider, exc))
