"""What belongs to an account goes out with its key alone, where a provider has several."""

from __future__ import annotations

import pytest

from jackfield import Affinity, Message
from jackfield.client.accounts import Owners, marked_answer, marked_completion, marked_parts, owned, pinned
from jackfield.client.losses import losses
from jackfield.types import (
    Batch,
    BatchItem,
    BatchList,
    BatchRef,
    BatchRequest,
    BatchResult,
    BatchResults,
    Choice,
    Completion,
    Document,
    FileList,
    FileRef,
    Opaque,
    Ranking,
    Reasoning,
    Request,
    StoredFile,
    Text,
    ToolResult,
)

KEYS = ["sk-one-0123456789", "sk-two-0123456789"]
MODEL = "acme/large-1"
POOL = {"acme": {"api_key": KEYS}}


def sealed(account="", seal="s", provider="acme"):
    """A turn that carries signed reasoning."""
    return Message("assistant", (Reasoning("", Opaque(provider, "w", {"signature": seal}, account)),))


def accounts(used):
    """What the keys of a client are called."""
    return [key.account for key in used.bind(MODEL).keys]


def keys(used):
    """The keys that calls went out with."""
    return [call.headers["authorization"].removeprefix("Bearer ") for call in used.driver.transport.calls]


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("stream", [False, True])
def test_signed_reasoning_goes_to_the_account_it_came_from(client, acme, place, stream):
    """Whichever key's turn it is."""
    used = client(acme.streamed("hi") if stream else acme.reply(), providers=POOL)
    prompt = [sealed(accounts(used)[place]), Message("user", "and?")]

    used.stream(MODEL, prompt).completion() if stream else used.complete(MODEL, prompt)

    assert [KEYS[place]] == keys(used)


def test_it_is_not_tried_with_another_key(client, acme):
    """Though that one would be free; other calls move on to it."""
    refused = [acme.failure(429, **{"retry-after": "500"})]
    used = client(*refused, acme.reply(), providers=POOL)

    with pytest.raises(Exception, match="no luck"):
        used.complete(MODEL, [sealed(accounts(used)[0]), Message("user", "and?")])
    used.complete(MODEL, "hi")

    assert KEYS == keys(used)


@pytest.mark.parametrize(
    ("turns", "why"),
    [
        ([("", "s")], "which of the 2 keys it belongs to is not known"),
        ([("gone", "s")], "an account whose key is none of the 2 that are set"),
        ([(0, "a"), (1, "b")], "of two accounts"),
        ([(0, "a"), ("", "b")], "which of the 2 keys it belongs to is not known"),
    ],
)
def test_what_belongs_to_no_key_or_to_several_is_refused(client, turns, why):
    """Before anything is sent, and with what to do about it."""
    used = client(providers=POOL)
    known = accounts(used)
    prompt = [sealed(known[each] if isinstance(each, int) else each, seal) for each, seal in turns]

    with pytest.raises(Affinity, match=why) as caught:
        used.complete(MODEL, [*prompt, Message("user", "and?")])

    assert "one_account = true" in caught.value.hint
    assert [] == keys(used)


@pytest.mark.parametrize(
    "providers", [{"acme": {"api_key": KEYS, "one_account": True}}, {"acme": {"api_key": KEYS[1]}}]
)
def test_one_account_may_take_any_key(client, acme, providers):
    """Several that are said to be of one, or the only one there is: the provider knows best."""
    used = client(acme.reply(), providers=providers)

    used.complete(MODEL, [sealed("gone"), Message("user", "and?")])

    assert [""] == list({*accounts(used)})
    assert 1 == len(keys(used))


def test_payloads_of_others_bind_to_no_key(client, acme):
    """They stay behind anyway."""
    used = client(acme.reply(), providers=POOL)

    used.complete(MODEL, [sealed("x", provider="other"), Message("user", "and?")])

    assert [KEYS[0]] == keys(used)


@pytest.mark.parametrize("stream", [False, True])
def test_answers_are_remembered_by_their_ids(client, acme, stream):
    """So that a stored one can be pointed at by its id alone."""
    first, then = (acme.streamed("hi"), acme.reply()) if stream else (acme.reply(), acme.reply())
    used = client(first, then, providers=POOL)
    done = used.stream(MODEL, "hi").completion() if stream else used.complete(MODEL, "hi")
    used.bind(MODEL).pool.failed(0, own=True)

    used.complete(MODEL, "and?", extra={"previous_response_id": done.id})

    assert [KEYS[0]] * 2 == keys(used)


def test_what_comes_is_marked_and_remembered(client):
    """Also where it comes back without its mark, as through somebody else's format."""
    used = client(providers=POOL)
    second = used.bind(MODEL).keys[1]

    text, marked = marked_parts(second, "acme", (Text("hi"), *sealed().parts), "resp_1")

    assert (Text("hi"), second.account) == (text, marked.opaque.account)
    assert [second.account] * 2 == [used.owners.of("acme", token) for token in ("s", "resp_1")]
    assert (second,) == owned(used.bind(MODEL), Request("m", (sealed(),))).keys


def test_kept_files_and_batches_are_marked(client):
    """Alone and in lists; other answers stay as they are."""
    used = client(providers=POOL)
    key = used.bind(MODEL).keys[1]
    file, batch = StoredFile("f"), Batch("b")

    found = [marked_answer(key, "acme", one) for one in (file, batch)]
    files, batches = (marked_answer(key, "acme", one) for one in (FileList((file,)), BatchList((batch,))))

    assert [key.account] * 4 == [one.account for one in (*found, *files.files, *batches.batches)]
    assert Ranking(()) == marked_answer(key, "acme", Ranking(()))
    assert key.account == used.owners.of("acme", "f") == used.owners.of("acme", "b")


def test_the_answers_of_a_batch_are_marked(client):
    """Those that there are, so that a conversation can go on with one."""
    used = client(providers=POOL)
    key = used.bind(MODEL).keys[1]
    results = BatchResults((BatchResult("1", Completion(sealed().parts)), BatchResult("2")))

    done, missing = marked_answer(key, "acme", results).results

    assert (key.account, None) == (done.completion.parts[0].opaque.account, missing.completion)
    assert key.account == used.owners.of("acme", "s")


def test_alternatives_are_marked_like_the_answer(client):
    """A conversation may go on with any of them."""
    used = client(providers=POOL)
    key = used.bind(MODEL).keys[1]
    other = Choice(sealed().parts)

    done = marked_completion(key, "acme", Completion((Text("hi"),), alternatives=(other,)))

    assert key.account == done.alternatives[0].parts[0].opaque.account
    assert key.account == used.owners.of("acme", "s")


def test_a_kept_file_takes_its_account_into_messages(client):
    """Also where this client has never seen it come, as in another process."""
    used = client(providers=POOL)
    binding = used.bind(MODEL)
    key = binding.keys[1]
    prompt = (Message("user", (StoredFile("seen by nobody", account=key.account).document,)),)

    assert (key,) == owned(binding, Request("m", prompt)).keys
    assert () == losses(binding, Request("m", prompt))


FILE = Document("application/pdf", file_id="f")


@pytest.mark.parametrize(
    "request_",
    [
        FileRef("f"),
        BatchRef("f"),
        FileRef("unknown", "ACCOUNT"),
        Request("m", (Message("user", (FILE,)),)),
        Request("m", (Message("tool", (ToolResult("1", (FILE,)),)),)),
        Request("m", (Message("user", "hi"),), extra={"container": {"id": "f"}}),
        BatchRequest("m", (BatchItem("1", Request("m", (Message("user", (FILE,)),))),)),
    ],
    ids=str,
)
def test_everything_kept_binds(client, request_):
    """Files, batches, what points at them; by its mark, or as it is remembered."""
    used = client(providers=POOL)
    binding = used.bind(MODEL)
    key = binding.keys[1]
    used.owners.note("acme", "f", key.account)
    if getattr(request_, "account", ""):
        request_ = FileRef("unknown", key.account)

    assert (key,) == owned(binding, request_).keys


def test_what_follows_an_exchange_stays_with_its_key(client):
    """A batch that goes up as a file is made by whoever has the file."""
    binding = client(providers=POOL).bind(MODEL)
    alone = client(providers={"acme": {"api_key": KEYS[0]}}).bind(MODEL)

    assert (binding.keys[1],) == pinned(binding, binding.keys[1]).keys
    assert alone is pinned(alone, alone.keys[0])


def test_memory_has_an_end():
    """What was met last stays."""
    owners = Owners(2)

    for token in "abac":
        owners.note("acme", token, token.upper())

    assert ["A", "", "C", ""] == [owners.of("acme", token) for token in "abcd"]
    assert "" == owners.of("other", "a")
