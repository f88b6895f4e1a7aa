"""What the checks make of answers that the embedded AWS does not give."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from check_answers import ROOT, Answers, config_of
from datafi_cdk.cli.check.account import check_bootstrap
from datafi_cdk.cli.check.certificate import check_certificate
from datafi_cdk.cli.check.dns import check_zones
from datafi_cdk.cli.check.load_balancer import check_load_balancer
from datafi_cdk.cli.check.named import check_named
from datafi_cdk.cli.check.network import check_network
from datafi_cdk.cli.check.quotas import check_fargate_quotas, check_load_balancer_quotas
from datafi_cdk.cli.check.subnets import Kind, read_subnets

CERTIFICATE = "arn:aws:acm:us-east-1:111111111111:certificate/a-b"
LISTENER = "arn:aws:elasticloadbalancing:us-east-1:111111111111:listener/app/own/a/b"
VPC = "vpc-0123456789abcdef0"
AWS = {"account": "111111111111", "region": "us-east-1"}


@pytest.mark.parametrize(
    ("days", "values", "status", "words"),
    [
        (90, {}, "pass", "good for"),
        (10, {"RenewalEligibility": "ELIGIBLE"}, "warn", "see why ACM has not renewed it"),
        (10, {"RenewalEligibility": "INELIGIBLE"}, "warn", "import a newer one"),
        (-2, {}, "fail", "expired on"),
        (90, {"Status": "PENDING_VALIDATION"}, "fail", "make the DNS records that validate it"),
        (90, {"Status": "REVOKED"}, "fail", "is REVOKED, not ISSUED"),
    ],
)
def test_tells_of_a_certificate_that_does_not_last(
    days: int, values: Mapping[str, str], status: str, words: str
) -> None:
    """Its state and its end count."""
    certificate = {
        "Status": "ISSUED",
        "SubjectAlternativeNames": [ROOT, f"*.{ROOT}"],
        "NotAfter": datetime.now(UTC) + timedelta(days=days),
        **values,
    }
    config = config_of(dns={"root_domain": ROOT, "certificate_arn": CERTIFICATE})
    (found,) = check_certificate(
        Answers(config, {"DescribeCertificate": {"Certificate": certificate}})
    )
    assert found.status == status
    assert words in f"{found.text}; {found.remedy}"


@pytest.mark.parametrize(
    ("names", "statuses"),
    [
        ([ROOT, f"*.{ROOT}"], ["pass"]),
        ([ROOT, f"es.{ROOT}", f"update.{ROOT}"], ["warn", "pass"]),
        ([f"*.{ROOT}"], ["warn", "pass"]),
        ([ROOT, f"es.{ROOT}"], ["fail"]),
        ([ROOT, f"update.{ROOT}"], ["fail"]),
    ],
)
def test_a_certificate_may_name_every_server(names: list[str], statuses: list[str]) -> None:
    """Without a wildcard it is good for the servers of today, and for no others."""
    certificate = {"Status": "ISSUED", "SubjectAlternativeNames": names}
    config = config_of(dns={"root_domain": ROOT, "certificate_arn": CERTIFICATE})
    answers = Answers(config, {"DescribeCertificate": {"Certificate": certificate}})
    assert [each.status for each in check_certificate(answers)] == statuses


def _zone(name: str, *servers: str, private: bool = False) -> dict[str, Any]:
    return {
        "HostedZone": {"Name": f"{name}.", "Config": {"PrivateZone": private}},
        "DelegationSet": {"NameServers": list(servers)},
        "VPCs": [{"VPCId": VPC}] if private else [],
    }


@pytest.mark.parametrize(
    ("zones", "status", "words"),
    [
        ({"example.com": ["ns1.a", "ns2.a"]}, "pass", "ns1.a, ns2.a"),
        ({"example.com": ["ns1.a"]}, "fail", "the DNS gives others: ns1.a"),
        ({ROOT: ["ns9.b"], "example.com": ["ns1.a", "ns2.a"]}, "fail", f"{ROOT} is delegated"),
        ({}, "fail", "the DNS knows no name servers of it"),
        ({"example.com": []}, "fail", "for example.com know nothing of it"),
        ({"example.com": [], "com": []}, "warn", "not checked"),
    ],
)
def test_follows_the_delegation_down_to_the_root_domain(
    zones: Mapping[str, list[str]], status: str, words: str
) -> None:
    """A zone in between takes the names away."""
    config = config_of(dns={"root_domain": ROOT, "hosted_zone_id": "Z1"})
    answers = {"GetHostedZone": _zone("example.com", "NS1.a", "ns2.a")}
    found = [
        each
        for each in check_zones(Answers(config, answers, zones))
        if each.subject.startswith("delegation")
    ]
    assert [each.status for each in found] == [status]
    assert words in found[0].text


@pytest.mark.parametrize(
    ("made", "status", "words"),
    [
        ([], "warn", "is not associated with the VPC that is made, where"),
        (["vpc-1"], "warn", "is not associated with vpc-1, where"),
        ([VPC], "pass", f"{ROOT}, private"),
    ],
)
def test_tells_of_a_private_zone_that_a_new_vpc_does_not_see(
    made: list[str], status: str, words: str
) -> None:
    """A zone that is there already is associated by hand, once the VPC is made."""
    dns = {"root_domain": ROOT, "hosted_zone_id": "Z1", "certificate_arn": CERTIFICATE}
    config = config_of({"name": "es", "egress_provided": True}, dns=dns, private=True)
    answers = {
        "GetHostedZone": _zone(ROOT, private=True),
        "GetResources": [
            {"ResourceARN": f"arn:aws:ec2:us-east-1:111111111111:vpc/{each}"} for each in made
        ],
    }
    (found,) = check_zones(Answers(config, answers))
    assert found.status == status
    assert words in found.text


def test_lets_the_parent_zone_delegate_the_root_domain() -> None:
    """Once the deployment has made its zone, the parent's leads there; one in between may not."""
    dns = {"root_domain": f"a.{ROOT}", "parent_zone": {"hosted_zone_id": "Z3"}}
    answers = {
        "GetHostedZone": _zone("example.com", "ns1"),
        "ListHostedZonesByName": {"HostedZones": []},
    }
    zones = {f"a.{ROOT}": ["ns2"], "example.com": ["ns1"]}
    *_, found = check_zones(Answers(config_of(dns=dns), answers, zones))
    assert (found.status.value, found.text) == ("pass", "ns1")
    *_, found = check_zones(Answers(config_of(dns=dns), answers, {**zones, ROOT: ["ns3"]}))
    assert (found.status.value, found.text) == ("fail", f"{ROOT} is delegated to others: ns3")


@pytest.mark.parametrize(
    ("deployed", "status", "words"),
    [
        ("targetgroup/es/a", "pass", "made already: Z1"),
        ("loadbalancer/app/front/a", "warn", "is there already (Z1), and the deployment makes ano"),
    ],
)
def test_tells_of_a_zone_that_a_failed_deployment_has_left(
    deployed: str, status: str, words: str
) -> None:
    """The next one would make another one of its name, with other name servers."""
    arn = f"arn:aws:elasticloadbalancing:us-east-1:111111111111:{deployed}"
    left = {"Id": "/hostedzone/Z1", "Name": f"{ROOT}.", "Config": {"PrivateZone": False}}
    answers = {
        "ListHostedZonesByName": {"HostedZones": [left]},
        "GetHostedZone": _zone(ROOT, "ns1"),
        "GetResources": [{"ResourceARN": arn}],
    }
    zone, delegation = check_zones(Answers(config_of(), answers, {ROOT: ["ns1"]}))
    assert zone.status == status
    assert words in zone.text
    assert delegation.status == "pass"


def test_does_not_look_for_zones_of_the_embedded_aws_in_the_dns() -> None:
    """They are in none, which is no fault."""
    config = config_of(dns={"root_domain": ROOT, "hosted_zone_id": "Z1"})
    answers = {"GetHostedZone": _zone(ROOT, "ns1.a")}
    found = check_zones(Answers(config, answers, embedded=True))
    assert [each.status.value for each in found] == ["pass", "pass"]


def test_the_embedded_aws_is_bootstrapped_when_it_is_deployed_to() -> None:
    """The cdk's own command would ask the real AWS."""
    (found,) = check_bootstrap(Answers(config_of(), {"GetParameter": None}, embedded=True))
    assert found.status == "pass"


def test_looks_at_the_zones_of_validation_and_of_the_parent() -> None:
    """Both must be public, and the parent's is not the root domain's."""
    private = {"root_domain": ROOT, "hosted_zone_id": "Z1", "validation_zone_id": "Z2"}
    vpc = {"vpc_id": VPC}
    config = config_of(
        {"name": "es", "egress_provided": True}, dns=private, private=True, vpc=vpc, aws=AWS
    )
    found = list(check_zones(Answers(config, {"GetHostedZone": _zone(ROOT, private=True)})))
    assert [(each.status.value, each.subject) for each in found] == [
        ("pass", "zone Z1"),
        ("fail", "zone Z2"),
    ]
    config = config_of(dns={"root_domain": ROOT, "parent_zone": {"hosted_zone_id": "Z3"}})
    answers = {"GetHostedZone": _zone(ROOT, "ns1"), "ListHostedZonesByName": {"HostedZones": []}}
    found = list(check_zones(Answers(config, answers)))
    assert [(each.status.value, each.subject) for each in found] == [
        ("pass", f"zone of {ROOT}"),
        ("fail", "zone Z3"),
    ]


@pytest.mark.parametrize(
    ("balancer", "attributes", "further", "words"),
    [
        ({}, {}, {}, "own, internet-facing"),
        ({"Scheme": "internal"}, {}, {}, "is internal: its names lead to private addresses"),
        ({"VpcId": "vpc-1"}, {}, {}, f"is in vpc-1, and the servers are in {VPC}"),
        ({"State": {"Code": "failed"}}, {}, {}, "is in the state failed"),
        ({}, {"routing.http2.enabled": "false"}, {}, "HTTP/2 is off"),
        ({"SecurityGroups": []}, {}, {}, "has no security group, and not sg-"),
    ],
)
def test_tells_of_a_load_balancer_that_does_not_fit(
    balancer: Mapping[str, Any],
    attributes: Mapping[str, str],
    further: Mapping[str, Any],
    words: str,
) -> None:
    """What the deployment cannot change must be as it needs it."""
    group = "sg-0123456789abcdef0"
    config = config_of(
        vpc={"vpc_id": VPC},
        aws=AWS,
        dns={"root_domain": ROOT, "enable_hosted_zone": False, "certificate_arn": CERTIFICATE},
        load_balancer={"existing": {"https_listener_arn": LISTENER, "security_group_ids": [group]}},
    )
    found = {
        "LoadBalancerName": "own",
        "Scheme": "internet-facing",
        "State": {"Code": "active"},
        "VpcId": VPC,
        "SecurityGroups": [group],
        **balancer,
    }
    answers = {
        "DescribeLoadBalancers": [found],
        "DescribeLoadBalancerAttributes": {
            "Attributes": [{"Key": key, "Value": value} for key, value in attributes.items()]
        },
        "DescribeListeners": [{"Port": 443, "Protocol": "HTTPS"}],
        "DescribeRules": [],
    }
    texts = [each.text for each in check_load_balancer(Answers(config, answers))]
    assert any(words in text for text in texts), texts


def _network(**values: Any) -> dict[str, Any]:
    gateway = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}
    nat = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}
    subnet = {"AvailabilityZone": "us-east-1a", "AvailableIpAddressCount": 100}
    return {
        "DescribeVpcs": [{"CidrBlock": "10.0.0.0/16"}],
        "DescribeRouteTables": [
            {"RouteTableId": "rtb-0", "Associations": [{"Main": True}], "Routes": [gateway]},
            {"RouteTableId": "rtb-1", "Associations": [{"SubnetId": "subnet-1"}], "Routes": [nat]},
            {
                "RouteTableId": "rtb-2",
                "Associations": [{"SubnetId": "subnet-2"}],
                "Routes": [{**nat, "State": "blackhole"}],
            },
        ],
        "DescribeSubnets": [
            {**subnet, "SubnetId": "subnet-0"},
            {**subnet, "SubnetId": "subnet-1"},
            {
                **subnet,
                "SubnetId": "subnet-2",
                "Tags": [{"Key": "aws-cdk:subnet-type", "Value": "Private"}],
            },
        ],
        "GetResources": [],
        **values,
    }


def test_reads_what_routes_make_of_subnets() -> None:
    """The main table counts for subnets without one, and a route into nothing for none."""
    subnets = read_subnets(Answers(config_of(), _network()), VPC)
    assert [each.by_routes for each in subnets.values()] == [
        Kind.PUBLIC,
        Kind.PRIVATE,
        Kind.ISOLATED,
    ]
    assert subnets["subnet-2"].kind == Kind.PRIVATE


def test_tells_of_a_vpc_with_one_zone_only() -> None:
    """A load balancer takes two, and the tasks of a tag that says too much are stuck."""
    context = Answers(config_of(vpc={"vpc_id": VPC}, aws=AWS), _network())
    failures = {each.subject: each.text for each in check_network(context) if each.status == "fail"}
    assert failures == {
        "load balancer's subnets": "public subnets in 1 zones, and a load balancer needs 2",
        "edge_servers.long_running[0]": "subnet-2: no way out is seen, by which tasks could reach"
        " the image's registry",
    }


@pytest.mark.parametrize(("region", "status"), [("us-east-1", "pass"), ("eu-west-1", "fail")])
def test_tells_of_a_bucket_that_takes_no_access_logs(region: str, status: str) -> None:
    """S3 shows buckets of all regions, and a load balancer writes into its own only."""
    config = config_of(load_balancer={"access_logs_bucket_name": "own-logs"})
    (found,) = check_named(Answers(config, {"HeadBucket": {"BucketRegion": region}}))
    assert found.status == status


def test_tells_of_a_region_with_too_few_zones() -> None:
    """Local zones do not count."""
    zones = [{"ZoneType": kind} for kind in ("availability-zone",) * 2 + ("local-zone",)]
    context = Answers(
        config_of(new_vpc={"max_azs": 3}, aws=AWS), {"DescribeAvailabilityZones": zones}
    )
    (found,) = check_network(context)
    assert found.status == "fail"


GROUPS = [f"arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/{number}/a" for number in range(4)]
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/own/a"


@pytest.mark.parametrize(
    ("owned", "failures"),
    [
        ([], ["target groups in the region", "load balancers in the region"]),
        ([*GROUPS, BALANCER], []),
    ],
)
def test_what_is_deployed_does_not_count_against_quotas(
    owned: list[str], failures: list[str]
) -> None:
    """A deployment that is there needs no room beside itself."""
    limits = {
        "rules-per-application-load-balancer": 100,
        "target-groups-per-application-load-balancer": 100,
        "target-groups": 5,
        "application-load-balancers": 1,
    }
    answers = {
        "GetResources": [{"ResourceARN": arn} for arn in owned],
        "DescribeAccountLimits": [{"Name": n, "Max": str(m)} for n, m in limits.items()],
        "DescribeTargetGroups": [{"TargetGroupArn": arn} for arn in GROUPS],
        "DescribeLoadBalancers": [{"LoadBalancerArn": BALANCER, "Type": "application"}],
    }
    context = Answers(config_of(), answers)
    found = list(check_load_balancer_quotas(context))
    assert [each.subject for each in found if each.status == "fail"] == failures
    assert len(found) == 4


@pytest.mark.parametrize(
    ("used", "owned", "status"),
    [(0.0, [], "pass"), (3.0, [], "fail"), (3.0, [BALANCER], "warn")],
)
def test_vcpu_in_use_may_be_the_deployments_own(used: float, owned: list[str], status: str) -> None:
    """What runs already is in the usage that AWS tells, and cannot be told apart."""
    metric = {"MetricNamespace": "N", "MetricName": "M", "MetricDimensions": {}}
    points = [{"Timestamp": 1, "Maximum": 9.0}, {"Timestamp": 2, "Maximum": used}]
    answers = {
        "GetResources": [{"ResourceARN": arn} for arn in owned],
        "GetServiceQuota": {"Quota": {"Value": 4.0, "UsageMetric": metric}},
        "GetMetricStatistics": {"Datapoints": points[::-1]},
    }
    (found,) = check_fargate_quotas(Answers(config_of(), answers))
    assert (found.status, found.subject) == (status, "Fargate vCPU, on demand")
