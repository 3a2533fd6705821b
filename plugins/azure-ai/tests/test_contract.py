"""azure-ai is held to the contract."""

from jackfield.testing import ProviderContract


class TestAzureAi(ProviderContract):
    """Chosen by its profile."""

    provider = "azure-ai"
