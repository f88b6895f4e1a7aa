"""EdgeNetwork: subnets, ways out, endpoints, and what it refuses."""

from typing import Any

import pytest
from datafi_cdk import EdgeNetwork, EdgeServer, InvalidInputError
from aws_cdk import Environment, RemovalPolicy, Stack, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Template
from deployment import (
    ACCOUNT,
    LOG_GROUP,
    REGION,
    SECURITY_GROUP,
    SERVICE,
    existing_ingress,
    logical_id,
    new_app,
    new_stack,
    one,
    properties,
)

ENDPOINT = "AWS::EC2::VPCEndpoint"
SUBNET = "AWS::EC2::Subnet"


def network(stack: Stack | None = None, **arguments: Any) -> tuple[EdgeNetwork, Stack]:
    """A network with these arguments, and its stack."""
    stack = stack or new_stack()
    return EdgeNetwork(stack, "Network", **arguments), stack


@pytest.fixture(scope="module")
def plain() -> Template:
    """The network that is made unless told otherwise."""
    return Template.from_stack(network()[1])


@pytest.fixture(scope="module")
def isolated() -> Template:
    """A network without a way out, with a server in it."""
    made, stack = network(nat_gateways=0, public_subnets=False)
    EdgeServer(
        stack,
        "Es",
        cluster=ecs.Cluster(stack, "Cluster", vpc=made.vpc),
        ingress=existing_ingress(stack),
        name="es",
        image=ecs.ContainerImage.from_ecr_repository(
            ecr.Repository.from_repository_name(stack, "Images", "datafi-es"), "v1"
        ),
    )
    return Template.from_stack(stack)


def test_two_zones_and_one_way_out_by_default(plain: Template) -> None:
    """Two public and two private subnets, one NAT gateway, IPv4 only, flow logs."""
    plain.resource_count_is(SUBNET, 4)
    plain.resource_count_is("AWS::EC2::NatGateway", 1)
    plain.resource_count_is("AWS::EC2::FlowLog", 1)
    plain.resource_count_is("AWS::EC2::VPCCidrBlock", 0)
    assert properties(plain, "AWS::EC2::VPC")["CidrBlock"] == "10.0.0.0/16"


def test_nothing_gets_a_public_address_by_itself(plain: Template) -> None:
    """Public subnets hand out no addresses; the load balancer and tasks that ask have theirs."""
    given = [
        entry["Properties"].get("MapPublicIpOnLaunch")
        for entry in plain.find_resources(SUBNET).values()
    ]
    assert set(given) == {False}


def test_the_default_security_group_lets_nobody_in(plain: Template) -> None:
    """What forgets to name a security group reaches nothing."""
    plain.resource_count_is("Custom::VpcRestrictDefaultSG", 1)


def test_s3_takes_a_gateway_endpoint_always(plain: Template, isolated: Template) -> None:
    """Traffic to S3 stays off the NAT gateways, and works without one."""
    for template in (plain, isolated):
        endpoint = properties(template, ENDPOINT, "NetworkVpcS3")
        assert endpoint["VpcEndpointType"] == "Gateway"
        assert len(endpoint["RouteTableIds"]) >= 2
    plain.resource_count_is(ENDPOINT, 1)


def test_without_nat_endpoints_lead_to_what_a_task_needs(isolated: Template) -> None:
    """ECR's API and registry, CloudWatch Logs and Secrets Manager, with private names."""
    made = [
        entry["Properties"]
        for entry in isolated.find_resources(ENDPOINT).values()
        if entry["Properties"]["VpcEndpointType"] == "Interface"
    ]
    services = {str(entry["ServiceName"]).split("}.")[-1].rstrip("']}") for entry in made}
    assert len(made) == 4
    for service in ("ecr.api", "ecr.dkr", "logs", "secretsmanager"):
        assert any(name.endswith(f".{service}") for name in services), service
    assert all(entry["PrivateDnsEnabled"] for entry in made)


def test_endpoints_let_in_the_vpc_over_https_only(isolated: Template) -> None:
    """One security group for all of them: 443 from the VPC's range, and nothing out."""
    group = properties(isolated, SECURITY_GROUP, "NetworkEndpointSecurityGroup")
    (rule,) = group["SecurityGroupIngress"]
    assert (rule["FromPort"], rule["ToPort"]) == (443, 443)
    assert rule["CidrIp"] == properties(isolated, "AWS::EC2::VPC")["CidrBlock"]
    (out,) = group["SecurityGroupEgress"]
    assert out["CidrIp"] == "255.255.255.255/32"


def test_a_private_network_has_no_way_in_or_out(isolated: Template) -> None:
    """No public subnet, no internet gateway, no NAT gateway."""
    isolated.resource_count_is(SUBNET, 2)
    isolated.resource_count_is("AWS::EC2::InternetGateway", 0)
    isolated.resource_count_is("AWS::EC2::NatGateway", 0)


def test_servers_wait_for_the_endpoints(isolated: Template) -> None:
    """No task starts before it can pull its image, read its secrets and write its log."""
    endpoints = set(isolated.find_resources(ENDPOINT))
    assert endpoints <= set(one(isolated, SERVICE)["DependsOn"])


def test_everything_can_be_chosen() -> None:
    """Zones, NAT gateways, addresses, IPv6, flow logs and further endpoints."""
    app = new_app()
    stack = Stack(app, "Test", env=Environment(account=ACCOUNT, region=REGION))
    made, _ = network(
        stack,
        max_azs=3,
        nat_gateways=2,
        ip_addresses=ec2.IpAddresses.cidr("10.9.0.0/16"),
        dual_stack=True,
        flow_logs=True,
        flow_log_retention=logs.RetentionDays.ONE_WEEK,
        interface_endpoints=[ec2.InterfaceVpcEndpointAwsService.KMS],
        removal_policy=RemovalPolicy.DESTROY,
    )
    template = Template.from_stack(stack)
    template.resource_count_is(SUBNET, 6)
    template.resource_count_is("AWS::EC2::NatGateway", 2)
    assert properties(template, "AWS::EC2::VPC")["CidrBlock"] == "10.9.0.0/16"
    template.resource_count_is("AWS::EC2::VPCCidrBlock", 1)
    template.resource_count_is("AWS::EC2::EgressOnlyInternetGateway", 1)
    assert list(made.endpoints) == ["kms"]
    template.resource_count_is(ENDPOINT, 2)
    log_group = one(template, LOG_GROUP, "Network")
    assert log_group["Properties"]["RetentionInDays"] == 7
    assert log_group["DeletionPolicy"] == "Delete"
    flow_log = properties(template, "AWS::EC2::FlowLog")
    assert flow_log["TrafficType"] == "ALL"
    assert flow_log["LogGroupName"] == {"Ref": logical_id(template, LOG_GROUP, "Network")}
    assert made.flow_log_group is not None


def test_flow_logs_are_kept_for_a_month_and_outlive_the_stack() -> None:
    """Unless told otherwise."""
    _, stack = network(flow_logs=True)
    log_group = one(Template.from_stack(stack), LOG_GROUP, "Network")
    assert log_group["Properties"]["RetentionInDays"] == 30
    assert log_group["DeletionPolicy"] == "Retain"


def test_endpoints_of_china_have_its_names() -> None:
    """Where a service has another name in a region, the endpoint has it."""
    stack = Stack(new_app(), "Test", env=Environment(account=ACCOUNT, region="cn-north-1"))
    network(stack, nat_gateways=0)
    template = Template.from_stack(stack)
    names = {
        str(entry["Properties"]["ServiceName"])
        for entry in template.find_resources(ENDPOINT).values()
    }
    assert "cn.com.amazonaws.cn-north-1.ecr.api" in names
    assert "arn:aws:" not in str(template.to_json())


def test_an_endpoint_that_is_there_anyway_may_be_named() -> None:
    """What a network without NAT has by itself is made once."""
    made, _ = network(
        nat_gateways=0, interface_endpoints=[ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER]
    )
    assert len(made.endpoints) == 4


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"max_azs": 1}, "max_azs must be a whole number from 2 to 6, got 1"),
        ({"max_azs": 7}, "max_azs must be a whole number from 2 to 6, got 7"),
        ({"max_azs": "2"}, "max_azs must be a whole number from 2 to 6, got '2'"),
        ({"max_azs": 3}, "max_azs must be at most 2 in a stack that knows neither account"),
        ({"nat_gateways": -1}, "nat_gateways must be a whole number from 0 to 6, got -1"),
        ({"nat_gateways": 3}, "nat_gateways must be at most one a zone (max_azs is 2), got 3"),
        ({"public_subnets": False}, "nat_gateways must be 0 with public_subnets=False"),
        ({"public_subnets": "no"}, "public_subnets must be True or False"),
        ({"dual_stack": 1}, "dual_stack must be True or False"),
        ({"flow_logs": None}, "flow_logs must be True or False, got None"),
        ({"flow_log_retention": 7}, "flow_log_retention must be a RetentionDays"),
        ({"removal_policy": "retain"}, "removal_policy must be a RemovalPolicy"),
        ({"ip_addresses": "10.0.0.0/16"}, "ip_addresses must be ec2.IpAddresses"),
        ({"interface_endpoints": "kms"}, "interface_endpoints must be a list of"),
        ({"interface_endpoints": ["kms"]}, "interface_endpoints[0] must be an ec2.Interface"),
        ({"interface_endpoints": [ec2.GatewayVpcEndpointAwsService.S3]},
         "interface_endpoints[0] must be an ec2.InterfaceVpcEndpointAwsService"),
        ({"interface_endpoints": [ec2.InterfaceVpcEndpointAwsService.S3]},
         "interface_endpoints must be services other than S3, which has a gateway endpoint"),
        ({"interface_endpoints": [ec2.InterfaceVpcEndpointAwsService.KMS] * 2},
         "interface_endpoints must be a list of different entries, got 'kms' twice"),
        ({"max_azs": None}, "max_azs must be given, got None"),
        ({"nat_gateways": None}, "nat_gateways must be given, got None"),
        ({"max_azs": Token.as_number({"Ref": "Zones"})},
         "max_azs must be known at synthesis, as it decides which subnets there are, got a token"),
        ({"nat_gateways": Token.as_number({"Ref": "Gateways"})},
         "nat_gateways must be known at synthesis"),
    ],
)  # fmt: skip
def test_refuses(arguments: dict[str, Any], sentence: str) -> None:
    """Each argument that cannot work, by its construct and name."""
    with pytest.raises(InvalidInputError) as refusal:
        network(**arguments)
    assert f"Test/Network: {sentence}" in str(refusal.value)
