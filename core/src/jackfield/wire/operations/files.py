"""Files the provider keeps: put there, looked at, fetched, listed, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from jackfield.types import Deleted, FileContent, FileList, FileRef, FilesRequest, FileUpload, StoredFile
from jackfield.wire.call import Call, Headers, Reply, Segment
from jackfield.wire.multipart import Attached
from jackfield.wire.operations.codec import (
    Codec,
    counted,
    invalid,
    listed,
    malformed,
    moment,
    said,
    seconds,
    written,
)


def stored(body: Mapping[str, Any]) -> StoredFile:
    """What a body says of a file."""
    found = said(body, "id")
    if not found:
        raise malformed("a file has no id")
    return StoredFile(
        found,
        said(body, "filename", "name"),
        counted(body, "bytes", "size_bytes", "size"),
        said(body, "mime_type", "mimetype"),
        said(body, "purpose"),
        said(body, "status"),
        moment(body.get("created_at") or body.get("created")),
        moment(body.get("expires_at")),
        raw=dict(body),
    )


def _entry(file: StoredFile) -> dict[str, Any]:
    return {
        "id": file.id,
        "object": "file",
        "bytes": file.size or 0,
        "created_at": seconds(file.created) or 0,
        "expires_at": seconds(file.expires),
        "filename": file.name,
        "purpose": file.purpose,
        "status": file.status or "processed",
    }


class Upload(Codec[FileUpload, StoredFile]):
    """``POST files``: a form with the file and what it is for."""

    name: ClassVar[str] = "files.upload"
    path: ClassVar[tuple[Segment, ...]] = ("files",)
    purpose: ClassVar[str] = "user_data"  # where nothing else is said

    def render(self, request: FileUpload) -> Call:
        """The call that asks."""
        purpose = request.purpose or self.purpose
        fields: list[tuple[str, str | Attached]] = [("purpose", purpose)] if purpose else []
        fields += ((name, str(value)) for name, value in request.extra.items())
        return self.form([*fields, ("file", Attached(request.name, request.data, request.media_type))])

    def parse(self, reply: Reply) -> StoredFile:
        """The file of a reply."""
        return stored(self.answer(reply))

    def read(self, call: Call) -> FileUpload:
        """The request a form asks."""
        form = self.asked_form(call)
        file = next((value for _, value in form if isinstance(value, Attached)), None)
        if file is None:
            raise invalid("there is no `file`")
        plain: dict[str, Any] = {name: value for name, value in form if isinstance(value, str)}
        return FileUpload(file.name, file.data, file.media_type, plain.pop("purpose", ""), plain)

    def write(self, answer: StoredFile) -> Reply:
        """The reply that describes the file."""
        return written(_entry(answer))


class GetFile(Codec[FileRef, StoredFile]):
    """``GET files/{id}``."""

    name: ClassVar[str] = "files.get"
    method: ClassVar[str] = "GET"
    path: ClassVar[tuple[Segment, ...]] = ("files", "{id}")

    def render(self, request: FileRef) -> Call:
        """The call that asks."""
        return self.call(id=request.id)

    def parse(self, reply: Reply) -> StoredFile:
        """The file of a reply."""
        return stored(self.answer(reply))

    def read(self, call: Call) -> FileRef:
        """The request a call asks."""
        return FileRef(self.given(call, "id"))

    def write(self, answer: StoredFile) -> Reply:
        """The reply that describes the file."""
        return written(_entry(answer))


class Content(Codec[FileRef, FileContent]):
    """``GET files/{id}/content``."""

    name: ClassVar[str] = "files.content"
    method: ClassVar[str] = "GET"
    path: ClassVar[tuple[Segment, ...]] = ("files", "{id}", "content")

    def render(self, request: FileRef) -> Call:
        """The call that asks."""
        call = self.call(id=request.id)
        call.headers = Headers({**call.headers, "accept": "*/*"})
        return call

    def parse(self, reply: Reply) -> FileContent:
        """The bytes of a reply."""
        return FileContent(reply.body, reply.headers.get("content-type", ""))

    def read(self, call: Call) -> FileRef:
        """The request a call asks."""
        return FileRef(self.given(call, "id"))

    def write(self, answer: FileContent) -> Reply:
        """The reply that is the file."""
        kind = answer.media_type or "application/octet-stream"
        return Reply(200, Headers({"content-type": kind}), answer.data)


class Delete(Codec[FileRef, Deleted]):
    """``DELETE files/{id}``."""

    name: ClassVar[str] = "files.delete"
    method: ClassVar[str] = "DELETE"
    path: ClassVar[tuple[Segment, ...]] = ("files", "{id}")

    def render(self, request: FileRef) -> Call:
        """The call that asks."""
        return self.call(id=request.id)

    def parse(self, reply: Reply) -> Deleted:
        """Which file is gone."""
        body = self.answer(reply) if reply.body.strip() else {}
        return Deleted(said(body, "id"), raw=body)

    def read(self, call: Call) -> FileRef:
        """The request a call asks."""
        return FileRef(self.given(call, "id"))

    def write(self, answer: Deleted) -> Reply:
        """The reply that says so."""
        return written({"id": answer.id, "object": "file", "deleted": True})


class ListFiles(Codec[FilesRequest, FileList]):
    """``GET files``."""

    name: ClassVar[str] = "files.list"
    method: ClassVar[str] = "GET"
    path: ClassVar[tuple[Segment, ...]] = ("files",)
    fields: ClassVar[Mapping[str, str]] = {"purpose": "purpose", "limit": "limit"}

    def render(self, request: FilesRequest) -> Call:
        """The call that asks."""
        call = self.call()
        call.query = tuple((name, str(value)) for name, value in self.translated(request.options).items())
        return call

    def parse(self, reply: Reply) -> FileList:
        """The files of a reply."""
        body = self.answer(reply)
        return FileList(
            tuple(stored(entry) for entry in listed(body, "data") if isinstance(entry, dict)), raw=body
        )

    def read(self, call: Call) -> FilesRequest:
        """The request a call asks."""
        options, _ = self.options(dict(call.query))
        return FilesRequest({**options, **({"limit": int(options["limit"])} if "limit" in options else {})})

    def write(self, answer: FileList) -> Reply:
        """The reply that lists them."""
        return written({"object": "list", "data": list(map(_entry, answer.files)), "has_more": False})
