"""Any one link of an example's templates is broken, and the proof of what it reaches fails."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from datafi_cdk.testing import assert_no_problems, assert_reachable
from datafi_cdk.topology import Assembly, AssemblyError, Resource, read_assembly, read_topology
from mutations import inside, mutations, without_exports

TABLES = Path(__file__).parent / "reachable"
EXAMPLES = sorted(path.stem for path in TABLES.glob("*.md"))
ELB = "AWS::ElasticLoadBalancingV2"
LINKS = (
    f"{ELB}::LoadBalancer",
    f"{ELB}::Listener",
    f"{ELB}::ListenerCertificate",
    f"{ELB}::ListenerRule",
    f"{ELB}::TargetGroup",
    "AWS::CertificateManager::Certificate",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::Route",
    "AWS::EC2::RouteTable",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::SecurityGroupEgress",
    "AWS::EC2::SecurityGroupIngress",
    "AWS::EC2::Subnet",
    "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::EC2::VPC",
    "AWS::EC2::VPCGatewayAttachment",
    "AWS::ECS::Service",
    "AWS::ECS::TaskDefinition",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Route53::HostedZone",
    "AWS::Route53::RecordSet",
)
"""What is between a client and a container."""

NO_LINK: dict[str, tuple[str, ...]] = {
    "it is for people to read": (
        r".* (Tags|HostedZoneTags)\b.*",
        r".*\b(Description|GroupDescription|MessageBody|ContentType)",
    ),
    "how and how many tasks are started, and with what, is not where they are": (
        r".*ECS::Service\) (Deployment|DesiredCount|Enable|HealthCheckGrace|Launch|Propagate).*",
        r".*ECS::Service\) CapacityProviderStrategy.*",
        r".*TaskDefinition\) ContainerDefinitions\.(Environment|Essential|Log|Secrets).*",
        r".*TaskDefinition\) ContainerDefinitions\.PortMappings\.Name",
        r".*TaskDefinition\) (Cpu|Family|Memory|NetworkMode|RequiresCompatibilities|Runtime).*",
        r".*Lambda::Function\) (Architectures|Code|Handler|Memory|Package|Runtime|Timeout).*",
        r".*Lambda::Function\) (Environment|EphemeralStorage|LoggingConfig|TracingConfig).*",
        r".*Lambda::Function\) ReservedConcurrentExecutions",
    ),
    "what else a function does is not asked for by network": (
        r".*/Function/(Events|AllowEventRule).*Permission.*",
        r".*CustomResourceProvider/Handler \(AWS::Lambda::Function\).*",
        r".*/ZoneCleanup/.*",
        r".*/DatafiUpdateEvents/.*",
    ),
    "one subnet less, or other addresses of it, leaves those that are left": (
        r".*ECS::Service\) NetworkConfiguration\.AwsvpcConfiguration\.Subnets",
        r".*::LoadBalancer\) Subnets",
        r".*EC2::Subnet\) (AvailabilityZone|CidrBlock|MapPublicIpOnLaunch)",
        r".*EC2::VPC\) (CidrBlock|Enable.*|InstanceTenancy)",
    ),
    "security groups let nobody but the load balancer in, whatever addresses tasks have": (
        r".*ECS::Service\) NetworkConfiguration\.AwsvpcConfiguration\.AssignPublicIp",
    ),
    "a security group without a rule for what goes out lets all out": (
        r".*EC2::SecurityGroup\) SecurityGroupEgress",
    ),
    "the security group of the company's load balancer lets all out anyway": (
        r"DatafiEdgeServers/Es/.*SecurityGroupEgress\).*",
    ),
    "a zone that no network has for itself is a public one, which it sees as well": (
        r".*/PrivateHostedZone .* VPCs",
    ),
    "functions are called, without a connection that a security group stops": (
        r".*/(EsUpdates|UpdateRouter)/Function .* VpcConfig\.SubnetIds",
        r".*/(EsUpdates|UpdateRouter)/SecurityGroup .*SecurityGroupEgress\..*",
        r"DatafiServerless/Ingress/SecurityGroup .*SecurityGroupEgress\b.*",
    ),
    "tasks reach AWS by these endpoints, and nobody the tasks": (
        r".*/EndpointSecurityGroup .*",
        r"DatafiPrivate/.*/PrivateSubnet./RouteTableAssociation .*",
    ),
    "the order of the rules stays the same; see the test of their order": (
        r".*ListenerRule\) Priority",
    ),
    "how long connections live and which ciphers they use": (
        r".*::Listener\) SslPolicy",
        r".*::LoadBalancer\) LoadBalancerAttributes\b.*",
        r".*::TargetGroup\) TargetGroupAttributes\b.*",
    ),
    "CloudFormation refuses another type, as these listeners are of this one": (
        r".*::LoadBalancer\) Type",
    ),
    "each target is registered with the port of its container": (r".*::TargetGroup\) Port",),
    "how a certificate is issued; and no server has the name of the domain itself": (
        r".*Certificate\) (DomainName|DomainValidationOptions|ValidationMethod)\b.*",
        r".*/ApexRecord .* (Type|deleted)",
    ),
    "what updates change is not on the way to it": (
        r"\w[\w-]*\.ExportsOutput(Ref|FnGetAtt)\w*(Service|TaskRole|ExecutionRole)[0-9A-F]{8}\w*",
    ),
    "CloudFormation refuses to take in what no stack exports; here it counts as existing": (
        r"\w+\.ExportsOutput\w*(Cluster|NetworkVpc(Public|Private)Subnet|CanonicalHostedZone)\w*",
    ),
}
"""Changes that leave all as reachable as it is, each as a pattern of resource, type and place."""


def proof(example: str) -> Callable[[Assembly], None]:
    """What asserts that an example reaches what its table says, from outside and inside."""
    table = _table(example)

    def prove(assembly: Assembly) -> None:
        topology = read_topology(assembly)
        assert_no_problems(topology)
        assert_reachable(topology, table)
        for service in topology.services:
            assert_reachable(topology, inside(table, service.label), source=service.label)

    return prove


def _table(example: str) -> str:
    lines = (TABLES / f"{example}.md").read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if example != "many_servers" or _is_first(line))


def _is_first(text: str) -> bool:
    """Whether it is not of the second to the tenth server of a team, which are as the first."""
    return re.search(r"\b(finance|research|sales)-?([2-9]|10)\b", text) is None


def _assembly(example: str, synthesized: Callable[[str], Path]) -> Assembly:
    assembly = read_assembly(synthesized(example))
    if example != "many_servers":
        return assembly
    return replace(
        assembly,
        stacks=tuple(
            replace(stack, resources=tuple(_of_first_servers(stack.resources)))
            for stack in assembly.stacks
        ),
    )


_NAMES_ALL = re.compile(r"Datafi-updates/(DatafiUpdateEvents|Updates/Role)/")


def _of_first_servers(resources: tuple[Resource, ...]) -> Iterator[Resource]:
    """Without those of the others, and without what names them all."""
    for one in resources:
        if _is_first(f"{one.path} {one.id.logical_id}") and not _NAMES_ALL.match(one.path):
            properties = dict(one.properties)
            if one.path == "Datafi-updates/Updates/Function":
                del properties["Environment"]
            yield replace(one, properties=properties)


_ANY_PATTERN = re.compile("|".join(one for patterns in NO_LINK.values() for one in patterns))


def _is_link(mutation: object) -> bool:
    return _ANY_PATTERN.fullmatch(str(mutation)) is None


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_broken_link_fails_the_proof(example: str, synthesized: Callable[[str], Path]) -> None:
    """Every value of every resource on the way, unless it is listed as no link."""
    assembly, prove = _assembly(example, synthesized), proof(example)
    prove(assembly)
    links = [
        (str(mutation), mutation.apply(assembly))
        for resource in assembly.of_type(*LINKS)
        for mutation in mutations(resource)
        if _is_link(mutation)
    ]
    links += [one for one in without_exports(assembly) if _is_link(one[0])]
    unnoticed = []
    for what, broken in links:
        try:
            prove(broken)
            unnoticed.append(what)
        except (AssertionError, AssemblyError):
            pass
    assert "\n".join(unnoticed) == ""
    assert len(links) > 50


def test_what_is_listed_as_no_link_is_there(synthesized: Callable[[str], Path]) -> None:
    """No pattern is left over from what the templates had once."""
    assemblies = [_assembly(example, synthesized) for example in EXAMPLES]
    found = {
        str(mutation)
        for assembly in assemblies
        for resource in assembly.of_type(*LINKS)
        for mutation in mutations(resource)
    } | {name for assembly in assemblies for name, _ in without_exports(assembly)}
    patterns = [pattern for patterns in NO_LINK.values() for pattern in patterns]
    assert [one for one in patterns if not any(re.fullmatch(one, text) for text in found)] == []
