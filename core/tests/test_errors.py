"""The errors, and the words they say."""

from __future__ import annotations

import pickle

import attrs
import pytest

from jackfield import (
    Completion,
    ErrorInfo,
    JackfieldError,
    RateLimited,
    StreamInterrupted,
    Text,
    Unsupported,
    Usage,
)
from jackfield.errors import KINDS, LEAVES, kind_named, kind_of_status
from jackfield.types import Attempt

LIMITED = ErrorInfo(
    "throttle", "tokens per minute", 429, "rate_limit", 6.2, "req_1", "acme", "large", hint="wait", sent="yes"
)


def test_an_error_says_what_why_where_and_how_to_mend() -> None:
    """The text has the target, the verdict, the reason, the details and the hint."""
    expected = (
        "`acme/large` limits the rate: tokens per minute\n"
        "  status 429, code rate_limit, request id req_1, retry after 6.2 s\n"
        "hint: wait"
    )

    assert expected == str(LIMITED.to_exception())


def test_attempts_are_told() -> None:
    """An error after retries says how many there were."""
    error = LIMITED.to_exception().after((Attempt(1, 0.1), Attempt(2, 0.1)))

    assert "attempts 2" in str(error)


def test_a_local_refusal_names_no_provider_twice() -> None:
    """What never left is told in its own words."""
    error = Unsupported(
        ErrorInfo("request.unsupported", "no images; nothing was sent", provider="acme", sent="no")
    )

    assert str(error) == "no images; nothing was sent"


def test_facts_are_attributes() -> None:
    """Nobody has to parse the text."""
    error = LIMITED.to_exception()

    assert isinstance(error, RateLimited)
    assert (429, "rate_limit", 6.2, "req_1", "acme", True, "key", "no") == (
        error.status,
        error.code,
        error.retry_after,
        error.request_id,
        error.provider,
        error.retryable,
        error.scope,
        error.billed,
    )
    with pytest.raises(AttributeError):
        _ = error.colour


def test_every_fact_is_an_attribute_of_the_error() -> None:
    """By name, so that editors and type checkers know it and a slip is found."""
    facts = {fact.name for fact in attrs.fields(ErrorInfo)}

    assert set() == facts - set(vars(JackfieldError))


def test_a_fact_may_be_asked_of_the_class() -> None:
    """As tools for documentation do: it is there, though no error is."""
    assert "hint" == JackfieldError.hint.name  # type: ignore[attr-defined]  # typed as what an error has there


def test_an_error_of_words_alone_has_its_leafs_kind() -> None:
    """A leaf raised with a string stands for the first kind of its class."""
    assert RateLimited("slow down").info.kind == "throttle"


@pytest.mark.parametrize("leaf", LEAVES.values(), ids=str)
def test_every_leaf_survives_pickling(leaf: type[JackfieldError]) -> None:
    """Errors cross process borders whole."""
    error = leaf("why", hint="how")

    again = pickle.loads(pickle.dumps(error))

    assert (leaf, "why", "how") == (type(again), again.info.message, again.info.hint)


def test_every_leaf_has_a_number_of_its_own() -> None:
    """A number names one leaf."""
    concrete = [leaf for leaf in LEAVES.values() if "number" in vars(leaf)]

    assert len({leaf.number for leaf in concrete}) == len(concrete)


def test_every_kind_has_a_leaf() -> None:
    """The table is closed."""
    assert all(kind.leaf in LEAVES.values() for kind in KINDS.values())


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "request.invalid"),
        (401, "auth"),
        (402, "quota.money"),
        (404, "model.missing"),
        (418, "request.invalid"),
        (429, "throttle"),
        (500, "server"),
        (302, "protocol"),
        (503, "server.overloaded"),
        (529, "server.overloaded"),
        (522, "server"),
    ],
)
def test_a_status_stands_for_a_kind(status: int, kind: str) -> None:
    """A status without a telling body is classified by the table."""
    assert kind == kind_of_status(status)


def test_leaves_and_kinds_have_names() -> None:
    """A profile may name either; nonsense is neither."""
    assert kind_named("OutOfCredit") == "quota.money"
    assert kind_named("quota.window") == "quota.window"
    assert kind_named("Nonsense") is None


def test_the_providers_word_on_retrying_wins() -> None:
    """A provider may forbid a retry, but not make a hopeless one useful."""
    assert not ErrorInfo("server", should_retry=False).retryable
    assert not ErrorInfo("request.invalid", should_retry=True).retryable
    assert ErrorInfo("server", should_retry=True).retryable


def test_facts_from_further_out_do_not_overwrite() -> None:
    """What was known where the bytes were read stays."""
    info = ErrorInfo("server", provider="acme").where(provider="other", model="m")

    assert ("acme", "m") == (info.provider, info.model)


def test_an_interrupted_stream_keeps_everything() -> None:
    """Partial text, usage and cause are there, and the exit code is the cause's."""
    partial = Completion((Text("so far"),), usage=Usage(5, output=2))

    error = StreamInterrupted(ErrorInfo("timeout.idle", "silence"), partial)

    assert ("so far", Usage(5, output=2), "timeout.idle", 6) == (
        error.partial.text,
        error.usage,
        error.cause.kind,
        error.exit_code,
    )
    assert pickle.loads(pickle.dumps(error)).partial.text == "so far"


def test_an_interrupted_stream_without_content_has_no_usage() -> None:
    """Nothing that came is nothing that was used."""
    assert StreamInterrupted(ErrorInfo("server", "broken")).usage is None
