"""Operations beside completions between real halves: official clients, and our own, against the server halves."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from jackfield import (
    AsyncClient,
    Audio,
    Batch,
    Client,
    Embeddings,
    FileUpload,
    Image,
    Images,
    InvalidRequest,
    ModelList,
    Moderation,
    Ranking,
    Speech,
    StoredFile,
    TokenCount,
    Transcript,
    Unsupported,
)

sys.path.insert(0, str(Path(__file__).parent))

from answers import ANSWERS, PIXEL
from loopback import Loopback


@pytest.fixture(scope="module")
def server():
    with Loopback(lambda request: ANSWERS[type(request)]) as found:
        yield found


@pytest.fixture
def openai(server):
    module = pytest.importorskip("openai")
    return module.OpenAI(base_url=f"{server.url}/v1", api_key="any", max_retries=0)


@pytest.fixture
def anthropic(server):
    module = pytest.importorskip("anthropic")
    return module.Anthropic(base_url=server.url, api_key="any", max_retries=0)


def settings(server) -> dict[str, Any]:
    address = f"{server.url}/v1"
    return {
        "max_retries": 0,
        "providers": {
            "openai": {"api_key": "any-key-at-all", "base_url": address},
            "openai-compatible": {"base_url": address},
            "anthropic": {"api_key": "any-key-at-all", "base_url": server.url},
        },
    }


@pytest.fixture
def client(server):
    with Client(settings(server)) as found:
        yield found


# -- official clients ----------------------------------------------------------------------------


def test_openai_lists_models(openai):
    """Page by page, of which there is one."""
    assert [("m-1", "acme")] == [(model.id, model.owned_by) for model in openai.models.list()]


def test_openai_moderates(openai):
    """Flags, categories and scores."""
    found = openai.moderations.create(model="o", input=["bad"]).results[0]

    assert (True, True, 0.9) == (found.flagged, found.categories.hate, found.category_scores.hate)


def test_openai_draws_and_redraws(openai):
    """From words, and from a picture."""
    made = openai.images.generate(model="i", prompt="a cat", size="1024x1024").data[0]
    changed = openai.images.edit(model="i", prompt="a dog", image=("a.png", PIXEL, "image/png")).data[0]

    assert "a cat, drawn" == made.revised_prompt
    assert made.b64_json == changed.b64_json


def test_openai_speaks_and_listens(openai, server):
    """Sound out, sound in."""
    spoken = openai.audio.speech.create(model="s", voice="alloy", input="hello", speed=1.5)
    heard = openai.audio.transcriptions.create(
        model="t", file=("a.wav", b"sound", "audio/wav"), response_format="verbose_json"
    )

    assert (b"sound", "hello there", 1.5) == (spoken.content, heard.text, heard.segments[0].end)


def test_openai_keeps_files(openai):
    """Put there, looked at, listed, deleted."""
    put = openai.files.create(file=("a.txt", b"hello", "text/plain"), purpose="user_data")

    assert ("file-1", "a.txt", 5) == (put.id, put.filename, put.bytes)
    assert "file-1" == openai.files.retrieve("file-1").id
    assert ["file-1"] == [file.id for file in openai.files.list()]


def test_openai_batches(openai):
    """Begun, looked at, cancelled, listed."""
    begun = openai.batches.create(
        input_file_id="file-1", endpoint="/v1/chat/completions", completion_window="24h"
    )

    assert ("batch-1", "completed", 2) == (begun.id, begun.status, begun.request_counts.total)
    assert begun.id == openai.batches.retrieve("batch-1").id == openai.batches.cancel("batch-1").id
    assert ["batch-1"] == [batch.id for batch in openai.batches.list()]


def test_anthropic_counts_and_lists(anthropic):
    """Tokens, and models."""
    counted = anthropic.messages.count_tokens(model="m", messages=[{"role": "user", "content": "hi"}])

    assert 12 == counted.input_tokens
    assert ["m-1"] == [model.id for model in anthropic.models.list()]


def test_anthropic_batches(anthropic):
    """Requests in one body."""
    params = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}

    begun = anthropic.messages.batches.create(requests=[{"custom_id": "a", "params": params}])

    assert ("batch-1", "ended", 2) == (begun.id, begun.processing_status, begun.request_counts.succeeded)
    assert begun.id == anthropic.messages.batches.retrieve("batch-1").id


# -- our own -------------------------------------------------------------------------------------


def test_every_operation_of_our_own_client(client):
    """One neutral type for each, whoever answers."""
    model = "openai-compatible/m"

    assert ((0.5, 1.0),) == client.embed(model, "a").vectors
    ranking = client.rerank(model, "q", ["x", "y"], top_n=2)
    assert [(1, "y"), (0, "x")] == [(one.index, one.document) for one in ranking.results]
    assert client.moderate(model, "bad").flagged
    assert PIXEL == client.image(model, "a cat").images[0].data
    assert b"sound" == client.speak(model, "hello", "alloy").audio
    heard = client.transcribe(model, Audio("audio/wav", data=b"sound"), timestamps="segment")
    assert ("hello there", "en") == (str(heard), heard.language)
    assert ["m-1"] == [found.id for found in client.list_models("openai-compatible").models]


async def _asked(client: AsyncClient) -> list[Any]:
    """What every operation answers."""
    model = "openai-compatible/m"
    return [
        await client.embed(model, "a"),
        await client.rerank(model, "q", ["x", "y"]),
        await client.moderate(model, ["bad"]),
        await client.image(model, "a cat", [Image("image/png", data=PIXEL)]),
        await client.speak(model, "hello"),
        await client.transcribe(model, Audio("audio/wav", data=b"sound")),
        await client.list_models("openai-compatible"),
        await client.count_tokens("anthropic/claude-sonnet-5", "hi"),
        await client.files.upload("openai", FileUpload("a.txt", b"hello")),
        await client.batches.get("openai/batch-1"),
    ]


KINDS = [
    *(Embeddings, Ranking, Moderation, Images, Speech, Transcript),
    *(ModelList, TokenCount, StoredFile, Batch),
]


def test_every_operation_awaited(server):
    """The same, with await."""

    async def ask() -> list[Any]:
        async with AsyncClient(settings(server)) as client:
            return await _asked(client)

    answers = asyncio.run(ask())

    assert KINDS == [type(answer) for answer in answers]
    assert all(answer.provider and len(answer.attempts) == 1 for answer in answers)


def test_files_are_kept(client, tmp_path):
    """A path is read; what comes back names itself in the next call."""
    path = tmp_path / "a.txt"
    path.write_bytes(b"hello")

    put = client.files.upload("openai", path, purpose="user_data")

    assert ("openai", "file-1") == (put.provider, put.id)
    assert put.id == client.files.get(put).id == client.files.list("openai").files[0].id


def test_batches_of_two_families(client):
    """A file of lines, or one body: callers see no difference."""
    for model in ("openai/gpt-4o", "anthropic/claude-sonnet-5"):
        begun = client.batches.create(model, {"a": "hi", "b": "ho"}, max_tokens=5)

        assert ("batch-1", True, 2) == (begun.id, begun.done, begun.counts.total)
        assert begun.id == client.batches.get(begun).id == client.batches.cancel(begun).id
        assert [begun.id] == [batch.id for batch in client.batches.list(begun.provider).batches]


def test_tokens_are_counted_by_the_provider(client):
    """Where it can; elsewhere they are counted here, or refused before a byte is sent."""
    counted = client.count_tokens("anthropic/claude-sonnet-5", "hi", system="be brief")

    assert (12, "provider") == (counted.tokens, counted.source)
    assert "provider" != client.count_tokens("openai/gpt-4o", "hi").source
    with pytest.raises(Unsupported, match="nothing was sent"):
        client.count_tokens("openai/gpt-4o", "hi", online=True)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        (lambda client: client.rerank("openai-compatible/m", "q", []), "documents"),
        (lambda client: client.rerank("openai-compatible/m", "", ["a"]), "query"),
        (lambda client: client.moderate("openai-compatible/m", []), "at least one"),
        (lambda client: client.image("openai-compatible/m", "a", "pic.png"), "must be a list"),
        (lambda client: client.speak("openai-compatible/m", ""), "text"),
        (lambda client: client.transcribe("openai-compatible/m", "nowhere.wav"), "cannot be read"),
        (lambda client: client.batches.get("batch-1"), "provider/id"),
        (lambda client: client.batches.create("openai/gpt-4o", []), "at least one prompt"),
        (lambda client: client.list_models("openai/gpt-4o"), "its id alone"),
        (lambda client: client.rerank("openai-compatible/m", "q", ["a"], topn=1), "no option `topn`"),
    ],
)
def test_mistakes_are_told_before_anything_is_sent(client, server, ask, words):
    """With what is wrong."""
    asked = len(server.calls)

    with pytest.raises(InvalidRequest, match=words):
        ask(client)

    assert asked == len(server.calls)


def test_what_a_provider_cannot_do_is_refused(client, server):
    """Declared unsupported, or not there in its format."""
    asked = len(server.calls)

    for ask in (
        lambda: client.rerank("openai/gpt-4o", "q", ["a"]),
        lambda: client.image("anthropic/claude-sonnet-5", "a cat"),
    ):
        with pytest.raises(Unsupported):
            ask()

    assert asked == len(server.calls)
