"""The two halves of a signing key: the coordinator's private key, the servers' JWKS.

https://www.rfc-editor.org/rfc/rfc7517 (JWK), https://www.rfc-editor.org/rfc/rfc7518 (its members)
"""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ...errors import CommandError
from .algorithms import Algorithm

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

_RSA_BITS = 2048
_P256_BYTES = 32
_PKCS8 = b"-----BEGIN PRIVATE KEY-----"
_PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


class KeyFormatError(ValueError):
    """A half that cannot be read; its words hold no value."""


@dataclass(frozen=True)
class JwtKeys:
    """Both halves, as the containers read them.

    Args:
        key: `JWT_KEY`: base64 of the private key, PKCS#8 in PEM.
        kid: `JWT_KID`: the id of the key, a UUID.
        jwks: `JWT_JWKS`: base64 of a JWKS document with the public key.
    """

    key: str = field(repr=False)
    kid: str
    jwks: str


def make_jwt_keys(algorithm: Algorithm = Algorithm.RS256) -> JwtKeys:
    """Make a key pair, and prove that what one half signs the other verifies.

    Args:
        algorithm: How tokens are signed.

    Raises:
        CommandError: The halves do not fit, which never happens.
    """
    private = (
        rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
        if algorithm is Algorithm.RS256
        else ec.generate_private_key(ec.SECP256R1())
    )
    pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    kid = str(uuid.uuid4())
    keys = JwtKeys(
        key=base64.b64encode(pem).decode(),
        kid=kid,
        jwks=encode_jwks([_public_jwk(private.public_key(), kid)]),
    )
    if pair_problem(keys.key, keys.kid, keys.jwks):
        raise CommandError("the halves of the new key do not fit; nothing was written, try again")
    return keys


def pair_problem(key: str, kid: str, jwks: str) -> str | None:
    """Whether tokens that are signed with a private key are refused by who has the JWKS.

    Args:
        key: `JWT_KEY`.
        kid: `JWT_KID`.
        jwks: `JWT_JWKS`.

    Returns:
        What does not fit, to be read after "the JWKS"; `None` if all does. Also `None` if a half
        cannot be read, which is a problem of that half.
    """
    try:
        private, entries = read_private_key(key), read_jwks(jwks)
        public = {entry["kid"]: _public_key(entry) for entry in entries}
    except KeyFormatError:
        return None
    if kid not in public:
        return "has no key with the id that JWT_KID names"
    if not _verifies(private, public[kid]):
        return "holds another public key than the one of JWT_KEY"
    return None


def public_entry(key: str, kid: str) -> dict[str, Any]:
    """The entry of a JWKS that belongs to a private key.

    Args:
        key: `JWT_KEY`.
        kid: `JWT_KID`.

    Raises:
        KeyFormatError: It is no such key.
    """
    return _public_jwk(read_private_key(key).public_key(), kid)


def read_private_key(value: str) -> PrivateKey:
    """Read a `JWT_KEY`.

    Args:
        value: base64 of a private key, PKCS#8 in PEM.

    Raises:
        KeyFormatError: It is none that signs tokens; the words go after "must be".
    """
    pem = _decoded(value)
    if not pem.lstrip().startswith(_PKCS8):
        raise KeyFormatError("base64 of a private key in PKCS#8 PEM (BEGIN PRIVATE KEY)")
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise KeyFormatError("base64 of a private key that can be read") from None
    if isinstance(key, rsa.RSAPrivateKey):
        if key.key_size < _RSA_BITS:
            raise KeyFormatError(f"an RSA key of {_RSA_BITS} bits or more")
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise KeyFormatError("an RSA key, or an ECDSA key on the curve P-256")


def read_jwks(value: str) -> list[dict[str, Any]]:
    """Read the keys of a `JWT_JWKS`.

    Args:
        value: base64 of a JWKS document.

    Raises:
        KeyFormatError: It is no JWKS with public keys only; the words go after "must be".
    """
    text = _decoded(value)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise KeyFormatError("base64 of a JSON document") from None
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list) or not entries:
        raise KeyFormatError('base64 of a JWKS, {"keys": […]} with at least one key')
    for entry in entries:
        _check_entry(entry)
    return entries


def encode_jwks(entries: Sequence[dict[str, Any]]) -> str:
    """The `JWT_JWKS` of some keys."""
    document = json.dumps({"keys": list(entries)}, separators=(",", ":"))
    return base64.b64encode(document.encode()).decode()


def _check_entry(entry: Any) -> None:
    if not isinstance(entry, dict):
        raise KeyFormatError("a JWKS whose keys are JSON objects")
    if _PRIVATE_MEMBERS & entry.keys():
        raise KeyFormatError("a JWKS with public keys only; make a new pair, this one is exposed")
    if not isinstance(entry.get("kid"), str) or not entry["kid"]:
        raise KeyFormatError("a JWKS in which each key has its id, kid")
    if entry.get("use", "sig") != "sig":
        raise KeyFormatError("a JWKS with keys for signatures (use: sig)")
    algorithms = {"RSA": ("RS", "PS"), "EC": ("ES256",)}.get(str(entry.get("kty")))
    if not algorithms:
        raise KeyFormatError("a JWKS with keys of the types RSA and EC")
    if not str(entry.get("alg", algorithms[0])).startswith(algorithms):
        raise KeyFormatError("a JWKS in which alg fits the type of each key")
    _public_key(entry)


def _public_jwk(public: PublicKey, kid: str) -> dict[str, str]:
    algorithm = Algorithm.RS256 if isinstance(public, rsa.RSAPublicKey) else Algorithm.ES256
    common = {"kid": kid, "use": "sig", "alg": algorithm.value}
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        return {"kty": "RSA", **common, "n": _base64url(numbers.n), "e": _base64url(numbers.e)}
    point = public.public_numbers()
    return {
        "kty": "EC",
        **common,
        "crv": "P-256",
        "x": _base64url(point.x, _P256_BYTES),
        "y": _base64url(point.y, _P256_BYTES),
    }


def _public_key(entry: dict[str, Any]) -> PublicKey:
    try:
        if entry["kty"] == "RSA":
            return rsa.RSAPublicNumbers(_number(entry["e"]), _number(entry["n"])).public_key()
        if entry["crv"] == "P-256":
            x, y = _number(entry["x"]), _number(entry["y"])
            return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except (KeyError, TypeError, ValueError, AttributeError):
        raise KeyFormatError("a JWKS with complete keys (n and e, or crv, x and y)") from None
    raise KeyFormatError("a JWKS whose EC keys are on the curve P-256")


def _verifies(private: PrivateKey, public: PublicKey) -> bool:
    message = b"signed to see that both halves fit"
    try:
        if isinstance(private, rsa.RSAPrivateKey) and isinstance(public, rsa.RSAPublicKey):
            signature = private.sign(message, padding.PKCS1v15(), SHA256())
            public.verify(signature, message, padding.PKCS1v15(), SHA256())
            return True
        if isinstance(private, ec.EllipticCurvePrivateKey) and isinstance(
            public, ec.EllipticCurvePublicKey
        ):
            signature = private.sign(message, ec.ECDSA(SHA256()))
            public.verify(signature, message, ec.ECDSA(SHA256()))
            return True
    except InvalidSignature:
        return False
    return False


def _decoded(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise KeyFormatError("base64") from None


def _base64url(number: int, length: int | None = None) -> str:
    octets = number.to_bytes(length or (number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _number(text: str) -> int:
    padded = text + "=" * (-len(text) % 4)
    return int.from_bytes(base64.b64decode(padded, altchars=b"-_", validate=True), "big")
