"""What the format has besides completions: counting, listing, batches and files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

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
    ModelList,
    ModelsRequest,
    Request,
    TokenCount,
)
from jackfield.wire.base import Wire
from jackfield.wire.call import Call, Headers, Reply, Segment
from jackfield.wire.operation import Operations, Steps
from jackfield.wire.operations import files
from jackfield.wire.operations.batches import STATUSES, completed, not_ready
from jackfield.wire.operations.codec import Codec, counted, invalid, listed, malformed, moment, said, written
from jackfield.wire.operations.models import PagedModels, info

PAGE = 1000


# -- counting ------------------------------------------------------------------------------------------


class CountTokens(Codec[Request, TokenCount]):
    """``POST v1/messages/count_tokens``: a completion's body without what only the answer is about."""

    name: ClassVar[str] = "count_tokens"
    path: ClassVar[tuple[Segment, ...]] = ("v1", "messages", "count_tokens")
    left_out: ClassVar[frozenset[str]] = frozenset(
        {
            "max_tokens",
            "stream",
            "temperature",
            "top_p",
            "top_k",
            "stop_sequences",
            "metadata",
            "service_tier",
        }
    )

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire.dialect)
        self._wire = wire

    def render(self, request: Request) -> Call:
        """The call that asks."""
        call = self._wire.render_completion(request, stream=False)
        body = {name: value for name, value in loads(call.body).items() if name not in self.left_out}
        return Call(self.method, self.place, dumps(body), call.headers, base=call.base)

    def parse(self, reply: Reply) -> TokenCount:
        """The count of a reply."""
        body = self.answer(reply)
        tokens = counted(body, "input_tokens")
        if tokens is None:
            raise malformed("it holds no count")
        return TokenCount(tokens, raw=body)

    def read(self, call: Call) -> Request:
        """The request a call asks."""
        body = {"max_tokens": 1, **self.asked(call)}
        request, _ = self._wire.read_completion(Call(call.method, call.path, dumps(body), call.headers))
        return request

    def write(self, answer: TokenCount) -> Reply:
        """The reply with the count."""
        return written({"input_tokens": answer.tokens})


# -- listing -------------------------------------------------------------------------------------------


class Models(PagedModels):
    """``GET v1/models``, page after page."""

    name: ClassVar[str] = "models"
    method: ClassVar[str] = "GET"
    path: ClassVar[tuple[Segment, ...]] = ("v1", "models")

    def render(self, request: ModelsRequest) -> Call:
        """The call for one page."""
        call = self.call()
        call.query = tuple((name, str(value)) for name, value in {"limit": PAGE, **request.extra}.items())
        return call

    def parse(self, reply: Reply) -> ModelList:
        """The models of one page."""
        body = self.answer(reply)
        return ModelList(tuple(map(info, listed(body, "data"))), raw=body)

    def following(self, body: dict[str, Any]) -> dict[str, str]:
        """After the last of this page, if there is more."""
        last = said(body, "last_id")
        return {"after_id": last} if body.get("has_more") is True and last else {}

    def read(self, call: Call) -> ModelsRequest:
        """The request a call asks."""
        return ModelsRequest(dict(call.query))

    def write(self, answer: ModelList) -> Reply:
        """The reply that lists them."""
        data = [
            {
                "type": "model",
                "id": model.id,
                "display_name": model.name or model.id,
                "created_at": model.created.isoformat() if model.created else "1970-01-01T00:00:00Z",
            }
            for model in answer.models
        ]
        ids: list[str | None] = [model.id for model in answer.models] or [None]
        return written({"data": data, "has_more": False, "first_id": ids[0], "last_id": ids[-1]})


# -- batches -------------------------------------------------------------------------------------------


def batch_of(body: Mapping[str, Any]) -> Batch:
    """What a body says of a batch."""
    found, status = said(body, "id"), said(body, "processing_status")
    if not found:
        raise malformed("a batch has no id")
    state = STATUSES.get(status, "unknown")
    raw = body.get("request_counts")
    counts = raw if isinstance(raw, dict) else {}
    tallies = {name: counted(counts, name) or 0 for name in _TALLIES}
    total = sum(tallies.values())
    if state == "completed" and total and tallies["canceled"] == total:
        state = "cancelled"
    elif state == "completed" and total and tallies["expired"] == total:
        state = "expired"
    failed = tallies["errored"] + tallies["canceled"] + tallies["expired"]
    return Batch(
        found,
        state,
        BatchCounts(total, tallies["succeeded"], failed, tallies["processing"]),
        moment(body.get("created_at")),
        moment(body.get("ended_at")),
        moment(body.get("expires_at")),
        status,
        raw=dict(body),
    )


_TALLIES = ("processing", "succeeded", "errored", "canceled", "expired")
_WORDS = {"queued": "in_progress", "running": "in_progress", "cancelling": "canceling"}


def _entry(batch: Batch) -> dict[str, Any]:
    counts = batch.counts
    tallies = {"processing": counts.running, "succeeded": counts.completed, "errored": counts.failed}
    moments = {"created_at": batch.created, "ended_at": batch.ended, "expires_at": batch.expires}
    return {
        "id": batch.id,
        "type": "message_batch",
        "processing_status": _WORDS.get(batch.status, "ended"),
        "request_counts": {**dict.fromkeys(_TALLIES, 0), **tallies},
        **{name: value.isoformat() if value else None for name, value in moments.items()},
        "archived_at": None,
        "cancel_initiated_at": None,
        "results_url": f"/v1/messages/batches/{batch.id}/results" if batch.done else None,
    }


class _Described(Codec[Any, Batch]):
    """An exchange that is answered with one batch."""

    def parse(self, reply: Reply) -> Batch:
        """The batch of a reply."""
        return batch_of(self.answer(reply))

    def write(self, answer: Batch) -> Reply:
        """The reply that describes the batch."""
        return written(_entry(answer))


class CreateBatch(_Described):
    """``POST v1/messages/batches`` with all requests in one body."""

    name: ClassVar[str] = "batches.create"
    path: ClassVar[tuple[Segment, ...]] = ("v1", "messages", "batches")

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire.dialect)
        self._wire = wire

    def render(self, request: BatchRequest) -> Call:
        """The call that asks."""
        requests = [{"custom_id": item.id, "params": self._params(item.request)} for item in request.items]
        return self.call(self.body({"requests": requests}, request.options, request.extra))

    def _params(self, request: Request) -> dict[str, Any]:
        body = loads(self._wire.render_completion(request, stream=False).body)
        return {name: value for name, value in body.items() if name != "stream"}

    def read(self, call: Call) -> BatchRequest:
        """The request a call asks."""
        entries = listed(self.asked(call), "requests")
        items = tuple(self._item(entry) for entry in entries)
        if not items:
            raise invalid("a batch needs `requests`")
        return BatchRequest(items[0].request.model, items)

    def _item(self, entry: Any) -> BatchItem:
        if not isinstance(entry, dict) or not isinstance(entry.get("params"), dict):
            raise invalid("a request of the batch has no `params`")
        call = Call("POST", self._wire.routes["complete"], dumps(entry["params"]))
        return BatchItem(said(entry, "custom_id"), self._wire.read_completion(call)[0])


class _One(_Described):
    """An exchange about one batch."""

    def render(self, request: BatchRef) -> Call:
        """The call that asks."""
        return self.call(id=request.id)

    def read(self, call: Call) -> BatchRef:
        """The request a call asks."""
        return BatchRef(self.given(call, "id"))


class GetBatch(_One):
    """``GET v1/messages/batches/{id}``."""

    name: ClassVar[str] = "batches.get"
    method: ClassVar[str] = "GET"
    path: ClassVar[tuple[Segment, ...]] = ("v1", "messages", "batches", "{id}")


class CancelBatch(_One):
    """``POST v1/messages/batches/{id}/cancel``."""

    name: ClassVar[str] = "batches.cancel"
    path: ClassVar[tuple[Segment, ...]] = ("v1", "messages", "batches", "{id}", "cancel")


class ListBatches(Codec[BatchesRequest, BatchList]):
    """``GET v1/messages/batches``."""

    name: ClassVar[str] = "batches.list"
    method: ClassVar[str] = "GET"
    path: ClassVar[tuple[Segment, ...]] = ("v1", "messages", "batches")
    fields: ClassVar[Mapping[str, str]] = {"limit": "limit"}

    def render(self, request: BatchesRequest) -> Call:
        """The call that asks."""
        call = self.call()
        call.query = tuple((name, str(value)) for name, value in self.translated(request.options).items())
        return call

    def parse(self, reply: Reply) -> BatchList:
        """The batches of a reply."""
        body = self.answer(reply)
        return BatchList(tuple(map(batch_of, listed(body, "data"))), raw=body)

    def read(self, call: Call) -> BatchesRequest:
        """The request a call asks."""
        options, _ = self.options(dict(call.query))
        return BatchesRequest({name: int(value) for name, value in options.items()})

    def write(self, answer: BatchList) -> Reply:
        """The reply that lists them."""
        ids: list[str | None] = [batch.id for batch in answer.batches] or [None]
        body = {"data": list(map(_entry, answer.batches)), "has_more": False}
        return written({**body, "first_id": ids[0], "last_id": ids[-1]})


class Results(Codec[BatchRef, BatchResults]):
    """``GET v1/messages/batches/{id}/results``: a line for each request."""

    name: ClassVar[str] = "batches.results"
    method: ClassVar[str] = "GET"
    path: ClassVar[tuple[Segment, ...]] = ("v1", "messages", "batches", "{id}", "results")

    def __init__(self, wire: Wire) -> None:
        super().__init__(wire.dialect)
        self._wire = wire
        self._get = GetBatch(wire.dialect)

    def ask(self, request: BatchRef) -> Steps[BatchResults]:
        """The batch first: before it has ended there is nothing to fetch."""
        batch = self._get.parse((yield self._get.render(request)))
        if not batch.done:
            raise not_ready(batch)
        return self.parse((yield self.render(request)))

    def render(self, request: BatchRef) -> Call:
        """The call that asks."""
        return self.call(id=request.id)

    def parse(self, reply: Reply) -> BatchResults:
        """The results of a reply."""
        return BatchResults(tuple(self._result(line) for line in reply.body.splitlines() if line.strip()))

    def _result(self, line: bytes) -> BatchResult:
        entry = loads(line)
        result = entry.get("result") if isinstance(entry, dict) else None
        if not isinstance(result, dict):
            raise malformed("a line of the results holds no result")
        name, kind = said(entry, "custom_id"), said(result, "type")
        headers = Headers({"content-type": "application/json"})
        if kind == "succeeded":
            return completed(self._wire, name, Reply(200, headers, dumps(result.get("message"))))
        failure = result.get("error") or {
            "type": "error",
            "error": {"type": kind, "message": f"the request {kind}"},
        }
        return BatchResult(name, error=self._wire.parse_error(Reply(0, headers, dumps(failure))))

    def read(self, call: Call) -> BatchRef:
        """The request a call asks."""
        return BatchRef(self.given(call, "id"))

    def write(self, answer: BatchResults) -> Reply:
        """The reply that holds the results."""
        lines = b"".join(
            dumps({"custom_id": one.id, "result": self._written(one)}) + b"\n" for one in answer.results
        )
        return Reply(200, Headers({"content-type": "application/x-jsonl"}), lines)

    def _written(self, result: BatchResult) -> dict[str, Any]:
        if result.completion is not None:
            return {
                "type": "succeeded",
                "message": loads(self._wire.write_completion(result.completion).body),
            }
        assert result.error is not None
        return {"type": "errored", "error": loads(self._wire.write_error(result.error).body)}


# -- files ---------------------------------------------------------------------------------------------


class Upload(files.Upload):
    """``POST v1/files``. What a file is for is not asked."""

    purpose: ClassVar[str] = ""
    path: ClassVar[tuple[Segment, ...]] = ("v1", "files")


class GetFile(files.GetFile):
    """``GET v1/files/{id}``."""

    path: ClassVar[tuple[Segment, ...]] = ("v1", "files", "{id}")


class Content(files.Content):
    """``GET v1/files/{id}/content``."""

    path: ClassVar[tuple[Segment, ...]] = ("v1", "files", "{id}", "content")


class Delete(files.Delete):
    """``DELETE v1/files/{id}``."""

    path: ClassVar[tuple[Segment, ...]] = ("v1", "files", "{id}")


class ListFiles(files.ListFiles):
    """``GET v1/files``."""

    path: ClassVar[tuple[Segment, ...]] = ("v1", "files")
    fields: ClassVar[Mapping[str, str]] = {"limit": "limit"}


def operations_of(wire: Wire) -> Operations:
    """All of them, for one wire."""
    plain = (Models, GetBatch, CancelBatch, ListBatches, Upload, GetFile, Content, Delete, ListFiles)
    carrying = (CountTokens, CreateBatch, Results)
    found: dict[str, Any] = {codec.name: codec(wire.dialect) for codec in plain}
    return {**found, **{codec.name: codec(wire) for codec in carrying}}
