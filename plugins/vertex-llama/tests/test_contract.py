"""vertex-llama is held to the contract."""

from jackfield.testing import ProviderContract


class TestVertexLlama(ProviderContract):
    """Chosen by its profile."""

    provider = "vertex-llama"
