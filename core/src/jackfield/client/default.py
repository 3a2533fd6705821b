"""The functions of the package, on one client a process makes when it first needs it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Unpack

from jackfield.client.client import AsyncClient, Client
from jackfield.options import (
    EmbedOptions,
    ImageOptions,
    OperationOptions,
    Options,
    RerankOptions,
    SpeechOptions,
    TranscriptionOptions,
)
from jackfield.types import (
    Audio,
    Completion,
    Embeddings,
    Image,
    Images,
    ModelList,
    Moderation,
    Ranking,
    Speech,
    TokenCount,
    Transcript,
)

if TYPE_CHECKING:
    from datetime import date, datetime
    from pathlib import Path
    from typing import Any

    from jackfield.catalogue import Charge, Cost, Quote
    from jackfield.catalogue.features import ProviderFacts
    from jackfield.catalogue.filters import ModelFilters
    from jackfield.catalogue.listed import Listed
    from jackfield.client.prompt import Prompt
    from jackfield.client.quotes import Counter
    from jackfield.client.stream import AsyncStream, Stream
    from jackfield.profile import Capability
    from jackfield.types import Usage


@cache
def default_client() -> Client:
    """The client of the module's functions, made from the configuration found at the first call."""
    return Client()


@cache
def default_async_client() -> AsyncClient:
    """The client of the module's async functions."""
    return AsyncClient()


def complete(model: str | None, prompt: Prompt, **options: Unpack[Options]) -> Completion:
    """The model's answer: ``complete("provider/model", "Name three rivers.").text``."""
    return default_client().complete(model, prompt, **options)


def stream(model: str | None, prompt: Prompt, **options: Unpack[Options]) -> Stream:
    """The model's answer as it comes: iterate the events, or the pieces of ``text``."""
    return default_client().stream(model, prompt, **options)


def embed(model: str | None, texts: str | Sequence[str], **options: Unpack[EmbedOptions]) -> Embeddings:
    """A vector for each text."""
    return default_client().embed(model, texts, **options)


def rerank(
    model: str | None, query: str, documents: Sequence[str], **options: Unpack[RerankOptions]
) -> Ranking:
    """The documents in order of how well they answer the query."""
    return default_client().rerank(model, query, documents, **options)


def moderate(
    model: str | None, inputs: str | Image | Sequence[str | Image], **options: Unpack[OperationOptions]
) -> Moderation:
    """A verdict for each text or image."""
    return default_client().moderate(model, inputs, **options)


def image(
    model: str | None,
    prompt: str,
    images: Sequence[Image] = (),
    mask: Image | None = None,
    **options: Unpack[ImageOptions],
) -> Images:
    """A picture of what the prompt says, or ``images`` changed as it says."""
    return default_client().image(model, prompt, images, mask, **options)


def speak(model: str | None, text: str, voice: str = "", **options: Unpack[SpeechOptions]) -> Speech:
    """The text as speech."""
    return default_client().speak(model, text, voice, **options)


def transcribe(
    model: str | None, audio: Audio | str | Path, **options: Unpack[TranscriptionOptions]
) -> Transcript:
    """What is said in a recording."""
    return default_client().transcribe(model, audio, **options)


def count_tokens(
    model: str | None, prompt: Prompt, *, online: bool | None = None, **options: Unpack[Options]
) -> TokenCount:
    """How many tokens a completion would take in: as the provider counts, or counted here, always labelled."""
    return default_client().count_tokens(model, prompt, online=online, **options)


def list_models(provider: str, **options: Unpack[OperationOptions]) -> ModelList:
    """The models a provider offers to this key, as it says itself."""
    return default_client().list_models(provider, **options)


def models(
    *words: str, live: bool = False, max_age: float = 3600.0, **filters: Unpack[ModelFilters]
) -> tuple[Listed, ...]:
    """The models that can, cost and are allowed what is asked: ``models("small", capability="tools")``."""
    return default_client().models(*words, live=live, max_age=max_age, **filters)


def model(name: str) -> Listed:
    """What is known of one model: its context, its price, until when it is there."""
    return default_client().model(name)


def providers(
    *,
    category: str | None = None,
    feature: str | None = None,
    auth: str | None = None,
    region: str | None = None,
    compliance: str | None = None,
) -> tuple[ProviderFacts, ...]:
    """The installed providers, or those that are what is asked."""
    return default_client().providers(
        category=category, feature=feature, auth=auth, region=region, compliance=compliance
    )


def provider(name: str) -> ProviderFacts:
    """What is known of one provider: its features, regions, ways to authenticate."""
    return default_client().provider(name)


def quote(
    model: str | None, prompt: Prompt, *, count: Counter | None = None, **options: Unpack[Options]
) -> Quote:
    """What ``complete`` with the same words may cost, at least and at most. Nothing is sent."""
    return default_client().quote(model, prompt, count=count, **options)


def charge(
    model: str | None, usage: Usage, *, at: date | datetime | None = None, tier: str = ""
) -> Charge | None:
    """What a usage costs with a model, now or at another time; ``None`` where that is unknown."""
    return default_client().charge(model, usage, at=at, tier=tier)


def compare_costs(
    models: Iterable[str],
    of: Usage | Prompt,
    *,
    at: date | datetime | None = None,
    **options: Unpack[Options],
) -> tuple[Cost, ...]:
    """What a usage, or a prompt that was not sent, costs with each of the models: the cheapest first."""
    return default_client().compare_costs(models, of, at=at, **options)


def cheapest(
    *needs: Capability | str, usage: Usage | None = None, most: int = 10, **query: Any
) -> tuple[Cost, ...]:
    """The models that can do all that is needed, the cheapest first: ``cheapest("tools", context_min=100_000)``."""
    return default_client().cheapest(*needs, usage=usage, most=most, **query)


async def acomplete(model: str | None, prompt: Prompt, **options: Unpack[Options]) -> Completion:
    """As ``complete``, awaited."""
    return await default_async_client().complete(model, prompt, **options)


def astream(model: str | None, prompt: Prompt, **options: Unpack[Options]) -> AsyncStream:
    """As ``stream``, with ``async for``."""
    return default_async_client().stream(model, prompt, **options)


async def aembed(
    model: str | None, texts: str | Sequence[str], **options: Unpack[EmbedOptions]
) -> Embeddings:
    """As ``embed``, awaited."""
    return await default_async_client().embed(model, texts, **options)


async def arerank(
    model: str | None, query: str, documents: Sequence[str], **options: Unpack[RerankOptions]
) -> Ranking:
    """As ``rerank``, awaited."""
    return await default_async_client().rerank(model, query, documents, **options)


async def amoderate(
    model: str | None, inputs: str | Image | Sequence[str | Image], **options: Unpack[OperationOptions]
) -> Moderation:
    """As ``moderate``, awaited."""
    return await default_async_client().moderate(model, inputs, **options)


async def aimage(
    model: str | None,
    prompt: str,
    images: Sequence[Image] = (),
    mask: Image | None = None,
    **options: Unpack[ImageOptions],
) -> Images:
    """As ``image``, awaited."""
    return await default_async_client().image(model, prompt, images, mask, **options)


async def aspeak(model: str | None, text: str, voice: str = "", **options: Unpack[SpeechOptions]) -> Speech:
    """As ``speak``, awaited."""
    return await default_async_client().speak(model, text, voice, **options)


async def atranscribe(
    model: str | None, audio: Audio | str | Path, **options: Unpack[TranscriptionOptions]
) -> Transcript:
    """As ``transcribe``, awaited."""
    return await default_async_client().transcribe(model, audio, **options)


async def acount_tokens(
    model: str | None, prompt: Prompt, *, online: bool | None = None, **options: Unpack[Options]
) -> TokenCount:
    """As ``count_tokens``, awaited."""
    return await default_async_client().count_tokens(model, prompt, online=online, **options)


async def alist_models(provider: str, **options: Unpack[OperationOptions]) -> ModelList:
    """As ``list_models``, awaited."""
    return await default_async_client().list_models(provider, **options)


async def amodels(
    *words: str, live: bool = False, max_age: float = 3600.0, **filters: Unpack[ModelFilters]
) -> tuple[Listed, ...]:
    """As ``models``, awaited."""
    return await default_async_client().models(*words, live=live, max_age=max_age, **filters)
