"""vertex is held to the contract."""

from jackfield.testing import ProviderContract


class TestVertex(ProviderContract):
    """Chosen by its profile."""

    provider = "vertex"
