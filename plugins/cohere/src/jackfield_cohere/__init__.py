"""cohere for jackfield: a wire of its own, and charges by what the provider says it bills."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jackfield.plugin import dialect_of, hookimpl

if TYPE_CHECKING:
    from collections.abc import Generator

    from jackfield.plugin import Model, PriceBook, Profile, ProviderSettings, Wire


@hookimpl
def completion(profile: Profile, model: Model, settings: ProviderSettings) -> Wire:
    """The wire of the second version of the API."""
    from jackfield_cohere.wire import CohereWire

    return CohereWire(dialect_of(profile, model, settings, CohereWire.defaults))


@hookimpl(wrapper=True)
def pricing() -> Generator[None, PriceBook | None, PriceBook | None]:
    """Whatever book answers, it is asked about what is billed, which is less than what is used."""
    from jackfield_cohere.prices import BilledPrices

    book = yield
    return None if book is None else BilledPrices(book)
