"""Redaction: what passes, what is masked, and that nothing else changes."""

from __future__ import annotations

import base64
import json

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from jackfield.framing.event_stream import EventStream
from jackfield.testing.redaction import MASKED, Known, Redactor, resealed, without_secrets
from jackfield.testing.tape import Interaction
from jackfield.wire import Headers

KEY = "k9-Zq8RtyP0vN3mKx71bWcD/uE5+aH9jL2f"
KNOWN = Known.of([(KEY, "env `ACME_API_KEY`")])
PLAIN = Interaction("POST", "https://a.test/v1", Headers(), b"{}", 200, Headers(), b'{"text":"hi"}')


def cleaned(one, **facts):
    """An exchange after redaction."""
    return Redactor(KNOWN, **facts).interaction(one)


def body(text, **head):
    """What becomes of an answer's text."""
    data = text if isinstance(text, bytes) else text.encode()
    kept = cleaned(evolve(PLAIN, reply_body=data, chunks=(data,), delays=(0,), reply_headers=Headers(head)))
    assert len(data) == len(kept.reply_body)
    return kept.reply_body.decode("utf-8", "replace")


@settings(max_examples=60, deadline=None)
@given(st.text().filter(lambda text: "k9-" not in text))
def test_texts_without_secrets_stay_as_they_are(text):
    """Whatever they say, unless it has the shape of a key."""
    data = json.dumps({"content": text}).encode()

    kept = cleaned(evolve(PLAIN, reply_body=data, chunks=(data,), delays=(0,)))

    assert data == kept.reply_body or without_secrets(data.decode()) != data.decode()


@pytest.mark.parametrize(
    "text",
    [
        "chatcmpl-9aB3dE5gH7jK9mN1pQ3sT5vW7yZ",
        "call_AbCdEfGhIjKlMnOpQrStUv12",
        "toolu_01AbCdEfGhIjKlMnOpQrStUv",
        '{"token":"Hello","logprob":-0.1}',
        '{"usage":{"prompt_tokens":10}}',
        "Basic knowledge of tokens and secrets",
        "the password is not told here",
        "mail me at ada@example.com",
        base64.b64encode(bytes(range(256))).decode(),
        "https://acme.example/docs?topic=keys",
    ],
)
def test_what_only_looks_a_little_like_a_secret_stays(text):
    """Identifiers, figures, pictures, prose."""
    assert text == body(text)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_pieces_end_where_they_ended(data):
    """However an answer was cut, in the middle of a key or not."""
    text = f'data: {{"content":"key {KEY}, password: x"}}\n\n'.encode()
    cuts = sorted(data.draw(st.sets(st.integers(1, len(text) - 1), max_size=6)))
    chunks = tuple(text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True))

    kept = cleaned(evolve(PLAIN, reply_body=text, chunks=chunks, delays=(0.0,) * len(chunks)))

    assert [len(chunk) for chunk in chunks] == [len(chunk) for chunk in kept.chunks]
    assert kept.reply_body == b"".join(kept.chunks)
    assert b"Zq8" not in kept.reply_body


def test_different_secrets_have_different_masks():
    """And one has the same everywhere, so that what refers to it still does."""
    text = json.dumps([KEY, "AKIAIOSFODNN7EXAMPLQ", KEY])

    first, other, again = json.loads(body(text))

    assert first == again != other
    assert MASKED.fullmatch(first) and MASKED.fullmatch(other)


def test_masking_twice_changes_nothing():
    """What is redacted stays as it is."""
    once = cleaned(evolve(PLAIN, reply_body=KEY.encode(), chunks=(KEY.encode(),), delays=(0,)))

    assert once == cleaned(once)


def test_headers_pass_by_name_and_form():
    """What nobody thought of is left out."""
    told = {
        "content-type": "text/event-stream; charset=utf-8",
        "retry-after": "7",
        "x-ratelimit-reset-requests": "1m26.4s",
        "ratelimit": '"api";r=499;t=70',
        "acme-ratelimit-tokens-reset": "2026-11-21T10:00:00Z",
        "x-acme-output-token-count": "12",
        "x-should-retry": "true",
    }
    dropped = {"set-cookie": "a=b", "acme-organization": "corp", "x-ratelimit-owner": "u-7f3a9c21d"}

    kept = cleaned(
        evolve(PLAIN, reply_headers=Headers({**told, **dropped, "x-request-id": "abc"})),
        ids=("x-request-id",),
    )

    assert {**told, "x-request-id": "req_0"} == dict(kept.reply_headers)


def test_requests_keep_what_everybody_sends():
    """And the headers the profile itself states."""
    sent = {"content-type": "application/json", "acme-version": "2026-11-01", "x-client": "jackfield"}
    secret = {"authorization": f"Bearer {KEY}", "x-client-id": "u-77", "acme-beta": KEY * 4}

    kept = cleaned(evolve(PLAIN, headers=Headers({**sent, **secret})), own={"x-client": "jackfield"})

    assert sent == dict(kept.headers)


def test_what_signs_a_request_is_masked_in_its_answer():
    """Though nobody else knew of it: a token that was fetched, a signature."""
    secret = "Zx81-fetched-a-minute-ago-77"
    one = evolve(
        PLAIN, headers=Headers({"authorization": f"Bearer {secret}"}), body=f'{{"echo":"{secret}"}}'.encode()
    )

    assert "fetched" not in cleaned(one).body.decode()


@pytest.mark.parametrize(
    ("uri", "kept"),
    [
        ("https://a.test/v1?alt=sse&key=abcd1234efgh", "https://a.test/v1?alt=sse&key=REDACTEDRE01"),
        ("https://me:pass-word@a.test/v1", "https://a.test/v1"),
        ("https://a.test/v1/corp-7/models", "https://a.test/v1/project/models"),
        ("https://a.test/v1/corp-77/models", "https://a.test/v1/corp-77/models"),
        (f"https://a.test/{KEY[:20]}", "https://a.test/REDACTEDREDACTEDRE01"),
    ],
)
def test_addresses_lose_what_names_an_account(uri, kept):
    """They keep what they mean."""
    assert kept == cleaned(evolve(PLAIN, uri=uri), renamed={"corp-7": "project"}).uri


def test_documents_of_credentials_are_taken_apart():
    """As cloud accounts' key files are: what names nobody is not looked for."""
    document = {"type": "service_account", "private_key": "-----BEGIN-abc", "client_email": "robot@corp.iam"}

    found = Known.of([(json.dumps(document), "a file")])

    assert {"-----BEGIN-abc", "robot@corp.iam"} == set(found.values)
    assert "robot" not in repr(found)


def test_frames_are_sealed_anew():
    """A binary stream can still be read after it was masked."""
    frame = bytes.fromhex("0000001d0000000000000000") + b'{"key":"abcde"}'[:13] + b"\0\0\0\0"
    sealed = resealed(frame)
    masked = resealed(sealed.replace(b"abcde", b"REDAC"))

    assert b"REDAC" in b"".join(one.data for one in EventStream().feed(masked))
    assert masked != sealed.replace(b"abcde", b"REDAC")


def test_numbers_of_accounts_stay_numbers():
    """Whose name says what they are; others stay."""
    assert '{"account_id": 111111111111, "index": 12345}' == body(
        '{"account_id": 123456789012, "index": 12345}'
    )


def test_binary_streams_are_masked_and_sealed():
    """By their type."""
    size = 16 + len(KEY)
    frame = resealed(size.to_bytes(4) + bytes(8) + KEY.encode() + bytes(4))

    data = body(frame, **{"content-type": "application/vnd.amazon.eventstream"}).encode("utf-8", "replace")

    assert b"REDACTED" in data
    assert b"Zq8" not in data


def test_form_fields_are_masked_by_name():
    """As token endpoints are asked."""
    head = Headers({"content-type": "application/x-www-form-urlencoded"})
    one = evolve(
        PLAIN, headers=head, body=b"grant_type=client_credentials&client_id=abc-def&client_secret=short"
    )

    assert b"grant_type=client_credentials&client_id=REDACTE&client_secret=REDAC" == cleaned(one).body


def test_the_providers_own_shape_of_key_counts():
    """As its profile states it."""
    assert "my ACME1234" == body("my ACME1234")
    one = evolve(PLAIN, reply_body=b"my ACME1234", chunks=(b"my ACME1234",), delays=(0,))

    assert b"my REDACTED" == cleaned(one, key_pattern="ACME[0-9]{4}").reply_body


def test_messages_show_no_secrets():
    """Shapes and names alone are enough there."""
    assert '{"api_key": "***"} ***' == without_secrets('{"api_key": "abcd"} Bearer abcdefghijklm')
