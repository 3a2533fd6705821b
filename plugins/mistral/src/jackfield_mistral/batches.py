"""Batches as jobs: the requests go up with the job, and a finished job may hold the answers itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from jackfield.errors import ErrorInfo, Unsupported
from jackfield.jsontext import dumps, loads
from jackfield.types import (
    Batch,
    BatchesRequest,
    BatchItem,
    BatchList,
    BatchRequest,
    BatchResult,
    BatchResults,
    FileRef,
)
from jackfield.wire import Call, Reply
from jackfield.wire.operations.batches import (
    CancelBatch,
    GetBatch,
    ListBatches,
    batch_of,
    not_ready,
    result_of,
)
from jackfield.wire.operations.codec import Codec, counted, invalid, listed, said, seconds, written
from jackfield.wire.operations.files import Content, Upload

if TYPE_CHECKING:
    from jackfield.types import BatchRef
    from jackfield.wire import Wire
    from jackfield.wire.call import Segment
    from jackfield.wire.operation import Steps, Verbs

ENDPOINT = "/v1/chat/completions"


class OwnUpload(Upload):
    """What a file is for has other words here; one for a message is to be read."""

    purpose: ClassVar[str] = "ocr"


def job_of(body: Mapping[str, Any]) -> Batch:
    """What a body says of a job: its figures have names of their own."""
    counts = {
        "total": counted(body, "total_requests") or 0,
        "completed": counted(body, "succeeded_requests") or 0,
        "failed": counted(body, "failed_requests") or 0,
    }
    return batch_of({**body, "request_counts": counts})


def entry_of(batch: Batch) -> dict[str, Any]:
    """A job as the provider describes it."""
    counts, known = batch.counts, batch.raw if isinstance(batch.raw, Mapping) else {}
    return {
        "input_files": [],
        "endpoint": ENDPOINT,
        "errors": [],
        **{name: value for name, value in known.items() if name != "request_counts"},
        "id": batch.id,
        "object": "batch",
        "status": batch.raw_status or batch.status.upper(),
        "created_at": seconds(batch.created) or 0,
        "completed_at": seconds(batch.ended),
        "total_requests": counts.total,
        "completed_requests": counts.completed + counts.failed,
        "succeeded_requests": counts.completed,
        "failed_requests": counts.failed,
    }


class GetJob(GetBatch):
    """``GET batch/jobs/{id}``, with the answers in it once there are some."""

    path: ClassVar[tuple[Segment, ...]] = ("batch", "jobs", "{id}")

    def render(self, request: BatchRef) -> Call:
        """The call that asks."""
        call = super().render(request)
        call.query = (("inline", "true"),)
        return call

    def parse(self, reply: Reply) -> Batch:
        """The job of a reply."""
        return job_of(self.answer(reply))

    def write(self, answer: Batch) -> Reply:
        """The reply that describes the job."""
        return written(entry_of(answer))


class CancelJob(CancelBatch):
    """``POST batch/jobs/{id}/cancel``."""

    path: ClassVar[tuple[Segment, ...]] = ("batch", "jobs", "{id}", "cancel")

    def parse(self, reply: Reply) -> Batch:
        """The job of a reply."""
        return job_of(self.answer(reply))

    def write(self, answer: Batch) -> Reply:
        """The reply that describes the job."""
        return written(entry_of(answer))


class ListJobs(ListBatches):
    """``GET batch/jobs``."""

    path: ClassVar[tuple[Segment, ...]] = ("batch", "jobs")
    fields: ClassVar[Mapping[str, str]] = {"limit": "page_size"}

    def parse(self, reply: Reply) -> BatchList:
        """The jobs of a reply."""
        body = self.answer(reply)
        entries = listed(body, "data") if body.get("data") is not None else []
        return BatchList(tuple(job_of(entry) for entry in entries if isinstance(entry, dict)), raw=body)

    def read(self, call: Call) -> BatchesRequest:
        """The request a call asks: its query names the page, too."""
        options, _ = self.options(dict(call.query))
        return BatchesRequest({name: int(value) for name, value in options.items()})

    def write(self, answer: BatchList) -> Reply:
        """The reply that lists them."""
        return written(
            {"object": "list", "data": list(map(entry_of, answer.batches)), "total": len(answer.batches)}
        )


class CreateJob(Codec[BatchRequest, Batch]):
    """``POST batch/jobs`` with all requests in it; the model is named once."""

    name: ClassVar[str] = "batches.create"
    path: ClassVar[tuple[Segment, ...]] = ("batch", "jobs")
    fields: ClassVar[Mapping[str, str]] = {"metadata": "metadata", "window": "timeout_hours"}

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire.dialect)
        self._wire = wire

    def render(self, request: BatchRequest) -> Call:
        """The call that asks."""
        models = {item.request.model for item in request.items} or {request.model}
        if len(models) > 1:
            msg = f"a batch of this provider is for one model, not for {', '.join(sorted(models))}; nothing was sent"
            raise Unsupported(ErrorInfo("request.unsupported", msg, hint="make one batch a model", sent="no"))
        options = dict(request.options)
        if "window" in options:
            options["window"] = _hours(options["window"])
        required = {
            "endpoint": ENDPOINT,
            "model": models.pop(),
            "requests": list(map(self._line, request.items)),
        }
        return self.call(self.body(required, options, request.extra))

    def _line(self, item: BatchItem) -> dict[str, Any]:
        body = loads(self._wire.render_completion(item.request, stream=False).body)
        del body["model"]
        return {"custom_id": item.id, "body": body}

    def parse(self, reply: Reply) -> Batch:
        """The job of a reply."""
        return job_of(self.answer(reply))

    def read(self, call: Call) -> BatchRequest:
        """The request a call asks."""
        body = self.asked(call)
        model, lines = said(body, "model"), body.pop("requests", None)
        if not isinstance(lines, list) or not lines or not model:
            raise invalid("a job needs `model` and `requests`")
        body = {name: value for name, value in body.items() if name not in ("model", "endpoint")}
        options, extra = self.options(body)
        if "window" in options:
            options["window"] = f"{options['window']}h"
        return BatchRequest(model, tuple(self._item(model, line) for line in lines), options, extra)

    def _item(self, model: str, line: Any) -> BatchItem:
        if not isinstance(line, dict) or not isinstance(line.get("body"), dict):
            raise invalid("a request of the job has no body")
        asked = Call("POST", self._wire.routes["complete"], dumps({"model": model, **line["body"]}))
        return BatchItem(said(line, "custom_id"), self._wire.read_completion(asked)[0])

    def write(self, answer: Batch) -> Reply:
        """The reply that describes the job."""
        return written(entry_of(answer))


def _hours(window: Any) -> int:
    """A window such as `24h` in hours."""
    text = str(window).removesuffix("h")
    if not (text.isascii() and text.isdigit()):
        msg = f"a window is a number of hours, as in `24h`, not {window!r:.40}; nothing was sent"
        raise Unsupported(ErrorInfo("request.unsupported", msg, sent="no"))
    return int(text)


class JobResults:
    """The answers of a job: within it, or in its files."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._get = GetJob(wire.dialect)
        self._content = Content(wire.dialect)

    @property
    def exchanges(self) -> tuple[Verbs[Any, Any], ...]:
        """None of its own."""
        return ()

    def ask(self, request: BatchRef) -> Steps[BatchResults]:
        """The job, then its files, if the answers are there."""
        job = self._get.parse((yield self._get.render(request)))
        if not job.done:
            raise not_ready(job)
        outputs = job.raw.get("outputs")
        if isinstance(outputs, list) and outputs:
            return BatchResults(tuple(result_of(self._wire, dumps(entry)) for entry in outputs), raw=job.raw)
        results: list[BatchResult] = []
        for file in filter(None, (said(job.raw, name) for name in ("output_file", "error_file"))):
            content = self._content.parse((yield self._content.render(FileRef(file))))
            results += (result_of(self._wire, line) for line in content.data.splitlines() if line.strip())
        return BatchResults(tuple(results), raw=job.raw)
