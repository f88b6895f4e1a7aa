"""The clean-up of a zone: when there is one, what it may do, and in which order things go."""

from typing import Any

import pytest
from datafi_cdk import EdgeDns, EdgeNetwork, InvalidInputError
from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_route53 as route53
from aws_cdk.assertions import Template
from deployment import (
    CERTIFICATE,
    CERTIFICATE_ARN,
    FUNCTION,
    HOSTED_ZONE,
    LOG_GROUP,
    POLICY,
    ROLE,
    logical_id,
    new_stack,
    of_every_function,
    one,
    properties,
    rights,
    statements,
    walk,
)

ROOT = "datafi-edge.example.com"
CLEANUP = "Custom::AcmValidationRecords"
MARK = "datafi:validation-records"


def stack_with(**arguments: Any) -> Stack:
    """A stack with names made with these arguments."""
    stack = new_stack()
    if arguments.pop("with_certificate", False):
        existing = acm.Certificate.from_certificate_arn(stack, "Existing", CERTIFICATE_ARN)
        arguments["certificate"] = existing
    if arguments.pop("with_zone", False):
        zone = route53.HostedZone.from_hosted_zone_id(stack, "Zone", "Z123")
        arguments["hosted_zone"] = zone
    EdgeDns(stack, "Dns", root_domain=ROOT, **arguments)
    return stack


@pytest.fixture(scope="module")
def stack() -> Stack:
    """A stack whose zone is deleted with it."""
    return stack_with(removal_policy=RemovalPolicy.DESTROY)


@pytest.fixture(scope="module")
def template(stack: Stack) -> Template:
    """Its template."""
    return Template.from_stack(stack)


def depends_on(template: Template) -> dict[str, set[str]]:
    """The resources that each resource refers to or waits for, directly or not."""
    resources = template.to_json()["Resources"]
    direct: dict[str, set[str]] = {}
    for name, resource in resources.items():
        found = direct.setdefault(name, set(resource.get("DependsOn", [])))

        def visit(key: str, value: Any, found: set[str] = found) -> None:
            if key == "Ref":
                found.add(value)
            elif key == "Fn::GetAtt":
                found.add(value[0])

        walk(resource["Properties"], visit)
    for _ in resources:
        for found in direct.values():
            found |= {further for name in tuple(found) for further in direct.get(name, ())}
    return direct


def test_the_certificate_goes_first_and_the_zone_last(template: Template) -> None:
    """What depends on another is deleted before it: certificate, then clean-up, then zone."""
    order = depends_on(template)
    cleanup = logical_id(template, CLEANUP)
    assert cleanup in order[logical_id(template, CERTIFICATE)]
    assert logical_id(template, HOSTED_ZONE) in order[cleanup]


@pytest.mark.parametrize("resource_type", [FUNCTION, LOG_GROUP, POLICY, ROLE])
def test_the_cleanup_keeps_what_it_needs_to_the_end(template: Template, resource_type: str) -> None:
    """Function, role, rights and log are deleted after the clean-up has run."""
    needed = set(template.find_resources(resource_type))
    assert needed
    assert needed <= depends_on(template)[logical_id(template, CLEANUP)]


def test_rights_on_a_zone_last_until_another_domain_has_replaced_it() -> None:
    """Another domain has a policy of its own, so that the old one goes after the old zone."""

    def rights(root_domain: str) -> set[str]:
        stack = new_stack()
        policy = RemovalPolicy.DESTROY
        EdgeDns(stack, "Dns", root_domain=root_domain, removal_policy=policy)
        return {
            name for name in Template.from_stack(stack).find_resources(POLICY) if "Rights" in name
        }

    assert len(rights(ROOT)) == 1
    assert rights(ROOT) == rights(ROOT)
    assert rights(ROOT).isdisjoint(rights("other.example.com"))


def test_cleanup_is_told_the_zone_and_does_not_wait_for_an_hour(template: Template) -> None:
    """A lost answer fails the deletion after minutes."""
    made = properties(template, CLEANUP)
    assert made["HostedZoneId"] == {"Ref": logical_id(template, HOSTED_ZONE)}
    assert made["ServiceTimeout"] == "360"
    assert made["ServiceToken"] == {"Fn::GetAtt": [logical_id(template, FUNCTION), "Arn"]}
    assert one(template, CLEANUP)["DeletionPolicy"] == "Delete"


def test_role_may_delete_validation_records_of_the_zone_only(template: Template) -> None:
    """It reads the one zone, and deletes CNAME records whose names start with `_`."""
    zone = {"Ref": logical_id(template, HOSTED_ZONE)}
    arn = {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":route53:::hostedzone/", zone]]}
    assert rights(statements(template, "DnsZoneCleanupRolePolicy")) == rights(
        of_every_function(template, "Dns")
    )
    assert statements(template, "DnsZoneCleanupRights") == [
        (["route53:ListResourceRecordSets", "route53:ListTagsForResource"], arn, None),
        (
            ["route53:ChangeResourceRecordSets"],
            arn,
            {
                "ForAllValues:StringEquals": {
                    "route53:ChangeResourceRecordSetsActions": ["DELETE"],
                    "route53:ChangeResourceRecordSetsRecordTypes": ["CNAME"],
                },
                "ForAllValues:StringLike": {
                    "route53:ChangeResourceRecordSetsNormalizedRecordNames": ["_*"],
                },
            },
        ),
    ]


def test_role_has_no_managed_policy(template: Template) -> None:
    """Its rights are those above, and Lambda alone may take it."""
    role = properties(template, ROLE)
    assert "ManagedPolicyArns" not in role
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_function_is_the_asset_with_a_log_of_its_own(template: Template) -> None:
    """One function runs the asset, and logs where the stack can delete it."""
    function = properties(template, FUNCTION)
    assert function["Handler"] == "cleanup_handler.handler"
    assert (function["Runtime"], function["Timeout"]) == ("python3.14", 120)
    assert function["LoggingConfig"] == {"LogGroup": {"Ref": logical_id(template, LOG_GROUP)}}
    log_group = one(template, LOG_GROUP)
    assert log_group["Properties"]["RetentionInDays"] == 30
    assert (log_group["DeletionPolicy"], log_group["UpdateReplacePolicy"]) == ("Delete", "Delete")


def test_zone_is_marked(template: Template) -> None:
    """Without the tag the function removes nothing."""
    assert [tag["Key"] for tag in properties(template, HOSTED_ZONE)["HostedZoneTags"]] == [MARK]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"removal_policy": RemovalPolicy.RETAIN},
        {"removal_policy": RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE},
        {"removal_policy": RemovalPolicy.DESTROY, "with_zone": True},
    ],
    ids=["default", "retained", "retained on update", "zone brought"],
)
def test_no_cleanup_where_nothing_is_to_be_removed(arguments: dict[str, Any]) -> None:
    """A zone that stays, is not ours or holds no validation record has no clean-up and no tag."""
    stack = stack_with(**arguments)
    template = Template.from_stack(stack)
    for resource_type in (CLEANUP, FUNCTION, ROLE, LOG_GROUP):
        template.resource_count_is(resource_type, 0)
    assert MARK not in str(template.to_json())
    assert stack.node.find_child("Dns").zone_cleanup is None


def test_a_zone_is_cleared_of_an_earlier_certificate() -> None:
    """A certificate that is brought later leaves the records of the one that was there before."""
    arguments = {"removal_policy": RemovalPolicy.DESTROY, "with_certificate": True}
    Template.from_stack(stack_with(**arguments)).resource_count_is(CLEANUP, 1)


def test_cleanup_is_an_attribute(stack: Stack) -> None:
    """Whoever watches over the stack finds function, log and resource."""
    cleanup = stack.node.find_child("Dns").zone_cleanup
    assert cleanup.function.node.path == "Test/Dns/ZoneCleanup/Function"
    assert cleanup.log_group.node.path == "Test/Dns/ZoneCleanup/LogGroup"
    assert cleanup.resource.node.path == "Test/Dns/ZoneCleanup/Records"


def test_refuses_to_run_where_no_way_leads_to_route_53() -> None:
    """In isolated subnets the records would stay, and the deletion of the zone fail."""
    vpc = EdgeNetwork(new_stack(), "Network", nat_gateways=0).vpc
    stack = Stack.of(vpc)
    EdgeDns(stack, "Kept", root_domain=ROOT, vpc=vpc)
    with pytest.raises(InvalidInputError, match="Dns: vpc_subnets must be with a way out"):
        EdgeDns(stack, "Dns", root_domain=ROOT, vpc=vpc, removal_policy=RemovalPolicy.DESTROY)
