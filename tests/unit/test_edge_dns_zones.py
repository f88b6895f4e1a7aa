"""EdgeDns: private zones, zones for the validation alone, and delegation from a parent zone."""

from collections.abc import Callable
from typing import Any

import pytest
from datafi_cdk import EdgeDns, SharedIngress
from aws_cdk import App, Environment, RemovalPolicy, Stack, Token
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_iam as iam
from aws_cdk import aws_route53 as route53
from aws_cdk.assertions import Template
from deployment import (
    ACCOUNT,
    CERTIFICATE,
    CERTIFICATE_ARN,
    HOSTED_ZONE,
    RECORD,
    REGION,
    existing_vpc,
    logical_id,
    new_app,
    new_stack,
    one,
    properties,
)

ROOT = "datafi-edge.example.com"
OTHER_ACCOUNT = "222222222222"
DELEGATION = "Custom::CrossAccountZoneDelegation"


def zone_by_id(scope: Stack, zone_id: str = "ZPARENT") -> route53.IHostedZone:
    """A zone of which nothing but the id is known."""
    return route53.HostedZone.from_hosted_zone_id(scope, zone_id, zone_id)


def zone_by_name(scope: Stack, zone_id: str = "ZPARENT") -> route53.IHostedZone:
    """A zone of the parent domain, with id and name."""
    return route53.HostedZone.from_hosted_zone_attributes(
        scope, zone_id, hosted_zone_id=zone_id, zone_name="example.com"
    )


def role_elsewhere(scope: Stack) -> iam.IRole:
    """A role in the account of the parent domain."""
    arn = f"arn:aws:iam::{OTHER_ACCOUNT}:role/delegate"
    return iam.Role.from_role_arn(scope, "Delegate", arn)


def dns(arguments: Callable[[Stack], dict[str, Any]]) -> Template:
    """The template of names made with these arguments, and of a load balancer with them."""
    stack = new_stack()
    vpc = existing_vpc(stack)
    made = EdgeDns(stack, "Dns", root_domain=ROOT, **arguments(stack))
    SharedIngress(stack, "Ingress", vpc=vpc, dns=made)
    return Template.from_stack(stack)


@pytest.fixture(scope="module")
def private() -> Template:
    """A private zone whose certificate is validated through a public one."""
    return dns(
        lambda stack: {
            "private_zone_vpc": stack.node.find_child("Vpc"),
            "validation_zone": zone_by_id(stack, "ZPUBLIC"),
            "removal_policy": RemovalPolicy.DESTROY,
        }
    )


@pytest.fixture(scope="module")
def delegated() -> Template:
    """A new zone to which a parent zone of the same account delegates."""
    return dns(lambda stack: {"parent_zone": zone_by_id(stack)})


@pytest.fixture(scope="module")
def delegated_elsewhere() -> Template:
    """A new zone to which a parent zone of another account delegates."""
    return dns(
        lambda stack: {"parent_zone": zone_by_id(stack), "delegation_role": role_elsewhere(stack)}
    )


def delegations(template: Template) -> dict[str, Any]:
    """The NS records of a template."""
    return dict(template.find_resources(RECORD, {"Properties": {"Type": "NS"}}))


def test_private_zone_answers_in_the_vpc(private: Template) -> None:
    """The new zone is private and belongs to the VPC."""
    zone = properties(private, HOSTED_ZONE)
    assert zone["Name"] == f"{ROOT}."
    assert [vpc["VPCId"] for vpc in zone["VPCs"]] == ["vpc-123"]


def test_private_zone_holds_the_records(private: Template) -> None:
    """The names lead to the load balancer in the private zone only."""
    records = private.find_resources(RECORD).values()
    zone = {"Ref": logical_id(private, HOSTED_ZONE)}
    assert [entry["Properties"]["HostedZoneId"] for entry in records] == [zone, zone]


def test_certificate_is_validated_through_the_public_zone(private: Template) -> None:
    """ACM writes into the validation zone, never into the private one."""
    (option,) = properties(private, CERTIFICATE)["DomainValidationOptions"]
    assert option == {"DomainName": ROOT, "HostedZoneId": "ZPUBLIC"}


def test_private_zone_needs_no_cleanup(private: Template) -> None:
    """It is deleted without a clean-up, as ACM wrote nothing there."""
    assert one(private, HOSTED_ZONE)["DeletionPolicy"] == "Delete"
    private.resource_count_is("Custom::AcmValidationRecords", 0)


def test_private_zone_is_kept_by_default() -> None:
    """A private zone, too, outlives the stack unless told otherwise."""
    template = dns(
        lambda stack: {
            "private_zone_vpc": stack.node.find_child("Vpc"),
            "certificate": acm.Certificate.from_certificate_arn(stack, "Cert", CERTIFICATE_ARN),
        }
    )
    assert one(template, HOSTED_ZONE)["DeletionPolicy"] == "Retain"
    template.resource_count_is(CERTIFICATE, 0)


def test_private_and_public_zone_have_ids_of_their_own(
    private: Template, delegated: Template
) -> None:
    """Route 53 cannot make one of the other, so CloudFormation must replace it."""
    assert logical_id(private, HOSTED_ZONE) != logical_id(delegated, HOSTED_ZONE)


def test_private_zone_has_no_name_servers_to_tell() -> None:
    """Nobody delegates to a private zone."""
    stack = new_stack()
    made = EdgeDns(
        stack,
        "Dns",
        root_domain=ROOT,
        private_zone_vpc=existing_vpc(stack),
        validation_zone=zone_by_id(stack),
    )
    assert made.name_servers is None
    assert isinstance(made.hosted_zone, route53.PrivateHostedZone)


@pytest.mark.parametrize("imported", [False, True])
def test_brought_private_zone_takes_a_validation_zone(imported: bool) -> None:
    """A private zone that is handed in, made here or imported, holds the records only."""

    def arguments(stack: Stack) -> dict[str, Any]:
        zone: route53.IHostedZone
        if imported:
            zone = route53.PrivateHostedZone.from_private_hosted_zone_id(stack, "Z", "ZPRIVATE")
        else:
            vpc = stack.node.find_child("Vpc")
            zone = route53.PrivateHostedZone(stack, "Z", zone_name=ROOT, vpc=vpc)
        return {"hosted_zone": zone, "validation_zone": zone_by_name(stack, "ZPUBLIC")}

    template = dns(arguments)
    (option,) = properties(template, CERTIFICATE)["DomainValidationOptions"]
    assert option["HostedZoneId"] == "ZPUBLIC"
    zones = [
        entry["Properties"]["HostedZoneId"] for entry in template.find_resources(RECORD).values()
    ]
    assert "ZPUBLIC" not in zones
    assert len(zones) == 2


def test_names_elsewhere_can_have_a_new_certificate() -> None:
    """With a validation zone, the certificate is made although no record is."""
    template = dns(
        lambda stack: {"enable_hosted_zone": False, "validation_zone": zone_by_id(stack, "ZPUBLIC")}
    )
    (option,) = properties(template, CERTIFICATE)["DomainValidationOptions"]
    assert option["HostedZoneId"] == "ZPUBLIC"
    for resource_type in (HOSTED_ZONE, RECORD):
        template.resource_count_is(resource_type, 0)


def test_takes_a_zone_of_which_only_the_id_is_known() -> None:
    """Zone, records and validation need no zone name."""
    template = dns(lambda stack: {"hosted_zone": zone_by_id(stack, "ZMINE")})
    records = [entry["Properties"] for entry in template.find_resources(RECORD).values()]
    assert {record["Name"] for record in records} == {f"{ROOT}.", f"*.{ROOT}."}
    assert {record["HostedZoneId"] for record in records} == {"ZMINE"}


def test_parent_zone_delegates_to_the_new_zone(delegated: Template) -> None:
    """An NS record of the root domain, in the parent zone, names the new zone's servers."""
    (record,) = delegations(delegated).values()
    assert record["Properties"]["HostedZoneId"] == "ZPARENT"
    assert record["Properties"]["Name"] == f"{ROOT}."
    servers = {"Fn::GetAtt": [logical_id(delegated, HOSTED_ZONE), "NameServers"]}
    assert record["Properties"]["ResourceRecords"] == servers


def test_delegations_are_forgotten_within_minutes(
    delegated: Template, delegated_elsewhere: Template
) -> None:
    """A zone that is made anew is found soon, as its certificate waits for that."""
    assert properties(delegated, RECORD, "DnsDelegation")["TTL"] == "300"
    made = properties(delegated_elsewhere, DELEGATION)
    assert made["TTL"] == 300


def test_certificate_waits_for_the_delegation(delegated: Template) -> None:
    """ACM is not asked before its question can be answered."""
    assert one(delegated, CERTIFICATE)["DependsOn"] == list(delegations(delegated))


def test_role_delegates_in_another_account(delegated_elsewhere: Template) -> None:
    """With a role, the parent zone is changed with its rights; no record is made from here."""
    made = properties(delegated_elsewhere, DELEGATION)
    assert made["AssumeRoleArn"] == f"arn:aws:iam::{OTHER_ACCOUNT}:role/delegate"
    assert made["ParentZoneId"] == "ZPARENT"
    assert made["DelegatedZoneName"] == ROOT
    servers = {"Fn::GetAtt": [logical_id(delegated_elsewhere, HOSTED_ZONE), "NameServers"]}
    assert made["DelegatedZoneNameServers"] == servers
    assert delegations(delegated_elsewhere) == {}


def test_certificate_waits_for_the_delegation_in_another_account(
    delegated_elsewhere: Template,
) -> None:
    """It depends on the custom resource that makes it."""
    waits_for = one(delegated_elsewhere, CERTIFICATE)["DependsOn"]
    assert logical_id(delegated_elsewhere, DELEGATION) in waits_for


def test_parent_zone_of_a_stack_in_another_account_is_found_by_its_name() -> None:
    """The id of a zone that the same app makes there cannot be read here; its name can."""
    app = App(analytics_reporting=False)
    there = Stack(app, "There", env=Environment(account=OTHER_ACCOUNT, region=REGION))
    parent = route53.PublicHostedZone(there, "Parent", zone_name="example.com")
    here = Stack(app, "Here", env=Environment(account=ACCOUNT, region=REGION))
    EdgeDns(
        here,
        "Dns",
        root_domain=ROOT,
        parent_zone=parent,
        delegation_role=role_elsewhere(here),
    )
    made = properties(Template.from_stack(here), DELEGATION)
    assert made["ParentZoneName"] == "example.com"
    assert "ParentZoneId" not in made


def test_delegated_zone_has_nobody_to_tell() -> None:
    """`name_servers` is for those who have to delegate by hand; the delegation is an attribute."""
    stack = new_stack()
    made = EdgeDns(stack, "Dns", root_domain=ROOT, parent_zone=zone_by_name(stack))
    assert made.name_servers is None
    assert made.delegation is made.node.find_child("Delegation")
    by_hand = EdgeDns(stack, "ByHand", root_domain=ROOT)
    assert by_hand.delegation is None
    assert by_hand.name_servers is not None


def test_unknown_domain_passes_with_every_zone() -> None:
    """A root domain that is known at deployment only is compared with no zone name."""
    domain = Token.as_string({"Ref": "Domain"})
    stack = new_stack("Test", new_app())
    made = EdgeDns(stack, "Dns", root_domain=domain, parent_zone=zone_by_name(stack))
    EdgeDns(stack, "Held", root_domain=domain, hosted_zone=zone_by_name(stack, "ZHELD"))
    assert made.delegation is not None
    (record,) = delegations(Template.from_stack(stack)).values()
    assert record["Properties"]["Name"] == {"Fn::Join": ["", [{"Ref": "Domain"}, "."]]}


def test_zone_names_compare_as_dns_does() -> None:
    """Letter case and a dot at the end make no difference."""
    stack = new_stack()
    parent = route53.HostedZone.from_hosted_zone_attributes(
        stack, "Parent", hosted_zone_id="Z1", zone_name="Example.COM."
    )
    assert EdgeDns(stack, "Dns", root_domain=ROOT, parent_zone=parent).delegation is not None
