"""Cassettes played: what counts as the same call, and how answers come."""

from __future__ import annotations

import asyncio
import json

import pytest

from jackfield import Malformed, StreamInterrupted, Timeouts
from jackfield.testing.cassettes import (
    AsyncCassetteTransport,
    CassetteMismatch,
    CassetteTransport,
    cassettes_of,
)
from jackfield.testing.standin import StandIn
from jackfield.testing.tape import Cassette, Interaction
from jackfield.wire import Call, Headers

URL = "https://api.acme.example/v1/chat"
HEAD = {"content-type": "application/json", "acme-version": "2026-11"}
WAIT = (Timeouts(), 1e9)


def exchange(body=b'{"a":1,"b":[true,1.5]}', reply=b"hi", url=URL, **facts):
    """A recorded exchange."""
    return Interaction("POST", url, Headers(HEAD), body, 200, Headers(), reply, (reply,), (5,), **facts)


def call(body=b'{"a":1,"b":[true,1.5]}', path=("chat",), query=(), method="POST", **headers):
    """A call of the same."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call(
        method,
        path,
        body,
        Headers({**HEAD, "authorization": "Bearer x", **named}),
        query,
        "https://api.acme.example/v1",
    )


def played(one, asked, **options):
    """Whether a recorded exchange answers a call."""
    try:
        return b"hi" == CassetteTransport(Cassette((one,)), **options).send(asked, *WAIT).body
    except CassetteMismatch:
        return False


@pytest.mark.parametrize(
    ("same", "asked"),
    [
        (True, call()),
        (True, call(b' {"b": [true, 15e-1], "a": 1.0}')),
        (True, call(user_agent="other")),
        (False, call(b'{"a":1,"b":[true,1.5],"c":null}')),
        (False, call(b'{"a":true,"b":[true,1.5]}')),
        (False, call(b'{"a":1,"b":[1.5,true]}')),
        (False, call(b"")),
        (False, call(method="PUT")),
        (False, call(path=("chat", "x"))),
        (False, call(query=(("a", "1"),))),
        (False, call(acme_version="2026-12")),
        (False, call(content_type="text/plain")),
    ],
)
def test_a_call_is_the_recorded_one_in_all_that_counts(same, asked):
    """Method, address, headers that decide, and the body as a value."""
    assert same is played(exchange(), asked)


@pytest.mark.parametrize(
    ("same", "url", "query"),
    [
        (True, "https://api.acme.example:443/v1/chat?b=2&a=1", (("a", "1"), ("b", "2"))),
        (True, "https://api.acme.example/v1/ch%61t?q=a%20b", (("q", "a b"),)),
        (False, "http://api.acme.example/v1/chat", ()),
        (False, "https://api.acme.example:444/v1/chat", ()),
        (False, "https://api.acme.test/v1/chat", ()),
        (False, "https://api.acme.example/v1/chat?a=1&a=2", (("a", "2"), ("a", "1"))),
    ],
)
def test_addresses_are_compared_as_what_they_mean(same, url, query):
    """However they are spelt."""
    assert same is played(exchange(url=url), call(query=query))


def test_a_header_may_be_made_to_count():
    """By name or pattern; one that the cassette does not have does not count."""
    one = exchange()
    one.headers["x-acme-mode"] = "fast"

    assert played(one, call())
    assert not played(one, call(x_acme_mode="slow"), significant=["x-acme-*"])


def test_values_that_change_may_be_let_be():
    """By their paths, a star for any one step."""
    one, asked = exchange(b'{"at":{"when":1},"of":[{"id":1}]}'), call(b'{"at":{"when":2},"of":[{"id":2}]}')

    assert not played(one, asked, volatile=["at"])
    assert played(one, asked, volatile=["at", "of.*.id"])


@pytest.mark.parametrize("same", [True, False])
def test_what_is_masked_is_anything(same):
    """In values, forms and addresses; what stands around it counts."""
    one = exchange(b'{"key":"Bearer REDACTEDRE01!"}', url=f"{URL}?key=REDACTED")
    asked = call(b'{"key":"Bearer other-key%s"}' % (b"!" if same else b"?"), query=(("key", "k"),))

    assert same is played(one, asked)


def test_forms_are_compared_by_what_is_in_them():
    """With files and without."""
    head, other = "multipart/form-data; boundary=ab", 'multipart/form-data; boundary="cd"'
    one = Interaction("POST", URL, Headers({"content-type": head}), b"--ab\r\nhi\r\n--ab--", reply_body=b"hi")
    form = Interaction(
        "POST",
        URL,
        Headers({"content-type": "application/x-www-form-urlencoded"}),
        b"a=1&b=2",
        reply_body=b"hi",
    )

    assert played(one, call(b"--cd\r\nhi\r\n--cd--", content_type=other))
    assert not played(one, call(b"--cd\r\nho\r\n--cd--", content_type=other))
    assert played(form, call(b"b=2&a=1", content_type="application/x-www-form-urlencoded"))


def test_a_mismatch_says_what_why_and_how_to_mend_it():
    """Of the nearest exchange, without what is secret."""
    key = "sk-live-Zq8RtyP0vN3mKx71bWcD"
    transport = CassetteTransport(Cassette((exchange(b"{}"), exchange()), name="rivers"))

    with pytest.raises(CassetteMismatch) as caught:
        transport.send(call(json.dumps({"a": f"Bearer {key}", "b": [True, 1.5]}).encode()), *WAIT)

    what, why, mend = str(caught.value).splitlines()
    assert "`rivers`: POST https://api.acme.example/v1/chat is not on the cassette" == what
    assert "  why: body at a: 1 was recorded, '***' is sent" == why
    assert mend.startswith("  mend: ")


def test_each_exchange_is_played_once_in_order():
    """The same request may be answered otherwise the next time."""
    transport = CassetteTransport(Cassette((exchange(reply=b"one"), exchange(reply=b"two"))))

    assert [b"one", b"two"] == [transport.send(call(), *WAIT).body for _ in range(2)]
    with pytest.raises(CassetteMismatch, match="all exchanges on it were played"):
        transport.send(call(), *WAIT)
    transport.finish()


def test_what_was_not_played_fails():
    """At the end."""
    with pytest.raises(CassetteMismatch, match="1 of 1 exchanges were not played"):
        CassetteTransport(Cassette((exchange(),))).finish()


def stream_of(chunks, error=""):
    """A recorded stream."""
    body = b"".join(chunks)
    return Interaction(
        "POST",
        URL,
        Headers(HEAD),
        b"{}",
        200,
        Headers(),
        body,
        tuple(chunks),
        tuple(range(len(chunks))),
        error,
    )


def read(transport):
    """All pieces of a stream."""
    opened = transport.open(call(b"{}"), *WAIT)
    return list(iter(lambda: transport.read(opened, 1e9), b""))


@pytest.mark.parametrize(
    ("split", "pieces"), [(None, [b"abc", b"de"]), (1, [b"a", b"b", b"c", b"d", b"e"]), (4, [b"abcd", b"e"])]
)
def test_pieces_come_as_recorded_or_cut_anew(split, pieces):
    """The bytes are the same."""
    assert pieces == read(CassetteTransport(Cassette((stream_of([b"abc", b"de"]),)), split=split))


def test_pieces_come_when_they_came():
    """If somebody waits for them."""
    waited = []
    one = Interaction("POST", URL, Headers(HEAD), b"{}", 200, Headers(), b"ab", (b"a", b"b"), (5_000, 60_000))

    read(CassetteTransport(Cassette((one,)), sleep=waited.append))

    assert [5, 60] == [round(seconds) for seconds in waited]


def test_an_answer_breaks_off_where_it_did():
    """Read in pieces or whole; and what a caller sees is what was seen."""
    cassette = Cassette((stream_of([b"abc"], "stream.truncated"),) * 2)
    transport = CassetteTransport(cassette)

    with pytest.raises(Malformed, match="breaks off"):
        read(transport)
    with pytest.raises(Malformed, match="breaks off"):
        transport.send(call(b"{}"), *WAIT)


def test_a_dropped_stream_is_not_read_on():
    """What is left of it was not asked for."""
    transport = CassetteTransport(Cassette((stream_of([b"abc", b"de"]),)))
    opened = transport.open(call(b"{}"), *WAIT)

    transport.close_stream(opened)

    assert b"" == transport.read(opened, 1e9)
    transport.close()


def test_tasks_play_the_same():
    """Whole, in pieces, broken off, at its time."""
    waited = []

    async def sleep(seconds):
        waited.append(seconds)

    async def play():
        cassette = Cassette((exchange(), stream_of([b"abc", b"de"])))
        transport = AsyncCassetteTransport(cassette, split=2, sleep=sleep)
        whole = (await transport.send(call(), *WAIT)).body
        opened = await transport.open(call(b"{}"), *WAIT)
        pieces = [await transport.read(opened, 1e9) for _ in range(4)]
        await transport.close_stream(opened)
        await transport.close()
        transport.finish()
        return whole, pieces

    assert (b"hi", [b"ab", b"cd", b"e", b""]) == asyncio.run(play())
    assert 4 == len(waited)


def test_folders_hold_cassettes_by_scenario(tmp_path):
    """What is set aside does not count."""
    for name in ("completion", "stream", "_old", ".half"):
        Cassette((exchange(),)).save(tmp_path / f"{name}.yaml")

    assert ["completion", "stream"] == list(cassettes_of(tmp_path))
    assert "stream" == cassettes_of(tmp_path)["stream"].name


DELTA = b'data: {"choices":[{"index":0,"delta":{"content":"Aare"}}]}\n\n'
ASKED = b'{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true,"stream_options":{"include_usage":true}}'


def test_clients_take_them_as_transports():
    """The end of a broken stream is what a caller sees."""
    head = Headers({"content-type": "text/event-stream"})
    url = "https://fake.test/v1/chat/completions"
    one = Interaction("POST", url, Headers(), ASKED, 200, head, DELTA, error="transport.reset")
    cassette = Cassette((one,))
    client = StandIn((CassetteTransport(cassette), AsyncCassetteTransport(cassette))).client

    with pytest.raises(StreamInterrupted) as caught:
        client.stream("fake/m", "hi").completion()

    assert ("Aare", "transport.reset") == (caught.value.partial.text, caught.value.cause.kind)
