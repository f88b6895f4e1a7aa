"""What stands in the sheet, section by section."""

from __future__ import annotations

from collections.abc import Sequence

from ...topology import Problem, Reach, Topology
from ...topology.stored import STORED_TYPES
from .alike import SERVER, Servers
from .held import data, running, secrets
from .rights import rights
from .sheet import Section, Sheet, Table, section, table
from .ways_in import names, security_groups, ways_in
from .ways_out import ways_out
from .words import DEPLOYMENT_WORDS, shown

__all__ = ["describe"]

READ_TYPES = (
    "AWS::CDK::Metadata",
    "AWS::CertificateManager::Certificate",
    "AWS::CloudFormation::Stack",
    "AWS::EC2::EIP",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::NatGateway",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCEndpoint",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::ECS::Cluster",
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::ElasticLoadBalancingV2::Listener",
    "AWS::ElasticLoadBalancingV2::ListenerCertificate",
    "AWS::ElasticLoadBalancingV2::ListenerRule",
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "AWS::Events::Rule",
    "AWS::IAM::Group",
    "AWS::IAM::GroupPolicy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::Role",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::User",
    "AWS::IAM::UserPolicy",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Url",
    "AWS::Route53::HostedZone",
    "AWS::Route53::RecordSet",
    "AWS::Route53::RecordSetGroup",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::TopicInlinePolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueueInlinePolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::SecretsManager::ResourcePolicy",
    "Custom::S3AutoDeleteObjects",
)


def describe(topology: Topology, reaches: Sequence[Reach], problems: Sequence[Problem]) -> Sheet:
    """Write the sheet of an app.

    Args:
        topology: What the app makes.
        reaches: The ways in.
        problems: What is wrong with them.
    """
    servers = Servers(topology, reaches)
    sections = (
        ways_in(topology, reaches, servers),
        names(topology),
        security_groups(topology, servers),
        ways_out(topology, servers),
        secrets(topology, servers),
        data(topology, servers),
        rights(topology, servers),
        running(topology, servers),
        _not_read(topology),
        _problems(problems),
    )
    return Sheet("What this app makes", (_stacks(topology, servers), *sections))


def _stacks(topology: Topology, servers: Servers) -> Section:
    rows = [
        (
            stack.name,
            stack.account or "known at deployment",
            stack.region or "known at deployment",
            str(len(stack.resources)),
        )
        for stack in topology.assembly.stacks
    ]
    words = ", ".join(DEPLOYMENT_WORDS.values())
    sentences = [
        "Read from the templates alone. `<…>` is a resource of the templates, called by the path of"
        f" its construct. {words} stand for what is known at deployment only."
    ]
    if len(servers.all) > 1:
        sentences.append(
            f"Rows that are the same for several servers but for their names are joined: {SERVER}"
            " stands for the name of each, in paths too."
        )
    return section(
        "Stacks",
        tuple(sentences),
        (
            table("", ("Stack", "Account", "Region", "Resources"), rows),
            table("Servers that are told of together", ("Group", "Names"), servers.groups.items()),
        ),
    )


def _not_read(topology: Topology) -> Section:
    known = {*READ_TYPES, *STORED_TYPES}
    rows = [
        (resource_type, str(count))
        for resource_type, count in topology.types().items()
        if resource_type not in known
    ]
    definitions = {one.definition for one in topology.services if one.definition}
    idle = topology.types().get("AWS::ECS::TaskDefinition", 0) - len(definitions)
    elsewhere = [
        one
        for one in topology.assembly.of_type("AWS::CloudFormation::Stack")
        if topology.assembly.nested_in(one.id) is None
    ]
    if elsewhere:
        told = "AWS::CloudFormation::Stack whose template is not in the folder"
        rows.append((told, str(len(elsewhere))))
    if idle:
        rows.append(("AWS::ECS::TaskDefinition that no service runs", str(idle)))
    if not rows:
        return section("What this sheet does not tell of", ("Every resource is covered above.",))
    return section(
        "What this sheet does not tell of",
        ("Resources of these types are in the templates too; look at them there.",),
        (table("", ("Type", "Resources"), rows),),
    )


def _problems(problems: Sequence[Problem]) -> Section:
    if not problems:
        return section("Problems", ("None was found.",))
    rows = tuple((one.kind, one.place, shown(one.text)) for one in problems)
    return section("Problems", (), (Table("", ("Kind", "Where", "What"), rows),))
