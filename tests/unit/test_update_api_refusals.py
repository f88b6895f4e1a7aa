"""What UpdateApi refuses, with the whole sentence of each refusal."""

from collections.abc import Callable
from typing import Any

import pytest
from datafi_cdk import Coordinator, EdgeServer, ImageVersion, InvalidInputError, UpdateApi
from aws_cdk import RemovalPolicy, SecretValue, Stack, Token
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template
from deployment import (
    ACCOUNT,
    CANARY,
    FUNCTION,
    LISTENER_RULE,
    Surroundings,
    new_app,
    new_stack,
    properties,
    secret,
    surroundings,
)


def update_api(count: int = 1, made: Surroundings | None = None, **arguments: Any) -> UpdateApi:
    """An update API of so many edge servers, with these arguments."""
    made = made or surroundings()
    servers = [EdgeServer(made.stack, f"Es{n}", **made.around, name=f"es{n}") for n in range(count)]
    return UpdateApi(
        made.stack, "Updates", **{"ingress": made.ingress, "services": servers, **arguments}
    )


def with_services(choose: Callable[[Any], Any]) -> None:
    """An update API whose services are chosen from an edge server."""
    made = surroundings()
    edge = EdgeServer(made.stack, "Es", **made.around, name="es")
    update_api(0, made, services=choose(edge))


def with_a_caller(**arguments: Any) -> None:
    """An update API with a caller and these arguments."""
    made = surroundings()
    caller = iam.Role.from_role_arn(made.stack, "Console", f"arn:aws:iam::{ACCOUNT}:role/console")
    if arguments.pop("secret", False):
        arguments["secret"] = secret(made.stack, "update")
    update_api(made=made, callers=[caller], **arguments)


def a_service_that_calls(choose: Callable[[EdgeServer], Any] = lambda edge: edge) -> None:
    """A service that is to update itself with a role of its own, which it needs before it is."""
    made = surroundings()
    edge = EdgeServer(made.stack, "Es", **made.around, name="es")
    update_api(0, made, services=[edge], callers=[choose(edge)])


def of_another_ingress() -> None:
    """Two services, of which one is behind another load balancer."""
    app = new_app()
    here, there = (surroundings(new_stack(name, app)) for name in ("Here", "There"))
    services = [EdgeServer(each.stack, "Es", **each.around, name="es") for each in (here, there)]
    UpdateApi(here.stack, "Updates", ingress=here.ingress, services=services)


SERVICES = "services must be a list of 1 to 40 of EdgeServer and Coordinator, got"
HAND_IN = "hand in the servers on Fargate that it updates."
CALLERS = "callers must be a list of at least one principal (IGrantable), such as a role, got"
WITH_CALLERS = (
    "left out with callers, who need neither a key nor the load balancer, got both; "
    "leave one of the two out."
)
TAGS = "allowed_tags must be a list of tags, in which * and ? stand for any characters, got"
SECRET = (
    "secret must be a secret of Secrets Manager (ISecret), got a value of type {}; store it in "
    "Secrets Manager and hand in Secret.from_secret_complete_arn(…)."
)
REFUSALS: list[tuple[Callable[[], Any], str]] = [
    (lambda: update_api(ingress="ingress"),
     "ingress must be a SharedIngress, got a value of type str; hand in a SharedIngress."),
    (lambda: update_api(ingress=None),
     "ingress must be a SharedIngress, got None; hand in a SharedIngress."),
    *(
        (lambda value=value: update_api(services=value), f"{SERVICES} {shown}; {HAND_IN}")
        for value, shown in (
            (None, "None"), ("es", "a value of type str"), (5, "a value of type int"), ([], "0"),
            (["es"], "[str]"), ([None], "[NoneType]"),
        )
    ),
    (lambda: with_services(lambda edge: [edge] * 41), f"{SERVICES} 41; {HAND_IN}"),
    (lambda: with_services(lambda edge: edge), f"{SERVICES} a value of type EdgeServer; {HAND_IN}"),
    (lambda: with_services(lambda edge: [edge, "co"]), f"{SERVICES} [EdgeServer, str]; {HAND_IN}"),
    (lambda: with_services(lambda edge: [edge, edge]),
     "services must be each a different one, got Test/Es twice; leave it out once."),
    (lambda: update_api(secret=CANARY), SECRET.format("str")),
    (lambda: update_api(secret=SecretValue.unsafe_plain_text(CANARY)),
     SECRET.format("SecretValue")),
    *(
        (lambda value=value: update_api(callers=value), f"{CALLERS} {shown}; hand in who may call.")
        for value, shown in (
            ("arn", "a value of type str"), (5, "a value of type int"),
            ([None], "a list with None in it"), (["arn"], "a list with a value of type str in it"),
            ([iam.Role], f"a list with a value of type {type(iam.Role).__name__} in it"),
        )
    ),
    (lambda: update_api(callers=[]),
     f"{CALLERS} an empty one; hand in who may call, or leave it out."),
    (a_service_that_calls,
     "callers must be others than the services, which CloudFormation makes after those rights, got "
     "Test/Es; hand in a role of its own, or let it use the key."),
    *(
        (lambda choose=choose: a_service_that_calls(choose),
         "callers must be others than the services, which CloudFormation makes after those rights, "
         f"got Test/Es/{role}; hand in a role of its own, or let it use the key.")
        for choose, role in (
            (lambda edge: edge.task_definition.task_role, "TaskRole"),
            (lambda edge: edge.task_definition.execution_role, "ExecutionRole"),
        )
    ),
    *(
        (lambda value=value: update_api(callers=[value]),
         "callers must be principals that are not everybody, as every AWS account could update, "
         f"got {type(value).__name__}; hand in who may call.")
        for value in (iam.AnyPrincipal(), iam.StarPrincipal())
    ),
    (lambda: update_api(callers=[iam.ArnPrincipal("*")]),
     "callers must be principals that are not everybody, as every AWS account could update, "
     "got ArnPrincipal; hand in who may call."),
    *(
        (lambda value=value: update_api(callers=[value]),
         "callers must be roles, users, accounts or organizations, "
         f"got {type(value).__name__}; hand in each by itself, or a role.")
        for value in (
            iam.CompositePrincipal(iam.AccountPrincipal(ACCOUNT), iam.ArnPrincipal("arn")),
            iam.FederatedPrincipal("cognito-identity.amazonaws.com"),
        )
    ),
    (lambda: with_a_caller(secret=True), f"secret must be {WITH_CALLERS}"),
    (lambda: with_a_caller(http_rule_priority=5), f"http_rule_priority must be {WITH_CALLERS}"),
    *(
        (lambda value=value: update_api(allowed_tags=value),
         f"{TAGS} {shown}; write it as ['latest', 'v*'].")
        for value, shown in (
            ("v*", "'v*'"), ([], "[]"), (5, "5"), ([5], "5"), (["latest", "v 1"], "'v 1'"),
            ([".v"], "'.v'"), (["v" * 129], repr("v" * 129)), ([""], "''"), (["v1\n"], r"'v1\n'"),
        )
    ),
    *(
        (lambda value=value: update_api(redeploy_on_rotation=value),
         f"redeploy_on_rotation must be True or False, got {shown}; hand in True or False.")
        for value, shown in (("yes", "a value of type str"), (None, "None"))
    ),
    *(
        (lambda value=value: update_api(reserved_concurrent_executions=value),
         "reserved_concurrent_executions must be a whole number from 1 to 100000, "
         f"got {value!r}; choose a number in between.")
        for value in (0, -1, 1.5, "5", 100_001)
    ),
    *(
        (lambda value=value: update_api(http_rule_priority=value),
         f"http_rule_priority must be a whole number from 1 to 50000, got {value!r}; "
         "choose a number in between.")
        for value in (0, 50_001, 1.5, "5")
    ),
    (lambda: update_api(2, http_rule_priority=5),
     "http_rule_priority must be left out with several services, each of which has a rule, got 5; "
     "leave it out."),
    (lambda: update_api(removal_policy=None),
     "removal_policy must be a RemovalPolicy, got None; hand in a RemovalPolicy."),
    (lambda: update_api(removal_policy=RemovalPolicy.SNAPSHOT),
     "removal_policy must be one of RETAIN, RETAIN_ON_UPDATE_OR_DELETE and DESTROY, got SNAPSHOT; "
     "choose one of these."),
]  # fmt: skip


@pytest.mark.parametrize(("make", "sentence"), REFUSALS)
def test_refuses(make: Callable[[], Any], sentence: str) -> None:
    """One sentence says where, what may stand there, what stands there, and what to do."""
    with pytest.raises(InvalidInputError) as refusal:
        make()
    assert str(refusal.value) == f"Test/Updates: {sentence}"
    assert CANARY not in str(refusal.value)


def test_refuses_a_service_of_another_ingress() -> None:
    """Its rule would be of a load balancer that does not lead to it."""
    with pytest.raises(InvalidInputError) as refusal:
        of_another_ingress()
    assert str(refusal.value) == (
        "Here/Updates: services must be those behind Here/Ingress, got There/Es behind "
        "There/Ingress; hand in the ingress of the services."
    )


def test_refuses_the_ingress_of_another_app() -> None:
    """CDK cannot refer to it, and says so at synthesis only."""
    made = surroundings()
    edge = EdgeServer(made.stack, "Es", **made.around, name="es")
    with pytest.raises(InvalidInputError) as refusal:
        UpdateApi(new_stack("Other"), "Updates", ingress=made.ingress, services=[edge])
    assert str(refusal.value) == (
        "Other/Updates: ingress must be of the same app, got Test/Ingress of another app; "
        "import what is deployed by another app, with a from_… method."
    )


def test_refuses_a_second_update_api_for_a_service() -> None:
    """Also where the first one is for several services, and the second for callers."""
    made = surroundings()
    first, second = (
        EdgeServer(made.stack, name, **made.around, name=name) for name in ("es", "fr")
    )
    UpdateApi(made.stack, "All", ingress=made.ingress, services=[first, second])
    role = iam.Role(made.stack, "Caller", assumed_by=iam.AccountRootPrincipal())
    with pytest.raises(InvalidInputError) as refusal:
        UpdateApi(made.stack, "Updates", ingress=made.ingress, services=[second], callers=[role])
    assert str(refusal.value) == (
        "Test/Updates: services must be those that no other update API updates, "
        "got Test/fr, which Test/All updates; leave it out."
    )


def test_refuses_with_every_fault() -> None:
    """All that is wrong is told at once."""
    with pytest.raises(InvalidInputError) as refusal:
        update_api(
            services=[],
            secret=CANARY,
            allowed_tags=["v 1"],
            update_windows="MON",
            redeploy_on_rotation=1,
            reserved_concurrent_executions=0,
            removal_policy="keep",
        )
    assert [fault.place.removeprefix("Test/Updates: ") for fault in refusal.value.faults] == [
        "services",
        "secret",
        "allowed_tags",
        "update_windows",
        "redeploy_on_rotation",
        "reserved_concurrent_executions",
        "removal_policy",
    ]


def test_takes_what_is_at_the_edge() -> None:
    """Twenty services of both kinds, the longest pattern, the highest numbers."""
    made = surroundings()
    services: list[Any] = [
        EdgeServer(made.stack, f"Es{n}", **made.around, name=f"es{n}") for n in range(19)
    ]
    services.append(
        Coordinator(
            made.stack,
            "Co",
            **made.around,
            registry_credentials=secret(made.stack, "acr"),
            secret=secret(made.stack, "co"),
        )
    )
    api = update_api(
        0,
        made,
        services=tuple(services),
        allowed_tags=("*", "?", "v" * 128),
        reserved_concurrent_executions=100_000,
    )
    assert len(api.urls) == 20


def test_numbers_may_be_known_at_deployment_only() -> None:
    """Priority and concurrency may be tokens, as of every construct."""
    number = Token.as_number({"Ref": "Number"})
    api = update_api(http_rule_priority=number, reserved_concurrent_executions=number)
    template = Template.from_stack(Stack.of(api))
    assert properties(template, LISTENER_RULE, "DatafiUpdates")["Priority"] == {"Ref": "Number"}
    function = properties(template, FUNCTION, "Updates")
    assert function["ReservedConcurrentExecutions"] == {"Ref": "Number"}


def test_refuses_services_that_share_a_parameter() -> None:
    """The history of the parameter is that of one service."""
    made = surroundings()
    version = ImageVersion.from_parameter_name("/acme/es")
    servers = [
        EdgeServer(made.stack, name, **made.around, name=name, image_version=version)
        for name in ("es", "fr")
    ]
    with pytest.raises(InvalidInputError, match="different parameters, got two with '/acme/es'"):
        UpdateApi(made.stack, "Updates", ingress=made.ingress, services=servers)


def test_refuses_more_update_apis_than_events_can_be_led_to() -> None:
    """Their names are in the environment of one function, which holds 4 KB."""
    around = surroundings(new_stack("S" * 120))
    with pytest.raises(InvalidInputError, match="in a stack with so few update APIs that") as told:
        for number in range(25):
            name = f"es{number}"
            edge = EdgeServer(around.stack, name, **around.around, name=name)
            UpdateApi(around.stack, f"Up{number}", ingress=around.ingress, services=[edge])
    assert "let services share an update API" in str(told.value)


def test_refuses_no_priority_for_every_path() -> None:
    """It is one rule, whose priority is looked at with all arguments."""
    with pytest.raises(InvalidInputError, match="http_rule_priority must be"):
        update_api(2, every_path=True, http_rule_priority=50001)
