"""What policies do about a failure, by its kind: the last column of the documentation, and what the tests go by."""

from __future__ import annotations

CIRCUIT, GATE, KEYS, TARGETS, ON = "circuit", "gate", "other keys", "other targets", "goes on"
TOLD = "`fallback_on`"

KINDS: dict[str, tuple[str, ...]] = {
    "transport.connect": (CIRCUIT, TARGETS),
    "transport.reset": (CIRCUIT, TARGETS),
    "timeout.connect": (CIRCUIT, TARGETS),
    "timeout.headers": (CIRCUIT, TARGETS),
    "timeout.first_token": (CIRCUIT, TARGETS),
    "timeout.idle": (CIRCUIT, TARGETS),
    "config.tls": (TOLD,),
    "throttle": (GATE, KEYS, TARGETS),
    "quota.money": (GATE, KEYS, TARGETS),
    "quota.window": (GATE, KEYS, TARGETS),
    "auth": (GATE, KEYS, TARGETS),
    "server": (CIRCUIT, TARGETS),
    "server.overloaded": (CIRCUIT, TARGETS),
    "protocol": (CIRCUIT, TARGETS),
    "protocol.body": (CIRCUIT, TARGETS),
    "stream.truncated": (CIRCUIT, TARGETS),
}
TOKENS = (TARGETS,)  # a token endpoint that fails says nothing of the key, and nothing of the target
ORDER = (CIRCUIT, GATE, KEYS, TARGETS, TOLD, ON)


def kinds(outcome: str) -> list[str]:
    """The kinds of failure that a cell of the table names: those of streams that had begun say so."""
    found = [cell.rpartition(" ")[0] for cell in outcome.split("|")]
    return [kind for kind in found if kind and kind != "ok"]


def policies(whole: str, stream: str, moment: str = "answer", goes_on: bool = True) -> tuple[str, ...]:
    """What acts on the failures of a fault, whole and streamed; ``goes_on`` where a provider allows it."""
    if moment == "token":
        return TOKENS if kinds(whole) else ()
    found: set[str] = set()
    for kind in (*kinds(whole), *kinds(stream)):
        broken, _, plain = kind.rpartition(" ")
        acting = KINDS.get(plain, ())
        if not broken:
            found.update(acting)
        elif plain != "deadline":  # the text that came is gone on with, where the caller asks for that
            found |= {*({ON} if goes_on else ()), *({CIRCUIT} & set(acting))}
    return tuple(word for word in ORDER if word in found)
