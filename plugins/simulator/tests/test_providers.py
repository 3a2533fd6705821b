"""Every installed provider, through our own client: completions, streams, and whatever else it is said to do."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from jackfield_simulator import Simulator
from jackfield_simulator.exchange import asked
from jackfield_simulator.keys import shaped

from jackfield import Audio, StreamInterrupted, Unsupported
from jackfield.profile import Profile
from jackfield.types import ModelsRequest

PROMPT = "Name three rivers"
# What a provider can be asked besides completions, by the mode of a model.
ASKED = {
    "embedding": lambda client, model: len(client.embed(model, ["a", "b"]).vectors) == 2,
    "rerank": lambda client, model: client.rerank(model, "rivers", ["hills", "rivers"]).results[0].index == 1,
    "image": lambda client, model: client.image(model, "a cat").images[0].data is not None,
    "speech": lambda client, model: len(client.speak(model, "hello", voice="alloy").audio) > 100,
    "transcription": lambda client, model: (
        client.transcribe(model, Audio("audio/mpeg", data=b"x", name="a.mp3")).text
    ),
    "moderation": lambda client, model: client.moderate(model, "kill").flagged,
}


@pytest.fixture(scope="module")
def running():
    with Simulator() as simulator:
        yield simulator


@pytest.fixture(params=[name for name in Simulator().app.router.registry.ids() if name != "echo"])
def profile(running, request) -> Profile:
    return running.app.router.registry.profile(request.param)


@pytest.fixture
def client(running, profile):
    with running.client(profile.id) as client:
        yield client


def named(profile: Profile, mode: str) -> str:
    """A model of that mode, as a client names it."""
    found = (model.id for model in profile.models if model.mode == mode and not model.deprecated)
    name = next(found, "some-model" if mode == "chat" else "")
    return f"{profile.id}/{name}" if name else ""


def test_a_stream_that_fails_is_told_from_one_that_ends(client, profile, running):
    """In every format: what had come is kept, and the failure is no success."""
    running.answer("half of it", error="server", status=200, message="all too much", times=1)

    with (
        pytest.raises(StreamInterrupted) as caught,
        client.stream(named(profile, "chat"), PROMPT) as stream,
    ):
        stream.completion()

    assert "half of it" == caught.value.partial.text


def test_one_model_is_told_of(running, profile):
    """As it stands in the list, where the provider has one."""
    wire = running.app.router.wires(profile.id, "")[0]
    if "models" not in wire.operations():
        return
    exchange = wire.operations()["models"].exchanges[0]
    call = exchange.render(ModelsRequest())
    path = "/".join(step for step in call.path if isinstance(step, str))
    headers = [("authorization", f"Bearer {shaped(profile)}")]

    base = urlsplit(running.base_url(profile.id)).path
    listed, single = (
        running.app.exchange(asked("GET", f"{base}/{path}{tail}", headers)).reply
        for tail in ("", "/one-model")
    )

    assert (200, 200) == (listed.status, single.status), single.body
    assert b"one-model" in single.body
    (entries,) = (value for value in json.loads(listed.body).values() if isinstance(value, list))
    assert json.loads(single.body).keys() <= entries[0].keys() | {"id", "name"}


def test_completions(client, profile, running):
    """Whole and streamed alike, to the token that is billed."""
    before = running.bill.totals()

    whole = client.complete(named(profile, "chat"), PROMPT)
    with client.stream(named(profile, "chat"), PROMPT) as stream:
        streamed = stream.completion()

    after = running.bill.totals()
    assert (PROMPT, PROMPT) == (whole.text, streamed.text)
    assert whole.usage.total_output == streamed.usage.total_output == 3
    assert (12, 6) == (after.input - before.input, after.output - before.output)
    assert whole.request_id


@pytest.mark.parametrize("mode", ASKED)
def test_operations(client, profile, mode):
    """What is declared is answered; what is not is refused before anything is sent."""
    model = named(profile, mode)
    if not model:
        return

    try:
        answered = ASKED[mode](client, model)
    except Unsupported as refusal:
        assert "sent" in str(refusal)
    else:
        assert answered


def test_what_is_kept(client, profile):
    """Files and batches, there and back."""
    try:
        file = client.files.upload(profile.id, Path(__file__))
        assert file.id == client.files.get(file).id
    except Unsupported as refusal:
        assert "sent" in str(refusal)
    try:
        batch = client.batches.create(named(profile, "chat"), [PROMPT])
        assert client.batches.get(batch).done
        assert PROMPT == client.batches.results(batch).results[0].completion.text
    except Unsupported as refusal:
        assert "sent" in str(refusal)
