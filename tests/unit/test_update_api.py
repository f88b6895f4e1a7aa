"""UpdateApi: the Lambda, its rights, its rules and its secret."""

from typing import Any

import pytest
from datafi_cdk import Coordinator, EdgeServer, UpdateApi
from aws_cdk import RemovalPolicy
from aws_cdk.assertions import Template
from deployment import (
    FUNCTION,
    KEY_ARN,
    LISTENER,
    LISTENER_RULE,
    LOG_GROUP,
    ROLE,
    ROOT_DOMAIN,
    SECRET,
    SERVICE,
    TARGET_GROUP,
    Surroundings,
    logical_id,
    one,
    properties,
    secret,
    secret_arn,
    statements,
    surroundings,
)


@pytest.fixture(scope="module")
def surrounded() -> Surroundings:
    """An edge server and a coordinator, each with an update API."""
    made = surroundings()
    stack = made.stack
    edge = EdgeServer(stack, "Es", **made.around, name="es")
    coordinator = Coordinator(
        stack,
        "Co",
        **made.around,
        registry_credentials=secret(stack, "acr"),
        secret=secret(stack, "co"),
    )
    UpdateApi(stack, "PlainUpdates", ingress=made.ingress, services=[edge])
    UpdateApi(
        stack,
        "FullUpdates",
        ingress=made.ingress,
        services=[coordinator],
        secret=secret(stack, "update", with_key=True),
        removal_policy=RemovalPolicy.DESTROY,
    )
    return made


@pytest.fixture(scope="module")
def template(surrounded: Surroundings) -> Template:
    """Its template."""
    return Template.from_stack(surrounded.stack)


def variables(template: Template, prefix: str) -> Any:
    """The Lambda's environment."""
    return properties(template, FUNCTION, prefix)["Environment"]["Variables"]


def reference(template: Template, resource_type: str, prefix: str, attribute: str) -> Any:
    """A reference to an attribute of the one resource with that prefix."""
    return {"Fn::GetAtt": [logical_id(template, resource_type, prefix), attribute]}


def test_function_is_small_and_in_python(template: Template) -> None:
    """Python 3.13, 256 MiB, two minutes; the handler is the asset's."""
    made = properties(template, FUNCTION, "PlainUpdates")
    found = tuple(made[key] for key in ("Runtime", "Handler", "MemorySize", "Timeout"))
    assert found == ("python3.13", "handler.handler", 256, 120)


def test_function_knows_its_one_edge_server(template: Template) -> None:
    """The Lambda is told service, cluster, name, kind, container and the secret's ARN; no key."""
    assert variables(template, "PlainUpdates") == {
        "SERVICE_ARN": {"Ref": logical_id(template, SERVICE, "Es")},
        "CLUSTER_ARN": reference(template, "AWS::ECS::Cluster", "Cluster", "Arn"),
        "SERVICE_NAME": "es",
        "SERVICE_TYPE": "ES",
        "CONTAINER_NAME": "es",
        "API_KEY_SECRET_ARN": {"Ref": logical_id(template, SECRET, "PlainUpdates")},
    }


def test_function_knows_its_coordinator(template: Template) -> None:
    """For a coordinator the kind is CO, and an existing secret is named by its ARN."""
    found = variables(template, "FullUpdates")
    assert found["SERVICE_ARN"] == {"Ref": logical_id(template, SERVICE, "Co")}
    assert (found["SERVICE_NAME"], found["SERVICE_TYPE"]) == ("co", "CO")
    assert found["API_KEY_SECRET_ARN"] == secret_arn("update")


def test_secret_is_generated_by_default(template: Template) -> None:
    """A key of 43 letters and digits is generated at deployment, and kept."""
    made = one(template, SECRET)
    assert made["Properties"]["GenerateSecretString"] == {
        "ExcludePunctuation": True,
        "PasswordLength": 43,
    }
    assert (made["DeletionPolicy"], made["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_function_may_do_exactly_what_a_rollout_needs(template: Template) -> None:
    """Log, key, one service, task definitions, and the service's two roles for ECS only."""
    roles = [
        reference(template, ROLE, f"EsTaskDefinition{role}Role", "Arn")
        for role in ("Task", "Execution")
    ]
    assert statements(template, "PlainUpdatesRole") == [
        (
            ["logs:CreateLogStream", "logs:PutLogEvents"],
            reference(template, LOG_GROUP, "PlainUpdates", "Arn"),
            None,
        ),
        (
            ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
            {"Ref": logical_id(template, SECRET)},
            None,
        ),
        (
            ["ecs:DescribeServices", "ecs:UpdateService"],
            {"Ref": logical_id(template, SERVICE, "Es")},
            None,
        ),
        (
            [
                "ecs:DeregisterTaskDefinition",
                "ecs:DescribeTaskDefinition",
                "ecs:RegisterTaskDefinition",
            ],
            "*",
            None,
        ),
        (
            ["ecs:TagResource"],
            "*",
            {"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}},
        ),
        (
            ["iam:PassRole"],
            roles,
            {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
    ]


def test_function_has_no_managed_policies(template: Template) -> None:
    """The role is assumed by Lambda alone and has no policy but its own."""
    made = properties(template, ROLE, "PlainUpdatesRole")
    assert "ManagedPolicyArns" not in made
    assert "Policies" not in made
    (statement,) = made["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    function = properties(template, FUNCTION, "PlainUpdates")
    assert function["Role"] == reference(template, ROLE, "PlainUpdatesRole", "Arn")


def test_function_may_decrypt_an_existing_secret(template: Template) -> None:
    """With a secret that has a customer-managed key, the Lambda may decrypt with that key."""
    decrypts = [s for s in statements(template, "FullUpdatesRole") if "kms:Decrypt" in s[0]]
    assert [(actions, arn) for actions, arn, _ in decrypts] == [(["kms:Decrypt"], KEY_ARN)]


def test_load_balancer_invokes_the_function(template: Template) -> None:
    """The target group leads to the Lambda, which lets load balancers invoke it."""
    function = reference(template, FUNCTION, "PlainUpdates", "Arn")
    targets = properties(template, TARGET_GROUP, "PlainUpdates")
    assert targets["TargetType"] == "lambda"
    assert targets["Targets"] == [{"Id": function}]
    permission = properties(template, "AWS::Lambda::Permission", "PlainUpdates")
    assert permission["Action"] == "lambda:InvokeFunction"
    assert permission["Principal"] == "elasticloadbalancing.amazonaws.com"
    assert permission["FunctionName"] == function
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}


@pytest.mark.parametrize(
    ("api", "rule", "path"),
    [
        ("PlainUpdates", "Rule", "/es"),
        ("FullUpdates", "Rule", "/co"),
    ],
)
def test_rules_match_both_hosts_and_one_path(
    template: Template, api: str, rule: str, path: str
) -> None:
    """HTTPS requests for the new and the old host with the service's path reach the Lambda."""
    made = properties(template, LISTENER_RULE, f"{api}{rule}")
    hosts = [f"update.{ROOT_DOMAIN}", f"df-update.{ROOT_DOMAIN}"]
    assert made["Conditions"] == [
        {"Field": "host-header", "HostHeaderConfig": {"Values": hosts}},
        {"Field": "path-pattern", "PathPatternConfig": {"Values": [path]}},
    ]
    assert made["ListenerArn"] == {
        "Ref": logical_id(template, LISTENER, "IngressLoadBalancerHttps")
    }
    (action,) = made["Actions"]
    assert action["TargetGroupArn"] == {"Ref": logical_id(template, TARGET_GROUP, api)}


def test_log_is_kept_for_a_month_unless_asked(template: Template) -> None:
    """The Lambda writes to a log group that keeps a month and outlives the stack by default."""
    made = one(template, LOG_GROUP, "PlainUpdates")
    assert made["Properties"]["RetentionInDays"] == 30
    assert made["DeletionPolicy"] == "Retain"
    assert one(template, LOG_GROUP, "FullUpdates")["DeletionPolicy"] == "Delete"
    logging = properties(template, FUNCTION, "PlainUpdates")["LoggingConfig"]
    assert logging == {"LogGroup": {"Ref": logical_id(template, LOG_GROUP, "PlainUpdates")}}


def test_generated_secret_is_deleted_if_asked() -> None:
    """`removal_policy` says what becomes of a generated secret."""
    made = surroundings()
    edge = EdgeServer(made.stack, "Es", **made.around, name="es")
    UpdateApi(
        made.stack,
        "Updates",
        ingress=made.ingress,
        services=[edge],
        removal_policy=RemovalPolicy.DESTROY,
    )
    assert one(Template.from_stack(made.stack), SECRET)["DeletionPolicy"] == "Delete"


def test_exposes_what_it_made(surrounded: Surroundings) -> None:
    """Address, secret, function and log group are attributes."""
    api: Any = surrounded.stack.node.find_child("PlainUpdates")
    assert api.url == f"https://update.{ROOT_DOMAIN}/es"
    for attribute, construct_id in {
        "secret": "Secret",
        "function": "Function",
        "log_group": "LogGroup",
    }.items():
        assert getattr(api, attribute).node.path == f"Test/PlainUpdates/{construct_id}"
