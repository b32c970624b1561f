"""The SDKs of Google's and Microsoft's clouds, which the extra `kms` brings."""

import importlib


def missing() -> str | None:
    """Say what is not installed, or None."""
    for name in ("google.cloud.kms", "azure.keyvault.keys", "azure.identity"):
        try:
            importlib.import_module(name)
        except ImportError:
            return f"{name} is not installed: `pip install -e '.[kms]'`"
    return None
