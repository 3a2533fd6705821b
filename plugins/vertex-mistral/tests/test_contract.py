"""vertex-mistral is held to the contract."""

from jackfield.testing import ProviderContract


class TestVertexMistral(ProviderContract):
    """Chosen by its profile."""

    provider = "vertex-mistral"
