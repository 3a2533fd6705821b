"""Many requests, answered in the provider's own time: sent up as a file, one request a line.

What is asked and answered inside is the wire's own: a batch is told which wire it carries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from attrs import field, frozen

from jackfield.errors import ErrorInfo, InvalidRequest, JackfieldError
from jackfield.events import Failed, fold
from jackfield.jsontext import dumps, loads
from jackfield.types import (
    Batch,
    BatchCounts,
    BatchesRequest,
    BatchItem,
    BatchList,
    BatchRef,
    BatchRequest,
    BatchResult,
    BatchResults,
    BatchStatus,
    FileRef,
    FileUpload,
)
from jackfield.wire.base import Wire
from jackfield.wire.call import Call, Headers, Reply, Segment
from jackfield.wire.fence import fenced
from jackfield.wire.operation import Steps, Verbs
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
from jackfield.wire.operations.files import Content, Upload

STATUSES: Mapping[str, BatchStatus] = {
    "validating": "queued",
    "queued": "queued",
    "pending": "queued",
    "created": "queued",
    "in_progress": "running",
    "running": "running",
    "processing": "running",
    "finalizing": "running",
    "ending": "running",
    "cancelling": "cancelling",
    "cancellation_requested": "cancelling",
    "canceling": "cancelling",
    "completed": "completed",
    "success": "completed",
    "succeeded": "completed",
    "ended": "completed",
    "failed": "failed",
    "error": "failed",
    "expired": "expired",
    "timeout_exceeded": "expired",
    "cancelled": "cancelled",
    "canceled": "cancelled",
}


@frozen
class Start:
    """What begins a batch once its file is up. Options: ``window``, ``metadata``."""

    file: str
    endpoint: str
    options: Mapping[str, Any] = field(factory=dict)
    extra: Mapping[str, Any] = field(factory=dict)


# -- one batch -----------------------------------------------------------------------------------------


def batch_of(body: Mapping[str, Any]) -> Batch:
    """What a body says of a batch."""
    found, status = said(body, "id"), said(body, "status")
    if not found:
        raise malformed("a batch has no id")
    ended = next((moment(body.get(f"{end}_at")) for end in _ENDS if body.get(f"{end}_at")), None)
    return Batch(
        found,
        STATUSES.get(status.lower(), "unknown"),
        _counts(body.get("request_counts")),
        moment(body.get("created_at")),
        ended,
        moment(body.get("expires_at")),
        status,
        tuple(_faults(body.get("errors"))),
        raw=dict(body),
    )


_ENDS = ("completed", "failed", "cancelled", "expired")


def _counts(raw: Any) -> BatchCounts:
    if not isinstance(raw, dict):
        return BatchCounts()
    total, done, failed = (
        counted(raw, "total") or 0,
        counted(raw, "completed") or 0,
        counted(raw, "failed") or 0,
    )
    return BatchCounts(total, done, failed, max(0, total - done - failed))


def _faults(raw: Any) -> Iterator[ErrorInfo]:
    entries = raw.get("data") if isinstance(raw, dict) else raw
    for entry in entries if isinstance(entries, list) else []:
        if isinstance(entry, dict):
            yield ErrorInfo(
                "request.invalid", said(entry, "message") or "the batch was refused", code=said(entry, "code")
            )


def _entry(batch: Batch) -> dict[str, Any]:
    counts = batch.counts
    entry = {
        "id": batch.id,
        "object": "batch",
        "status": batch.raw_status or batch.status,
        "created_at": seconds(batch.created) or 0,
        "expires_at": seconds(batch.expires),
        "request_counts": {"total": counts.total, "completed": counts.completed, "failed": counts.failed},
    }
    if batch.status in _ENDS:
        entry[f"{batch.status}_at"] = seconds(batch.ended)
    known = batch.raw if isinstance(batch.raw, Mapping) else {}
    return {"endpoint": "", "input_file_id": "", "completion_window": "24h", **known, **entry}


class _One(Codec[BatchRef, Batch]):
    """An exchange about one batch."""

    def render(self, request: BatchRef) -> Call:
        """The call that asks."""
        return self.call(id=request.id)

    def parse(self, reply: Reply) -> Batch:
        """The batch of a reply."""
        return batch_of(self.answer(reply))

    def read(self, call: Call) -> BatchRef:
        """The request a call asks."""
        return BatchRef(self.given(call, "id"))

    def write(self, answer: Batch) -> Reply:
        """The reply that describes the batch."""
        return written(_entry(answer))


class GetBatch(_One):
    """``GET batches/{id}``."""

    name: ClassVar[str] = "batches.get"
    method: ClassVar[str] = "GET"
    path: ClassVar[tuple[Segment, ...]] = ("batches", "{id}")


class CancelBatch(_One):
    """``POST batches/{id}/cancel``."""

    name: ClassVar[str] = "batches.cancel"
    path: ClassVar[tuple[Segment, ...]] = ("batches", "{id}", "cancel")


class ListBatches(Codec[BatchesRequest, BatchList]):
    """``GET batches``."""

    name: ClassVar[str] = "batches.list"
    method: ClassVar[str] = "GET"
    path: ClassVar[tuple[Segment, ...]] = ("batches",)
    fields: ClassVar[Mapping[str, str]] = {"limit": "limit"}

    def render(self, request: BatchesRequest) -> Call:
        """The call that asks."""
        call = self.call()
        call.query = tuple((name, str(value)) for name, value in self.translated(request.options).items())
        return call

    def parse(self, reply: Reply) -> BatchList:
        """The batches of a reply."""
        body = self.answer(reply)
        return BatchList(
            tuple(batch_of(entry) for entry in listed(body, "data") if isinstance(entry, dict)), raw=body
        )

    def read(self, call: Call) -> BatchesRequest:
        """The request a call asks."""
        options, _ = self.options(dict(call.query))
        return BatchesRequest({name: int(value) for name, value in options.items()})

    def write(self, answer: BatchList) -> Reply:
        """The reply that lists them."""
        return written({"object": "list", "data": list(map(_entry, answer.batches)), "has_more": False})


# -- beginning one -------------------------------------------------------------------------------------


class StartBatch(Codec[Start, Batch]):
    """``POST batches`` for a file that is up already."""

    name: ClassVar[str] = "batches.create"
    path: ClassVar[tuple[Segment, ...]] = ("batches",)
    fields: ClassVar[Mapping[str, str]] = {"window": "completion_window", "metadata": "metadata"}

    def render(self, request: Start) -> Call:
        """The call that asks."""
        required = {"input_file_id": request.file, "endpoint": request.endpoint, "completion_window": "24h"}
        return self.call(self.body(required, request.options, request.extra))

    def parse(self, reply: Reply) -> Batch:
        """The batch of a reply."""
        return batch_of(self.answer(reply))

    def read(self, call: Call) -> Start:
        """The request a call asks."""
        body = self.asked(call)
        file, endpoint = body.pop("input_file_id", ""), body.pop("endpoint", "")
        if not isinstance(file, str) or not file:
            raise invalid("a batch needs `input_file_id`")
        options, extra = self.options(body)
        return Start(file, str(endpoint), options, extra)

    def write(self, answer: Batch) -> Reply:
        """The reply that describes the batch."""
        return written(_entry(answer))


class CreateBatch:
    """A batch from requests: their file goes up, then the batch begins."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._upload = Upload(wire.dialect)
        self._start = StartBatch(wire.dialect)

    @property
    def exchanges(self) -> tuple[Verbs[Any, Any], ...]:
        """That of the beginning; uploading is an operation of its own."""
        return self._start.exchanges

    def ask(self, request: BatchRequest) -> Steps[Batch]:
        """Two calls."""
        lines, endpoint = lines_of(self._wire, request.items)
        upload = FileUpload("batch.jsonl", lines, "application/jsonl", "batch")
        file = self._upload.parse((yield self._upload.render(upload)))
        start = Start(file.id, endpoint, request.options, request.extra)
        return self._start.parse((yield self._start.render(start)))


def lines_of(wire: Wire, items: tuple[BatchItem, ...]) -> tuple[bytes, str]:
    """The file of a batch, and the path its requests are for."""
    lines: list[bytes] = []
    endpoint = "/" + "/".join(("v1", *wire.routes["complete"]))
    for item in items:
        call = wire.render_completion(item.request, stream=False)
        line = {"custom_id": item.id, "method": call.method, "url": endpoint, "body": loads(call.body)}
        lines.append(dumps(line))
    return b"\n".join(lines) + b"\n", endpoint


def items_of(wire: Wire, lines: bytes) -> tuple[BatchItem, ...]:
    """The requests of a batch's file."""
    return tuple(_item(wire, line) for line in lines.splitlines() if line.strip())


def _item(wire: Wire, line: bytes) -> BatchItem:
    asked = loads(line)
    if not isinstance(asked, dict) or not isinstance(asked.get("body"), dict):
        raise invalid("a line of the batch is not a request")
    request, _ = wire.read_completion(Call("POST", wire.routes["complete"], dumps(asked["body"])))
    return BatchItem(said(asked, "custom_id"), request)


# -- its results ---------------------------------------------------------------------------------------


class Results:
    """The answers of a batch: the batch tells the files, each file is fetched."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._get = GetBatch(wire.dialect)
        self._content = Content(wire.dialect)

    @property
    def exchanges(self) -> tuple[Verbs[Any, Any], ...]:
        """None of its own."""
        return ()

    def ask(self, request: BatchRef) -> Steps[BatchResults]:
        """The batch, then its files: of answers, and of failures."""
        batch = self._get.parse((yield self._get.render(request)))
        files = [said(batch.raw, name) for name in ("output_file_id", "error_file_id")]
        if not any(files) and not batch.done:
            raise not_ready(batch)
        results: list[BatchResult] = []
        for file in filter(None, files):
            content = self._content.parse((yield self._content.render(FileRef(file))))
            results += (result_of(self._wire, line) for line in content.data.splitlines() if line.strip())
        return BatchResults(tuple(results), raw=batch.raw)


def not_ready(batch: Batch) -> InvalidRequest:
    """The refusal of results that are not there yet."""
    msg = f"batch `{batch.id}` has no results yet: it is {batch.raw_status or batch.status}"
    return InvalidRequest(
        ErrorInfo("request.invalid", msg, hint="ask again when `batches.get(…).done`", sent="yes")
    )


def result_of(wire: Wire, line: bytes) -> BatchResult:
    """What one line of a file of results says."""
    entry = loads(line)
    if not isinstance(entry, dict):
        raise malformed("a line of the results is no object")
    name, response = said(entry, "custom_id"), entry.get("response")
    if not isinstance(response, dict):
        return BatchResult(name, error=_failure(entry.get("error")))
    status = counted(response, "status_code") or 200
    headers = Headers({"content-type": "application/json"})
    return completed(wire, name, Reply(status, headers, dumps(response.get("body"))))


def completed(wire: Wire, name: str, reply: Reply) -> BatchResult:
    """The result that one reply of the wire is."""
    if not 200 <= reply.status < 300:
        return BatchResult(name, error=wire.parse_error(reply))
    try:
        events, raw = fenced(wire.parse_completion, reply)
    except JackfieldError as exc:
        return BatchResult(name, error=exc.info)
    if isinstance(events[-1], Failed):
        return BatchResult(name, error=events[-1].error)
    return BatchResult(name, fold(events, provider=wire.dialect.provider, raw=raw))


def _failure(raw: Any) -> ErrorInfo:
    entry = raw if isinstance(raw, dict) else {}
    kind = "deadline" if said(entry, "code") == "batch_expired" else "server"
    return ErrorInfo(
        kind, said(entry, "message") or "the request was not answered", code=said(entry, "code") or None
    )


def lines_of_results(wire: Wire, results: tuple[BatchResult, ...]) -> bytes:
    """The file of results, as a server writes it."""
    return b"".join(dumps(_line(wire, result)) + b"\n" for result in results)


def _line(wire: Wire, result: BatchResult) -> dict[str, Any]:
    if result.completion is None:
        assert result.error is not None
        reply = wire.write_error(result.error)
    else:
        reply = wire.write_completion(result.completion)
    response = {"status_code": reply.status, "request_id": "", "body": loads(reply.body)}
    return {"id": f"batch_req_{result.id}", "custom_id": result.id, "response": response, "error": None}
