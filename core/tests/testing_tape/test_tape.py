"""Cassettes as files: what is written is read again, by us and by vcrpy alone."""

from __future__ import annotations

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield import BadConfig
from jackfield.testing.tape import Cassette, Interaction
from jackfield.wire import Headers

vcr_cassette = pytest.importorskip("vcr.cassette")
URL = "https://api.acme.example/v1/chat"
BODIES = st.one_of(
    st.binary(max_size=80),
    st.text(max_size=80).map(lambda text: text.encode("utf-8", "replace")),
    st.text("a \t\r\n|>:#'\"{}\u2028\u0085\ufeff\U0001f680", max_size=30).map(lambda text: text.encode("utf-8", "replace")),
)  # fmt: skip


@st.composite
def interactions(draw):
    """Exchanges with all that a cassette can hold."""
    chunks = tuple(chunk for chunk in draw(st.lists(BODIES, max_size=4)) if chunk)
    delays = tuple(sorted(draw(st.floats(0, 1e5)) // 0.001 / 1000 for _ in chunks))
    asked = draw(
        st.sampled_from([b"", b"\xff\x00", b'{"a":[1,{"b":null}]}', b"a=1&b=2", '{"a": "ü\\n"}'.encode()])
    )
    error = draw(st.sampled_from(["", "stream.truncated", "timeout.idle"]))
    head = Headers({"content-type": "text/event-stream"})
    body = b"".join(chunks)
    return Interaction("POST", URL, head, asked, 200, head, body, chunks, delays, error)


def kept(cassette, tmp_path):
    """A cassette after it was written and read."""
    cassette.save(tmp_path / "rivers.yaml")
    return Cassette.load(tmp_path / "rivers.yaml")


@settings(max_examples=40, deadline=None)
@given(interactions())
def test_what_is_written_is_read_again(tmp_path_factory, one):
    """Every byte of an answer, where its pieces ended, and when they came."""
    found = kept(Cassette((one,)), tmp_path_factory.getbasetemp()).interactions[0]

    assert (one.reply_body, one.chunks, one.error) == (found.reply_body, found.chunks, found.error)
    assert pytest.approx(one.delays, abs=0.001) == found.delays
    assert (one.asked, one.headers, one.status) == (found.asked, found.headers, found.status)


@settings(max_examples=40, deadline=None)
@given(interactions())
def test_vcrpy_reads_the_same(tmp_path_factory, one):
    """What is ours stands where it does not look."""
    file = tmp_path_factory.getbasetemp() / "rivers.yaml"
    Cassette((one,), provider="acme", settings={"team": "team"}).save(file)

    played = vcr_cassette.Cassette.load(path=str(file))

    assert [one.reply_body] == [response["body"]["string"] for response in played.responses]
    assert [("POST", URL)] == [(request.method, request.uri) for request in played.requests]


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_vcrpy_alone_replays_a_cassette(tmp_path, library):
    """With its own matchers, the body among them."""
    http, vcr = pytest.importorskip(library), pytest.importorskip("vcr")
    head, body = Headers({"content-type": "application/json"}), b'data: {"a":1}\n\ndata: [DONE]\n\n'
    chunks = (body[:9], body[9:])
    one = Interaction(
        "POST", URL, head, b'{"b":1,"a":[2]}', 200, head, body, chunks, (3, 9), "stream.truncated"
    )
    Cassette((one,)).save(tmp_path / "rivers.yaml")

    tape = vcr.VCR(record_mode="none", match_on=["method", "uri", "body"])
    with (
        warnings.catch_warnings(),
        tape.use_cassette(str(tmp_path / "rivers.yaml")) as played,
        http.Client() as client,
    ):
        warnings.simplefilter("ignore", DeprecationWarning)
        answer = client.post(URL, json={"a": [2], "b": 1})

    assert (200, body, True) == (answer.status_code, answer.content, played.all_played)


def test_facts_stand_at_the_top(tmp_path):
    """Where the exchanges come from, when, of what model."""
    told = Cassette(
        (), "documented", "2026-11", "acme", "large-1", "0.1.0", {"team": "team"}, "https://acme.example"
    )

    found = kept(told, tmp_path)

    assert (told.origin, told.recorded, told.provider, told.model, told.core) == (
        found.origin, found.recorded, found.provider, found.model, found.core,
    )  # fmt: skip
    assert ("2026-11-01", {"team": "team"}, "https://acme.example") == (
        str(found.day),
        found.settings,
        found.source,
    )


def test_the_remark_in_the_first_line_counts(tmp_path):
    """As cassettes written by hand have it; the model is that of the first request."""
    request = "request: {method: POST, uri: 'https://a.test/', headers: {}, body: '{\"model\":\"m-1\"}'}"
    answer = "response: {status: {code: 200, message: OK}, headers: {}, body: {string: hi}}"
    (tmp_path / "a.yaml").write_text(
        f"# origin: documented, 2026-11; so\nversion: 1\ninteractions:\n- {request}\n  {answer}\n"
    )

    found = Cassette.load(tmp_path / "a.yaml")

    assert ("documented", "2026-11", "m-1", "a") == (found.origin, found.recorded, found.model, found.name)
    assert ((b"hi",), (0.0,)) == (found.interactions[0].chunks, found.interactions[0].delays)


def test_streams_are_reviewed_line_by_line(tmp_path):
    """And requests value by value."""
    body = b'data: {"a":1}\n\ndata: [DONE]\n\n'
    text = (
        Cassette((Interaction("POST", URL, body=b'{"a":{"b":1}}', reply_body=body, chunks=(body,)),))
        .dump()
        .decode()
    )

    assert '\n        data: {"a":1}\n' in text
    assert '\n      {\n       "a": {\n' in text
    assert "chunks: [29]" in text


def test_compressed_answers_of_others_are_read_plain(tmp_path):
    """As vcrpy stores them."""
    import gzip

    one = Interaction(
        "GET",
        URL,
        reply_headers=Headers({"content-encoding": "gzip"}),
        reply_body=gzip.compress(b"hi", mtime=0),
    )

    found = kept(Cassette((one,)), tmp_path).interactions[0]

    assert (b"hi", False) == (found.reply_body, "content-encoding" in found.reply_headers)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("interactions: !!python/object/apply:os.system ['true']", "not YAML of plain values"),
        ("a: [", "not YAML"),
        ("version: 1", "no `interactions`"),
        ("interactions: [{request: {}}]", "cannot be read"),
        ("origin: guessed\ninteractions: []", "none of recorded, documented"),
        ("interactions: [{request: {method: GET, uri: x}, response: {status: {code: 200}, body: {string: hi}}, tape: {chunks: [1]}}]", "sums to 1"),
        ("interactions: [{request: {method: GET, uri: x}, response: {status: {code: 200}, body: {string: hi}}, tape: {ms: [1, 2]}}]", "must be 1 times"),
        ("interactions: [{request: {method: GET, uri: x}, response: {status: {code: 200}}, tape: {error: tired}}]", "no kind of failure"),
    ],
)  # fmt: skip
def test_files_that_are_no_cassettes_are_refused(tmp_path, text, words):
    """With the name of the file, and nothing in it is carried out."""
    (tmp_path / "bad.yaml").write_text(text)

    with pytest.raises(BadConfig, match=f"`bad.yaml`.*{words}"):
        Cassette.load(tmp_path / "bad.yaml")


def test_a_file_that_is_not_there_or_too_large_is_refused(tmp_path):
    """Before it is read as YAML."""
    (tmp_path / "large.yaml").write_bytes(b" " * ((4 << 20) + 1))

    with pytest.raises(BadConfig, match="larger than 4 MiB"):
        Cassette.load(tmp_path / "large.yaml")
    with pytest.raises(BadConfig, match="cannot be read"):
        Cassette.load(tmp_path / "none.yaml")
