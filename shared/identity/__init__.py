"""Who is asking: API keys and what they stand for."""

from shared.identity.keys import Identity, KeyStore, NewKey, issue_key, secret_hash

__all__ = ["Identity", "KeyStore", "NewKey", "issue_key", "secret_hash"]
