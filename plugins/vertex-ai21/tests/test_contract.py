"""vertex-ai21 is held to the contract."""

from jackfield.testing import ProviderContract


class TestVertexAi21(ProviderContract):
    """Chosen by its profile."""

    provider = "vertex-ai21"
