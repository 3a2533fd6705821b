"""Which models there are in the region, and on demand the inference profiles that lead to several regions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from jackfield.types import ModelInfo, ModelList, ModelsRequest
from jackfield.wire import Call, Reply
from jackfield.wire.operation import Steps
from jackfield_bedrock.operations.exchange import Exchange, written

PROFILES = "inference_profiles"
MOST_PAGES = 100


class ListModels(Exchange[ModelsRequest, ModelList]):
    """``GET foundation-models``; with ``extra={"inference_profiles": True}`` ``GET inference-profiles`` too."""

    name: ClassVar[str] = "models"
    method: ClassVar[str] = "GET"
    place: ClassVar[tuple[str, ...]] = ("foundation-models",)
    host: ClassVar[str] = "control_base"

    def ask(self, request: ModelsRequest) -> Steps[ModelList]:
        """One call for the models, and one for every page of profiles."""
        found = self.parse((yield self.render(request)))
        if not request.extra.get(PROFILES):
            return found
        models, raws, token = list(found.models), [found.raw], ""
        while len(raws) <= MOST_PAGES:
            body = self.answer((yield self._profiles(token)))
            models += [_profile(entry) for entry in body.get("inferenceProfileSummaries") or ()]
            raws.append(body)
            token = str(body.get("nextToken") or "")
            if not token:
                break
        return ModelList(tuple(models), raw=raws)

    def _profiles(self, token: str) -> Call:
        call = self.call(None)
        call.path = ("inference-profiles",)
        call.query = (("maxResults", "1000"), *((("nextToken", token),) if token else ()))
        return call

    def render(self, request: ModelsRequest) -> Call:
        """The call that asks."""
        call = self.call(None)
        call.query = tuple((name, str(value)) for name, value in request.extra.items() if name != PROFILES)
        return call

    def parse(self, reply: Reply) -> ModelList:
        """The models of a reply."""
        body = self.answer(reply)
        if not isinstance(body.get("modelSummaries"), list):
            raise self.unread(body, "models")
        return ModelList(tuple(_model(entry) for entry in body["modelSummaries"]), raw=body)

    def read(self, call: Call) -> ModelsRequest:
        """The request a call asks."""
        return ModelsRequest(dict(call.query))

    def write(self, answer: ModelList) -> Reply:
        """The reply that lists them."""
        return written({"modelSummaries": [_entry(model) for model in answer.models]})


def _model(entry: Mapping[str, Any]) -> ModelInfo:
    started = (entry.get("modelLifecycle") or {}).get("startOfLifeTime")
    return ModelInfo(
        str(entry["modelId"]), entry.get("modelName"), _moment(started), entry.get("providerName"), raw=entry
    )


def _profile(entry: Mapping[str, Any]) -> ModelInfo:
    return ModelInfo(
        str(entry["inferenceProfileId"]),
        entry.get("inferenceProfileName"),
        _moment(entry.get("createdAt")),
        raw=entry,
    )


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _entry(model: ModelInfo) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "modelId": model.id,
        "modelArn": f"arn:aws:bedrock:us-east-1::foundation-model/{model.id}",
        "modelName": model.name,
        "providerName": model.owner,
    }
    if model.created is not None:
        entry["modelLifecycle"] = {"status": "ACTIVE", "startOfLifeTime": model.created.isoformat()}
    return {name: value for name, value in entry.items() if value is not None}
