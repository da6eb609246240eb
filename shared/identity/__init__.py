"""Who is asking: API keys, persons' sessions, and what they stand for."""

from shared.identity.keys import NewKey, issue_key, secret_hash
from shared.identity.keystore import Identity, KeyStore

__all__ = ["Identity", "KeyStore", "NewKey", "issue_key", "secret_hash"]
