"""Gap: what AWS refuses to delete.

ministack deletes a load balancer in spite of its deletion protection, a cluster with its services,
and a security group that is in use; and CloudFormation's clean-up after a replacement deletes a
zone together with its records. Here each is refused, by the API and by CloudFormation. Sources:
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteLoadBalancer.html
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteCluster.html
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSecurityGroup.html
https://docs.aws.amazon.com/Route53/latest/APIReference/API_DeleteHostedZone.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Properties = Mapping[str, Any]
Delete = Callable[[str, Properties], None]

LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
CLUSTER = "AWS::ECS::Cluster"
SECURITY_GROUP = "AWS::EC2::SecurityGroup"

_PROTECTION = "deletion_protection.enabled"


@dataclass(frozen=True)
class Refusal:
    """The code and the text with which AWS refuses."""

    code: str
    message: str


def refuse_deletions() -> None:
    """Let the APIs and CloudFormation of ministack refuse."""
    from ministack.services import alb, ec2, ecs

    _refuse_action(alb, "DeleteLoadBalancer", _load_balancer_of, load_balancer_refusal)
    _refuse_action(ec2, "DeleteSecurityGroup", _group_of, security_group_refusal)
    _refuse_action(ecs, "DeleteCluster", _cluster_of, cluster_refusal)
    _refuse_in_cloudformation(LOAD_BALANCER, load_balancer_refusal)
    _refuse_in_cloudformation(CLUSTER, cluster_refusal)
    _refuse_in_cloudformation(SECURITY_GROUP, security_group_refusal)
    _keep_replaced_zones()


def load_balancer_refusal(arn: str) -> Refusal | None:
    """Why a load balancer cannot be deleted, or `None`."""
    from ministack.services import alb

    attributes = {each["Key"]: each["Value"] for each in alb._lb_attrs.get(arn, [])}
    if attributes.get(_PROTECTION) != "true":
        return None
    return Refusal(
        "OperationNotPermitted",
        f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled",
    )


def cluster_refusal(name_or_arn: str) -> Refusal | None:
    """Why a cluster cannot be deleted, or `None`."""
    from ministack.services import ecs

    name = ecs._resolve_cluster_name(name_or_arn)
    active = [
        key
        for key, service in ecs._services.items()
        if key.partition("/")[0] == name and service["status"] == "ACTIVE"
    ]
    if not active:
        return None
    return Refusal(
        "ClusterContainsServicesException",
        "The Cluster cannot be deleted while Services are active.",
    )


def security_group_refusal(group_id: str) -> Refusal | None:
    """Why a security group cannot be deleted, or `None`."""
    if group_id not in set(_groups_in_use(group_id)):
        return None
    return Refusal("DependencyViolation", f"resource {group_id} has a dependent object")


def _groups_in_use(own: str) -> Iterator[str]:
    """The groups of what has a network interface, and those that rules of others name."""
    from ministack.services import alb, ec2, ecs, lambda_svc

    for load_balancer in alb._lbs.values():
        yield from load_balancer.get("SecurityGroups") or []
    for endpoint in ec2._vpc_endpoints.values():
        yield from endpoint.get("SecurityGroupIds") or []
    for service in ecs._services.values():
        if service["status"] == "ACTIVE":
            network = service.get("networkConfiguration") or {}
            yield from (network.get("awsvpcConfiguration") or {}).get("securityGroups") or []
    for function in lambda_svc._functions.values():
        yield from (function["config"].get("VpcConfig") or {}).get("SecurityGroupIds") or []
    for group_id, group in ec2._security_groups.items():
        if group_id != own:
            for rule in (*group["IpPermissions"], *group["IpPermissionsEgress"]):
                yield from (pair.get("GroupId", "") for pair in rule.get("UserIdGroupPairs", []))


def _load_balancer_of(request: Any) -> str:
    from ministack.services import alb

    return str(alb._p(request, "LoadBalancerArn"))


def _cluster_of(request: Any) -> str:
    return str(request.get("cluster", "default"))


def _group_of(request: Any) -> str:
    from ministack.services import ec2

    return str(ec2._p(request, "GroupId"))


def _refuse_action(
    service: Any,
    action: str,
    identify: Callable[[Any], str],
    ask: Callable[[str], Refusal | None],
) -> None:
    from ministack.core.responses import error_response_json

    act = service._ACTION_MAP[action]
    error = getattr(service, "_error", error_response_json)

    def act_unless_refused(request: Any) -> Any:
        refusal = ask(identify(request))
        return error(refusal.code, refusal.message, 400) if refusal else act(request)

    service._ACTION_MAP[action] = act_unless_refused


def _refuse_in_cloudformation(resource_type: str, ask: Callable[[str], Refusal | None]) -> None:
    """Also where ministack deletes what was replaced, for which it calls its own function."""
    from ministack.services.cloudformation import provisioners

    handler = provisioners._RESOURCE_HANDLERS[resource_type]
    delete: Delete = handler["delete"]

    def delete_unless_refused(physical_id: str, properties: Properties) -> None:
        refusal = ask(physical_id)
        if refusal:
            raise ValueError(f"{refusal.message} (Error Code: {refusal.code})")
        delete(physical_id, properties)

    handler["delete"] = delete_unless_refused
    setattr(provisioners, delete.__name__, delete_unless_refused)


def _keep_replaced_zones() -> None:
    from ministack.services import route53
    from ministack.services.cloudformation import provisioners

    def delete_empty_zone(zone_id: str, _properties: Properties) -> None:
        status, _headers, body = route53._delete_hosted_zone(zone_id)
        if status >= 400 and b"NoSuchHostedZone" not in body:
            raise ValueError(body.decode())

    provisioners._r53_hosted_zone_delete = delete_empty_zone
