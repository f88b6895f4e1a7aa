"""The web ACL that an ingress makes: its rules, and its log without keys and tokens."""

from typing import Any

import pytest
from datafi_cdk import InvalidInputError, SharedIngress
from aws_cdk import RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Template
from deployment import (
    KEY_ARN,
    LOAD_BALANCER,
    LOG_GROUP,
    ROOT_DOMAIN,
    logical_id,
    new_stack,
    one,
    properties,
    surroundings,
)

WEB_ACL = "AWS::WAFv2::WebACL"
WEB_ACL_ARN = "arn:aws:wafv2:us-east-1:111111111111:regional/webacl/acl/1a2b"
BODY_RULES_THAT_COUNT = {
    "CrossSiteScripting_BODY",
    "EC2MetaDataSSRF_BODY",
    "GenericLFI_BODY",
    "GenericRFI_BODY",
    "SizeRestrictions_BODY",
}


@pytest.fixture(scope="module")
def template() -> Template:
    """An ingress with a web ACL, and a key for its log."""
    stack = new_stack()
    key = kms.Key.from_key_arn(stack, "Key", KEY_ARN)
    made = surroundings(
        stack, web_acl=True, encryption_key=key, removal_policy=RemovalPolicy.DESTROY
    )
    assert isinstance(made.ingress, SharedIngress)
    assert made.ingress.web_acl is not None
    return Template.from_stack(stack)


def rules(template: Template) -> dict[str, dict[str, Any]]:
    """The rules by name."""
    return {rule["Name"]: rule for rule in properties(template, WEB_ACL)["Rules"]}


def managed(template: Template, name: str) -> dict[str, Any]:
    """What is said of a rule group of AWS."""
    rule = rules(template)[name]
    assert rule["OverrideAction"] == {"None": {}}
    statement = dict(rule["Statement"]["ManagedRuleGroupStatement"])
    assert (statement.pop("VendorName"), statement.pop("Name")) == ("AWS", name)
    return statement


def test_none_by_default() -> None:
    """A web ACL costs, and so is asked for."""
    made = surroundings()
    Template.from_stack(made.stack).resource_count_is(WEB_ACL, 0)
    assert isinstance(made.ingress, SharedIngress)
    assert made.ingress.web_acl is None


def test_it_inspects_all_requests_to_the_load_balancer(template: Template) -> None:
    """A regional one, which lets through what no rule blocks."""
    acl = logical_id(template, WEB_ACL)
    assert properties(template, "AWS::WAFv2::WebACLAssociation") == {
        "ResourceArn": {"Ref": logical_id(template, LOAD_BALANCER)},
        "WebACLArn": {"Fn::GetAtt": [acl, "Arn"]},
    }
    made = properties(template, WEB_ACL)
    assert (made["Scope"], made["DefaultAction"]) == ("REGIONAL", {"Allow": {}})
    assert sorted(rule["Priority"] for rule in made["Rules"]) == [0, 1, 2, 3]


def test_rules_of_aws_block_but_for_those_that_a_data_plane_breaks(template: Template) -> None:
    """Bodies of SQL and programs without a user agent are only counted."""
    assert managed(template, "AWSManagedRulesAmazonIpReputationList") == {}
    assert managed(template, "AWSManagedRulesKnownBadInputsRuleSet") == {}
    overrides = managed(template, "AWSManagedRulesCommonRuleSet")["RuleActionOverrides"]
    assert {rule["Name"] for rule in overrides} == {*BODY_RULES_THAT_COUNT, "NoUserAgent_HEADER"}
    assert all(rule["ActionToUse"] == {"Count": {}} for rule in overrides)


def test_the_update_api_takes_so_many_requests_of_an_address(template: Template) -> None:
    """A hundred in five minutes, for both of its names, in whatever case and with any port."""
    rule = rules(template)["UpdateApiRate"]
    assert rule["Action"] == {"Block": {"CustomResponse": {"ResponseCode": 429}}}
    limit = rule["Statement"]["RateBasedStatement"]
    assert (limit["AggregateKeyType"], limit["Limit"], limit["EvaluationWindowSec"]) == (
        "IP",
        600,
        300,
    )
    scope = [
        statement["ByteMatchStatement"]
        for statement in limit["ScopeDownStatement"]["OrStatement"]["Statements"]
    ]
    assert [match["SearchString"] for match in scope] == [
        f"update.{ROOT_DOMAIN}",
        f"df-update.{ROOT_DOMAIN}",
    ]
    for match in scope:
        assert match["FieldToMatch"] == {"SingleHeader": {"Name": "host"}}
        assert match["PositionalConstraint"] == "STARTS_WITH"
        assert match["TextTransformations"] == [{"Priority": 0, "Type": "LOWERCASE"}]


def test_everything_is_measured_and_no_request_is_sampled(template: Template) -> None:
    """A sample would show the headers that the log leaves out."""
    made = properties(template, WEB_ACL)
    for part in (made, *made["Rules"]):
        shown = part["VisibilityConfig"]
        assert shown["CloudWatchMetricsEnabled"] is True
        assert shown["SampledRequestsEnabled"] is False


def test_the_log_leaves_out_keys_and_tokens(template: Template) -> None:
    """To a log group of its own, whose ARN is without the part for its streams."""
    logging = properties(template, "AWS::WAFv2::LoggingConfiguration")
    headers = {field["SingleHeader"]["Name"] for field in logging["RedactedFields"]}
    assert headers == {"authorization", "cookie", "x-api-key"}
    assert logging["ResourceArn"] == {"Fn::GetAtt": [logical_id(template, WEB_ACL), "Arn"]}
    (destination,) = logging["LogDestinationConfigs"]
    log_group = {"Ref": logical_id(template, LOG_GROUP, "IngressWebAcl")}
    assert destination["Fn::Join"][1][-2:] == [":log-group:", log_group]


def test_the_log_group_has_the_prefix_and_belongs_to_one_stack_only(template: Template) -> None:
    """One that is kept does not get in the way of the next deployment."""
    log_group = one(template, LOG_GROUP, "IngressWebAcl")
    separator, (start, uuid) = log_group["Properties"]["LogGroupName"]["Fn::Join"]
    assert separator == ""
    assert start.startswith("aws-waf-logs-Test-Ingress-WebAcl-")
    assert len(start) < 512 - 36
    assert uuid == {"Fn::Select": [2, {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}]}
    assert log_group["Properties"]["RetentionInDays"] == 30
    assert log_group["Properties"]["KmsKeyId"] == KEY_ARN
    assert log_group["DeletionPolicy"] == "Delete"


def test_refuses_two_web_acls() -> None:
    """A load balancer has one."""
    with pytest.raises(InvalidInputError) as refusal:
        surroundings(web_acl=True, web_acl_arn=WEB_ACL_ARN)
    assert str(refusal.value) == (
        "Test/Ingress: web_acl_arn must be left out with web_acl=True, as a load balancer has one "
        "web ACL, got both; leave one of the two out."
    )


def test_refuses_what_is_no_key() -> None:
    """The key's ARN is not the key."""
    with pytest.raises(InvalidInputError) as refusal:
        surroundings(web_acl=True, encryption_key=KEY_ARN)
    assert "encryption_key must be a key (IKey), got a value of type str" in str(refusal.value)
