"""What every function of the library has: traces, dead letters, and on request a VPC and a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from datafi_cdk import EdgeDns, EdgeServer, InvalidInputError, UpdateApi, UpdateRouter
from aws_cdk import Aws, CfnParameter, Duration, Environment, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from aws_cdk.assertions import Template
from deployment import (
    ACCOUNT,
    FUNCTION,
    INLINE_POLICY,
    KEY_ARN,
    LOG_GROUP,
    POLICY,
    QUEUE,
    REGION,
    SECRET,
    SECURITY_GROUP,
    Surroundings,
    logical_id,
    new_app,
    new_stack,
    one,
    properties,
    rights,
    secret,
    statements,
    surroundings,
)

QUEUE_POLICY = "AWS::SQS::QueuePolicy"
ROTATION = "AWS::SecretsManager::RotationSchedule"
PERMISSION = "AWS::Lambda::Permission"
RULE = "AWS::Events::Rule"


def all_functions(made: Surroundings, **settings: Any) -> None:
    """An update API, a router and the function that clears a zone, with the same settings."""
    edge = EdgeServer(made.stack, "Es", **made.around, name="es")
    updates = UpdateApi(made.stack, "Updates", ingress=made.ingress, services=[edge], **settings)
    UpdateRouter(made.stack, "Router", ingress=made.ingress, update_apis=[updates], **settings)
    EdgeDns(
        made.stack,
        "Zone",
        root_domain="other.example.com",
        removal_policy=RemovalPolicy.DESTROY,
        **settings,
    )


def functions(template: Template) -> dict[str, Any]:
    """The properties of the library's functions, by their constructs."""
    return {
        name: properties(template, FUNCTION, name) for name in ("Updates", "Router", "ZoneZone")
    }


@pytest.fixture(scope="module")
def plain() -> Template:
    """All functions with defaults."""
    made = surroundings()
    all_functions(made)
    return Template.from_stack(made.stack)


@pytest.fixture(scope="module")
def hardened() -> Template:
    """All functions with every switch."""
    made = surroundings()
    vpc = ec2.Vpc(made.stack, "Private", max_azs=1)
    vpc.add_interface_endpoint("Ssm", service=ec2.InterfaceVpcEndpointAwsService.SSM)
    all_functions(
        made,
        vpc=vpc,
        encryption_key=kms.Key(made.stack, "Key"),
        reserved_concurrent_executions=3,
    )
    return Template.from_stack(made.stack)


def test_functions_trace_and_share_a_queue(plain: Template) -> None:
    """One queue for the stack, encrypted, kept for two weeks."""
    queue = {"Fn::GetAtt": [logical_id(plain, QUEUE), "Arn"]}
    for made in functions(plain).values():
        assert made["TracingConfig"] == {"Mode": "Active"}
        assert made["DeadLetterConfig"] == {"TargetArn": queue}
        assert made["Runtime"] == "python3.14"
        assert not {"VpcConfig", "KmsKeyArn", "ReservedConcurrentExecutions"} & set(made)
    assert properties(plain, QUEUE) == {
        "MessageRetentionPeriod": 14 * 24 * 3600,
        "SqsManagedSseEnabled": True,
    }


def test_the_queue_takes_from_rules_of_the_account_and_over_tls_only(plain: Template) -> None:
    """One statement for all rules, however many there are."""
    denied, allowed = properties(plain, QUEUE_POLICY)["PolicyDocument"]["Statement"]
    assert (denied["Effect"], denied["Action"]) == ("Deny", "sqs:*")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert (allowed["Action"], allowed["Principal"]) == (
        "sqs:SendMessage", {"Service": "events.amazonaws.com"},
    )  # fmt: skip
    assert allowed["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Join"][1][-1] == ":rule/*"


def test_rules_keep_what_they_could_not_deliver(plain: Template) -> None:
    """Every target of every rule has the queue."""
    queue = {"Fn::GetAtt": [logical_id(plain, QUEUE), "Arn"]}
    found = plain.find_resources(RULE).values()
    assert len(found) == 2
    for rule in found:
        for target in rule["Properties"]["Targets"]:
            assert target["DeadLetterConfig"] == {"Arn": queue}


def test_a_queue_may_be_handed_in() -> None:
    """With a key of its own, the functions may use that; no queue is made."""
    made = surroundings()
    key = kms.Key.from_key_arn(made.stack, "Key", KEY_ARN)
    queue = sqs.Queue(made.stack, "Own", encryption_master_key=key)
    all_functions(made, dead_letter_queue=queue)
    template = Template.from_stack(made.stack)
    template.resource_count_is(QUEUE, 1)
    used = (["kms:Decrypt", "kms:GenerateDataKey"], KEY_ARN, None)
    for role in ("Updates", "Router", "ZoneZoneCleanupRole"):
        assert set(rights([used])) <= set(rights(statements(template, role)))
    for found in functions(template).values():
        assert found["DeadLetterConfig"]["TargetArn"] == {
            "Fn::GetAtt": [logical_id(template, QUEUE), "Arn"]
        }


def test_rules_may_use_the_key_of_a_queue() -> None:
    """That of the app names EventBridge, for this account; the stack of the key needs no other."""
    app = new_app()
    base = new_stack("Base", app)
    queue = sqs.Queue(base, "Own", encryption_master_key=kms.Key(base, "Key"))
    all_functions(surroundings(new_stack("Test", app)), dead_letter_queue=queue)
    (statement,) = [
        each
        for each in properties(Template.from_stack(base), "AWS::KMS::Key")["KeyPolicy"]["Statement"]
        if each["Principal"] == {"Service": "events.amazonaws.com"}
    ]
    assert statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }
    assert base.dependencies == []


def test_functions_in_a_vpc_reach_https_only(hardened: Template) -> None:
    """In private subnets, each with a security group that lets nobody in."""
    for name, made in functions(hardened).items():
        group = logical_id(
            hardened,
            SECURITY_GROUP,
            f"{name}SecurityGroup".replace("ZoneZoneS", "ZoneZoneCleanupS"),
        )
        assert made["VpcConfig"]["SecurityGroupIds"] == [{"Fn::GetAtt": [group, "GroupId"]}]
        rules = properties(hardened, SECURITY_GROUP, group)
        assert "SecurityGroupIngress" not in rules
        (egress,) = rules["SecurityGroupEgress"]
        assert (egress["IpProtocol"], egress["FromPort"], egress["ToPort"]) == ("tcp", 443, 443)
        (subnet,) = made["VpcConfig"]["SubnetIds"]
        assert subnet["Ref"].startswith("PrivatePrivateSubnet")


def test_functions_keep_their_way_out_until_they_are_removed(hardened: Template) -> None:
    """They are made after the route and the endpoints, and so removed before."""
    for name in ("Updates", "Router", "ZoneZone"):
        waited = one(hardened, FUNCTION, name)["DependsOn"]
        assert any("PrivateSubnet1DefaultRoute" in each for each in waited)
        assert any(each.startswith("PrivateSsm") for each in waited)


def test_functions_in_a_vpc_may_connect_to_it(hardened: Template) -> None:
    """Only looking knows no resource; everything else is of the account and region."""
    for role in ("Updates", "Router", "ZoneZoneCleanupRole"):
        wide = {
            action
            for actions, resource, _ in statements(hardened, role)
            for action in actions
            if resource == "*" and action.startswith("ec2:")
        }
        assert wide == {"ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"}
        assert "ec2:CreateNetworkInterface" in str(statements(hardened, role))


def test_one_key_encrypts_logs_variables_and_the_secret(hardened: Template) -> None:
    """A function without variables has nothing to encrypt."""
    key = {"Fn::GetAtt": [logical_id(hardened, "AWS::KMS::Key"), "Arn"]}
    for name, made in functions(hardened).items():
        assert made.get("KmsKeyArn") == (key if "Environment" in made else None)
        assert properties(hardened, LOG_GROUP, name)["KmsKeyId"] == key
        assert made["ReservedConcurrentExecutions"] == 3
    assert properties(hardened, SECRET)["KmsKeyId"] == key
    for role in ("Updates", "Router"):
        decrypts = [
            (resource, condition)
            for actions, resource, condition in statements(hardened, role)
            if actions == ["kms:Decrypt"]
        ]
        assert (key, None) in decrypts


REFUSED: list[tuple[Callable[[Stack], dict[str, Any]], str]] = [
    (lambda _: {"vpc_subnets": ec2.SubnetSelection()}, "vpc_subnets must be left out"),
    (lambda _: {"vpc": "vpc-1"}, "vpc must be a VPC"),
    (
        lambda stack: {
            "vpc": ec2.Vpc(stack, "V", nat_gateways=0),
            "vpc_subnets": ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC),
        },
        "vpc_subnets must be private",
    ),
    (
        lambda stack: {"vpc": ec2.Vpc(stack, "V", max_azs=1), "vpc_subnets": "private"},
        "vpc_subnets must be an ec2.SubnetSelection",
    ),
    (lambda _: {"dead_letter_queue": "queue"}, "dead_letter_queue must be a queue of SQS"),
    (
        lambda stack: {"dead_letter_queue": sqs.Queue(stack, "Q", fifo=True)},
        "dead_letter_queue must be a standard queue",
    ),
    (
        lambda stack: {
            "dead_letter_queue": sqs.Queue(stack, "Q", encryption=sqs.QueueEncryption.KMS_MANAGED)
        },
        "dead_letter_queue must be encrypted by SQS or with a customer-managed key",
    ),
    (lambda _: {"encryption_key": KEY_ARN}, "encryption_key must be a key of KMS"),
    (lambda _: {"reserved_concurrent_executions": 0}, "reserved_concurrent_executions must be"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_refuses_what_no_function_can_have(
    arguments: Callable[[Stack], dict[str, Any]], message: str
) -> None:
    """Each argument by its name; every construct checks the same way."""
    stack = new_stack()
    with pytest.raises(InvalidInputError, match=message):
        EdgeDns(stack, "Dns", root_domain="edge.example.com", **arguments(stack))


ELSEWHERE: list[Callable[[Stack], dict[str, Any]]] = [
    lambda stack: {"encryption_key": kms.Key(stack, "Key")},
    lambda stack: {"dead_letter_queue": sqs.Queue(stack, "Queue")},
    lambda stack: {"rotation_function": rotator(stack)},
]


@pytest.mark.parametrize("of_region", ELSEWHERE, ids=["key", "queue", "function"])
def test_refuses_what_is_in_another_region(of_region: Callable[[Stack], dict[str, Any]]) -> None:
    """AWS takes none of them, and CDK would say so in words of its own, or not at all."""
    app = new_app()
    made = surroundings(Stack(app, "Here", env=Environment(account=ACCOUNT, region="eu-west-1")))
    there = Stack(app, "There", env=Environment(account=ACCOUNT, region=REGION))
    edge = EdgeServer(made.stack, "Es", **made.around, name="es")
    message = r"must be in the region of the stack \(eu-west-1\), got one in us-east-1"
    with pytest.raises(InvalidInputError, match=message):
        UpdateApi(made.stack, "Updates", ingress=made.ingress, services=[edge], **of_region(there))


def rotator(stack: Stack) -> lambda_.Function:
    """A function that rotates a secret."""
    return lambda_.Function(
        stack,
        "Rotator",
        code=lambda_.Code.from_inline("x"),
        handler="index.handler",
        runtime=lambda_.Runtime.PYTHON_3_14,
    )


def rotated(made: Surroundings, function: lambda_.IFunction, **arguments: Any) -> Template:
    """An update API whose key a function rotates."""
    edge = EdgeServer(made.stack, "Es", **made.around, name="es")
    UpdateApi(
        made.stack,
        "Updates",
        ingress=made.ingress,
        services=[edge],
        rotation_function=function,
        **arguments,
    )
    return Template.from_stack(made.stack)


def test_a_function_rotates_the_generated_key() -> None:
    """Secrets Manager may invoke it from this account only, before the schedule is there."""
    made = surroundings()
    template = rotated(made, rotator(made.stack))
    key = {"Ref": logical_id(template, SECRET)}
    function = logical_id(template, FUNCTION, "Rotator")
    assert properties(template, ROTATION) == {
        "RotateImmediatelyOnUpdate": False,
        "RotationLambdaARN": {"Fn::GetAtt": [function, "Arn"]},
        "RotationRules": {"AutomaticallyAfterDays": 30},
        "SecretId": key,
    }
    (permission,) = (
        (name, entry["Properties"])
        for name, entry in template.find_resources(PERMISSION).items()
        if entry["Properties"]["Principal"] == "secretsmanager.amazonaws.com"
    )
    assert permission[1]["SourceAccount"] == {"Ref": "AWS::AccountId"}
    policy = logical_id(template, POLICY, "UpdatesRotationRights")
    assert {permission[0], policy} <= set(one(template, ROTATION)["DependsOn"])
    ((actions, resource, _),) = statements(template, "UpdatesRotationRights")
    assert resource == key
    assert actions == [
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
    ]


def test_the_function_that_rotates_may_be_in_another_stack() -> None:
    """Its stack needs nothing of this one, with a key of the customer's as well."""
    app = new_app()
    base = new_stack("Base", app)
    function, key = rotator(base), kms.Key(base, "Key")
    made = surroundings(new_stack("Test", app))
    template = rotated(made, function, encryption_key=key, rotate_after=Duration.days(7))
    assert base.dependencies == []
    assert properties(template, ROTATION)["RotationRules"] == {"AutomaticallyAfterDays": 7}
    assert "kms:GenerateDataKey" in str(statements(template, "UpdatesRotationRights"))


def test_an_imported_function_is_its_owners() -> None:
    """Neither a permission nor rights can be added to a function that is known by its ARN."""
    made = surroundings()
    arn = f"arn:aws:lambda:us-east-1:{Aws.ACCOUNT_ID}:function:rotate"
    template = rotated(made, lambda_.Function.from_function_arn(made.stack, "Rotator", arn))
    template.resource_count_is(ROTATION, 1)
    assert "RotationRights" not in str(template.find_resources(POLICY))
    template.resource_count_is(INLINE_POLICY, 0)


def test_a_key_without_rotation_says_why() -> None:
    """Only a generated one, and only without a function."""

    def reasons(made: Surroundings, **arguments: Any) -> list[str]:
        edge = EdgeServer(made.stack, "Es", **made.around, name="es")
        api = UpdateApi(made.stack, "Updates", ingress=made.ingress, services=[edge], **arguments)
        return [
            rule
            for construct in api.node.find_all()
            for entry in construct.node.metadata
            if entry.type == "aws:cdk:acknowledged-rules"
            for rule in entry.data
            if "SMG4" in rule or "SecretsManagerRotationEnabled" in rule
        ]

    assert len(reasons(surroundings())) == 3
    made = surroundings()
    assert reasons(made, secret=secret(made.stack, "key")) == []
    made = surroundings()
    assert reasons(made, rotation_function=rotator(made.stack)) == []


ROTATIONS: list[tuple[Callable[[Stack], dict[str, Any]], str]] = [
    (lambda stack: {"secret": secret(stack, "key")}, "rotation_function must be left out"),
    (
        lambda stack: {"callers": [iam.Role.from_role_name(stack, "Caller", "caller")]},
        "rotation_function must be left out",
    ),
    (lambda _: {"rotation_function": "rotate"}, "rotation_function must be a function"),
    (lambda _: {"rotate_after": 30}, "rotate_after must be a Duration"),
    (lambda _: {"rotate_after": Duration.hours(36)}, "rotate_after in days must be"),
    (lambda _: {"rotate_after": Duration.days(1001)}, "rotate_after in days must be"),
    (
        lambda stack: {
            "rotate_after": Duration.days(
                CfnParameter(stack, "Days", type="Number").value_as_number
            )
        },
        "rotate_after must be known at synthesis",
    ),
]


@pytest.mark.parametrize(
    ("arguments", "message"), ROTATIONS, ids=[str(number) for number in range(len(ROTATIONS))]
)
def test_refuses_a_rotation_that_cannot_be(
    arguments: Callable[[Stack], dict[str, Any]], message: str
) -> None:
    """Only a key that is generated here is rotated here, every one to a thousand days."""
    made = surroundings()
    given = {"rotation_function": rotator(made.stack), **arguments(made.stack)}
    edge = EdgeServer(made.stack, "Es", **made.around, name="es")
    with pytest.raises(InvalidInputError, match=message):
        UpdateApi(made.stack, "Updates", ingress=made.ingress, services=[edge], **given)
