"""Passwords as they are kept: scrypt (RFC 7914) with a salt of their own, never the password."""

import hashlib
import hmac
import secrets

#: N, r, p: 32 MiB and about a tenth of a second for each guess (OWASP's second choice, with N doubled)
_COST = (2**15, 8, 1)
_MEMORY = 64 * 1024 * 1024


def hashed(password: str) -> str:
    """`scrypt$N$r$p$salt$hash`, salt and hash in hex."""
    salt = secrets.token_bytes(16)
    return "$".join(["scrypt", *map(str, _COST), salt.hex(), _scrypt(password, salt, *_COST).hex()])


def fits(password: str, kept: str | None) -> bool:
    """Whether it is the password that was kept; without one it takes the same time and is False."""
    _, n, r, p, salt, expected = (kept or _NOBODYS).split("$")
    found = _scrypt(password, bytes.fromhex(salt), int(n), int(r), int(p))
    return hmac.compare_digest(found, bytes.fromhex(expected)) and kept is not None


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode("utf-8", "surrogatepass"), salt=salt, n=n, r=r, p=p, maxmem=_MEMORY, dklen=32)


_NOBODYS = "$".join(["scrypt", *map(str, _COST), "00" * 16, "00" * 32])
