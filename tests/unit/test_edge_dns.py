"""EdgeDns: the zone, the certificate and the records."""

import pytest
from datafi_cdk import EdgeDns, SharedIngress
from aws_cdk import RemovalPolicy, Stack, Token
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from aws_cdk.assertions import Template
from deployment import (
    CERTIFICATE,
    CERTIFICATE_ARN,
    HOSTED_ZONE,
    LISTENER,
    RECORD,
    existing_vpc,
    logical_id,
    new_app,
    new_stack,
    one,
    properties,
)

ROOT = "datafi-edge.example.com"


def existing_certificate(scope: Stack) -> acm.ICertificate:
    """A certificate that somebody else made."""
    return acm.Certificate.from_certificate_arn(scope, "Existing", CERTIFICATE_ARN)


def existing_zone(scope: Stack) -> route53.IHostedZone:
    """A zone of the parent domain that somebody else made."""
    return route53.HostedZone.from_hosted_zone_attributes(
        scope, "Zone", hosted_zone_id="Z123", zone_name="example.com"
    )


@pytest.fixture(scope="module")
def stack() -> Stack:
    """A stack with a load balancer under default names."""
    made = new_stack()
    EdgeDns(made, "Dns", root_domain=ROOT)
    SharedIngress(made, "Ingress", vpc=existing_vpc(made), dns=made.node.find_child("Dns"))
    return made


@pytest.fixture(scope="module")
def template(stack: Stack) -> Template:
    """Its template."""
    return Template.from_stack(stack)


@pytest.fixture(scope="module")
def variants() -> dict[str, Template]:
    """Stacks with a load balancer under names that were brought, by what was brought."""
    arguments = {
        "zone": lambda scope: {"hosted_zone": existing_zone(scope)},
        "certificate": lambda scope: {"certificate": existing_certificate(scope)},
        "nothing": lambda scope: {
            "certificate": existing_certificate(scope),
            "enable_hosted_zone": False,
        },
        "destroy": lambda scope: {"removal_policy": RemovalPolicy.DESTROY},
    }
    app = new_app()
    stacks = {name: new_stack(name, app) for name in arguments}
    for name, made in stacks.items():
        dns = EdgeDns(made, "Dns", root_domain=ROOT, **arguments[name](made))
        SharedIngress(made, "Ingress", vpc=existing_vpc(made), dns=dns)
    return {name: Template.from_stack(made) for name, made in stacks.items()}


def test_makes_a_public_zone_for_the_root_domain(template: Template) -> None:
    """Without a zone, a new public one holds the root domain."""
    zone = properties(template, HOSTED_ZONE)
    assert zone["Name"] == f"{ROOT}."
    assert "VPCs" not in zone


def test_keeps_a_new_zone_by_default(template: Template) -> None:
    """The zone outlives the stack, whatever deletes or replaces it."""
    zone = one(template, HOSTED_ZONE)
    assert (zone["DeletionPolicy"], zone["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_deletes_a_new_zone_if_asked(variants: dict[str, Template]) -> None:
    """`removal_policy` says what becomes of the zone."""
    assert one(variants["destroy"], HOSTED_ZONE)["DeletionPolicy"] == "Delete"


def test_certificate_covers_the_root_domain_and_the_names_under_it(template: Template) -> None:
    """The new certificate is for the root domain and its wildcard, validated in the new zone."""
    zone = {"Ref": logical_id(template, HOSTED_ZONE)}
    certificate = properties(template, CERTIFICATE)
    assert certificate["DomainName"] == ROOT
    assert certificate["SubjectAlternativeNames"] == [f"*.{ROOT}"]
    assert certificate["ValidationMethod"] == "DNS"
    assert certificate["DomainValidationOptions"] == [{"DomainName": ROOT, "HostedZoneId": zone}]


def test_a_domain_known_at_deployment_only_is_validated_once() -> None:
    """Both names have the same validation record, of which a zone takes one."""
    stack = new_stack()
    EdgeDns(stack, "Dns", root_domain=Token.as_string({"Ref": "Domain"}))
    (option,) = properties(Template.from_stack(stack), CERTIFICATE)["DomainValidationOptions"]
    assert option["DomainName"] == {"Ref": "Domain"}


def test_records_lead_to_the_load_balancer(template: Template) -> None:
    """Alias records for the root domain and its wildcard point at the load balancer."""
    records = {
        entry["Properties"]["Name"]: entry for entry in template.find_resources(RECORD).values()
    }
    assert set(records) == {f"{ROOT}.", f"*.{ROOT}."}
    for record in records.values():
        alias = record["Properties"]["AliasTarget"]
        load_balancer = logical_id(template, "AWS::ElasticLoadBalancingV2::LoadBalancer")
        assert record["Properties"]["Type"] == "A"
        assert record["Properties"]["HostedZoneId"] == {"Ref": logical_id(template, HOSTED_ZONE)}
        assert alias["HostedZoneId"] == {"Fn::GetAtt": [load_balancer, "CanonicalHostedZoneID"]}
        dns_name = {"Fn::GetAtt": [load_balancer, "DNSName"]}
        assert alias["DNSName"] == {"Fn::Join": ["", ["dualstack.", dns_name]]}


def test_exposes_what_it_made(stack: Stack) -> None:
    """Root domain, zone, certificate and name servers are attributes."""
    dns = stack.node.find_child("Dns")
    assert dns.root_domain == ROOT
    assert isinstance(dns.hosted_zone, route53.PublicHostedZone)
    assert isinstance(dns.certificate, acm.Certificate)
    zone = stack.resolve(dns.hosted_zone.hosted_zone_id)["Ref"]
    assert stack.resolve(dns.name_servers) == {"Fn::GetAtt": [zone, "NameServers"]}


def test_uses_an_existing_zone(variants: dict[str, Template]) -> None:
    """A zone handed in holds the records and the validation, and no other is made."""
    template = variants["zone"]
    template.resource_count_is(HOSTED_ZONE, 0)
    zones = {
        entry["Properties"]["HostedZoneId"] for entry in template.find_resources(RECORD).values()
    }
    assert zones == {"Z123"}
    (option,) = properties(template, CERTIFICATE)["DomainValidationOptions"]
    assert option["HostedZoneId"] == "Z123"


def test_writes_whole_names_into_the_zone_of_a_parent(variants: dict[str, Template]) -> None:
    """In the zone of a parent domain, the records still have the names of the root domain."""
    records = variants["zone"].find_resources(RECORD).values()
    assert {entry["Properties"]["Name"] for entry in records} == {f"{ROOT}.", f"*.{ROOT}."}


def test_name_servers_are_those_of_a_new_zone_only() -> None:
    """A zone handed in is delegated already: there are no name servers to tell."""
    stack = new_stack()
    dns = EdgeDns(stack, "Dns", root_domain=ROOT, hosted_zone=existing_zone(stack))
    assert dns.name_servers is None
    assert dns.hosted_zone is not None


def test_uses_an_existing_certificate(variants: dict[str, Template]) -> None:
    """A certificate handed in serves the TLS listeners, and no other is made."""
    template = variants["certificate"]
    template.resource_count_is(CERTIFICATE, 0)
    template.resource_count_is(HOSTED_ZONE, 1)
    certificates = [
        entry["Properties"]["Certificates"]
        for entry in template.find_resources(LISTENER).values()
        if "Certificates" in entry["Properties"]
    ]
    assert certificates == [[{"CertificateArn": CERTIFICATE_ARN}]] * 2


def test_makes_no_zone_and_no_record_if_names_are_kept_elsewhere(
    variants: dict[str, Template],
) -> None:
    """Without a zone there is neither zone, record nor certificate."""
    for resource_type in (HOSTED_ZONE, RECORD, CERTIFICATE):
        variants["nothing"].resource_count_is(resource_type, 0)


def test_add_records_tells_what_it_made() -> None:
    """`add_records` returns two records, or none if names are kept elsewhere."""
    stack = new_stack()
    certificate = existing_certificate(stack)
    made = EdgeDns(stack, "Dns", root_domain=ROOT)
    elsewhere = EdgeDns(
        stack, "Elsewhere", root_domain=ROOT, certificate=certificate, enable_hosted_zone=False
    )
    ingress = SharedIngress(stack, "Ingress", vpc=existing_vpc(stack), dns=elsewhere)
    records = made.add_records(stack, ingress.load_balancer)
    assert [record.node.path for record in records] == ["Test/ApexRecord", "Test/WildcardRecord"]
    assert elsewhere.add_records(stack, ingress.load_balancer) == []
    assert elsewhere.hosted_zone is None
    assert elsewhere.name_servers is None
    assert elsewhere.certificate is certificate
