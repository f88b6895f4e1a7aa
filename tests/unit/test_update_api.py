"""UpdateApi: the Lambda, its rights, its rules, its events and its key."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from datafi_cdk import (
    Coordinator,
    EdgeServer,
    ImageVersion,
    InvalidInputError,
    UpdateApi,
    UpdateFreeze,
    UpdateWindow,
)
from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Template
from deployment import (
    ACCOUNT,
    FUNCTION,
    INLINE_POLICY,
    KEY_ARN,
    LISTENER,
    LISTENER_RULE,
    LOG_GROUP,
    ROLE,
    ROOT_DOMAIN,
    SECRET,
    SERVICE,
    TARGET_GROUP,
    TASK_DEFINITION,
    Surroundings,
    logical_id,
    new_stack,
    of_every_function,
    one,
    properties,
    resolved,
    rights,
    secret,
    secret_arn,
    statements,
    surroundings,
)

RULE = "AWS::Events::Rule"
PERMISSION = "AWS::Lambda::Permission"
SHARED_RULES = {"DatafiUpdateEventsRollouts", "DatafiUpdateEventsStacks"}
URL = "AWS::Lambda::Url"
CLUSTER = "AWS::ECS::Cluster"
CALLER_ARN = f"arn:aws:iam::{ACCOUNT}:role/console"


def edge_server(made: Surroundings, name: str = "es", **arguments: Any) -> EdgeServer:
    """An edge server of this name."""
    return EdgeServer(made.stack, name.capitalize(), **made.around, name=name, **arguments)


def update_api(made: Surroundings | None = None, **arguments: Any) -> UpdateApi:
    """An update API with these arguments, of one edge server unless others are among them."""
    made = made or surroundings()
    if "services" not in arguments:
        arguments["services"] = [edge_server(made)]
    return UpdateApi(made.stack, "Updates", ingress=made.ingress, **arguments)


def made_of(api: UpdateApi) -> Template:
    """The template of the stack of an update API."""
    return Template.from_stack(Stack.of(api))


@pytest.fixture(scope="module")
def surrounded() -> Surroundings:
    """An edge server and a coordinator, each with an update API."""
    made = surroundings()
    stack = made.stack
    coordinator = Coordinator(
        stack,
        "Co",
        **made.around,
        registry_credentials=secret(stack, "acr"),
        secret=secret(stack, "co"),
    )
    edge = edge_server(made, secret=secret(stack, "es"))
    UpdateApi(stack, "PlainUpdates", ingress=made.ingress, services=[edge])
    UpdateApi(
        stack,
        "FullUpdates",
        ingress=made.ingress,
        services=[coordinator],
        secret=secret(stack, "update", with_key=True),
        allowed_tags=["latest", "v*"],
        update_windows=[UpdateWindow(days=["MON"], start="22:00", duration=Duration.hours(4))],
        update_freezes=[UpdateFreeze(start="2026-12-20T00:00:00Z")],
        redeploy_on_rotation=True,
        reserved_concurrent_executions=5,
        http_rule_priority=45_000,
        removal_policy=RemovalPolicy.DESTROY,
    )
    return made


@pytest.fixture(scope="module")
def template(surrounded: Surroundings) -> Template:
    """Its template."""
    return Template.from_stack(surrounded.stack)


@pytest.fixture(scope="module")
def shared() -> Template:
    """One update API of three servers, of which the last has a fixed version."""
    made = surroundings()
    fixed = {"image_version": ImageVersion.fixed("v2"), "secret": secret(made.stack, "fixed")}
    services = [
        edge_server(made, secret=secret(made.stack, "es")),
        edge_server(made, "fr", image_version=ImageVersion.from_parameter_name("/acme/fr")),
        edge_server(made, "gb", **fixed),
    ]
    return made_of(update_api(made, services=services, redeploy_on_rotation=True))


@pytest.fixture(scope="module")
def called() -> Template:
    """An update API that two principals call with requests signed for IAM."""
    made = surroundings()
    callers = [
        iam.Role(made.stack, "Own", assumed_by=iam.AccountRootPrincipal()),
        iam.Role.from_role_arn(made.stack, "Console", CALLER_ARN),
    ]
    return made_of(update_api(made, callers=callers))


def variables(template: Template, prefix: str) -> Any:
    """The Lambda's environment."""
    return properties(template, FUNCTION, prefix)["Environment"]["Variables"]


def reference(template: Template, resource_type: str, prefix: str, attribute: str) -> Any:
    """A reference to an attribute of the one resource with that prefix."""
    return {"Fn::GetAtt": [logical_id(template, resource_type, prefix), attribute]}


def services(template: Template, prefix: str, **names: str) -> Any:
    """The variable SERVICES, with the cluster's ARN and these names of services by their ids."""
    known = {f"{logical_id(template, CLUSTER)}.Arn": "cluster-arn"}
    for service, name in names.items():
        known[f"{logical_id(template, SERVICE, service)}.Name"] = name
    return json.loads(resolved(variables(template, prefix)["SERVICES"], known))


def arn(service: str, *resource: Any) -> dict[str, Any]:
    """An ARN of the stack's partition, region and account."""
    parts: list[Any] = [
        "arn:", {"Ref": "AWS::Partition"}, f":{service}:", {"Ref": "AWS::Region"}, ":",
        {"Ref": "AWS::AccountId"},
    ]  # fmt: skip
    first, *others = resource
    return {"Fn::Join": ["", [*parts, f":{first}", *others]]}


def own(template: Template, prefix: str) -> list[tuple[Any, Any, Any]]:
    """What every update API may do for itself: what every function may, and tell of changes."""
    return [
        *of_every_function(template, prefix),
        (
            ["events:PutEvents"],
            arn("events", "event-bus/default"),
            {"StringEquals": {"events:source": "datafi.update-api"}},
        ),
    ]


def reading(template: Template, server: str) -> list[tuple[Any, Any, Any]]:
    """What it may read of a server, whatever decides its version."""
    return [
        (["ecs:DescribeServices"], {"Ref": logical_id(template, SERVICE, server)}, None),
        (["ecs:DescribeTaskDefinition"], "*", None),
    ]


def moving(template: Template, server: str, parameter: str) -> list[tuple[Any, Any, Any]]:
    """What it may do with a server whose version is in a parameter."""
    service_id = logical_id(template, SERVICE, server)
    service = {"Ref": service_id}
    revisions = arn(
        "ecs", "service-revision/", {"Ref": logical_id(template, CLUSTER)}, "/",
        {"Fn::GetAtt": [service_id, "Name"]}, "/*",
    )  # fmt: skip
    name = properties(template, TASK_DEFINITION, f"{server}TaskDefinition")["Family"]
    family = arn("ecs", f"task-definition/{name}:*")
    version = arn("ssm", f"parameter{parameter}")
    roles = [
        reference(template, ROLE, f"{server}{role}Role", "Arn") for role in ("Task", "Execution")
    ]
    return [
        (["ecs:ListServiceDeployments"], service, None),
        (["ecs:DescribeServiceRevisions"], [service, revisions], None),
        (["ssm:GetParameterHistory"], version, None),
        (
            ["ssm:LabelParameterVersion", "ssm:PutParameter", "ssm:UnlabelParameterVersion"],
            version,
            None,
        ),
        (
            ["ssm:DeleteParameter", "ssm:GetParameter", "ssm:PutParameter"],
            arn("ssm", f"parameter{parameter}.lease"),
            None,
        ),
        (["ecs:UpdateService"], service, None),
        (["ecs:DeregisterTaskDefinition"], "*", None),
        (["ecs:RegisterTaskDefinition"], family, None),
        (
            ["ecs:TagResource"],
            family,
            {"StringEquals": {"ecs:CreateAction": "RegisterTaskDefinition"}},
        ),
        (
            ["iam:PassRole"],
            roles,
            {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}},
        ),
    ]


def test_function_is_small_and_in_python(template: Template) -> None:
    """Python 3.14, 256 MiB, two minutes; the handler is the asset's."""
    made = properties(template, FUNCTION, "PlainUpdates")
    found = tuple(made[key] for key in ("Runtime", "Handler", "MemorySize", "Timeout"))
    assert found == ("python3.14", "handler.handler", 256, 120)


def test_function_knows_its_one_edge_server(template: Template) -> None:
    """Cluster, name, kind, service, stack and parameter, and where the key is; not the key."""
    assert services(template, "PlainUpdates", Es="es-service") == {
        "clusters": ["cluster-arn"],
        "stacks": ["Test"],
        "services": [["es", "ES", 0, "es-service", 0, "Es"]],
    }
    found = variables(template, "PlainUpdates")
    assert set(found) == {"SERVICES", "API_KEY_SECRET_ARN", "ALLOWED_TAGS", "UPDATE_WINDOWS"}
    assert found["API_KEY_SECRET_ARN"] == {"Ref": logical_id(template, SECRET, "PlainUpdates")}


def test_function_knows_its_coordinator(template: Template) -> None:
    """For a coordinator the kind is CO, and an existing secret is named by its ARN."""
    (entry,) = services(template, "FullUpdates", Co="co-service")["services"]
    assert entry == ["co", "CO", 0, "co-service", 0, "Co"]
    assert variables(template, "FullUpdates")["API_KEY_SECRET_ARN"] == secret_arn("update")


def test_function_knows_all_its_services(shared: Template) -> None:
    """A cluster that they share is told once; of a fixed version there is no parameter."""
    names = {"Es": "a", "Fr": "b", "Gb": "c"}
    assert services(shared, "Updates", **names) == {
        "clusters": ["cluster-arn"],
        "stacks": ["Test"],
        "services": [
            ["es", "ES", 0, "a", 0, "Es"],
            ["fr", "ES", 0, "b", 0, "/acme/fr"],
            ["gb", "ES", 0, "c", 0, ""],
        ],
    }


def test_tags_and_times_are_free_by_default(template: Template) -> None:
    """Without patterns every tag is allowed, and without windows every time."""
    found = variables(template, "PlainUpdates")
    assert json.loads(found["ALLOWED_TAGS"]) == []
    assert json.loads(found["UPDATE_WINDOWS"]) == {"windows": [], "freezes": []}


def test_function_is_told_of_tags_and_times(template: Template) -> None:
    """Patterns as they are written, a window in minutes since Monday, a freeze with its start."""
    found = variables(template, "FullUpdates")
    assert json.loads(found["ALLOWED_TAGS"]) == ["latest", "v*"]
    assert json.loads(found["UPDATE_WINDOWS"]) == {
        "windows": [[22 * 60, 240]],
        "freezes": [["2026-12-20T00:00:00Z", None]],
    }


def test_as_many_services_as_are_taken_fit_in_the_environment() -> None:
    """Twenty servers with names of a usual length leave room in Lambda's 4096 bytes."""
    made = surroundings()
    names = [f"edge-server-of-finance-{number:02}" for number in range(20)]
    servers = [edge_server(made, name) for name in names]
    api = update_api(made, services=servers, allowed_tags=["latest", "v*"])
    template = made_of(api)
    known = {f"{logical_id(template, CLUSTER)}.Arn": f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/"}
    known = {name: f"{value}{'c' * 40}" for name, value in known.items()}
    for service in template.find_resources(SERVICE):
        known[f"{service}.Name"] = f"DatafiEdge-{service}-AbCdEfGhIjKl"
    known[logical_id(template, SECRET)] = secret_arn("EdgeServerUpdatesSecret")
    found = {key: resolved(value, known) for key, value in variables(template, "Updates").items()}
    assert len(json.loads(found["SERVICES"])["services"]) == 20
    assert sum(len(f"{key}{value}".encode()) for key, value in found.items()) < 4096
    assert properties(template, FUNCTION, "Updates")["Description"] == (
        "Datafi update API of 20 services"
    )


def test_refuses_more_than_the_environment_holds() -> None:
    """Twenty servers of long names, or too many patterns: found before Lambda refuses it."""
    made = surroundings(new_stack("acme-production-data-platform-datafi-edge-servers"))
    names = [f"edge-server-of-finance-and-controlling-{number}" for number in range(20)]
    servers = [edge_server(made, name) for name in names]
    with pytest.raises(InvalidInputError, match=r"4096 bytes of a function's environment hold"):
        update_api(made, services=servers)
    one = surroundings()
    with pytest.raises(InvalidInputError, match=r"got about [0-9]{4} bytes; shorten these lists"):
        update_api(one, services=[edge_server(one)], allowed_tags=[f"{n:0100}" for n in range(60)])


def test_function_says_whose_updates_it_is_for(shared: Template) -> None:
    """The function's description names the services, while Lambda takes so many letters."""
    found = properties(shared, FUNCTION, "Updates")["Description"]
    assert found == "Datafi update API of es, fr, gb"


def test_secret_is_generated_by_default(template: Template) -> None:
    """A key of 43 letters and digits is generated at deployment, and kept."""
    made = one(template, SECRET)
    assert made["Properties"]["GenerateSecretString"] == {
        "ExcludePunctuation": True,
        "PasswordLength": 43,
    }
    assert (made["DeletionPolicy"], made["UpdateReplacePolicy"]) == ("Retain", "Retain")


def test_function_may_do_exactly_what_a_rollout_needs(template: Template) -> None:
    """Log, key, audit, one service, its parameter, and its two roles for ECS only."""
    key = (["secretsmanager:GetSecretValue"], {"Ref": logical_id(template, SECRET)}, None)
    assert rights(statements(template, "PlainUpdatesRole")) == rights(
        [
            key,
            *own(template, "PlainUpdates"),
            *reading(template, "Es"),
            *moving(template, "Es", "/datafi/Test/Es"),
        ]
    )


def test_function_may_decrypt_an_existing_secret(template: Template) -> None:
    """With a secret of a customer-managed key it may decrypt that one secret; else as others."""
    granted = statements(template, "FullUpdatesRole")
    (decrypts,) = [entry for entry in granted if entry[0] == ["kms:Decrypt"]]
    granted.remove(decrypts)
    assert rights(granted) == rights(
        [
            (["secretsmanager:GetSecretValue"], secret_arn("update"), None),
            *own(template, "FullUpdates"),
            *reading(template, "Co"),
            *moving(template, "Co", "/datafi/Test/Co"),
        ]
    )
    assert decrypts[1] == KEY_ARN
    assert secret_arn("update") in json.dumps(decrypts[2])


def test_function_may_move_all_its_services_and_no_other(shared: Template) -> None:
    """A parameter of one's own is written like ours; of a fixed version all is only read."""
    key = (["secretsmanager:GetSecretValue"], {"Ref": logical_id(shared, SECRET)}, None)
    assert rights(statements(shared, "UpdatesRole")) == rights(
        [
            key,
            *own(shared, "Updates"),
            *reading(shared, "Es"),
            *moving(shared, "Es", "/datafi/Test/Es"),
            *reading(shared, "Fr"),
            *moving(shared, "Fr", "/acme/fr"),
            *reading(shared, "Gb"),
        ]
    )


def test_a_fixed_version_is_only_read() -> None:
    """An update API of a fixed version may read the service, and is told of no event."""
    made = surroundings()
    fixed = edge_server(made, image_version=ImageVersion.fixed("v2"))
    template = made_of(update_api(made, services=[fixed], redeploy_on_rotation=True))
    key = (["secretsmanager:GetSecretValue"], {"Ref": logical_id(template, SECRET)}, None)
    assert rights(statements(template, "UpdatesRole")) == rights(
        [key, *own(template, "Updates"), *reading(template, "Es")]
    )
    template.resource_count_is(RULE, 0)


def test_a_secret_of_a_partial_arn_is_read_by_its_prefix() -> None:
    """The six characters that Secrets Manager appends are any: no other secret matches."""
    made = surroundings()
    partial = secret_arn("update")[: -len("-AbCdEf")]
    key = secretsmanager.Secret.from_secret_partial_arn(made.stack, "Key", partial)
    template = made_of(update_api(made, secret=key))
    granted = statements(template, "UpdatesRole")
    (found,) = [entry for entry in granted if "secretsmanager:GetSecretValue" in entry[0]]
    assert found == (["secretsmanager:GetSecretValue"], f"{partial}-??????", None)
    assert variables(template, "Updates")["API_KEY_SECRET_ARN"] == partial


def test_function_has_no_managed_policies(template: Template) -> None:
    """The role is assumed by Lambda alone and has no policy but its own."""
    made = properties(template, ROLE, "PlainUpdatesRole")
    assert "ManagedPolicyArns" not in made
    assert "Policies" not in made
    (statement,) = made["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    function = properties(template, FUNCTION, "PlainUpdates")
    assert function["Role"] == reference(template, ROLE, "PlainUpdatesRole", "Arn")


def rules(template: Template, prefix: str = "") -> dict[str, Any]:
    """The event rules by the start of their ids, without the digits at the end."""
    found = template.find_resources(RULE)
    return {
        name[:-8]: entry["Properties"] for name, entry in found.items() if name.startswith(prefix)
    }


def test_function_is_told_of_rollouts(template: Template) -> None:
    """ECS's events of deployments in the cluster, when they are through or have failed."""
    cluster = {"Ref": logical_id(template, CLUSTER)}
    found = rules(template)["DatafiUpdateEventsRollouts"]
    assert found["EventPattern"] == {
        "source": ["aws.ecs"],
        "detail-type": ["ECS Deployment State Change"],
        "resources": [{"prefix": arn("ecs", "service/", cluster, "/")}],
        "detail": {"eventName": ["SERVICE_DEPLOYMENT_COMPLETED", "SERVICE_DEPLOYMENT_FAILED"]},
    }


def test_function_is_told_of_its_services_stack(template: Template) -> None:
    """CloudFormation's events of the one stack, when an operation on it has come to its end.

    The stack is named with the id behind its name or without, and no other's name starts so.
    """
    found = rules(template)["DatafiUpdateEventsStacks"]
    assert found["EventPattern"] == {
        "source": ["aws.cloudformation"],
        "detail-type": ["CloudFormation Stack Status Change"],
        "detail": {
            "stack-id": [
                arn("cloudformation", "stack/Test"),
                {"prefix": arn("cloudformation", "stack/Test/")},
            ],
            "status-details": {"status": [{"suffix": "_COMPLETE"}, {"suffix": "_FAILED"}]},
        },
    }


def test_rotations_are_told_only_if_asked(template: Template) -> None:
    """A new value of one of the service's own secrets, which is in none of the other events."""
    assert not rules(template, "PlainUpdates")
    found = rules(template, "FullUpdates")["FullUpdatesRotationco"]
    assert found["EventPattern"] == {
        "source": ["aws.secretsmanager"],
        "detail-type": ["Secret Label Updated"],
        "resources": [secret_arn("co")],
        "detail": {"labelUpdated": ["AWSCURRENT"]},
    }
    (target,) = found["Targets"]
    assert json.loads(target["Input"]) == {"redeploy": ["co"]}


def test_rotations_of_all_secrets_of_a_service_are_told() -> None:
    """One of a partial ARN by its prefix, one of this app by its reference, keys of JWT too."""
    made = surroundings()
    partial = secret_arn("es")[: -len("-AbCdEf")]
    edge = edge_server(
        made,
        secret=secretsmanager.Secret.from_secret_partial_arn(made.stack, "Partial", partial),
        jwt_jwks_secret=secretsmanager.Secret(made.stack, "Jwks"),
    )
    template = made_of(update_api(made, services=[edge], redeploy_on_rotation=True))
    assert rules(template)["UpdatesRotationes"]["EventPattern"]["resources"] == [
        {"prefix": f"{partial}-"},
        {"Ref": logical_id(template, SECRET, "Jwks")},
    ]


def test_a_service_without_secrets_has_no_rotations() -> None:
    """There is nothing to be told of, also if it is asked for."""
    template = made_of(update_api(redeploy_on_rotation=True))
    assert set(rules(template)) == SHARED_RULES


def test_each_service_has_its_events_and_a_fixed_one_has_none(shared: Template) -> None:
    """All share two rules, and a rotation has one; nothing is done for a fixed version."""
    assert set(rules(shared)) == {*SHARED_RULES, "UpdatesRotationes"}
    variables_ = variables(shared, "DatafiUpdateEvents")
    (led,) = [json.dumps(said) for name, said in variables_.items() if name.startswith("API_")]
    assert [f"{name}Service" in led for name in ("Es", "Fr", "Gb")] == [True, True, False]


def test_events_invoke_the_function(template: Template, shared: Template) -> None:
    """One permission is for all rules of the account, as a function's policy has 20 KB of room."""
    for made, scope, ids in (
        (template, "DatafiUpdateEvents", SHARED_RULES),
        (template, "FullUpdates", {"FullUpdatesRotationco"}),
        (shared, "DatafiUpdateEvents", SHARED_RULES),
    ):
        function = reference(made, FUNCTION, scope, "Arn")
        assert set(rules(made, scope)) == ids
        for rule in rules(made, scope).values():
            (target,) = rule["Targets"]
            assert target["Arn"] == function
        (permission,) = [
            entry["Properties"]
            for entry in made.find_resources(PERMISSION).values()
            if entry["Properties"]["Principal"] == "events.amazonaws.com"
            and entry["Properties"]["FunctionName"] == function
        ]
        assert permission["Action"] == "lambda:InvokeFunction"
        assert permission["SourceArn"] == arn("events", "rule/*")
        assert "SourceAccount" not in permission


def test_a_fixed_version_needs_no_events() -> None:
    """EventBridge then may not invoke the function."""
    made = surroundings()
    fixed = edge_server(made, image_version=ImageVersion.fixed("v2"))
    template = made_of(update_api(made, services=[fixed]))
    assert not rules(template)
    assert len(template.find_resources(PERMISSION)) == 1


def test_load_balancer_invokes_the_function(template: Template) -> None:
    """The target group leads to the Lambda, which lets load balancers invoke it."""
    function = reference(template, FUNCTION, "PlainUpdates", "Arn")
    targets = properties(template, TARGET_GROUP, "PlainUpdates")
    assert targets["TargetType"] == "lambda"
    assert targets["Targets"] == [{"Id": function}]
    permission = properties(template, PERMISSION, "PlainUpdatesFunctionInvoke")
    assert permission["Action"] == "lambda:InvokeFunction"
    assert permission["Principal"] == "elasticloadbalancing.amazonaws.com"
    assert permission["FunctionName"] == function
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}


@pytest.mark.parametrize(
    ("api", "name"),
    [
        ("PlainUpdates", "es"),
        ("FullUpdates", "co"),
    ],
)
def test_rules_match_both_hosts_and_the_paths_of_one_service(
    template: Template, api: str, name: str
) -> None:
    """HTTPS requests for the new and the old host with the service's paths reach the Lambda."""
    made = properties(template, LISTENER_RULE, f"DatafiUpdates{name}")
    hosts = [f"update.{ROOT_DOMAIN}", f"df-update.{ROOT_DOMAIN}"]
    assert made["Conditions"] == [
        {"Field": "host-header", "HostHeaderConfig": {"Values": hosts}},
        {"Field": "path-pattern", "PathPatternConfig": {"Values": [f"/{name}", f"/{name}/*"]}},
    ]
    assert made["ListenerArn"] == {
        "Ref": logical_id(template, LISTENER, "IngressLoadBalancerHttps")
    }
    (action,) = made["Actions"]
    assert action["TargetGroupArn"] == {"Ref": logical_id(template, TARGET_GROUP, api)}


def test_each_of_several_services_has_a_rule(shared: Template) -> None:
    """One target group takes the paths of all of them."""
    group = {"Ref": logical_id(shared, TARGET_GROUP, "Updates")}
    made = [
        properties(shared, LISTENER_RULE, f"DatafiUpdates{name}") for name in ("es", "fr", "gb")
    ]
    assert [rule["Actions"][0]["TargetGroupArn"] for rule in made] == [group] * 3
    assert made[1]["Conditions"][1]["PathPatternConfig"]["Values"] == ["/fr", "/fr/*"]


def priorities(*groups: Sequence[str]) -> dict[str, int]:
    """The rules of update APIs, each of these servers, by id, with their priorities."""
    made = surroundings()
    for names in groups:
        servers = [edge_server(made, name) for name in names]
        UpdateApi(made.stack, "-".join(names), ingress=made.ingress, services=servers)
    found = Template.from_stack(made.stack).find_resources(LISTENER_RULE)
    return {
        name: entry["Properties"]["Priority"]
        for name, entry in found.items()
        if name.startswith("DatafiUpdates")
    }


def test_a_service_can_go_to_another_update_api() -> None:
    """Its rule stays the same resource: a new one would have a priority that is still taken."""
    apart = priorities(["es"], ["fr"])
    assert len(apart) == 2
    assert priorities(["es", "fr"]) == priorities(["fr", "es"]) == apart
    assert priorities(["es"]).items() < apart.items()


def test_priority_is_that_of_the_rule(template: Template) -> None:
    """A given priority is taken; by default it follows from hosts and path."""
    assert properties(template, LISTENER_RULE, "DatafiUpdatesco")["Priority"] == 45_000
    plain = properties(template, LISTENER_RULE, "DatafiUpdateses")["Priority"]
    assert list(priorities(["es"]).values()) == [plain]


def test_concurrency_is_reserved_only_if_asked(template: Template) -> None:
    """By default the function takes what the account has left."""
    assert "ReservedConcurrentExecutions" not in properties(template, FUNCTION, "PlainUpdates")
    full = properties(template, FUNCTION, "FullUpdates")
    assert full["ReservedConcurrentExecutions"] == 5


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
    template = made_of(update_api(removal_policy=RemovalPolicy.DESTROY))
    assert one(template, SECRET)["DeletionPolicy"] == "Delete"


def test_callers_have_a_url_in_place_of_the_load_balancer(called: Template) -> None:
    """A function URL that IAM guards; no rule, no target group, and no key."""
    url = properties(called, URL)
    assert url["AuthType"] == "AWS_IAM"
    assert url["TargetFunctionArn"] == reference(called, FUNCTION, "Updates", "Arn")
    for kind in (LISTENER_RULE, TARGET_GROUP):
        assert not [name for name in called.find_resources(kind) if name.startswith("Updates")]
    called.resource_count_is(SECRET, 0)
    assert variables(called, "Updates")["API_KEY_SECRET_ARN"] == ""
    principals = {
        json.dumps(entry["Properties"]["Principal"])
        for entry in called.find_resources(PERMISSION).values()
    }
    assert "elasticloadbalancing.amazonaws.com" not in str(principals)


def test_callers_may_invoke_the_url_and_nothing_else(called: Template) -> None:
    """The policy of each caller names the one function, by its URL; nobody else has any."""
    function = reference(called, FUNCTION, "Updates", "Arn")
    own_role = {"Ref": logical_id(called, ROLE, "Own")}
    found = [
        entry["Properties"]
        for entry in called.find_resources(INLINE_POLICY).values()
        if "lambda:" in json.dumps(entry)
    ]
    assert sorted(json.dumps(entry["Roles"]) for entry in found) == sorted(
        [json.dumps([own_role]), '["console"]']
    )
    for entry in found:
        granted = entry["PolicyDocument"]["Statement"]
        assert {statement["Action"] for statement in granted} <= {
            "lambda:InvokeFunctionUrl",
            "lambda:InvokeFunction",
        }
        assert all(statement["Condition"] for statement in granted)
        assert all(statement["Resource"] == function for statement in granted)


def test_function_reads_no_secret_with_callers(called: Template) -> None:
    """As no key is asked for, none may be read; all else is as with a key."""
    assert rights(statements(called, "UpdatesRole")) == rights(
        [
            *own(called, "Updates"),
            *reading(called, "Es"),
            *moving(called, "Es", "/datafi/Test/Es"),
        ]
    )


def test_exposes_what_it_made(surrounded: Surroundings) -> None:
    """Addresses, secret, function, log group, target group and services are attributes."""
    api: Any = surrounded.stack.node.find_child("PlainUpdates")
    assert api.urls == {"es": f"https://update.{ROOT_DOMAIN}/es"}
    assert [service.name for service in api.services] == ["es"]
    assert api.function_url is None
    for attribute, construct_id in {
        "secret": "Secret",
        "function": "Function",
        "log_group": "LogGroup",
        "target_group": "TargetGroup",
    }.items():
        assert getattr(api, attribute).node.path == f"Test/PlainUpdates/{construct_id}"


def test_exposes_what_it_made_for_callers() -> None:
    """The addresses are those of the function URL; there is neither secret nor target group."""
    made = surroundings()
    caller = iam.Role.from_role_arn(made.stack, "Console", CALLER_ARN)
    api = update_api(made, callers=[caller])
    assert (api.secret, api.target_group) == (None, None)
    template = made_of(api)
    url = {f"{logical_id(template, URL)}.FunctionUrl": "https://abc.lambda-url.aws/"}
    assert {
        name: resolved(made.stack.resolve(address), url) for name, address in api.urls.items()
    } == {"es": "https://abc.lambda-url.aws/es"}
