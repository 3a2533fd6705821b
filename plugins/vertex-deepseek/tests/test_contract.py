"""vertex-deepseek is held to the contract."""

from jackfield.testing import ProviderContract


class TestVertexDeepseek(ProviderContract):
    """Chosen by its profile."""

    provider = "vertex-deepseek"
