"""UpdateRouter: what its function is told and may do, its rule, and what it refuses."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from datafi_cdk import Coordinator, EdgeServer, InvalidInputError, UpdateApi, UpdateRouter
from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk.assertions import Template
from deployment import (
    FUNCTION,
    LISTENER,
    LISTENER_RULE,
    LOG_GROUP,
    ROLE,
    ROOT_DOMAIN,
    TARGET_GROUP,
    Surroundings,
    logical_id,
    needs,
    new_app,
    new_stack,
    of_every_function,
    one,
    properties,
    resolved,
    rights,
    secret,
    statements,
    surroundings,
)

NAMES = {"EsUpdatesFunction": "one", "FrUpdatesFunction": "two", "CoUpdatesFunction": "three"}


def update_api(made: Surroundings, name: str = "es", **arguments: Any) -> UpdateApi:
    """An update API of an edge server."""
    edge = EdgeServer(made.stack, name.capitalize(), **made.around, name=name)
    updates = f"{name.capitalize()}Updates"
    return UpdateApi(made.stack, updates, ingress=made.ingress, services=[edge], **arguments)


def router(made: Surroundings | None = None, **arguments: Any) -> UpdateRouter:
    """A router of one update API with these arguments."""
    made = made or surroundings()
    if "update_apis" not in arguments:
        arguments["update_apis"] = [update_api(made)]
    return UpdateRouter(made.stack, "Router", **{"ingress": made.ingress, **arguments})


@pytest.fixture(scope="module")
def surrounded() -> Surroundings:
    """Two edge servers and a coordinator, each with an update API, and a router of all."""
    made = surroundings()
    coordinator = Coordinator(
        made.stack,
        "Co",
        **made.around,
        registry_credentials=secret(made.stack, "acr"),
        secret=secret(made.stack, "co"),
    )
    apis = [
        update_api(made, "es"),
        update_api(made, "fr"),
        UpdateApi(made.stack, "CoUpdates", ingress=made.ingress, services=[coordinator]),
    ]
    router(made, update_apis=apis)
    return made


@pytest.fixture(scope="module")
def template(surrounded: Surroundings) -> Template:
    """Its template."""
    return Template.from_stack(surrounded.stack)


def functions(template: Template) -> Any:
    """What the router knows, with the names of `NAMES`."""
    text = properties(template, FUNCTION, "Router")["Environment"]["Variables"]["FUNCTIONS"]
    ids = {logical_id(template, FUNCTION, prefix): name for prefix, name in NAMES.items()}
    return json.loads(resolved(text, ids))


def test_function_is_small_and_in_python(template: Template) -> None:
    """Python 3.14, 256 MiB, ten seconds more than the functions it waits for have."""
    made = properties(template, FUNCTION, "Router")
    found = tuple(made[key] for key in ("Runtime", "Handler", "MemorySize", "Timeout"))
    assert found == ("python3.14", "router_handler.handler", 256, 130)
    updates = properties(template, FUNCTION, "EsUpdates")
    assert updates["Timeout"] < made["Timeout"]
    assert updates["Code"] == made["Code"]


def test_function_knows_the_functions_by_kind_and_name(template: Template) -> None:
    """Edge servers and the coordinator apart, each name with its function."""
    assert functions(template) == {"ES": {"es": "one", "fr": "two"}, "CO": {"co": "three"}}


def test_services_that_share_a_function_are_all_known() -> None:
    """Of an update API of several services each name leads to the one function."""
    made = surroundings()
    services = [EdgeServer(made.stack, n, **made.around, name=n) for n in ("es", "fr")]
    api = UpdateApi(made.stack, "Updates", ingress=made.ingress, services=services)
    router(made, update_apis=[api])
    template = Template.from_stack(made.stack)
    text = properties(template, FUNCTION, "Router")["Environment"]["Variables"]["FUNCTIONS"]
    shared = {logical_id(template, FUNCTION, "Updates"): "shared"}
    assert json.loads(resolved(text, shared)) == {"ES": {"es": "shared", "fr": "shared"}, "CO": {}}


def test_function_may_invoke_those_functions_only(template: Template) -> None:
    """What every function may, and the invocation of exactly the functions of the update APIs."""
    arns = [{"Fn::GetAtt": [logical_id(template, FUNCTION, name), "Arn"]} for name in NAMES]
    assert rights(statements(template, "RouterRole")) == rights(
        [*of_every_function(template, "Router"), (["lambda:InvokeFunction"], arns, None)]
    )
    role = properties(template, ROLE, "RouterRole")
    assert not {"ManagedPolicyArns", "Policies"} & set(role)


def test_rule_is_for_the_bare_path_of_both_hosts(template: Template) -> None:
    """HTTPS requests for `/` of the new and the old host reach the router."""
    made = properties(template, LISTENER_RULE, "Router")
    hosts = [f"update.{ROOT_DOMAIN}", f"df-update.{ROOT_DOMAIN}"]
    assert made["Conditions"] == [
        {"Field": "host-header", "HostHeaderConfig": {"Values": hosts}},
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/"]}},
    ]
    assert made["ListenerArn"] == {
        "Ref": logical_id(template, LISTENER, "IngressLoadBalancerHttps")
    }
    (action,) = made["Actions"]
    assert action["TargetGroupArn"] == {"Ref": logical_id(template, TARGET_GROUP, "Router")}
    target = properties(template, TARGET_GROUP, "Router")["Targets"]
    assert target == [{"Id": {"Fn::GetAtt": [logical_id(template, FUNCTION, "Router"), "Arn"]}}]


def test_only_load_balancers_of_the_account_invoke_the_router(template: Template) -> None:
    """The permission is for the service of load balancers, in this account."""
    permission = properties(template, "AWS::Lambda::Permission", "Router")
    assert permission["Principal"] == "elasticloadbalancing.amazonaws.com"
    assert permission["SourceAccount"] == {"Ref": "AWS::AccountId"}


def test_log_is_kept_unless_asked(template: Template) -> None:
    """The log outlives the stack by default, and goes with it if it is to."""
    assert one(template, LOG_GROUP, "Router")["DeletionPolicy"] == "Retain"
    destroyed = router(removal_policy=RemovalPolicy.DESTROY)
    found = one(Template.from_stack(Stack.of(destroyed)), LOG_GROUP, "Router")
    assert found["DeletionPolicy"] == "Delete"


def test_priority_follows_from_hosts_and_path_unless_given(template: Template) -> None:
    """Two deployments have the same priority, and a given one is that of the rule."""
    priorities = [
        properties(Template.from_stack(Stack.of(made)), LISTENER_RULE, "Router")["Priority"]
        for made in (router(), router(http_rule_priority=48_000))
    ]
    assert priorities == [properties(template, LISTENER_RULE, "Router")["Priority"], 48_000]


def test_exposes_what_it_made() -> None:
    """Function, log group and target group are attributes."""
    made = router()
    assert made.function.node.path == "Test/Router/Function"
    assert made.log_group.node.path == "Test/Router/LogGroup"
    assert made.target_group.node.path == "Test/Router/TargetGroup"


def test_may_be_in_another_stack() -> None:
    """In a stack of its own it needs those of the update APIs and of the load balancer only."""
    app = new_app()
    made = surroundings(new_stack("Test", app))
    own = new_stack("Own", app)
    UpdateRouter(own, "Router", ingress=made.ingress, update_apis=[update_api(made)])
    app.synth()
    assert [stack.node.id for stack in needs(own)] == ["Test"]
    assert needs(made.stack) == []


def two_routers() -> None:
    """Two routers of one load balancer."""
    made = surroundings()
    apis = [update_api(made)]
    router(made, update_apis=apis)
    UpdateRouter(made.stack, "Second", ingress=made.ingress, update_apis=apis)


def of_another_ingress() -> None:
    """An update API of another load balancer."""
    app = new_app()
    here, there = (surroundings(new_stack(name, app)) for name in ("Here", "There"))
    router(here, update_apis=[update_api(there)])


def with_callers() -> None:
    """An update API that no load balancer leads to."""
    made = surroundings()
    caller = iam.Role(made.stack, "Caller", assumed_by=iam.AccountRootPrincipal())
    router(made, update_apis=[update_api(made, callers=[caller])])


HOSTS = f"update.{ROOT_DOMAIN} df-update.{ROOT_DOMAIN}"
ALLOWED = "update_apis must be a list of at least one UpdateApi, got"
REFUSALS: list[tuple[Callable[[], Any], str]] = [
    (of_another_ingress,
     "Here/Router: update_apis must be those of Here/Ingress, got There/EsUpdates of "
     "There/Ingress; hand in their ingress."),
    (with_callers,
     "Test/Router: update_apis must be those that ask for a key, as the router checks nobody, got "
     "Test/EsUpdates with callers; leave it out."),
    (lambda: router(update_apis=[]),
     f"Test/Router: {ALLOWED} an empty one; hand in the update APIs."),
    *(
        (lambda value=value: router(update_apis=value),
         f"Test/Router: {ALLOWED} {shown}; hand in the update APIs.")
        for value, shown in (
            (None, "None"), ("es", "a value of type str"), (5, "a value of type int"),
            ([None], "a list with None in it"), (["es"], "a list with a value of type str in it"),
        )
    ),
    (lambda: router(ingress="ingress"),
     "Test/Router: ingress must be a SharedIngress, got a value of type str; "
     "hand in a SharedIngress."),
    (lambda: router(http_rule_priority=0),
     "Test/Router: http_rule_priority must be a whole number from 1 to 50000, got 0; "
     "choose a number in between."),
    (lambda: router(removal_policy=None),
     "Test/Router: removal_policy must be a RemovalPolicy, got None; hand in a RemovalPolicy."),
]  # fmt: skip


@pytest.mark.parametrize(("make", "sentence"), REFUSALS)
def test_refuses(make: Callable[[], Any], sentence: str) -> None:
    """One sentence says where, what may stand there, what stands there, and what to do."""
    with pytest.raises(InvalidInputError) as refusal:
        make()
    assert str(refusal.value) == sentence


def test_refuses_a_second_router() -> None:
    """The bare path of a load balancer leads to one router only."""
    with pytest.raises(InvalidInputError) as refusal:
        two_routers()
    (fault,) = refusal.value.faults
    assert fault.place == "Test/Second: http_rule_priority"
    assert fault.allowed == "the only one of its kind on port 443 of Test/Ingress"
    assert f"{HOSTS} /'" in fault.given
    assert fault.remedy == "remove one of the two"


def test_refuses_the_ingress_of_another_app() -> None:
    """CDK cannot refer to it, and says so at synthesis only."""
    made = surroundings()
    api = update_api(made)
    with pytest.raises(InvalidInputError) as refusal:
        UpdateRouter(new_stack("Other"), "Router", ingress=made.ingress, update_apis=[api])
    assert str(refusal.value).startswith("Other/Router: ingress must be of the same app, got")
