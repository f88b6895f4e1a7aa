"""Where the tasks of a service run, and whether they have a way out."""

from __future__ import annotations

from functools import cached_property

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from constructs import Construct, IDependable

from .errors import Fault
from .ingress_base import IngressBase
from .places import path_of
from .security_group_access import in_stack_of
from .service_settings import ServiceSettings
from .subnets import connectivity, has_isolated, has_public, subnet_faults
from .synthesis import concrete, select_subnets
from .task_security_group import TaskSecurityGroup
from .validation import interface_faults

_NOT_LOOKED_UP = "vpc-12345"
"""The id that CDK gives a VPC until it has looked it up."""


def vpc_faults(cluster: ecs.ICluster) -> list[Fault]:
    """A cluster that knows its VPC."""
    faults = interface_faults("cluster", cluster, "cluster_arn", "a cluster (ICluster)")
    if faults:
        return faults
    try:
        cluster.vpc  # noqa: B018
    except RuntimeError:
        remedy = "import it with ecs.Cluster.from_cluster_attributes(…, vpc=…)"
        return [Fault("cluster", "one with its VPC", "one that is known by its ARN only", remedy)]
    return []


class ServiceNetwork:
    """The subnets of a service.

    Args:
        cluster: The ECS cluster.
        settings: What the caller says of subnets and addresses.
    """

    def __init__(self, cluster: ecs.ICluster, settings: ServiceSettings) -> None:
        self.vpc = cluster.vpc
        self._settings = settings
        self._selection = settings.vpc_subnets or ec2.SubnetSelection(
            subnet_type=ec2.SubnetType.PUBLIC if settings.assign_public_ip else None
        )

    def faults(self, ingress: IngressBase) -> list[Fault]:
        """Subnets that are not there, or not where the load balancer is."""
        vpc, other = self.vpc, ingress.vpc
        if other is not None and _differ(vpc, other):
            allowed = f"in the VPC of the ingress ({path_of(other)})"
            remedy = "give both the same VPC"
            return [Fault("cluster", allowed, f"one in {path_of(vpc)}", remedy)]
        faults = subnet_faults(vpc, self._selection)
        if faults:
            return faults
        if not self._settings.assign_public_ip and has_public(vpc, self._subnets):
            allowed = "private, or assign_public_ip given"
            remedy = "give the VPC private subnets with a way out, by which images are pulled"
            return [Fault("vpc_subnets", allowed, "public ones", remedy)]
        return []

    @cached_property
    def _subnets(self) -> list[ec2.ISubnet]:
        return select_subnets(self.vpc, self._selection)

    @property
    def has_way_out(self) -> bool:
        """Whether tasks reach the internet, as far as CDK sees."""
        if self._settings.egress_provided:
            return True
        try:
            return not has_isolated(self.vpc, self._subnets)
        except RuntimeError:
            # `faults` tells of subnets that are not there.
            return True

    def security_groups(
        self, scope: Construct, name: str, ingress: IngressBase
    ) -> list[ec2.ISecurityGroup]:
        """The caller's security groups, or a new one.

        Args:
            scope: The server.
            name: Its name.
            ingress: Its load balancer.
        """
        given = self._settings.security_groups
        if given:
            return in_stack_of(scope, given)
        return [
            TaskSecurityGroup(
                scope,
                "SecurityGroup",
                vpc=self.vpc,
                description=f"Tasks of {name}",
                clients=ingress.security_group_ids,
            )
        ]

    @property
    def connectivity(self) -> list[IDependable]:
        """What must be there before a task can start: routes out, and endpoints of the VPC."""
        return connectivity(self.vpc, self._subnets)


def _differ(one: ec2.IVpc, other: ec2.IVpc) -> bool:
    """Whether two VPCs are known to be different ones.

    The id of one that is made, or known at deployment only, is the same as no other's that is
    known; an imported one of which the id is not known may be any.
    """
    if path_of(one) == path_of(other):
        return False
    ids = concrete(one.vpc_id), concrete(other.vpc_id)
    if _NOT_LOOKED_UP in ids:
        return False
    if None not in ids:
        return ids[0] != ids[1]
    return all(isinstance(vpc, ec2.Vpc) or concrete(vpc.vpc_id) for vpc in (one, other))
