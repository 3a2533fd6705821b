"""Whose account a payload belongs to, where a provider has several keys: it never goes out with another one's.

Each key of a pool stands for an account of its own, unless the settings say ``one_account``. What an answer carries
that only its account can read is marked with it; ids and seals that come back without a mark, as text or through
somebody else's format, are remembered. A request that carries any of it is made with that key alone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING, Any

import attrs

from jackfield.errors import Affinity, ErrorInfo
from jackfield.types import (
    Batch,
    BatchList,
    BatchRef,
    BatchRequest,
    BatchResult,
    BatchResults,
    Completion,
    FileList,
    FileRef,
    Opaque,
    Part,
    Request,
    StoredFile,
)

if TYPE_CHECKING:
    from jackfield.client.binding import Binding, Key
    from jackfield.policy.route.affinity import Tie

MOST = 100_000
"""Ids and seals that are remembered; those met last stay."""


class Owners:
    """Which account ids and seals belong to, as far as this client has seen them come. Threads share it."""

    __slots__ = ("_known", "_lock", "_most")

    def __init__(self, most: int = MOST) -> None:
        self._known: OrderedDict[bytes, str] = OrderedDict()
        self._most = most
        self._lock = Lock()

    def note(self, provider: str, token: str, account: str) -> None:
        """This id or seal came from that account."""
        key = _key(provider, token)
        with self._lock:
            self._known[key] = account
            self._known.move_to_end(key)
            if len(self._known) > self._most:
                self._known.popitem(last=False)

    def of(self, provider: str, token: str) -> str:
        """The account an id or seal came from; empty if nobody knows."""
        with self._lock:
            return self._known.get(_key(provider, token), "")


def _key(provider: str, token: str) -> bytes:
    return sha256(f"{provider}\n{token}".encode("utf-8", "surrogatepass")).digest()[:12]


# -- what comes ----------------------------------------------------------------------------------------


def marked_parts(key: Key, provider: str, parts: tuple[Part, ...], answer: str | None) -> tuple[Part, ...]:
    """The parts of an answer with what only this account can read marked as its own; ``answer`` is the answer's id."""
    from jackfield.policy.route.affinity import ties_of  # few have several keys

    assert key.owners is not None
    if answer:
        key.owners.note(provider, answer, key.account)
    for tie in ties_of(parts):
        key.owners.note(provider, tie.token, key.account)
    return tuple([_marked(part, key.account) for part in parts])


def marked_completion(key: Key, provider: str, done: Completion) -> Completion:
    """An answer whose parts are marked, those of its alternatives too."""
    parts = marked_parts(key, provider, done.parts, done.id)
    others = tuple(
        attrs.evolve(other, parts=marked_parts(key, provider, other.parts, None))
        for other in done.alternatives
    )
    return attrs.evolve(done, parts=parts, alternatives=others)


def _marked(part: Part, account: str) -> Part:
    kept: Any = part  # some parts have no payload
    opaque: Opaque | None = getattr(kept, "opaque", None)
    marked: Part = (
        part if opaque is None else attrs.evolve(kept, opaque=attrs.evolve(opaque, account=account))
    )
    return marked


def marked_answer(key: Key, provider: str, answer: Any) -> Any:
    """What a provider keeps, as this account's own: a file, a batch, a list of them, or the answers of a batch."""
    if isinstance(answer, StoredFile | Batch):
        return _marked_thing(key, provider, answer)
    if isinstance(answer, FileList):
        return attrs.evolve(answer, files=tuple(_marked_thing(key, provider, one) for one in answer.files))
    if isinstance(answer, BatchList):
        return attrs.evolve(
            answer, batches=tuple(_marked_thing(key, provider, one) for one in answer.batches)
        )
    if isinstance(answer, BatchResults):
        return attrs.evolve(
            answer, results=tuple(_marked_result(key, provider, one) for one in answer.results)
        )
    return answer


def _marked_result(key: Key, provider: str, result: BatchResult) -> BatchResult:
    done = result.completion
    return result if done is None else attrs.evolve(result, completion=marked_completion(key, provider, done))


def _marked_thing(key: Key, provider: str, thing: Any) -> Any:
    assert key.owners is not None
    key.owners.note(provider, thing.id, key.account)
    return attrs.evolve(thing, account=key.account)


# -- what goes -----------------------------------------------------------------------------------------


def owned(binding: Binding, request: Any) -> Binding:
    """The binding with the one key whose account a request is bound to; as it is where nothing binds it.

    Refused is what belongs to several accounts, to one whose key is not here, and what nobody knows the owner of.
    """
    owners = binding.keys[0].owners
    if owners is None:
        return binding
    provider = binding.profile.id
    found: dict[str, Tie] = {}
    for tie in _ties(request):
        if tie.provider in ("", provider):
            found.setdefault(tie.account or owners.of(provider, tie.token), tie)
    if not found:
        return binding
    account = next(iter(found))
    key = next((key for key in binding.keys if account and key.account == account), None)
    if key is None or len(found) > 1:
        raise _refusal(binding, found)
    return pinned(binding, key)


def pinned(binding: Binding, key: Key) -> Binding:
    """The binding with one of its keys alone: what follows belongs to that account."""
    return binding if key.owners is None else binding.evolve(keys=(key,), auth=key.auth)


def _ties(request: Any) -> Iterable[Tie]:
    """What binds a request to an account."""
    from jackfield.policy.route.affinity import Tie, ties

    if isinstance(request, Request):
        return ties(request.messages, request.extra)
    if isinstance(request, BatchRequest):
        return _of_items(request)
    if isinstance(request, BatchRef | FileRef):
        what = "a batch" if isinstance(request, BatchRef) else "a kept file"
        return (Tie("", what, request.id, request.account),)
    return ()


def _of_items(request: BatchRequest) -> Iterator[Tie]:
    for item in request.items:
        yield from _ties(item.request)


def _refusal(binding: Binding, found: dict[str, Tie]) -> Affinity:
    provider, count = binding.profile.id, len(binding.keys)
    known = [(account, tie.why) for account, tie in found.items() if account]
    if len(known) > 1:
        why = f"{known[0][1]} and {known[1][1]} of two accounts"
    elif "" in found:
        why = f"{found[''].why}, and which of the {count} keys it belongs to is not known"
    else:
        why = f"{known[0][1]} of an account whose key is none of the {count} that are set"
    msg = f"the request to `{binding.name}` carries {why}; nothing was sent"
    hint = f"set `one_account = true` in [providers.{provider}] if all its keys are of one account; else pass on the"
    hint += (
        " object that came (StoredFile, Batch, the parts of an answer), or use a client with that key alone"
    )
    return Affinity(ErrorInfo("request.affinity", msg, provider=provider, hint=hint, sent="no"))
