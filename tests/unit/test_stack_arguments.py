"""What a configuration says of one part reaches that part, and no other."""

from typing import Any

import pytest
from datafi_cdk import InvalidInputError
from deployment import (
    LISTENER_RULE,
    LOG_GROUP,
    RECORD,
    container,
    edge_stack,
    logical_id,
    minimal,
    one,
    properties,
    secret_arn,
    secrets,
)
from test_config_keys import CACHE_SECRET, DIGEST, EXISTING, REPOSITORY, VPC

CO = {"registry_credentials_secret_arn": secret_arn("acr"), "secret_arn": secret_arn("co")}
CACHE = "AWS::ECR::PullThroughCacheRule"
ES = {"name": "es"}
FUNCTION = {
    "name": "fn",
    "ecr_repository_arn": f"{REPOSITORY}/fn",
    "secret_arn": secret_arn("fn"),
}


def existing(**changes: Any) -> dict[str, Any]:
    """A configuration with a load balancer that is there already."""
    return minimal(load_balancer={"existing": EXISTING, **changes}, vpc=VPC)


def servers(*long_running: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A configuration with these servers on Fargate."""
    return minimal(edge_servers={"long_running": list(long_running)}, **changes)


def test_an_existing_load_balancer_may_be_dual_stack() -> None:
    """Its names then get AAAA records."""
    records = edge_stack(existing(dual_stack=True)).find_resources(RECORD).values()
    assert sorted(made["Properties"]["Type"] for made in records) == ["A", "A", "AAAA", "AAAA"]


def test_grpc_can_be_kept_off_443_of_an_existing_load_balancer() -> None:
    """One rule less for each server."""
    made = (existing(grpc_over_https=over_https) for over_https in (True, False))
    counts = [len(edge_stack(each).find_resources(LISTENER_RULE)) for each in made]
    assert counts[0] - counts[1] == 1


def test_rules_on_an_existing_load_balancer_are_counted() -> None:
    """`max_rules` holds there as well."""
    with pytest.raises(InvalidInputError, match="max_rules"):
        edge_stack(existing(max_rules=2))


@pytest.mark.parametrize("dual_stack", [True, False])
def test_a_new_network_has_ipv6_where_the_load_balancer_has(dual_stack: bool) -> None:
    """One key says it for both."""
    template = edge_stack(minimal(load_balancer={"dual_stack": dual_stack}))
    template.resource_count_is("AWS::EC2::VPCCidrBlock", int(dual_stack))


def test_a_digest_of_an_image_in_ecr() -> None:
    """It is written with an `@`."""
    server = {**ES, "ecr_repository_arn": f"{REPOSITORY}/es", "image_digest": DIGEST}
    assert f"/es@{DIGEST}" in str(container(edge_stack(servers(server)))["Image"])


@pytest.mark.parametrize("has_own", [True, False])
def test_a_server_with_keys_of_its_own_gets_no_shared_ones(has_own: bool) -> None:
    """The coordinator's public keys of the deployment reach every server without."""
    server: dict[str, Any] = {**ES, "secret_arn": secret_arn("es")}
    server["secret_variables"] = ["KEY", "JWT_JWKS"] if has_own else ["KEY"]
    template = edge_stack(servers(server, jwt_jwks_secret_arn=secret_arn("jwks")))
    source = secret_arn("es" if has_own else "jwks")
    assert secrets(template) == {
        "KEY": f"{secret_arn('es')}:KEY::",
        "JWT_JWKS": f"{source}:JWT_JWKS::",
    }


def test_a_coordinator_on_spot_alone_needs_the_capacity_providers() -> None:
    """The cluster has them if any service asks for them."""
    kind = "AWS::ECS::ClusterCapacityProviderAssociations"
    spot = [{"capacity_provider": "FARGATE_SPOT"}]
    edge_stack(minimal(coordinator=CO)).resource_count_is(kind, 0)
    with_spot = {**CO, "capacity_provider_strategies": spot}
    edge_stack(minimal(coordinator=with_spot)).resource_count_is(kind, 1)


@pytest.mark.parametrize(("deletes", "policy"), [(True, "Delete"), (False, "Retain")])
def test_logs_and_keys_go_with_the_stack_if_allowed(deletes: bool, policy: str) -> None:
    """Those of functions and of the network, too."""
    template = edge_stack(
        minimal(
            edge_servers={"serverless": [FUNCTION]},
            new_vpc={"flow_logs": True},
            allow_delete_resources=deletes,
        )
    )
    for kind, prefix in (
        (LOG_GROUP, "EdgeServerfn"),
        ("AWS::KMS::Key", "EdgeServerfn"),
        (LOG_GROUP, "NetworkFlowLog"),
    ):
        assert one(template, kind, prefix)["DeletionPolicy"] == policy


def test_an_image_in_ecr_wins_over_the_cache() -> None:
    """A server that names its repository is not pulled through the cache, as the others are."""
    own = {"name": "own", "ecr_repository_arn": f"{REPOSITORY}/mine"}
    cache = {"docker_hub_secret_arn": CACHE_SECRET}
    template = edge_stack(servers(ES, own, pull_through_cache=cache))
    assert "/mine:latest" in str(container(template, "EdgeServerown")["Image"])
    assert "/hub/datafi/es:latest" in str(container(template, "EdgeServeres")["Image"])


def test_the_cache_leads_to_the_registry_of_the_coordinator() -> None:
    """Another registry of Azure than Datafi's."""
    template = edge_stack(
        minimal(
            coordinator={"secret_arn": secret_arn("co"), "registry": "acme.azurecr.io"},
            pull_through_cache={"datafi_registry_secret_arn": CACHE_SECRET},
        )
    )
    assert properties(template, CACHE)["UpstreamRegistryUrl"] == "acme.azurecr.io"
    assert logical_id(template, CACHE).startswith("PullThroughCacheDatafiRegistry")
