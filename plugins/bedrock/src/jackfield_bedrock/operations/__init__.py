"""What can be asked besides completions: vectors, rankings, pictures, counts and the list of models."""

from __future__ import annotations

from jackfield.wire import Dialect
from jackfield.wire.operation import Operations


def operations_of(dialect: Dialect, model: str) -> Operations:
    """The operations of one model."""
    from jackfield_bedrock.operations.count import CountTokens
    from jackfield_bedrock.operations.embed import Embed
    from jackfield_bedrock.operations.image import Draw
    from jackfield_bedrock.operations.models import ListModels
    from jackfield_bedrock.operations.rerank import Rerank

    return {
        "embed": Embed(dialect, model),
        "rerank": Rerank(dialect, model),
        "image": Draw(dialect, model),
        "count_tokens": CountTokens(dialect, model),
        "models": ListModels(dialect, model),
    }
