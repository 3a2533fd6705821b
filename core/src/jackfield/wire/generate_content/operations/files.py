"""Files the provider keeps for two days: put there in two steps, looked at, listed, fetched, deleted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

from attrs import frozen

from jackfield.types import Deleted, FileContent, FileList, FileRef, FilesRequest, FileUpload, StoredFile
from jackfield.wire.call import Call, Headers, Reply, Segment
from jackfield.wire.generate_content.operations.exchange import (
    Exchange,
    Kept,
    malformed,
    moment,
    number,
    resource,
    resource_in,
    said,
    stamp,
    word,
    written,
)
from jackfield.wire.generate_content.read import refused
from jackfield.wire.generate_content.tables import table_of
from jackfield.wire.operation import Steps, Verbs

if TYPE_CHECKING:
    from jackfield.wire.generate_content.wire import GenerateContent


def stored_file(body: Mapping[str, Any]) -> StoredFile:
    """What a body says of a file."""
    name = word(body, "name")
    if not name:
        raise malformed("a file has no name")
    return StoredFile(
        name,
        word(body, "displayName"),
        number(body, "sizeBytes"),
        word(body, "mimeType"),
        status=word(body, "state"),
        created=moment(body, "createTime"),
        expires=moment(body, "expirationTime"),
        raw=body,
    )


def _entry(file: StoredFile, base: str) -> dict[str, Any]:
    """A file as the format has it."""
    size = None if file.size is None else str(file.size)
    facts = said(displayName=file.name, mimeType=file.media_type, sizeBytes=size)
    times = said(createTime=stamp(file.created), expirationTime=stamp(file.expires))
    name = "/".join(map(str, resource("files", file.id)))
    return {"name": name, **facts, **times, "uri": f"{base}/{name}", "state": file.status or "ACTIVE"}


def beside(base: str, folder: str) -> str:
    """The address of a folder beside the version that ``base`` ends with: bytes go and come elsewhere."""
    root, _, version = base.rstrip("/").rpartition("/")
    return f"{root}/{folder}/{version}"


@frozen
class Place:
    """Where the bytes of a file are to go."""

    url: str


class BeginUpload(Exchange[FileUpload, Place]):
    """The first step: what will come."""

    name: ClassVar[str] = "files.upload.begin"
    path: ClassVar[tuple[Segment, ...]] = ("files",)

    def render(self, request: FileUpload) -> Call:
        """The call that announces a file."""
        facts = {**said(displayName=request.name), "mimeType": request.media_type, **request.extra}
        call = self.call(self.path, {"file": facts})
        headers = {
            "x-goog-upload-protocol": "resumable",
            "x-goog-upload-command": "start",
            "x-goog-upload-header-content-length": str(len(request.data)),
            "x-goog-upload-header-content-type": request.media_type,
        }
        call.base = beside(call.base, "upload")
        return call.with_headers(headers)

    def parse(self, reply: Reply) -> Place:
        """Where the bytes are to go."""
        url = reply.headers.get("x-goog-upload-url", "")
        if not url:
            raise malformed("it names no place for the bytes of the file")
        return Place(url)

    def read(self, call: Call) -> FileUpload:
        """What is announced; the bytes are still to come."""
        facts = table_of(self.body(call).get("file"))
        kind = call.headers.get("x-goog-upload-header-content-type") or word(facts, "mimeType")
        return FileUpload(word(facts, "displayName"), b"", kind or "application/octet-stream")

    def write(self, answer: Place) -> Reply:
        """The reply that names the place."""
        headers = {"x-goog-upload-url": answer.url, "x-goog-upload-status": "active"}
        return Reply(200, Headers({"content-type": "application/json", **headers}), b"{}")


@frozen
class Bytes:
    """The bytes of a file, and where they go."""

    place: Place
    file: FileUpload


class FinishUpload(Exchange[Bytes, StoredFile]):
    """The second step: the bytes."""

    name: ClassVar[str] = "files.upload"
    path: ClassVar[tuple[Segment, ...]] = ("files",)

    def render(self, request: Bytes) -> Call:
        """The call that carries the bytes, to the provider's own host and no other."""
        there, own = urlsplit(request.place.url), urlsplit(self.wire.dialect.base)
        if (there.scheme, there.netloc) != (own.scheme, own.netloc):
            raise malformed("the bytes of the file are wanted on another host, where the key must not go")
        path = tuple(unquote(segment) for segment in there.path.split("/") if segment)
        headers = Headers(self.wire.headers)
        headers["content-type"] = request.file.media_type
        headers["x-goog-upload-offset"] = "0"
        headers["x-goog-upload-command"] = "upload, finalize"
        query = tuple(parse_qsl(there.query, keep_blank_values=True))
        return Call("POST", path, request.file.data, headers, query, f"{own.scheme}://{own.netloc}")

    def parse(self, reply: Reply) -> StoredFile:
        """What the provider says of the file."""
        body = self.answer(reply)
        return stored_file(table_of(body.get("file")) or body)

    def read(self, call: Call) -> Bytes:
        """The bytes; what was said of them came before."""
        if "finalize" not in call.headers.get("x-goog-upload-command", ""):
            raise refused("a file must come in one piece")
        kind = call.headers.get("content-type", "application/octet-stream")
        return Bytes(Place(call.url), FileUpload("", call.body, kind))

    def write(self, answer: StoredFile) -> Reply:
        """The reply that describes the file."""
        reply = written({"file": _entry(answer, self.wire.dialect.base)})
        return Reply(200, Headers({**reply.headers, "x-goog-upload-status": "final"}), reply.body)


class Upload:
    """A file, in two steps."""

    def __init__(self, wire: GenerateContent) -> None:
        self.begin, self.finish = BeginUpload(wire), FinishUpload(wire)

    @property
    def exchanges(self) -> tuple[Verbs[Any, Any], ...]:
        """Both steps. They have one path: the header ``x-goog-upload-command`` tells them apart."""
        return self.begin.verbs, self.finish.verbs

    def ask(self, request: FileUpload) -> Steps[StoredFile]:
        """Announce, then send."""
        reply = yield self.begin.render(request)
        reply = yield self.finish.render(Bytes(self.begin.parse(reply), request))
        return self.finish.parse(reply)


class GetFile(Exchange[FileRef, StoredFile]):
    """``GET files/{id}``."""

    name: ClassVar[str] = "files.get"
    method: ClassVar[str] = "GET"
    path: ClassVar[tuple[Segment, ...]] = ("files", "{id}")

    def render(self, request: FileRef) -> Call:
        """The call that asks."""
        return self.call(resource("files", request.id))

    def parse(self, reply: Reply) -> StoredFile:
        """What the provider says of the file."""
        return stored_file(self.answer(reply))

    def read(self, call: Call) -> FileRef:
        """The file that is meant."""
        return FileRef(resource_in(call, "files"))

    def write(self, answer: StoredFile) -> Reply:
        """The reply that describes the file."""
        return written(_entry(answer, self.wire.dialect.base))


class DeleteFile(Exchange[FileRef, Deleted]):
    """``DELETE files/{id}``."""

    name: ClassVar[str] = "files.delete"
    method: ClassVar[str] = "DELETE"
    path: ClassVar[tuple[Segment, ...]] = ("files", "{id}")

    def render(self, request: FileRef) -> Call:
        """The call that asks."""
        return self.call(resource("files", request.id))

    def parse(self, reply: Reply) -> Deleted:
        """That it is gone: the answer itself says nothing, not even which file it was."""
        return Deleted("", raw=self.answer(reply))

    def ask(self, request: FileRef) -> Steps[Deleted]:
        """One call, one reply."""
        reply = yield self.render(request)
        return Deleted(request.id, raw=self.parse(reply).raw)

    def read(self, call: Call) -> FileRef:
        """The file that is meant."""
        return FileRef(resource_in(call, "files"))

    def write(self, answer: Deleted) -> Reply:
        """The reply that it is gone."""
        return written({})


class ListFiles(Kept[FilesRequest, FileList]):
    """``GET files``, page by page."""

    name: ClassVar[str] = "files.list"
    path: ClassVar[tuple[Segment, ...]] = ("files",)

    items: ClassVar[str] = "files"

    def item(self, raw: dict[str, Any]) -> Any:
        """One of them."""
        return stored_file(raw)

    def answered(self, found: list[Any], raw: Any) -> FileList:
        """All of them."""
        return FileList(tuple(found), raw=raw)

    def read(self, call: Call) -> FilesRequest:
        """The request a call asks; pages are our own affair."""
        return FilesRequest()

    def write(self, answer: FileList) -> Reply:
        """The reply with all files, in one page."""
        base = self.wire.dialect.base
        return written({"files": [_entry(file, base) for file in answer.files]})


class Content(Exchange[FileRef, FileContent]):
    """``GET files/{id}:download``, for the files that the provider made itself."""

    name: ClassVar[str] = "files.content"
    method: ClassVar[str] = "GET"
    path: ClassVar[tuple[Segment, ...]] = ("files", ("{id}", "download"))

    def render(self, request: FileRef) -> Call:
        """The call that asks."""
        collection, name = resource("files", request.id)
        call = self.call((collection, (str(name), "download")), query={"alt": "media"})
        call.base = beside(call.base, "download")
        return call

    def parse(self, reply: Reply) -> FileContent:
        """The bytes."""
        return FileContent(reply.body, reply.headers.get("content-type", ""))

    def read(self, call: Call) -> FileRef:
        """The file that is meant."""
        return FileRef(resource_in(call, "files"))

    def write(self, answer: FileContent) -> Reply:
        """The reply with the bytes."""
        kind = answer.media_type or "application/octet-stream"
        return Reply(200, Headers({"content-type": kind}), answer.data)
