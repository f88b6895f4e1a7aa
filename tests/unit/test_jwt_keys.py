"""Both halves of a signing key fit each other, and what does not fit is told."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from datafi_cdk.cli.secrets.algorithms import Algorithm
from datafi_cdk.cli.secrets.jwt_keys import (
    JwtKeys,
    encode_jwks,
    make_jwt_keys,
    pair_problem,
    public_entry,
    read_jwks,
)
from datafi_cdk.cli.secrets.values import value_problem

KEYS = {algorithm: make_jwt_keys(algorithm) for algorithm in Algorithm}
OTHER = make_jwt_keys(Algorithm.ES256)
PKCS8 = (Encoding.PEM, PrivateFormat.PKCS8)


def encoded(data: Any) -> str:
    """base64 of JSON."""
    return base64.b64encode(json.dumps(data).encode()).decode()


@pytest.mark.parametrize("keys", KEYS.values(), ids=list(KEYS))
def test_halves_fit(keys: JwtKeys) -> None:
    """A new pair is valid in each part and as a whole."""
    assert value_problem("JWT_KEY", keys.key) is None
    assert value_problem("JWT_KID", keys.kid) is None
    assert value_problem("JWT_JWKS", keys.jwks) is None
    assert pair_problem(keys.key, keys.kid, keys.jwks) is None


def test_rsa_has_the_form_that_servers_read() -> None:
    """PKCS#8 PEM of 2048 bits, and a JWKS with n and e."""
    keys = KEYS[Algorithm.RS256]
    pem = base64.b64decode(keys.key, validate=True)
    assert pem.startswith(b"-----BEGIN PRIVATE KEY-----\n")
    private = load_pem_private_key(pem, None)
    assert isinstance(private, rsa.RSAPrivateKey)
    assert private.key_size == 2048
    document = json.loads(base64.b64decode(keys.jwks, validate=True))
    (entry,) = document["keys"]
    assert list(document) == ["keys"]
    assert {**entry, "n": ""} == {
        "kty": "RSA",
        "kid": keys.kid,
        "use": "sig",
        "alg": "RS256",
        "n": "",
        "e": "AQAB",
    }
    number = base64.urlsafe_b64decode(entry["n"] + "==")
    assert len(number) == 256
    assert int.from_bytes(number, "big") == private.public_key().public_numbers().n


def test_ec_has_a_point_of_full_length() -> None:
    """The coordinates have 32 octets each, also where they start with zeros (RFC 7518, 6.2.1.2)."""
    for scalar in range(1, 600):
        private = ec.derive_private_key(scalar, ec.SECP256R1())
        key = base64.b64encode(private.private_bytes(*PKCS8, NoEncryption())).decode()
        entry = public_entry(key, "a-kid")
        assert set(entry) == {"kty", "kid", "use", "alg", "crv", "x", "y"}
        assert [len(entry[each]) for each in "xy"] == [43, 43]


def test_every_pair_is_another_one() -> None:
    """Neither keys nor ids repeat."""
    assert len({*(keys.kid for keys in KEYS.values()), OTHER.kid}) == 3
    assert OTHER.key != KEYS[Algorithm.ES256].key


def test_the_private_half_is_not_in_the_repr() -> None:
    """What is printed by accident holds no private key."""
    assert OTHER.key not in repr(OTHER)


@pytest.mark.parametrize("keys", KEYS.values(), ids=list(KEYS))
def test_tells_halves_that_do_not_fit(keys: JwtKeys) -> None:
    """Another id, another key under the same id, and another type of key are told apart."""
    assert "no key with the id" in str(pair_problem(keys.key, OTHER.kid, keys.jwks))
    impostor = [{**entry, "kid": keys.kid} for entry in read_jwks(OTHER.jwks)]
    assert "another public key" in str(pair_problem(keys.key, keys.kid, encode_jwks(impostor)))


def test_takes_a_jwks_of_several_keys() -> None:
    """During a rotation, the old and the new key stand side by side."""
    both = encode_jwks([e for keys in KEYS.values() for e in read_jwks(keys.jwks)])
    assert value_problem("JWT_JWKS", both) is None
    assert all(pair_problem(keys.key, keys.kid, both) is None for keys in KEYS.values())


def private_key(key: Any, form: PrivateFormat = PrivateFormat.PKCS8, password: bytes = b"") -> str:
    """base64 of a PEM."""
    encryption = BestAvailableEncryption(password) if password else NoEncryption()
    return base64.b64encode(key.private_bytes(Encoding.PEM, form, encryption)).decode()


@pytest.mark.parametrize(
    ("value", "allowed"),
    [
        ("not base64!", "base64"),
        (encoded("no key"), "PKCS#8 PEM"),
        (
            private_key(ec.generate_private_key(ec.SECP256R1()), PrivateFormat.TraditionalOpenSSL),
            "PKCS#8 PEM",
        ),
        (
            private_key(ec.generate_private_key(ec.SECP256R1()), password=b"not-a-real-password"),
            "PKCS#8 PEM",
        ),
        (
            base64.b64encode(b"-----BEGIN PRIVATE KEY-----\nAAAA\n").decode(),
            "that can be read",
        ),
        (private_key(ec.generate_private_key(ec.SECP384R1())), "P-256"),
        (private_key(ed25519.Ed25519PrivateKey.generate()), "P-256"),
        (private_key(rsa.generate_private_key(65537, 1024)), "2048 bits"),  # noqa: S505
    ],
)
def test_refuses_other_private_keys(value: str, allowed: str) -> None:
    """What the coordinator cannot sign with is refused, without its text."""
    problem = str(value_problem("JWT_KEY", value))
    assert allowed in problem
    assert value not in problem


ENTRY = read_jwks(OTHER.jwks)[0]


@pytest.mark.parametrize(
    ("document", "allowed"),
    [
        ([], '{"keys": […]}'),
        ({"keys": []}, "at least one key"),
        ({"keys": [1]}, "JSON objects"),
        ({"keys": [{**ENTRY, "d": "AAAA"}]}, "public keys only"),
        ({"keys": [{**ENTRY, "kid": ""}]}, "its id"),
        ({"keys": [{**ENTRY, "use": "enc"}]}, "for signatures"),
        ({"keys": [{**ENTRY, "kty": "oct"}]}, "RSA and EC"),
        ({"keys": [{**ENTRY, "alg": "RS256"}]}, "alg fits"),
        ({"keys": [{**ENTRY, "crv": "P-384"}]}, "P-256"),
        ({"keys": [{**ENTRY, "x": "AAAA"}]}, "complete keys"),
        ({"keys": [{**ENTRY, "y": 7}]}, "complete keys"),
        ({"keys": [{"kty": "RSA", "kid": "a", "n": "AQAB"}]}, "complete keys"),
    ],
)
def test_refuses_other_documents(document: Any, allowed: str) -> None:
    """What is no JWKS of public keys is refused."""
    assert allowed in str(value_problem("JWT_JWKS", encoded(document)))


def test_refuses_what_is_no_json() -> None:
    """Neither bytes nor nesting without end make it fail otherwise."""
    deep = base64.b64encode(b"[" * 100_000).decode()
    for value in ("%", base64.b64encode(b"\xff").decode(), deep):
        assert "base64" in str(value_problem("JWT_JWKS", value))
        assert "base64" in str(value_problem("KEYVAL", value))
