"""Tokenizers of other packages, used where package and data are on this machine already; nothing is ever fetched.

They come with the extra ``tokenizers``. Loading one takes up to a second, so each is loaded once.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from jackfield.profile.counting import Counting

Counter: TypeAlias = Callable[[str], int]


def tokenizer_for(counting: Counting) -> Counter | None:
    """What counts the tokens of a text exactly; ``None`` where it is not on this machine."""
    if not counting.tokenizer:
        return None
    return _loaded(counting.tokenizer, counting.tokenizer_data)


@lru_cache(maxsize=16)
def _loaded(tokenizer: str, data: str) -> Counter | None:
    kind, _, name = tokenizer.partition(":")
    try:
        return _LOADERS[kind](name, data)
    except ImportError:
        return None  # the extra is not installed
    except (OSError, ValueError, KeyError) as stumble:
        import logging

        logging.getLogger("jackfield").warning(
            "tokenizer `%s` cannot be loaded (%s); tokens are estimated", tokenizer, type(stumble).__name__
        )
        return None


def _tiktoken(name: str, data: str) -> Counter | None:
    """An encoding whose data lies in the cache of ``tiktoken``, which keeps it by the address it came from."""
    import hashlib

    folder = os.environ.get("TIKTOKEN_CACHE_DIR") or os.environ.get("DATA_GYM_CACHE_DIR")
    folder = folder or os.path.join(tempfile.gettempdir(), "data-gym-cache")
    if not data or not os.path.isfile(os.path.join(folder, hashlib.sha1(data.encode()).hexdigest())):  # noqa: S324  # a name
        return None
    import tiktoken

    return _of_encoding(tiktoken.get_encoding(name))


def _tekken(name: str, data: str) -> Counter | None:
    """A vocabulary in a package's own file: a pattern, and the bytes of each token by rank."""
    file = _in_package(name)
    if file is None:
        return None
    import base64
    import json

    import tiktoken

    found = json.loads(file.read_bytes())
    config = found["config"]
    words = found["vocab"][: config["default_vocab_size"] - config["default_num_special_tokens"]]
    ranks = {base64.b64decode(word["token_bytes"]): int(word["rank"]) for word in words}
    return _of_encoding(
        tiktoken.Encoding(file.stem, pat_str=config["pattern"], mergeable_ranks=ranks, special_tokens={})
    )


def _tokenizers(name: str, data: str) -> Counter | None:
    """A ``tokenizer.json`` in a package, or in the model hub's cache."""
    file = _in_package(name) if name.endswith(".json") else _in_hub_cache(name, data)
    if file is None:
        return None
    import tokenizers

    encode: Any = tokenizers.Tokenizer.from_file(str(file)).encode
    return lambda text: len(encode(text, add_special_tokens=False).ids)


def _of_encoding(encoding: Any) -> Counter:
    return lambda text: len(encoding.encode(text, disallowed_special=()))


_LOADERS: Mapping[str, Callable[[str, str], Counter | None]] = {
    "tiktoken": _tiktoken,
    "tekken": _tekken,
    "tokenizers": _tokenizers,
}


def _in_package(name: str) -> Path | None:
    """A file inside an installed package, which is not imported."""
    from importlib.util import find_spec

    package, _, file = name.partition("/")
    spec = find_spec(package)
    places = spec.submodule_search_locations if spec is not None else None
    found = [Path(place, file) for place in places or () if Path(place, file).is_file()]
    return found[0] if found else None


def _in_hub_cache(repository: str, usual: str) -> Path | None:
    """The newest snapshot in the hub's cache, which lies where the environment says, or where it usually does."""
    home = os.environ.get("HF_HOME")
    hub = os.environ.get("HF_HUB_CACHE") or (os.path.join(home, "hub") if home else os.path.expanduser(usual))
    if not hub:
        return None
    folder = Path(hub, f"models--{repository.replace('/', '--')}", "snapshots")
    found = sorted(folder.glob("*/tokenizer.json"), key=lambda file: file.stat().st_mtime)
    return found[-1] if found else None
