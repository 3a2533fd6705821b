"""Many requests, answered in the provider's own time: sent and given back inline, or given back as a file.

What is asked and answered inside is the wire's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import attrs

from jackfield.errors import ErrorInfo, InvalidRequest, JackfieldError
from jackfield.events import Failed, fold
from jackfield.jsontext import loads
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
)
from jackfield.wire.call import Call, Reply, Segment
from jackfield.wire.generate_content.operations.exchange import (
    Exchange,
    Kept,
    listed,
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
from jackfield.wire.generate_content.operations.files import Content
from jackfield.wire.generate_content.parse import parse_body, stream_failure
from jackfield.wire.generate_content.read import refused
from jackfield.wire.generate_content.tables import table_of
from jackfield.wire.generate_content.write import failure_body, write_body
from jackfield.wire.operation import Steps, Verbs

if TYPE_CHECKING:
    from jackfield.wire.generate_content.wire import GenerateContent

VERB = "batchGenerateContent"

# What a state ends with, whatever stands before it -> our word.
STATES: Mapping[str, BatchStatus] = {
    "PENDING": "queued",
    "QUEUED": "queued",
    "RUNNING": "running",
    "UPDATING": "running",
    "CANCELLING": "cancelling",
    "SUCCEEDED": "completed",
    "PARTIALLY_SUCCEEDED": "completed",
    "FAILED": "failed",
    "CANCELLED": "cancelled",
    "EXPIRED": "expired",
}
_STATES = {"running": "RUNNING", **{ours: theirs for theirs, ours in reversed(list(STATES.items()))}}


def batch_of(body: Mapping[str, Any]) -> Batch:
    """What an operation says of its batch."""
    facts = {**table_of(body.get("metadata")), **{n: body[n] for n in ("state", "batchStats") if n in body}}
    name, state = word(body, "name"), word(facts, "state")
    if not name:
        raise malformed("a batch has no name")
    status = STATES.get(state.removeprefix("BATCH_STATE_").removeprefix("JOB_STATE_"), "unknown")
    return Batch(
        name,
        status,
        _counts(table_of(facts.get("batchStats"))),
        moment(facts, "createTime"),
        moment(facts, "endTime"),
        raw_status=state,
        errors=tuple(_errors(body)),
        model=word(facts, "model").removeprefix("models/"),
        raw=body,
    )


def _counts(stats: Mapping[str, Any]) -> BatchCounts:
    total, done, failed, pending = (
        number(stats, f"{kind}equestCount") or 0 for kind in ("r", "successfulR", "failedR", "pendingR")
    )
    return BatchCounts(total, done, failed, pending)


def _errors(body: Mapping[str, Any]) -> Iterator[ErrorInfo]:
    error = body.get("error")
    if isinstance(error, dict) and error:
        yield ErrorInfo("request.invalid", word(error, "message") or "the batch was refused", raw=error)


def _entry(batch: Batch) -> dict[str, Any]:
    """A batch as the format has it."""
    state = batch.raw_status or f"BATCH_STATE_{_STATES.get(batch.status, 'UNSPECIFIED')}"
    counts = batch.counts
    stats = said(
        requestCount=str(counts.total),
        successfulRequestCount=str(counts.completed) if counts.completed else "",
        failedRequestCount=str(counts.failed) if counts.failed else "",
        pendingRequestCount=str(counts.running) if counts.running else "",
    )
    name = "/".join(map(str, resource("batches", batch.id)))
    times = said(createTime=stamp(batch.created), endTime=stamp(batch.ended))
    model = {"model": f"models/{batch.model}"} if batch.model else {}
    facts = {**model, "batchStats": stats, "state": state, "name": name, **times}
    return {"name": name, "metadata": facts, **({"done": True} if batch.done else {})}


class CreateBatch(Exchange[BatchRequest, Batch]):
    """``POST models/{model}:batchGenerateContent``."""

    name: ClassVar[str] = "batches.create"
    path: ClassVar[tuple[Segment, ...]] = ("models", ("{model}", VERB))

    def render(self, request: BatchRequest) -> Call:
        """The call that hands in all requests."""
        self.unsupported({n: v for n, v in request.options.items() if (n, v) != ("window", "24h")}, ("name",))
        requests = [self._item(item, request.model) for item in request.items]
        batch = {
            "displayName": request.options.get("name") or "batch",
            "inputConfig": {"requests": {"requests": requests}},
            **request.extra,
        }
        return self.call(self.wire.verb_path(request.model, VERB), {"batch": batch})

    def _item(self, item: BatchItem, model: str) -> dict[str, Any]:
        if item.request.model not in ("", model):
            msg = f"request `{item.id}` is for `{item.request.model}`, the batch for `{model}`; nothing was sent"
            hint = "a batch of this provider is for one model"
            raise InvalidRequest(ErrorInfo("request.invalid", msg, hint=hint, sent="no"))
        return {"request": self.wire.body_of(item.request), "metadata": {"key": item.id}}

    def parse(self, reply: Reply) -> Batch:
        """The batch as it begins."""
        return self.fenced(batch_of, reply)

    def read(self, call: Call) -> BatchRequest:
        """The requests that are handed in."""
        model = self.wire.path_model(call.path)[0]
        batch = table_of(self.body(call).get("batch"))
        config = table_of(batch.get("inputConfig"))
        entries = listed(table_of(config.get("requests")), "requests")
        if not entries:
            raise refused("batch.inputConfig.requests: at least one is required")
        items = [
            BatchItem(_key(entry, place), self.wire.read_request(entry.get("request"), model))
            for place, entry in enumerate(entries)
        ]
        return BatchRequest(model, tuple(items), said(name=word(batch, "displayName")))

    def write(self, answer: Batch) -> Reply:
        """The reply that describes the batch."""
        return written(_entry(answer))


def _key(entry: Mapping[str, Any], place: int) -> str:
    """The caller's name of a request; its place, where it has none."""
    return word(table_of(entry.get("metadata")), "key") or word(entry, "key") or str(place)


class GetBatch(Exchange[BatchRef, Batch]):
    """``GET batches/{id}``."""

    name: ClassVar[str] = "batches.get"
    method: ClassVar[str] = "GET"
    path: ClassVar[tuple[Segment, ...]] = ("batches", "{id}")

    def render(self, request: BatchRef) -> Call:
        """The call that asks."""
        return self.call(resource("batches", request.id))

    def parse(self, reply: Reply) -> Batch:
        """The batch as it is."""
        return self.fenced(batch_of, reply)

    def read(self, call: Call) -> BatchRef:
        """The batch that is meant."""
        return BatchRef(resource_in(call, "batches"))

    def write(self, answer: Batch) -> Reply:
        """The reply that describes the batch."""
        return written(_entry(answer))


class _Cancel(Exchange[BatchRef, None]):
    """``POST batches/{id}:cancel``, which answers with nothing."""

    name: ClassVar[str] = "batches.cancel"
    path: ClassVar[tuple[Segment, ...]] = ("batches", ("{id}", "cancel"))

    def render(self, request: BatchRef) -> Call:
        """The call that asks."""
        collection, name = resource("batches", request.id)
        return self.call((collection, (str(name), "cancel")), {})

    def parse(self, reply: Reply) -> None:
        """Nothing, unless it failed."""
        self.answer(reply)

    def read(self, call: Call) -> BatchRef:
        """The batch that is meant."""
        return BatchRef(resource_in(call, "batches"))

    def write(self, answer: None) -> Reply:
        """The empty reply."""
        return written({})


class CancelBatch:
    """Cancels, and looks what became of it."""

    def __init__(self, wire: GenerateContent) -> None:
        self.cancel, self.get = _Cancel(wire), GetBatch(wire)

    @property
    def exchanges(self) -> tuple[Verbs[Any, Any], ...]:
        """The one that cancels."""
        return (self.cancel.verbs,)

    def ask(self, request: BatchRef) -> Steps[Batch]:
        """Both calls."""
        self.cancel.parse((yield self.cancel.render(request)))
        return self.get.parse((yield self.get.render(request)))


class ListBatches(Kept[BatchesRequest, BatchList]):
    """``GET batches``, page by page."""

    name: ClassVar[str] = "batches.list"
    path: ClassVar[tuple[Segment, ...]] = ("batches",)

    items: ClassVar[str] = "operations"

    def item(self, raw: dict[str, Any]) -> Any:
        """One of them."""
        return batch_of(raw)

    def answered(self, found: list[Any], raw: Any) -> BatchList:
        """All of them."""
        return BatchList(tuple(found), raw=raw)

    def read(self, call: Call) -> BatchesRequest:
        """The request a call asks; pages are our own affair."""
        return BatchesRequest()

    def write(self, answer: BatchList) -> Reply:
        """The reply with all batches, in one page."""
        return written({"operations": [_entry(batch) for batch in answer.batches]})


class Results(Exchange[BatchRef, BatchResults]):
    """The answers of a batch: within what the provider says of it, or in a file that it names."""

    name: ClassVar[str] = "batches.results"
    method: ClassVar[str] = "GET"
    path: ClassVar[tuple[Segment, ...]] = ("batches", "{id}")

    def render(self, request: BatchRef) -> Call:
        """The call that asks."""
        return self.call(resource("batches", request.id))

    def parse(self, reply: Reply) -> BatchResults:
        """The answers that are inline."""
        return self.fenced(lambda body: self._results(_inline(_output(body)), body), reply)

    def _results(self, entries: list[dict[str, Any]], raw: Any) -> BatchResults:
        found = tuple(self._result(_key(entry, place), entry) for place, entry in enumerate(entries))
        return BatchResults(found, raw=raw)

    def _result(self, key: str, entry: Mapping[str, Any]) -> BatchResult:
        """One answer, or why there is none."""
        provider = self.wire.dialect.provider
        if entry.get("error"):
            return BatchResult(key, error=stream_failure({"error": entry["error"]}, self.wire.dialect))
        body = entry.get("response")
        try:
            events = parse_body(body, self.wire.rules, self.wire.dialect)
        except JackfieldError as exc:
            return BatchResult(key, error=exc.info)
        if isinstance(events[-1], Failed):
            return BatchResult(key, error=events[-1].error)
        return BatchResult(key, fold(events, provider=provider, raw=body))

    def ask(self, request: BatchRef) -> Steps[BatchResults]:
        """The batch, and the file it names if its answers are in one."""
        reply = yield self.render(request)
        body = self.answer(reply)
        output = _output(body)
        file = word(output, "responsesFile") or word(output, "fileName")
        if file:
            content = Content(self.wire)
            lines = content.parse((yield content.render(FileRef(file)))).data.splitlines()
            entries = [table_of(loads(line)) for line in lines if line.strip()]
            return attrs.evolve(self._results(entries, body), model=batch_of(body).model)
        if not output and not batch_of(body).done:
            msg = f"batch `{request.id}` is not done yet ({batch_of(body).status}): it has no results so far"
            raise InvalidRequest(
                ErrorInfo("request.invalid", msg, hint="ask again later", provider=self._who)
            )
        return attrs.evolve(self.parse(reply), model=batch_of(body).model)

    @property
    def _who(self) -> str:
        return self.wire.dialect.provider

    def read(self, call: Call) -> BatchRef:
        """The batch that is meant."""
        return BatchRef(resource_in(call, "batches"))

    def write(self, answer: BatchResults) -> Reply:
        """The reply with the answers inline."""
        entries = [_result_entry(result, self.wire) for result in answer.results]
        name = word(answer.raw, "name") if isinstance(answer.raw, dict) else ""
        state = {"state": "BATCH_STATE_SUCCEEDED"}
        response = {"inlinedResponses": {"inlinedResponses": entries}}
        return written(
            {"name": name or "batches/local", "metadata": state, "done": True, "response": response}
        )


def _output(body: Mapping[str, Any]) -> dict[str, Any]:
    """Where the answers are: both places were seen."""
    return table_of(body.get("response")) or table_of(table_of(body.get("metadata")).get("output"))


def _inline(output: Mapping[str, Any]) -> list[dict[str, Any]]:
    inner = output.get("inlinedResponses")
    return (
        listed(inner, "inlinedResponses") if isinstance(inner, dict) else listed(output, "inlinedResponses")
    )


def _result_entry(result: BatchResult, wire: GenerateContent) -> dict[str, Any]:
    key = {"metadata": {"key": result.id}}
    if result.completion is not None:
        return {"response": write_body(result.completion, wire.rules), **key}
    error = result.error or ErrorInfo("server", "there is no answer")
    return {**failure_body(error, wire.rules)[1], **key}
