"""What `hardened: true` adds to a deployment, and what it refuses."""

import json
from typing import Any

import pytest
from datafi_cdk import DatafiEdgeConfig, DatafiEdgeStack
from aws_cdk.assertions import Template
from datafi_cdk.errors import InvalidInputError
from deployment import (
    ACCOUNT,
    CERTIFICATE_ARN,
    FUNCTION,
    KEY_ARN,
    REGION,
    ROOT_DOMAIN,
    deployed,
    edge_stack,
    minimal,
    new_app,
    properties,
    secret_arn,
)

KEY = "AWS::KMS::Key"
LOG_GROUP = "AWS::Logs::LogGroup"
ALARM = "AWS::CloudWatch::Alarm"
ENDPOINT = "AWS::EC2::VPCEndpoint"
MESSAGES = "ApproximateNumberOfMessagesVisible"
LOAD_BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:alarms"
REPOSITORY = f"arn:aws:ecr:{REGION}:{ACCOUNT}:repository/datafi/es"


def hardened(**changes: Any) -> dict[str, Any]:
    """A small deployment with a bucket, hardened."""
    return minimal(hardened=True, **changes)


def own(template: Template, resource_type: str) -> dict[str, dict[str, Any]]:
    """The resources of a type, but for those of CDK's own custom resources."""
    found = template.find_resources(resource_type)
    return {name: found[name]["Properties"] for name in found if not name.startswith("Custom")}


@pytest.fixture(scope="module")
def template() -> Template:
    """A deployment that is hardened, and may delete what it made."""
    return edge_stack(hardened(allow_delete_resources=True))


def test_one_key_that_rotates_encrypts_every_log(template: Template) -> None:
    """There is one key, and no log group without it."""
    assert properties(template, KEY)["EnableKeyRotation"] is True
    groups = own(template, LOG_GROUP)
    assert groups
    assert all("KmsKeyId" in group for group in groups.values())


def test_a_key_that_is_named_takes_the_place_of_a_new_one() -> None:
    """`kms_key_arn` encrypts the same, hardened or not."""
    for data in (hardened(kms_key_arn=KEY_ARN), minimal(kms_key_arn=KEY_ARN)):
        made = edge_stack(data)
        assert made.find_resources(KEY) == {}
        assert {group["KmsKeyId"] for group in own(made, LOG_GROUP).values()} == {KEY_ARN}


def test_functions_are_in_the_network_with_executions_of_their_own(template: Template) -> None:
    """Those of updates and events run five times at once, the clean-up of the zone once."""
    functions = own(template, FUNCTION)
    assert all(function["VpcConfig"]["SubnetIds"] for function in functions.values())
    reserved = [each["ReservedConcurrentExecutions"] for each in functions.values()]
    assert sorted(reserved) == [1, 5, 5, 5]


def test_the_load_balancer_stays_protected(template: Template) -> None:
    """From deletion, whatever may be deleted, and from attacks, by a web ACL."""
    attributes = properties(template, LOAD_BALANCER)["LoadBalancerAttributes"]
    assert {"Key": "deletion_protection.enabled", "Value": "true"} in attributes
    assert template.find_resources("AWS::WAFv2::WebACL")


def test_a_web_acl_that_is_named_takes_the_place_of_a_new_one() -> None:
    """The user's own inspects the requests."""
    arn = f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/webacl/acme/1a2b3c4d"
    made = edge_stack(hardened(load_balancer={"web_acl_arn": arn}))
    assert made.find_resources("AWS::WAFv2::WebACL") == {}
    assert properties(made, "AWS::WAFv2::WebACLAssociation")["WebACLArn"] == arn


def test_a_network_without_a_way_out_has_the_endpoints_of_updates() -> None:
    """Where there is no NAT gateway, the functions reach AWS all the same."""
    servers = {"long_running": [{"name": "es", "ecr_repository_arn": REPOSITORY}]}
    made = edge_stack(hardened(new_vpc={"nat_gateways": 0}, edge_servers=servers))
    names = " ".join(str(each["ServiceName"]) for each in own(made, ENDPOINT).values())
    for service in ("ecs", "events", "lambda", "ssm", "secretsmanager", "xray"):
        assert f".{service}" in names


def test_by_default_there_is_none_of_it() -> None:
    """Neither key nor web ACL, and functions outside of the network."""
    made = edge_stack(minimal())
    assert made.find_resources(KEY) == made.find_resources("AWS::WAFv2::WebACL") == {}
    assert not any("VpcConfig" in function for function in own(made, FUNCTION).values())


@pytest.mark.parametrize("argument", [True, False])
def test_the_stack_says_it_as_the_configuration(argument: bool) -> None:
    """`hardened` of the stack wins over that of the configuration."""
    config = DatafiEdgeConfig.model_validate(minimal(hardened=not argument))
    stack = DatafiEdgeStack(new_app(), "DatafiEdge", config=config, hardened=argument)
    said = deployed(stack).to_json()
    assert said == edge_stack(minimal(hardened=argument)).to_json()


def test_alarms_need_a_topic() -> None:
    """The one of the dead-letter queue tells the topic; `monitoring` has it, too, and once."""
    assert edge_stack(hardened()).find_resources(ALARM) == {}
    watched = edge_stack(minimal(alarm_topic_arn=TOPIC, monitoring=True)).find_resources(ALARM)
    letters = [each for each in watched.values() if MESSAGES in json.dumps(each)]
    assert len(letters) == 1
    alarm = properties(edge_stack(minimal(alarm_topic_arn=TOPIC)), ALARM)
    assert alarm["AlarmActions"] == [TOPIC]
    assert alarm["MetricName"] == MESSAGES
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (
        1,
        "GreaterThanOrEqualToThreshold",
    )


def test_a_serverless_server_is_in_the_network() -> None:
    """With as many executions as it is said to need."""
    server = {"name": "es", "ecr_repository_arn": REPOSITORY, "secret_arn": secret_arn("es")}
    servers = {"serverless": [{**server, "reserved_concurrent_executions": 50}]}
    function = properties(edge_stack(hardened(edge_servers=servers)), FUNCTION, "EdgeServer")
    assert function["ReservedConcurrentExecutions"] == 50
    assert function["VpcConfig"]["SubnetIds"]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"new_vpc": {"flow_logs": False}}, "new_vpc.flow_logs"),
        ({"load_balancer": {"access_logs": False}}, "load_balancer.access_logs"),
        ({"load_balancer": {"web_acl": False}}, "load_balancer.web_acl"),
    ],
)
def test_refuses_what_turns_a_part_of_it_off(changes: dict[str, Any], place: str) -> None:
    """A switch that says otherwise is told."""
    with pytest.raises(InvalidInputError, match=f"{place} must be true with hardened: true"):
        DatafiEdgeConfig.model_validate(hardened(**changes))


def test_refuses_to_clear_a_zone_without_a_way_to_route_53() -> None:
    """No endpoint of the network leads there, and the deletion would fail."""
    servers = {"long_running": [{"name": "es", "ecr_repository_arn": REPOSITORY}]}
    isolated = {"new_vpc": {"nat_gateways": 0}, "edge_servers": servers}
    with pytest.raises(
        InvalidInputError, match="allow_delete_resources must be false with hardened"
    ):
        DatafiEdgeConfig.model_validate(hardened(allow_delete_resources=True, **isolated))
    own_zone = {"root_domain": ROOT_DOMAIN, "hosted_zone_id": "Z0123456789ABC"}
    own_certificate = {"root_domain": ROOT_DOMAIN, "certificate_arn": CERTIFICATE_ARN}
    for taken in (
        {},
        {"allow_delete_resources": True, "dns": own_zone},
        {"allow_delete_resources": True, "private": True, "dns": own_certificate},
    ):
        DatafiEdgeConfig.model_validate(hardened(**isolated, **taken))


def test_refuses_a_serverless_server_outside_without_a_number() -> None:
    """How many requests it answers at once is for its owner to say."""
    server = {"name": "es", "ecr_repository_arn": REPOSITORY, "in_vpc": False}
    with pytest.raises(InvalidInputError) as error:
        DatafiEdgeConfig.model_validate(hardened(edge_servers={"serverless": [server]}))
    assert [fault.place for fault in error.value.faults] == [
        "edge_servers.serverless[0].in_vpc",
        "edge_servers.serverless[0].reserved_concurrent_executions",
    ]


def test_refuses_an_argument_that_is_no_switch() -> None:
    """`hardened` is true or false."""
    config = DatafiEdgeConfig.model_validate(minimal())
    with pytest.raises(InvalidInputError, match="DatafiEdge: hardened"):
        DatafiEdgeStack(new_app(), "DatafiEdge", config=config, hardened="yes")  # type: ignore
