"""Any composition of the constructs works as it must, or is refused in our own words."""

from __future__ import annotations

import pytest
from arguments import ARGUMENTS, COMPOSED, CONSTRUCTS, arguments_of
from compositions import Data, compositions, wrong_compositions
from examples import COMPOSITIONS, profile
from hypothesis import given
from hypothesis import strategies as st
from proof import Proof, in_environment

pytestmark = pytest.mark.long

_LEAST_MADE = 0.4


@pytest.mark.parametrize("kind", CONSTRUCTS)
def test_every_argument_has_values(kind: str) -> None:
    """A new argument is generated as well: it has right values, or is another construct."""
    known = {*ARGUMENTS, *COMPOSED, *_OF_EXISTING}
    assert [name for name in arguments_of(CONSTRUCTS[kind]) if name not in known] == []


_OF_EXISTING = {
    "grpc_listener",
    "grpc_listener_arn",
    "https_listener",
    "https_listener_arn",
    "load_balancer",
    "load_balancer_arn",
    "load_balancer_canonical_hosted_zone_id",
    "load_balancer_dns_name",
    "security_group_ids",
}
"""Arguments that name one existing load balancer, and so are given together."""


def test_any_composition(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is made valid, reachable, the same again and without secrets; or refused."""
    in_environment(monkeypatch.setenv)
    proof = Proof("composition")

    @profile(COMPOSITIONS)
    @given(st.one_of(compositions(), wrong_compositions()))
    def prove(data: Data) -> None:
        proof.of(data)

    try:
        prove()
    finally:
        proof.close()
    count = len(proof.made) + len(proof.refused)
    assert count >= COMPOSITIONS
    assert len(proof.made) >= _LEAST_MADE * count, f"{len(proof.made)} of {count}"
