"""EdgeDns: records for all names at once or one by one, for IPv4 alone or with IPv6."""

from typing import Any

import pytest
from datafi_cdk import EdgeDns, InvalidInputError
from aws_cdk import Stack, Token
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk.assertions import Template
from constructs import Construct
from deployment import CERTIFICATE_ARN, HOSTED_ZONE, RECORD, existing_vpc, logical_id, new_stack

ROOT = "datafi-edge.example.com"


def load_balancer(stack: Stack, construct_id: str = "Balancer") -> elbv2.ApplicationLoadBalancer:
    """A load balancer."""
    vpc = stack.node.try_find_child("Vpc") or existing_vpc(stack)
    return elbv2.ApplicationLoadBalancer(stack, construct_id, vpc=vpc)


def made(stack: Stack, **arguments: Any) -> EdgeDns:
    """Names with these arguments."""
    return EdgeDns(stack, "Dns", root_domain=ROOT, **arguments)


def names_and_types(stack: Stack) -> set[tuple[str, str]]:
    """Name and type of every record of a stack."""
    records = Template.from_stack(stack).find_resources(RECORD).values()
    found = [(entry["Properties"]["Name"], entry["Properties"]["Type"]) for entry in records]
    assert len(found) == len(set(found))
    return set(found)


def paths(records: list[Any]) -> list[str]:
    """Where records stand."""
    return [record.node.path for record in records]


def test_dual_stack_adds_records_for_ipv6() -> None:
    """Apex and wildcard get an AAAA record each, beside the A records with their ids."""
    stack = new_stack()
    records = made(stack).add_records(stack, load_balancer(stack), dual_stack=True)
    assert paths(records) == [
        "Test/ApexRecord",
        "Test/ApexIpv6Record",
        "Test/WildcardRecord",
        "Test/WildcardIpv6Record",
    ]
    names = (f"{ROOT}.", f"*.{ROOT}.")
    assert names_and_types(stack) == {(name, kind) for name in names for kind in ("A", "AAAA")}


def test_record_per_service_replaces_apex_and_wildcard() -> None:
    """Names that no server has lead nowhere."""
    stack = new_stack()
    dns = made(stack, record_per_service=True)
    balancer = load_balancer(stack)
    assert dns.add_records(stack, balancer) == []
    es = dns.add_service_record(Construct(stack, "Es"), "es", balancer)
    co = dns.add_service_record(Construct(stack, "Co"), "co", balancer, dual_stack=True)
    assert paths(es) == ["Test/Es/Record"]
    assert paths(co) == ["Test/Co/Record", "Test/Co/Ipv6Record"]
    assert names_and_types(stack) == {
        (f"es.{ROOT}.", "A"),
        (f"co.{ROOT}.", "A"),
        (f"co.{ROOT}.", "AAAA"),
    }


def test_service_record_leads_to_the_load_balancer() -> None:
    """It is an alias of the load balancer, in the zone."""
    stack = new_stack()
    balancer = load_balancer(stack)
    made(stack, record_per_service=True).add_service_record(stack, "es", balancer)
    template = Template.from_stack(stack)
    (record,) = template.find_resources(RECORD).values()
    name = {"Fn::GetAtt": [stack.get_logical_id(balancer.node.default_child), "DNSName"]}
    assert record["Properties"]["HostedZoneId"] == {"Ref": logical_id(template, HOSTED_ZONE)}
    alias = record["Properties"]["AliasTarget"]["DNSName"]
    assert alias == {"Fn::Join": ["", ["dualstack.", name]]}


def test_wildcard_needs_no_service_record() -> None:
    """Without `record_per_service` the wildcard covers every name, also one asked for twice."""
    stack = new_stack()
    dns, balancer = made(stack), load_balancer(stack)
    assert [dns.add_service_record(stack, "es", balancer) for _ in range(2)] == [[], []]


def test_names_elsewhere_get_no_record_of_either_kind() -> None:
    """Whoever keeps the names makes the records."""
    stack = new_stack()
    certificate = acm.Certificate.from_certificate_arn(stack, "Cert", CERTIFICATE_ARN)
    dns = made(stack, certificate=certificate, enable_hosted_zone=False, record_per_service=True)
    balancer = load_balancer(stack)
    assert dns.add_records(stack, balancer, dual_stack=True) == []
    assert dns.add_service_record(stack, "es", balancer, dual_stack=True) == []


def test_records_stand_where_the_server_is() -> None:
    """A server in a stack of its own refers to the names, and they to nothing."""
    names = new_stack("Names")
    servers = Stack(names.node.root, "Servers")
    dns = made(names, record_per_service=True)
    dns.add_service_record(servers, "es", load_balancer(servers))
    assert Template.from_stack(names).find_resources(RECORD) == {}
    assert len(Template.from_stack(servers).find_resources(RECORD)) == 1
    assert servers.dependencies == [names]
    assert names.dependencies == []


def test_unknown_name_passes() -> None:
    """A name that is known at deployment only gets its record."""
    stack = new_stack()
    name = Token.as_string({"Ref": "Name"})
    made(stack, record_per_service=True).add_service_record(stack, name, load_balancer(stack))
    (record,) = Template.from_stack(stack).find_resources(RECORD).values()
    assert record["Properties"]["Name"] == {"Fn::Join": ["", [{"Ref": "Name"}, f".{ROOT}."]]}


def test_refuses_a_second_load_balancer() -> None:
    """All names lead to one load balancer."""
    stack = new_stack()
    dns, balancer = made(stack), load_balancer(stack)
    dns.add_records(stack, balancer)
    with pytest.raises(InvalidInputError, match=r"Test/Other: dns must be one whose names point"):
        dns.add_records(Construct(stack, "Other"), balancer)


def test_refuses_a_second_record_for_a_name() -> None:
    """A name leads to one load balancer."""
    stack = new_stack()
    dns, balancer = made(stack, record_per_service=True), load_balancer(stack)
    dns.add_service_record(stack, "es", balancer)
    with pytest.raises(InvalidInputError, match=r"Test/Other: name must be one .*, got 'es';"):
        dns.add_service_record(Construct(stack, "Other"), "es", balancer)


@pytest.mark.parametrize("name", ["Es", "a.b", "", 5, None])
def test_refuses_a_name_that_is_no_label(name: Any) -> None:
    """A name is one DNS label."""
    stack = new_stack()
    dns = made(stack, record_per_service=True)
    with pytest.raises(InvalidInputError, match="Test: name must be"):
        dns.add_service_record(stack, name, load_balancer(stack))


def imported_without_name(stack: Stack) -> elbv2.IApplicationLoadBalancer:
    """A load balancer of which too little is known for an alias record."""
    arn = "arn:aws:elasticloadbalancing:us-east-1:111111111111:loadbalancer/app/a/1"
    return elbv2.ApplicationLoadBalancer.from_application_load_balancer_attributes(
        stack, "Imported", load_balancer_arn=arn, security_group_id="sg-1"
    )


@pytest.mark.parametrize("per_service", [False, True])
@pytest.mark.parametrize("make", [lambda _: "balancer", imported_without_name])
def test_refuses_what_no_alias_can_point_at(make: Any, per_service: bool) -> None:
    """Another type, or a load balancer without its DNS name, is told as such."""
    stack = new_stack()
    dns = made(stack, record_per_service=per_service)
    with pytest.raises(InvalidInputError, match="Test: load_balancer must be"):
        if per_service:
            dns.add_service_record(stack, "es", make(stack))
        else:
            dns.add_records(stack, make(stack))
