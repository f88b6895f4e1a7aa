"""EdgeNetwork: a VPC for servers that have none yet."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import RemovalPolicy, Stack, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from .acknowledgments import acknowledge, of_compliance_packs
from .errors import Fault
from .log_encryption import new_log_group
from .managed_policy_role import ManagedPolicyRole
from .provider_checks import skip_provider_checks
from .provider_logs import Provider, log_of_provider
from .synthesis import concrete, elsewhere_faults, range_of, refuse, removal_policy_faults
from .validation import (
    endpoint_id,
    interface_endpoint_faults,
    interface_faults,
    kind_of,
    number_faults,
    required_faults,
    switch_faults,
    type_faults,
)

__all__ = ["EdgeNetwork"]

_ENDPOINTS = (
    ec2.InterfaceVpcEndpointAwsService.ECR,
    ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER,
    ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
    ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
)
_HTTPS = 443


class EdgeNetwork(Construct):
    """A VPC with public and private subnets, and a way out or endpoints in place of one.

    Traffic to S3 always takes a gateway endpoint, which costs nothing and keeps it off the NAT
    gateways. The VPC's default security group lets nobody in or out.

    With `nat_gateways=0` nothing in the private subnets reaches the internet. Interface endpoints
    then lead to what a task on Fargate needs of AWS: ECR, CloudWatch Logs and Secrets Manager;
    images must be in ECR already. Both are paid by the hour: a NAT gateway costs about as much as
    four interface endpoints in one zone, and data through it several times as much. Prices:
    https://aws.amazon.com/vpc/pricing/ and https://aws.amazon.com/privatelink/pricing/. What
    Fargate needs: https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html

    Args:
        scope: Where the construct is made.
        construct_id: Its id in `scope`.
        max_azs: In how many availability zones it has subnets, 2 to 6; 2 in a stack that knows
            neither account nor region. Default: 2.
        nat_gateways: How many NAT gateways it has, 0 to `max_azs`; with one, a zone that fails
            takes the way out of the others with it. Default: 1.
        public_subnets: Whether it has public subnets. `False` needs `nat_gateways=0`, and leaves no
            way in from the internet either. Default: `True`.
        ip_addresses: Its address range. Default: 10.0.0.0/16.
        dual_stack: Whether it has IPv6 addresses, too. Default: `False`.
        flow_logs: Whether all connections, accepted and rejected, are logged. Default: `True`.
        flow_log_retention: How long they are kept. Default: one month.
        interface_endpoints: Further AWS services that are reached through endpoints. Default: none.
        encryption_key: The customer's key that encrypts the flow logs. CloudWatch Logs' right to
            use it is added to its policy; to that of an imported one its owner adds it. Default: a
            key of AWS.
        removal_policy: What becomes of the flow logs when they leave the stack. Default: retained.

    Raises:
        InvalidInputError: With every argument that cannot work.

    Example:
        ```python
        network = EdgeNetwork(self, "Network", nat_gateways=2)
        cluster = ecs.Cluster(self, "Cluster", vpc=network.vpc)
        ```
    """

    vpc: ec2.Vpc
    """The VPC."""
    endpoints: dict[str, ec2.InterfaceVpcEndpoint]
    """The interface endpoints by the short name of their service, such as `ecr.api`."""
    flow_log_group: logs.LogGroup | None
    """Where the flow logs go, or `None`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        max_azs: int = 2,
        nat_gateways: int = 1,
        public_subnets: bool = True,
        ip_addresses: ec2.IIpAddresses | None = None,
        dual_stack: bool = False,
        flow_logs: bool = True,
        flow_log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        interface_endpoints: Sequence[ec2.InterfaceVpcEndpointAwsService] = (),
        encryption_key: kms.IKey | None = None,
        removal_policy: RemovalPolicy = RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, construct_id)
        faults = [
            *switch_faults(
                public_subnets=public_subnets, dual_stack=dual_stack, flow_logs=flow_logs
            ),
            *type_faults(
                "flow_log_retention", flow_log_retention, logs.RetentionDays, "a RetentionDays"
            ),
            *removal_policy_faults(removal_policy),
            *self._zone_faults(max_azs, nat_gateways),
            *_endpoint_faults(interface_endpoints),
        ]
        if encryption_key is not None:
            faults += interface_faults("encryption_key", encryption_key, "key_arn", "a key (IKey)")
        if ip_addresses is not None:
            faults += interface_faults(
                "ip_addresses", ip_addresses, "allocate_vpc_cidr", "ec2.IpAddresses"
            )
        if public_subnets is False and nat_gateways != 0:
            allowed = "0 with public_subnets=False, as a NAT gateway stands in a public subnet"
            remedy = "set nat_gateways=0 or keep the public subnets"
            faults.append(Fault("nat_gateways", allowed, str(nat_gateways), remedy))
        refuse(self, faults)
        refuse(self, elsewhere_faults(self, encryption_key=encryption_key))

        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ip_addresses,
            ip_protocol=ec2.IpProtocol.DUAL_STACK if dual_stack else None,
            max_azs=max_azs,
            nat_gateways=nat_gateways,
            subnet_configuration=_subnets(nat_gateways, public=public_subnets),
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)
            },
            restrict_default_security_group=True,
        )
        skip_provider_checks(self)
        for subnet in self.vpc.public_subnets:
            acknowledge(
                subnet,
                of_compliance_packs("VPCNoUnrestrictedRouteToIGW"),
                "A public subnet: load balancers and NAT gateways stand in it, and nothing gets a "
                "public address by itself.",
            )
        log_of_provider(
            self,
            Provider.DEFAULT_SECURITY_GROUP,
            removal_policy=removal_policy,
            encryption_key=encryption_key,
        )
        needed = () if nat_gateways else _ENDPOINTS
        self.endpoints = self._endpoints([*needed, *interface_endpoints])
        self.flow_log_group = (
            self._flow_logs(flow_log_retention, encryption_key, removal_policy)
            if flow_logs
            else None
        )

    def _zone_faults(self, max_azs: int, nat_gateways: int) -> list[Fault]:
        faults = [
            *_count_faults("max_azs", max_azs, 2, 6),
            *_count_faults("nat_gateways", nat_gateways, 0, 6),
        ]
        if faults:
            return faults
        zones = Stack.of(self).availability_zones
        if Token.is_unresolved(zones[0]) and max_azs > len(zones):
            allowed = f"at most {len(zones)} in a stack that knows neither account nor region"
            faults.append(Fault("max_azs", allowed, str(max_azs), "give the stack an env"))
        if nat_gateways > max_azs:
            allowed = f"at most one a zone (max_azs is {max_azs})"
            faults.append(Fault("nat_gateways", allowed, str(nat_gateways), "lower it"))
        return faults

    def _endpoints(
        self, services: Sequence[ec2.InterfaceVpcEndpointAwsService]
    ) -> dict[str, ec2.InterfaceVpcEndpoint]:
        """Endpoints of the VPC, for which servers wait, all in one security group."""
        if not services:
            return {}
        group = ec2.SecurityGroup(
            self,
            "EndpointSecurityGroup",
            vpc=self.vpc,
            description="VPC endpoints",
            allow_all_outbound=False,
        )
        group.add_ingress_rule(
            ec2.Peer.ipv4(range_of(self.vpc)), ec2.Port.tcp(_HTTPS), "From the VPC"
        )
        by_name = {service.short_name: service for service in services}
        return {
            name: self.vpc.add_interface_endpoint(
                endpoint_id(name),
                service=service,
                security_groups=[group],
                open=False,
            )
            for name, service in by_name.items()
        }

    def _flow_logs(
        self,
        retention: logs.RetentionDays,
        encryption_key: kms.IKey | None,
        removal_policy: RemovalPolicy,
    ) -> logs.LogGroup:
        log_group = new_log_group(
            self,
            "FlowLogGroup",
            retention=retention,
            encryption_key=encryption_key,
            removal_policy=removal_policy,
        )
        role = _flow_log_role(self, log_group)
        flow_log = self.vpc.add_flow_log(
            "FlowLog",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(
                log_group, role.without_policy_updates()
            ),
        )
        flow_log.node.add_dependency(role)
        return log_group


def _flow_log_role(scope: Construct, log_group: logs.LogGroup) -> iam.Role:
    """Lets VPC flow logs of the account write to a log group. CDK would allow more than they need.

    Source: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
    """
    flow_logs = iam.ServicePrincipal(
        "vpc-flow-logs.amazonaws.com",
        conditions={"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}},
    )
    role = ManagedPolicyRole(scope, "FlowLogRole", assumed_by=flow_logs)
    log_group.grant(role, "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
    return role


def _subnets(nat_gateways: int, *, public: bool) -> list[ec2.SubnetConfiguration]:
    """Private subnets, and public ones in which nothing gets a public address by itself."""
    private = ec2.SubnetConfiguration(
        name="Private",
        subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS
        if nat_gateways
        else ec2.SubnetType.PRIVATE_ISOLATED,
    )
    if not public:
        return [private]
    return [
        ec2.SubnetConfiguration(
            name="Public", subnet_type=ec2.SubnetType.PUBLIC, map_public_ip_on_launch=False
        ),
        private,
    ]


def _count_faults(argument: str, count: int, lowest: int, highest: int) -> list[Fault]:
    """A number that decides which subnets there are."""
    if count is not None and concrete(count) is None:
        allowed = "known at synthesis, as it decides which subnets there are"
        return [Fault(argument, allowed, "a token", "write the number")]
    return required_faults(**{argument: count}) or number_faults(argument, count, lowest, highest)


def _endpoint_faults(services: object) -> list[Fault]:
    if not isinstance(services, list | tuple):
        allowed = "a list of ec2.InterfaceVpcEndpointAwsService"
        return [
            Fault("interface_endpoints", allowed, kind_of(services), "put the services in a list")
        ]
    faults = [
        fault
        for index, service in enumerate(services)
        for fault in type_faults(
            f"interface_endpoints[{index}]",
            service,
            ec2.InterfaceVpcEndpointAwsService,
            "an ec2.InterfaceVpcEndpointAwsService",
        )
    ]
    return faults or interface_endpoint_faults([service.short_name for service in services])
