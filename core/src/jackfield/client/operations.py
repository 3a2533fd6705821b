"""What both clients can do besides completing and streaming: a method per operation, once sync and once async.

A method says what the caller may pass; ``requests`` makes the request of it, ``plan`` checks it against the
model, ``operate`` carries it out.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from jackfield.client.counting import asks, counted_here, plan_count
from jackfield.client.listing import AsyncListing, Binds, Listing
from jackfield.client.plan import plan_operation
from jackfield.client.requests import drawing, embedding, moderating, reranking, speaking, transcribing

if TYPE_CHECKING:
    from pathlib import Path

    from jackfield.client.binding import Binding
    from jackfield.client.plan import Plan
    from jackfield.client.prompt import Prompt
    from jackfield.client.requests import Maker
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
        Embeddings,
        Image,
        Images,
        ModelList,
        ModelsRequest,
        Moderation,
        Ranking,
        Speech,
        TokenCount,
        Transcript,
    )


def _listing(_: str, __: Mapping[str, Any], extra: Mapping[str, Any]) -> ModelsRequest:
    from jackfield.types import ModelsRequest  # see ``requests``

    return ModelsRequest(extra)


class Operations(Listing, Binds):
    """The operations of a synchronous client."""

    @abstractmethod
    def perform(self, binding: Binding, plan: Plan) -> Any:
        """The answer a plan asks for."""

    @abstractmethod
    def _ask(self, operation: str, model: str | None, make: Maker, options: Any) -> Any:
        """The answer to an operation of a model or a route."""

    def embed(
        self, model: str | None, texts: str | Sequence[str], **options: Unpack[EmbedOptions]
    ) -> Embeddings:
        """A vector for each text."""
        found: Embeddings = self._ask("embed", model, embedding(texts), options)
        return found

    def rerank(
        self, model: str | None, query: str, documents: Sequence[str], **options: Unpack[RerankOptions]
    ) -> Ranking:
        """The documents in order of how well they answer the query."""
        found: Ranking = self._ask("rerank", model, reranking(query, documents), options)
        return found

    def moderate(
        self,
        model: str | None,
        inputs: str | Image | Sequence[str | Image],
        **options: Unpack[OperationOptions],
    ) -> Moderation:
        """A verdict for each text or image."""
        found: Moderation = self._ask("moderate", model, moderating(inputs), options)
        return found

    def image(
        self,
        model: str | None,
        prompt: str,
        images: Sequence[Image] = (),
        mask: Image | None = None,
        **options: Unpack[ImageOptions],
    ) -> Images:
        """A picture of what the prompt says, or ``images`` changed as it says."""
        found: Images = self._ask("image", model, drawing(prompt, images, mask), options)
        return found

    def speak(
        self, model: str | None, text: str, voice: str = "", **options: Unpack[SpeechOptions]
    ) -> Speech:
        """The text as speech."""
        found: Speech = self._ask("speak", model, speaking(text, voice), options)
        return found

    def transcribe(
        self, model: str | None, audio: Audio | str | Path, **options: Unpack[TranscriptionOptions]
    ) -> Transcript:
        """What is said in a recording."""
        found: Transcript = self._ask("transcribe", model, transcribing(audio), options)
        return found

    def count_tokens(
        self, model: str | None, prompt: Prompt, *, online: bool | None = None, **options: Unpack[Options]
    ) -> TokenCount:
        """How many tokens a completion would take in.

        The provider is asked where it counts for callers; with ``online=False`` nobody is, with ``online=True``
        nobody else. What is counted here says how far off it may be.
        """
        name, left = self.settled_on(model, prompt, options)
        binding = self.bind(name)
        if not asks(binding, online):
            return counted_here(binding, prompt, left)
        found: TokenCount = self.perform(binding, plan_count(binding, prompt, left))
        return found

    def list_models(self, provider: str, **options: Unpack[OperationOptions]) -> ModelList:
        """The models a provider offers to this key, as it says itself."""
        binding = self.bind_provider(provider)
        found: ModelList = self.perform(binding, plan_operation(binding, "models", _listing, options))
        return found


class AsyncOperations(AsyncListing, Binds):
    """The operations of an asynchronous client."""

    @abstractmethod
    async def perform(self, binding: Binding, plan: Plan) -> Any:
        """The answer a plan asks for."""

    @abstractmethod
    async def _ask(self, operation: str, model: str | None, make: Maker, options: Any) -> Any:
        """The answer to an operation of a model or a route."""

    async def embed(
        self, model: str | None, texts: str | Sequence[str], **options: Unpack[EmbedOptions]
    ) -> Embeddings:
        """A vector for each text."""
        found: Embeddings = await self._ask("embed", model, embedding(texts), options)
        return found

    async def rerank(
        self, model: str | None, query: str, documents: Sequence[str], **options: Unpack[RerankOptions]
    ) -> Ranking:
        """The documents in order of how well they answer the query."""
        found: Ranking = await self._ask("rerank", model, reranking(query, documents), options)
        return found

    async def moderate(
        self,
        model: str | None,
        inputs: str | Image | Sequence[str | Image],
        **options: Unpack[OperationOptions],
    ) -> Moderation:
        """A verdict for each text or image."""
        found: Moderation = await self._ask("moderate", model, moderating(inputs), options)
        return found

    async def image(
        self,
        model: str | None,
        prompt: str,
        images: Sequence[Image] = (),
        mask: Image | None = None,
        **options: Unpack[ImageOptions],
    ) -> Images:
        """A picture of what the prompt says, or ``images`` changed as it says."""
        found: Images = await self._ask("image", model, drawing(prompt, images, mask), options)
        return found

    async def speak(
        self, model: str | None, text: str, voice: str = "", **options: Unpack[SpeechOptions]
    ) -> Speech:
        """The text as speech."""
        found: Speech = await self._ask("speak", model, speaking(text, voice), options)
        return found

    async def transcribe(
        self, model: str | None, audio: Audio | str | Path, **options: Unpack[TranscriptionOptions]
    ) -> Transcript:
        """What is said in a recording."""
        found: Transcript = await self._ask("transcribe", model, transcribing(audio), options)
        return found

    async def count_tokens(
        self, model: str | None, prompt: Prompt, *, online: bool | None = None, **options: Unpack[Options]
    ) -> TokenCount:
        """How many tokens a completion would take in.

        The provider is asked where it counts for callers; with ``online=False`` nobody is, with ``online=True``
        nobody else. What is counted here says how far off it may be.
        """
        name, left = self.settled_on(model, prompt, options)
        binding = self.bind(name)
        if not asks(binding, online):
            return counted_here(binding, prompt, left)
        found: TokenCount = await self.perform(binding, plan_count(binding, prompt, left))
        return found

    async def list_models(self, provider: str, **options: Unpack[OperationOptions]) -> ModelList:
        """The models a provider offers to this key, as it says itself."""
        binding = self.bind_provider(provider)
        found: ModelList = await self.perform(binding, plan_operation(binding, "models", _listing, options))
        return found
