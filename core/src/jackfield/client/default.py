"""The functions of the package, on one client a process makes when it first needs it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Unpack

from jackfield.client.client import AsyncClient, Client
from jackfield.options import EmbedOptions, Options
from jackfield.types import Completion, Embeddings

if TYPE_CHECKING:
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
