"""Passwords, session tokens and API keys: made, hashed and compared here only."""

import hashlib
import hmac
import secrets
import string
from dataclasses import dataclass

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

SESSION_PREFIX = "ps_"
KEY_PREFIX = "pk_"
VISITOR_PREFIX = "pv_"

_ALPHABET = string.ascii_letters + string.digits
_hasher = PasswordHash((Argon2Hasher(),))
# Compared when an account is unknown, so that the answer takes as long as for a known one.
_NOBODY = _hasher.hash(secrets.token_urlsafe(16))


@dataclass(frozen=True)
class NewApiKey:
    """A fresh key: the text is shown once, only prefix and hash are kept."""

    text: str
    prefix: str
    secret_hash: bytes


def hash_password(password: str) -> str:
    """Argon2id hash with its parameters. Takes tens of milliseconds of processor time: call it in a thread."""
    return _hasher.hash(password)


def verify_password(password: str, password_hash: str | None) -> bool:
    """Whether the password fits; an unknown account (None) takes as long as a known one."""
    matches = _hasher.verify(password, password_hash or _NOBODY)
    return matches and password_hash is not None


def generate_password() -> str:
    """A password of 20 letters and digits (119 bits)."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(20))


def token_hash(token: str) -> bytes:
    """SHA-256 of a token that has 256 bits of entropy, so that no slow hash is needed."""
    return hashlib.sha256(token.encode()).digest()


def new_session_token() -> str:
    """A session token with 256 bits of entropy."""
    return SESSION_PREFIX + secrets.token_urlsafe(32)


def new_visitor_token() -> str:
    """A visitor's token with 256 bits of entropy."""
    return VISITOR_PREFIX + secrets.token_urlsafe(32)


def new_api_key() -> NewApiKey:
    """A key `pk_<8 characters>_<43 characters>`."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    secret = "".join(secrets.choice(_ALPHABET) for _ in range(43))
    return NewApiKey(text=f"{KEY_PREFIX}{prefix}_{secret}", prefix=prefix, secret_hash=token_hash(secret))


def split_api_key(text: str) -> tuple[str, str] | None:
    """Prefix and secret of a key, None when it does not look like one."""
    parts = text.removeprefix(KEY_PREFIX).split("_")
    if not text.startswith(KEY_PREFIX) or len(parts) != 2 or len(parts[0]) != 8 or len(parts[1]) != 43:
        return None
    return parts[0], parts[1]


def secret_matches(secret: str, expected: bytes) -> bool:
    """Constant-time comparison of a secret with its stored hash."""
    return hmac.compare_digest(token_hash(secret), expected)
