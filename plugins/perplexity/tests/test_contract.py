"""perplexity is held to the contract."""

from jackfield.testing import ProviderContract


class TestPerplexity(ProviderContract):
    """Chosen by its profile."""

    provider = "perplexity"
