"""What is billed by size is seen from what was asked and what came; batches cost what batches cost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from jackfield.catalogue import RatesBook, UnknownPrices
from jackfield.client.binding import Binding
from jackfield.client.measures import charged, measured
from jackfield.errors import ErrorInfo
from jackfield.profile import Model, Profile
from jackfield.profile.rates import rate
from jackfield.types import (
    UNKNOWN_USAGE,
    BatchResult,
    BatchResults,
    Completion,
    Drawn,
    Embeddings,
    EmbedRequest,
    Image,
    ImageRequest,
    Images,
    Speech,
    SpeechRequest,
    Transcript,
    Usage,
)

PICTURE = Drawn(Image("image/png", data=b"x"))


@pytest.mark.parametrize(
    ("operation", "request_", "answer", "more"),
    [
        (
            "image",
            ImageRequest("m", "a cat", options={"size": "10x20"}),
            Images((PICTURE, PICTURE)),
            {"images_out": 2, "pixels_out": 400, "images_out_10x20": 2},
        ),
        (
            "image",
            ImageRequest("m", "a cat", options={"size": "10x20", "quality": "auto"}),
            Images((PICTURE,), raw={"size": "20x20", "quality": "high"}),  # what came, not what was asked for
            {"images_out": 1, "pixels_out": 400, "images_out_high_20x20": 1},
        ),
        (
            "image",
            ImageRequest("m", "a cat", (PICTURE.image,)),
            Images((PICTURE,)),
            {"images_out": 1, "images_in": 1},
        ),
        (
            "speak",
            SpeechRequest("m", "four"),
            Speech(b"", seconds=1.5),
            {"characters_in": 4, "seconds_out": 1.5},
        ),
        ("transcribe", None, Transcript("hi", seconds=3.2), {"seconds_in": 3.2}),
        (
            "transcribe",
            None,
            Transcript("hi", usage=Usage(source="unknown", raw={"type": "duration", "seconds": 4})),
            {"seconds_in": 4},
        ),
        ("embed", EmbedRequest("m", ("ab", "c")), Embeddings(((1.0,), (2.0,))), {"characters_in": 3}),
        ("rerank", None, Embeddings(()), {}),
    ],
)
def test_sizes_are_plain_from_what_was_asked_and_what_came(operation, request_, answer, more):
    """A wire need not count them."""
    assert more == dict(measured(operation, request_, answer).more)


def test_what_the_wire_counted_wins():
    """Its figures are the provider's."""
    usage = Usage(source="unknown", more={"seconds_in": 9})

    assert {"seconds_in": 9} == dict(
        measured("transcribe", None, Transcript("hi", seconds=3.2, usage=usage)).more
    )


def book(figure):
    tiers = {"batch": {"per_1M_tokens": {"input": figure}}}
    fields = {"valid_from": date(2026, 1, 1), "source": "acme", "tiers": tiers}
    return RatesBook([rate({**fields, "per_1M_tokens": {"input": "8"}}, "r", [])])


def binding(models):
    """A provider's binding for what is about no one model, and the prices of each."""
    profile = Profile("acme", "Acme", "chat_completions", models=[Model(name) for name in models])
    none = UnknownPrices()
    return Binding(
        profile, Model(""), None, None, None, none, keys=(None,), pricing=lambda model: models[model.id]
    )


def test_batches_are_charged_by_model_at_their_own_rates():
    """Each answer by the model that gave it; a failure costs nothing that is known."""
    found = [Completion((), usage=Usage(1_000_000), model=name) for name in ("small", "large")]
    results = [BatchResult(one.model, one) for one in found]
    results.append(BatchResult("c", error=ErrorInfo("server.down", "down")))

    answer = charged(binding({"small": book("1"), "large": book("4")}), BatchResults(tuple(results)))

    completions = [result.completion for result in answer.results]
    assert [Decimal(1), Decimal(4), None] == [one and one.charge for one in completions]
    assert "batch" == completions[0].usage.tier


def test_answers_of_batches_are_in_the_tier_they_tell_too():
    """What was kept to one place is not at the price of other batches."""
    found = Completion((), usage=Usage(1_000_000, tier="geo-us"), model="small")

    answer = charged(binding({"small": book("1")}), BatchResults((BatchResult("a", found),)))

    assert ("batch geo-us", None) == (
        answer.results[0].completion.usage.tier,
        answer.results[0].completion.charge,
    )


def test_an_answer_of_unknown_usage_has_no_charge():
    """It is not free."""
    answer = BatchResults((BatchResult("a", Completion((), usage=UNKNOWN_USAGE, model="small")),))

    assert charged(binding({"small": book("1")}), answer).results[0].completion.charge is None
