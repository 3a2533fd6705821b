"""What is odd, refused or failed: each operation says what is wrong instead of guessing."""

from __future__ import annotations

import json

import pytest

from jackfield.errors import InvalidRequest, JackfieldError, Malformed, RateLimited, Unsupported
from jackfield.types import (
    Audio,
    FileRef,
    Image,
    ImageRequest,
    ModelsRequest,
    ModerationRequest,
    Request,
    RerankRequest,
    SpeechRequest,
    TranscriptionRequest,
)
from jackfield.wire import Call, Dialect, Headers, Reply, wire_named
from jackfield.wire.multipart import Attached, read_form, write_form

CHAT = wire_named("chat_completions")(Dialect(provider="acme", base="https://acme.test/v1"))
MESSAGES = wire_named("messages")(Dialect(provider="acme", base="https://acme.test"))
PIXEL = Image("image/png", data=b"\x89PNG1")
AWAY = Image.from_url("https://acme.test/a.png")
SOUND = Audio("audio/wav", data=b"RIFF1")
JSON = Headers({"content-type": "application/json"})


def reply(body, status=200, kind="application/json"):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Reply(status, Headers({"content-type": kind}), data)


def parse(name, body, wire=CHAT, **how):
    return wire.operations()[name].exchanges[0].parse(reply(body, **how))


def read(name, body, wire=CHAT, headers=JSON):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    exchange = wire.operations()[name].exchanges[0]
    return exchange.read(Call(exchange.method, exchange.path, data, headers))


ODD_ANSWERS = [
    ("models", {"data": "none"}),
    ("models", b"<html>"),
    ("embed", {"data": []}),
    ("embed", {"data": [{"embedding": "!"}]}),
    ("rerank", {"results": ["a"]}),
    ("rerank", {"results": [{"index": 0}]}),
    ("rerank", []),
    ("moderate", {"results": ["a"]}),
    ("image", {"data": [5]}),
    ("image", {"data": [{}]}),
    ("image", {"data": [{"b64_json": "!!!"}]}),
    ("speak", {"audio": "x"}),
    ("speak", b""),
    ("transcribe", {"words": []}),
    ("files.get", {"name": "a"}),
    ("batches.get", {"status": "completed"}),
]


@pytest.mark.parametrize(("name", "body"), ODD_ANSWERS)
def test_an_answer_of_another_form_is_malformed(name, body):
    """Never half of one."""
    with pytest.raises(Malformed):
        parse(name, body)


@pytest.mark.parametrize("name", ["count_tokens", "batches.get", "batches.results"])
def test_so_it_is_in_the_other_family(name):
    """A count without a number, a batch without an id, a line without a result."""
    with pytest.raises(Malformed):
        parse(name, {"odd": True}, MESSAGES)


def test_a_failure_inside_a_success_is_raised():
    """With the provider's words and kind."""
    body = {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}

    for name in ("embed", "image", "rerank", "models"):
        with pytest.raises(RateLimited, match="slow down"):
            parse(name, body)
    with pytest.raises(RateLimited, match="slow down"):
        parse("speak", body)


REFUSED = [
    ("image", ImageRequest("m", "a", mask=PIXEL), "no picture"),
    ("image", ImageRequest("m", "a", (AWAY,)), "sent as bytes"),
    ("image", ImageRequest("m", "a", options={"seed": 1}), "takes no option `seed`"),
    (
        "transcribe",
        TranscriptionRequest("m", Audio("audio/wav", url="https://a.test/b.wav")),
        "sent as bytes",
    ),
    ("moderate", ModerationRequest("m", (Image("image/png", file_id="f"),)), "not as a file's id"),
    ("speak", SpeechRequest("m", "a", options={"language": "de"}), "takes no option `language`"),
    ("rerank", RerankRequest("m", "q", ("a",), {"max_tokens_per_doc": 5}), "takes no option"),
]


@pytest.mark.parametrize(("name", "request_", "words"), REFUSED)
def test_what_cannot_be_said_is_refused(name, request_, words):
    """Before anything is sent."""
    with pytest.raises(Unsupported, match=words):
        next(CHAT.operations()[name].ask(request_))


ODD_REQUESTS = [
    ("embed", {"model": "m", "input": [1, 2]}),
    ("embed", {"model": "m"}),
    ("rerank", {"model": "m", "query": "q"}),
    ("moderate", {"input": [5]}),
    ("moderate", {}),
    ("image", {"model": "m"}),
    ("speak", {"model": "m"}),
    ("batches.create", {"endpoint": "/v1/chat/completions"}),
    ("embed", b"["),
    ("embed", b"[]"),
    ("transcribe", {"model": "m"}),
    ("files.upload", b"--x--"),
]


@pytest.mark.parametrize(("name", "body"), ODD_REQUESTS)
def test_a_request_of_another_form_is_refused(name, body):
    """A server says so with a status."""
    with pytest.raises(InvalidRequest) as caught:
        read(name, body)

    assert 400 == caught.value.info.status


@pytest.mark.parametrize("name", ["transcribe", "files.upload"])
def test_a_form_without_a_file_is_refused(name):
    """Whatever else it says."""
    kind, body = write_form([("model", "m")])

    with pytest.raises(InvalidRequest, match="no `file`"):
        read(name, body, headers=Headers({"content-type": kind}))


def test_pictures_come_in_several_ways():
    """Bare, with a prefix, by address, with a kind of their own."""
    data = [
        {"b64_json": "iVBORw=="},
        {"b64_json": "data:image/png;base64,iVBORw=="},
        {"url": "https://a.test/x"},
    ]

    found = parse("image", {"data": [*data, "iVBORw=="], "usage": {"cost": 1}}).results

    assert [b"\x89PNG"] * 3 == [one.image.data for one in found if one.image.data]
    assert "https://a.test/x" == found[2].image.url


def test_usage_of_pictures_and_sound_is_apart():
    """Words, pictures and sound each in a bucket of their own."""
    tokens = {"input_tokens": 10, "output_tokens": 5}
    drawn = parse(
        "image", {"data": [], "usage": {**tokens, "input_tokens_details": {"image_tokens": 4}}}
    ).usage
    heard = parse(
        "transcribe", {"text": "a", "usage": {**tokens, "input_token_details": {"audio_tokens": 9}}}
    ).usage

    assert (6, 4, 5) == (drawn.input, drawn.input_image, drawn.output_image)
    assert (1, 9, 5) == (heard.input, heard.input_audio, heard.output)
    assert not parse("transcribe", {"text": "a", "usage": {"type": "duration", "seconds": 3}}).usage.known


def test_a_transcript_may_be_bare_text():
    """As some formats give it."""
    assert "hello" == parse("transcribe", b"hello\n", kind="text/plain").text


def test_speakers_and_words_have_times():
    """What has none is left out."""
    body = {
        "text": "a",
        "segments": [{"text": "a", "start": 0, "end": "1.5", "speaker": "B"}, {"text": "b"}],
        "words": [{"word": "a", "start": 0, "end": 1}],
    }

    found = parse("transcribe", body)

    assert [("a", 1.5, "B")] == [(one.text, one.end, one.speaker) for one in found.segments]
    assert [("a", 1.0)] == [(one.text, one.end) for one in found.words]


def test_what_is_asked_of_a_transcript():
    """Times, speakers, English."""
    operation = CHAT.operations()["transcribe"]

    def asked(**options):
        call = next(
            operation.ask(TranscriptionRequest("m", SOUND, options, {"flag": True, "several": ["a", "b"]}))
        )
        form = read_form(call.headers["content-type"], call.body)
        return call.path, {name: value for name, value in form if not isinstance(value, Attached)}

    assert "verbose_json" == asked(timestamps="word")[1]["response_format"]
    assert "diarized_json" == asked(diarize=True)[1]["response_format"]
    assert ("audio", "translations") == asked(translate=True)[0]
    assert ("true", "b") == (asked()[1]["flag"], asked()[1]["several"])


def test_billed_searches_are_usage():
    """Where nothing is said of tokens."""
    body = {"results": [], "meta": {"billed_units": {"search_units": 2}}}

    assert (2, True) == (parse("rerank", body).usage.searches, parse("rerank", body).usage.known)
    assert not parse("rerank", {"results": []}).usage.known


def test_a_verdict_without_a_flag_follows_its_categories():
    """One provider says only those."""
    body = {"results": [{"categories": {"a": True}, "category_scores": {"a": "0.5", "b": None}}]}

    (verdict,) = parse("moderate", body).results

    assert (True, {"a": 0.5}) == (verdict.flagged, verdict.scores)


def test_lists_go_on_page_after_page():
    """In the family that has pages."""
    steps = MESSAGES.operations()["models"].ask(ModelsRequest())

    first = next(steps)
    second = steps.send(reply({"data": [{"id": "a"}], "has_more": True, "last_id": "a"}))
    with pytest.raises(StopIteration) as done:
        steps.send(reply({"data": [{"id": "b"}], "has_more": False, "last_id": "b"}))

    assert ("after_id", "a") not in first.query
    assert ("after_id", "a") in second.query
    assert ["a", "b"] == [model.id for model in done.value.value.models]


def test_what_only_the_answer_is_about_is_not_counted():
    """The count takes the same body, but for that."""
    from jackfield.types import Message

    asked = Request("m", (Message("user", "hi"),), options={"temperature": 0.5, "max_tokens": 5})

    body = json.loads(next(MESSAGES.operations()["count_tokens"].ask(asked)).body)

    assert {"model", "messages"} == body.keys()


def test_ids_cannot_leave_their_place():
    """Whatever they are made of."""
    call = next(CHAT.operations()["files.get"].ask(FileRef("a/b?c")))

    assert "https://acme.test/v1/files/a%2Fb%3Fc" == call.url
    with pytest.raises(JackfieldError):
        _ = next(CHAT.operations()["files.get"].ask(FileRef(".."))).url


@pytest.mark.parametrize("name", ["a\r\nb", 'a"b', "größe.txt"])
def test_names_cannot_leave_a_form(name):
    """They are encoded as browsers do."""
    kind, body = write_form([("file", Attached(name, b"x", "text/plain\r\nevil: 1")), ("b", "c")])

    form = dict(read_form(kind, body))

    assert {"file", "b"} == form.keys()
    assert b"\r\nevil" not in body
    assert "c" == form["b"]


def test_a_body_that_is_no_form_is_refused():
    """With what came instead."""
    with pytest.raises(InvalidRequest, match="a form is expected"):
        read_form("application/json", b"{}")
