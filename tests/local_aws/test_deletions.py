"""The embedded AWS refuses to delete what AWS refuses to delete."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from datafi_cdk.local import EmbeddedAws

from .conftest import Stack

pytestmark = pytest.mark.long

ELB = "AWS::ElasticLoadBalancingV2"
VALIDATED = ".mhbtsbpdnt.acm-validations.aws."


@pytest.fixture
def vpc(embedded_aws: EmbeddedAws) -> dict[str, str]:
    """A VPC with a subnet."""
    ec2 = embedded_aws.client("ec2")
    vpc_id = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc_id, CidrBlock="10.8.0.0/24")["Subnet"]["SubnetId"]
    return {"id": vpc_id, "subnet": subnet}


def refusal(call: Callable[..., Any], **arguments: Any) -> str:
    """The code with which a call is refused."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


def balancer(subnet: str, *, protected: bool, scheme: str = "internal") -> dict[str, Any]:
    """A load balancer as a template has it."""
    attribute = {"Key": "deletion_protection.enabled", "Value": str(protected).lower()}
    properties = {
        "Subnets": [subnet],
        "Scheme": scheme,
        "LoadBalancerAttributes": [attribute],
    }
    return {"Type": f"{ELB}::LoadBalancer", "Properties": properties}


def test_a_protected_load_balancer_stays(
    embedded_aws: EmbeddedAws, stack: Stack, vpc: dict[str, str]
) -> None:
    """Neither the API nor CloudFormation deletes it until the protection is off."""
    elbv2 = embedded_aws.client("elbv2")
    stack.deploy({"Balancer": balancer(vpc["subnet"], protected=True)})
    arn = stack.physical_id("Balancer")
    assert refusal(elbv2.delete_load_balancer, LoadBalancerArn=arn) == "OperationNotPermitted"
    assert stack.delete() == "DELETE_FAILED"
    assert (
        f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        in stack.failures()
    )
    off = [{"Key": "deletion_protection.enabled", "Value": "false"}]
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=off)
    assert stack.delete() == "DELETE_COMPLETE"
    arns = [found["LoadBalancerArn"] for found in elbv2.describe_load_balancers()["LoadBalancers"]]
    assert arn not in arns


def test_a_failed_rollback_leaves_what_it_could_not_delete(
    embedded_aws: EmbeddedAws, stack: Stack, vpc: dict[str, str]
) -> None:
    """The stack's deletion tries it again."""
    elbv2 = embedded_aws.client("elbv2")
    broken = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "No"}, "DependsOn": "Balancer"}
    made = {"Balancer": balancer(vpc["subnet"], protected=True), "Broken": broken}
    assert stack.deploy(made) == "ROLLBACK_FAILED"
    arn = stack.physical_id("Balancer")
    off = [{"Key": "deletion_protection.enabled", "Value": "false"}]
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=off)
    assert stack.delete() == "DELETE_COMPLETE"
    arns = [found["LoadBalancerArn"] for found in elbv2.describe_load_balancers()["LoadBalancers"]]
    assert arn not in arns


def test_a_protected_load_balancer_outlives_its_replacement(
    embedded_aws: EmbeddedAws, stack: Stack, vpc: dict[str, str]
) -> None:
    """The update succeeds, and the old one is left over."""
    elbv2 = embedded_aws.client("elbv2")
    stack.deploy({"Balancer": balancer(vpc["subnet"], protected=True)})
    old = stack.physical_id("Balancer")
    public = balancer(vpc["subnet"], protected=False, scheme="internet-facing")
    assert stack.deploy({"Balancer": public}) == "UPDATE_COMPLETE"
    assert stack.physical_id("Balancer") != old
    off = [{"Key": "deletion_protection.enabled", "Value": "false"}]
    elbv2.modify_load_balancer_attributes(LoadBalancerArn=old, Attributes=off)
    elbv2.delete_load_balancer(LoadBalancerArn=old)
    stack.delete()


def test_a_cluster_with_a_service_stays(embedded_aws: EmbeddedAws, stack: Stack) -> None:
    """Until the service is deleted."""
    ecs = embedded_aws.client("ecs")
    stack.deploy({"Cluster": {"Type": "AWS::ECS::Cluster"}})
    cluster = stack.physical_id("Cluster")
    container = {"name": "es", "image": "es", "memory": 128}
    ecs.register_task_definition(family=stack.name, containerDefinitions=[container])
    ecs.create_service(cluster=cluster, serviceName="es", taskDefinition=stack.name, desiredCount=0)
    assert refusal(ecs.delete_cluster, cluster=cluster) == "ClusterContainsServicesException"
    assert stack.delete() == "DELETE_FAILED"
    ecs.delete_service(cluster=cluster, service="es", force=True)
    assert stack.delete() == "DELETE_COMPLETE"


@pytest.fixture
def groups(embedded_aws: EmbeddedAws, vpc: dict[str, str]) -> Iterator[list[str]]:
    """Two security groups."""
    ec2 = embedded_aws.client("ec2")
    yield [
        ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc["id"])["GroupId"]
        for name in ("first", "second")
    ]


def test_a_security_group_that_a_rule_names_stays(
    embedded_aws: EmbeddedAws, groups: list[str]
) -> None:
    """A rule of its own group does not count."""
    ec2, (first, second) = embedded_aws.client("ec2"), groups
    for group in (first, second):
        rule = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": first}]}
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    assert refusal(ec2.delete_security_group, GroupId=first) == "DependencyViolation"
    ec2.delete_security_group(GroupId=second)
    ec2.delete_security_group(GroupId=first)


def test_a_security_group_of_a_load_balancer_stays(
    embedded_aws: EmbeddedAws, stack: Stack, vpc: dict[str, str], groups: list[str]
) -> None:
    """And of a service and a function, by their network interfaces."""
    ec2, elbv2 = embedded_aws.client("ec2"), embedded_aws.client("elbv2")
    made = elbv2.create_load_balancer(
        Name=stack.name, Subnets=[vpc["subnet"]], SecurityGroups=groups[:1]
    )["LoadBalancers"][0]
    assert refusal(ec2.delete_security_group, GroupId=groups[0]) == "DependencyViolation"
    elbv2.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])
    ec2.delete_security_group(GroupId=groups[0])
    properties = {"GroupDescription": "own", "VpcId": vpc["id"]}
    stack.deploy({"Group": {"Type": "AWS::EC2::SecurityGroup", "Properties": properties}})
    rule = {
        "IpProtocol": "-1",
        "UserIdGroupPairs": [{"GroupId": stack.physical_id("Group")}],
    }
    ec2.authorize_security_group_ingress(GroupId=groups[1], IpPermissions=[rule])
    assert stack.delete() == "DELETE_FAILED"
    ec2.delete_security_group(GroupId=groups[1])
    assert stack.delete() == "DELETE_COMPLETE"


def zone_and_certificate(domain: str) -> dict[str, Any]:
    """A zone, and a certificate that is validated through it."""
    validation = [{"DomainName": domain, "HostedZoneId": {"Ref": "Zone"}}]
    certificate = {
        "DomainName": domain,
        "SubjectAlternativeNames": [f"*.{domain}"],
        "ValidationMethod": "DNS",
        "DomainValidationOptions": validation,
    }
    return {
        "Zone": {"Type": "AWS::Route53::HostedZone", "Properties": {"Name": domain}},
        "Certificate": {
            "Type": "AWS::CertificateManager::Certificate",
            "Properties": certificate,
        },
    }


def test_a_certificate_leaves_its_record_in_the_zone(
    embedded_aws: EmbeddedAws, stack: Stack
) -> None:
    """One record for domain and wildcard, which keeps the zone from being deleted."""
    route53 = embedded_aws.client("route53")
    stack.deploy(zone_and_certificate("one.example.com"))
    zone_id, arn = stack.physical_id("Zone"), stack.physical_id("Certificate")
    described = embedded_aws.client("acm").describe_certificate(CertificateArn=arn)
    told = {
        (option["ResourceRecord"]["Name"], option["ResourceRecord"]["Value"])
        for option in described["Certificate"]["DomainValidationOptions"]
    }

    def records() -> list[dict[str, Any]]:
        found = route53.list_resource_record_sets(HostedZoneId=zone_id)["ResourceRecordSets"]
        return [record for record in found if record["Type"] == "CNAME"]

    (record,) = records()
    assert {(record["Name"], record["ResourceRecords"][0]["Value"])} == told
    assert record["Name"].startswith("_")
    assert record["Name"].endswith(".one.example.com.")
    assert record["ResourceRecords"][0]["Value"].endswith(VALIDATED)
    assert stack.delete() == "DELETE_FAILED"
    assert records() == [record]
    change = {"Action": "DELETE", "ResourceRecordSet": record}
    route53.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": [change]})
    assert stack.delete() == "DELETE_COMPLETE"


def test_a_replaced_zone_that_holds_a_record_stays(embedded_aws: EmbeddedAws, stack: Stack) -> None:
    """The clean-up of the update does not delete it, and the update succeeds."""
    route53 = embedded_aws.client("route53")
    stack.deploy(zone_and_certificate("one.example.com"))
    old = stack.physical_id("Zone")
    assert stack.deploy(zone_and_certificate("two.example.com")) == "UPDATE_COMPLETE"
    assert stack.physical_id("Zone") != old
    assert route53.get_hosted_zone(Id=old)["HostedZone"]["Name"] == "one.example.com."


def test_a_kept_log_group_is_in_nobodys_way(embedded_aws: EmbeddedAws, stack: Stack) -> None:
    """A stack that is made anew has one of another name, which its updates keep."""
    logs, name = embedded_aws.client("logs"), stack.name
    kept = {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain"}
    stack.deploy({"Log": kept})
    first = stack.physical_id("Log")
    logs.create_log_stream(logGroupName=first, logStreamName="kept")
    assert stack.delete() == "DELETE_COMPLETE"
    stack.name = name
    stack.deploy({"Log": kept})
    second = stack.physical_id("Log")
    assert first != second
    assert stack.deploy({"Log": kept | {"Properties": {"RetentionInDays": 7}}}) == "UPDATE_COMPLETE"
    assert stack.physical_id("Log") == second
    assert logs.describe_log_streams(logGroupName=first)["logStreams"]
