"""The functions of the package, on one client a process makes when it first needs it."""

from __future__ import annotations

from collections.abc import Sequence
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
    from pathlib import Path

    from jackfield.client.prompt import Prompt
    from jackfield.client.stream import AsyncStream, Stream


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


def count_tokens(model: str | None, prompt: Prompt, **options: Unpack[Options]) -> TokenCount:
    """How many tokens a completion would take in, as the provider counts."""
    return default_client().count_tokens(model, prompt, **options)


def list_models(provider: str, **options: Unpack[OperationOptions]) -> ModelList:
    """The models a provider offers to this key, as it says itself."""
    return default_client().list_models(provider, **options)


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


async def acount_tokens(model: str | None, prompt: Prompt, **options: Unpack[Options]) -> TokenCount:
    """As ``count_tokens``, awaited."""
    return await default_async_client().count_tokens(model, prompt, **options)


async def alist_models(provider: str, **options: Unpack[OperationOptions]) -> ModelList:
    """As ``list_models``, awaited."""
    return await default_async_client().list_models(provider, **options)
