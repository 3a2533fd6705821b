"""What a provider keeps between calls: batches and files. Both clients have them as ``batches`` and ``files``.

A batch or file is named by the object the provider answered with, or as ``"provider/id"``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from attrs import evolve

from jackfield.client.plan import Plan, plan_completion, plan_operation, require
from jackfield.client.requests import uploading
from jackfield.errors import ErrorInfo, InvalidRequest
from jackfield.options import OPERATIONS
from jackfield.types import (
    Batch,
    BatchesRequest,
    BatchItem,
    BatchList,
    BatchRef,
    BatchRequest,
    BatchResults,
    Deleted,
    FileContent,
    FileList,
    FileRef,
    FilesRequest,
    FileUpload,
    StoredFile,
)

if TYPE_CHECKING:
    from jackfield.client.binding import Binding
    from jackfield.client.operations import AsyncOperations, Operations
    from jackfield.client.prompt import Prompt
    from jackfield.client.requests import Maker
    from jackfield.options import OperationOptions, Options


class _Planned:
    """What sync and async have in common: from what a caller names to a binding and a plan."""

    def __init__(self, client: Operations | AsyncOperations) -> None:
        self._binds = client

    def _about(
        self, operation: str, kept: Batch | StoredFile | str, options: Mapping[str, Any]
    ) -> tuple[Binding, Plan]:
        """The plan for something the provider keeps."""
        provider, found = _named(kept)
        model = kept.model if isinstance(kept, Batch) else ""
        binding = self._binds.bind(f"{provider}/{model}") if model else self._binds.bind_provider(provider)
        raw = None if isinstance(kept, str) else kept.raw
        account = "" if isinstance(kept, str) else kept.account
        batch = operation.startswith("batches")
        request = BatchRef(found, raw, account) if batch else FileRef(found, account)
        return binding, plan_operation(binding, operation, _same(request), options)

    def _of(
        self, operation: str, provider: str, request: Any, options: Mapping[str, Any]
    ) -> tuple[Binding, Plan]:
        """The plan for something asked of a provider as a whole."""
        binding = self._binds.bind_provider(provider)
        return binding, plan_operation(binding, operation, _same(request), options)

    def _batch(
        self,
        model: str | None,
        prompts: Mapping[str, Prompt] | Sequence[Prompt],
        about: Mapping[str, Any],
        options: Mapping[str, Any],
    ) -> tuple[Binding, Plan]:
        """The plan for a batch of completions that share their options."""
        binding = self._binds.bind(model)
        require(binding, OPERATIONS["batches.create"].capability)
        if not isinstance(prompts, Mapping):
            prompts = {f"item-{number}": prompt for number, prompt in enumerate(prompts)}
        if not prompts:
            msg = "a batch needs at least one prompt; nothing was sent"
            raise InvalidRequest(ErrorInfo("request.invalid", msg, sent="no"))
        plans = {
            name: plan_completion(binding, prompt, options, stream=False) for name, prompt in prompts.items()
        }
        items = tuple(BatchItem(name, plan.request) for name, plan in plans.items())
        first = next(iter(plans.values()))
        stated = {name: value for name, value in about.items() if value is not None}
        request = BatchRequest(binding.model.id, items, stated)
        return binding, evolve(first, request=request, operation="batches.create")


def _same(request: Any) -> Maker:
    return lambda model, options, extra: request


def _named(kept: Batch | StoredFile | str) -> tuple[str, str]:
    """Provider and id."""
    if not isinstance(kept, str):
        return kept.provider, kept.id
    provider, slash, found = kept.partition("/")
    if not slash or not found:
        msg = f'{kept!r:.60} is not of the form "provider/id"; nothing was sent'
        raise InvalidRequest(ErrorInfo("request.invalid", msg, sent="no"))
    return provider, found


class Batches(_Planned):
    """The batches of a synchronous client."""

    _binds: Operations

    def create(
        self,
        model: str | None,
        prompts: Mapping[str, Prompt] | Sequence[Prompt],
        *,
        window: str | None = None,
        labels: Mapping[str, str] | None = None,
        **options: Unpack[Options],
    ) -> Batch:
        """Ask for a completion of each prompt, in the provider's own time; names them where ``prompts`` does."""
        about = {"window": window, "metadata": labels}
        found: Batch = self._binds.perform(*self._batch(model, prompts, about, options))
        return found

    def get(self, batch: Batch | str, **options: Unpack[OperationOptions]) -> Batch:
        """The batch as it is now."""
        found: Batch = self._binds.perform(*self._about("batches.get", batch, options))
        return found

    def results(self, batch: Batch | str, **options: Unpack[OperationOptions]) -> BatchResults:
        """The answers of a batch that is done."""
        found: BatchResults = self._binds.perform(*self._about("batches.results", batch, options))
        return found

    def cancel(self, batch: Batch | str, **options: Unpack[OperationOptions]) -> Batch:
        """Stop a batch; what was answered before stays, and is charged."""
        found: Batch = self._binds.perform(*self._about("batches.cancel", batch, options))
        return found

    def list(self, provider: str, limit: int | None = None, **options: Unpack[OperationOptions]) -> BatchList:
        """The batches a provider keeps."""
        request = BatchesRequest({} if limit is None else {"limit": limit})
        found: BatchList = self._binds.perform(*self._of("batches.list", provider, request, options))
        return found


class AsyncBatches(_Planned):
    """The batches of an asynchronous client."""

    _binds: AsyncOperations

    async def create(
        self,
        model: str | None,
        prompts: Mapping[str, Prompt] | Sequence[Prompt],
        *,
        window: str | None = None,
        labels: Mapping[str, str] | None = None,
        **options: Unpack[Options],
    ) -> Batch:
        """Ask for a completion of each prompt, in the provider's own time; names them where ``prompts`` does."""
        about = {"window": window, "metadata": labels}
        found: Batch = await self._binds.perform(*self._batch(model, prompts, about, options))
        return found

    async def get(self, batch: Batch | str, **options: Unpack[OperationOptions]) -> Batch:
        """The batch as it is now."""
        found: Batch = await self._binds.perform(*self._about("batches.get", batch, options))
        return found

    async def results(self, batch: Batch | str, **options: Unpack[OperationOptions]) -> BatchResults:
        """The answers of a batch that is done."""
        found: BatchResults = await self._binds.perform(*self._about("batches.results", batch, options))
        return found

    async def cancel(self, batch: Batch | str, **options: Unpack[OperationOptions]) -> Batch:
        """Stop a batch; what was answered before stays, and is charged."""
        found: Batch = await self._binds.perform(*self._about("batches.cancel", batch, options))
        return found

    async def list(
        self, provider: str, limit: int | None = None, **options: Unpack[OperationOptions]
    ) -> BatchList:
        """The batches a provider keeps."""
        request = BatchesRequest({} if limit is None else {"limit": limit})
        found: BatchList = await self._binds.perform(*self._of("batches.list", provider, request, options))
        return found


class Files(_Planned):
    """The files of a synchronous client."""

    _binds: Operations

    def upload(
        self,
        provider: str,
        file: FileUpload | str | Path,
        purpose: str = "",
        **options: Unpack[OperationOptions],
    ) -> StoredFile:
        """Let a provider keep a file; a path is read."""
        asked = self._of("files.upload", provider, uploading(file, purpose), options)
        found: StoredFile = self._binds.perform(*asked)
        return found

    def get(self, file: StoredFile | str, **options: Unpack[OperationOptions]) -> StoredFile:
        """What the provider says of a file."""
        found: StoredFile = self._binds.perform(*self._about("files.get", file, options))
        return found

    def content(self, file: StoredFile | str, **options: Unpack[OperationOptions]) -> FileContent:
        """The bytes of a file."""
        found: FileContent = self._binds.perform(*self._about("files.content", file, options))
        return found

    def delete(self, file: StoredFile | str, **options: Unpack[OperationOptions]) -> Deleted:
        """Have a file forgotten."""
        found: Deleted = self._binds.perform(*self._about("files.delete", file, options))
        return found

    def list(self, provider: str, purpose: str = "", **options: Unpack[OperationOptions]) -> FileList:
        """The files a provider keeps."""
        request = FilesRequest({"purpose": purpose} if purpose else {})
        found: FileList = self._binds.perform(*self._of("files.list", provider, request, options))
        return found


class AsyncFiles(_Planned):
    """The files of an asynchronous client."""

    _binds: AsyncOperations

    async def upload(
        self,
        provider: str,
        file: FileUpload | str | Path,
        purpose: str = "",
        **options: Unpack[OperationOptions],
    ) -> StoredFile:
        """Let a provider keep a file; a path is read."""
        asked = self._of("files.upload", provider, uploading(file, purpose), options)
        found: StoredFile = await self._binds.perform(*asked)
        return found

    async def get(self, file: StoredFile | str, **options: Unpack[OperationOptions]) -> StoredFile:
        """What the provider says of a file."""
        found: StoredFile = await self._binds.perform(*self._about("files.get", file, options))
        return found

    async def content(self, file: StoredFile | str, **options: Unpack[OperationOptions]) -> FileContent:
        """The bytes of a file."""
        found: FileContent = await self._binds.perform(*self._about("files.content", file, options))
        return found

    async def delete(self, file: StoredFile | str, **options: Unpack[OperationOptions]) -> Deleted:
        """Have a file forgotten."""
        found: Deleted = await self._binds.perform(*self._about("files.delete", file, options))
        return found

    async def list(self, provider: str, purpose: str = "", **options: Unpack[OperationOptions]) -> FileList:
        """The files a provider keeps."""
        request = FilesRequest({"purpose": purpose} if purpose else {})
        found: FileList = await self._binds.perform(*self._of("files.list", provider, request, options))
        return found
