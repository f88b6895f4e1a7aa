"""The constructs in any composition: across stacks, twice, under any flags, in any order."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import deployment
import pytest
from datafi_cdk import (
    Coordinator,
    DatafiEdgeConfig,
    DatafiEdgeStack,
    EdgeDns,
    EdgeMonitoring,
    EdgeServer,
    EdgeStorage,
    SharedIngress,
    UpdateApi,
)
from aws_cdk import App, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk.assertions import Annotations, Match, Template
from datafi_cdk.bundled import bundled
from deployment import (
    ACCOUNT,
    HOSTED_ZONE,
    INGRESS_RULE,
    LISTENER,
    LISTENER_RULE,
    LOAD_BALANCER,
    RECORD,
    REGION,
    ROOT_DOMAIN,
    SERVICE,
    TARGET_GROUP,
    edge_stack,
    let_in,
    minimal,
    needs,
    new_app,
    new_stack,
    secret,
    secret_arn,
    surroundings,
)

SERVERS = ("es", "es-eu-1", "analytics")


@pytest.fixture(scope="module")
def parts() -> dict[str, Stack]:
    """A deployment of which every part is in a stack of its own."""
    app = new_app()
    names = (
        *("Network", "Names", "Front", "Compute", "Data", "Servers", "Control", "Updates"),
        "Monitoring",
    )
    stacks = {name: new_stack(name, app) for name in names}
    vpc = ec2.Vpc(stacks["Network"], "Vpc", max_azs=2, nat_gateways=1)
    dns = EdgeDns(stacks["Names"], "Dns", root_domain=ROOT_DOMAIN)
    ingress = SharedIngress(stacks["Front"], "Ingress", vpc=vpc, dns=dns)
    cluster = ecs.Cluster(stacks["Compute"], "Cluster", vpc=vpc)
    storage = EdgeStorage(stacks["Data"], "Storage")
    around = {"cluster": cluster, "ingress": ingress}
    edge = EdgeServer(stacks["Servers"], "Es", **around, name="es", storage=storage)
    coordinator = Coordinator(
        stacks["Control"],
        "Co",
        **around,
        registry_credentials=secret(stacks["Control"], "acr"),
        secret=secret(stacks["Control"], "co"),
    )
    updates = UpdateApi(stacks["Updates"], "Updates", ingress=ingress, services=[edge])
    EdgeMonitoring(
        stacks["Monitoring"],
        "Monitoring",
        services=[edge, coordinator],
        ingress=ingress,
        update_apis=[updates],
    )
    app.synth()
    return stacks


@pytest.fixture(scope="module")
def templates(parts: dict[str, Stack]) -> dict[str, Template]:
    """The templates of its stacks."""
    return {name: Template.from_stack(stack) for name, stack in parts.items()}


def test_parts_in_separate_stacks_need_each_other_one_way(parts: dict[str, Stack]) -> None:
    """No cycle: what is in front knows nothing of the servers, and no server of another."""
    needed = {
        name: {dependency.stack_name for dependency in needs(stack)}
        for name, stack in parts.items()
    }
    assert needed == {
        "Network": set(),
        "Names": set(),
        "Front": {"Network", "Names"},
        "Compute": set(),
        "Data": set(),
        "Servers": {"Network", "Front", "Compute", "Data"},
        "Control": {"Network", "Front", "Compute"},
        "Updates": {"Front", "Compute", "Servers"},
        "Monitoring": {"Names", "Front", "Compute", "Servers", "Control", "Updates"},
    }


@pytest.mark.parametrize(
    ("stack", "expected"),
    [
        ("Front", {LISTENER: 3, RECORD: 2, LOAD_BALANCER: 1, LISTENER_RULE: 0, TARGET_GROUP: 0}),
        ("Names", {HOSTED_ZONE: 1, RECORD: 0}),
        ("Servers", {SERVICE: 1, LISTENER_RULE: 3, TARGET_GROUP: 2}),
        ("Control", {SERVICE: 1, LISTENER_RULE: 3, TARGET_GROUP: 2}),
        ("Updates", {SERVICE: 0, LISTENER_RULE: 1, TARGET_GROUP: 1}),
    ],
)
def test_what_belongs_to_a_server_is_in_its_stack(
    templates: dict[str, Template], stack: str, expected: dict[str, int]
) -> None:
    """Target groups, rules and security group rules are made where the server is."""
    found = {kind: len(templates[stack].find_resources(kind)) for kind in expected}
    assert found == expected
    assert len(let_in(templates[stack])) == 2 * expected.get(SERVICE, 0)


def test_the_load_balancer_does_not_grow_with_servers(templates: dict[str, Template]) -> None:
    """No rule of the load balancer's security group is made for a server."""
    for template in templates.values():
        template.resource_count_is("AWS::EC2::SecurityGroupEgress", 0)
    rules = templates["Front"].find_resources(INGRESS_RULE)
    assert rules == {}


def test_two_deployments_fit_in_one_stack() -> None:
    """Two of everything, with the same server names under different domains, in one stack."""
    stack = new_stack()
    vpc = ec2.Vpc(stack, "Vpc")
    cluster = ecs.Cluster(stack, "Cluster", vpc=vpc)
    for name in ("Blue", "Green"):
        dns = EdgeDns(stack, f"{name}Dns", root_domain=f"{name.lower()}.example.com")
        ingress = SharedIngress(stack, f"{name}Ingress", vpc=vpc, dns=dns)
        around = {"cluster": cluster, "ingress": ingress}
        edge = EdgeServer(stack, f"{name}Es", **around, name="es")
        Coordinator(
            stack,
            f"{name}Co",
            **around,
            registry_credentials=secret(stack, f"{name}-acr"),
            secret=secret(stack, f"{name}-co"),
        )
        UpdateApi(stack, f"{name}Updates", ingress=ingress, services=[edge])
    template = Template.from_stack(stack)
    template.resource_count_is(LOAD_BALANCER, 2)
    template.resource_count_is(SERVICE, 4)
    template.resource_count_is(LISTENER_RULE, 14)


def test_two_deployments_fit_in_one_app() -> None:
    """Two stacks of one configuration have nothing that both would own by name."""
    app = new_app()
    config = DatafiEdgeConfig.model_validate(minimal())
    stacks = [DatafiEdgeStack(app, name, config=config) for name in ("Blue", "Green")]
    families = {
        str(entry["Properties"]["Family"])
        for stack in stacks
        for entry in Template.from_stack(stack).find_resources("AWS::ECS::TaskDefinition").values()
    }
    assert len(families) == 2
    assert not any(needs(stack) for stack in stacks)


@pytest.fixture(scope="module")
def recommended_flags() -> dict[str, Any]:
    """Every feature flag with its recommended value."""
    return deployment.recommended_flags()


def everything(**changes: Any) -> dict[str, Any]:
    """A configuration that makes every kind of resource."""
    servers = [{"name": name, "storage": True} for name in SERVERS]
    coordinator = {
        "registry_credentials_secret_arn": secret_arn("acr"),
        "secret_arn": secret_arn("co"),
    }
    data = minimal(edge_servers={"long_running": servers}, coordinator=coordinator)
    data["dns"]["enable_namespace"] = True
    return {**data, **changes}


@pytest.mark.parametrize("aws", [None, {"account": ACCOUNT, "region": REGION}])
@pytest.mark.parametrize("flagged", [False, True])
def test_synthesizes_anywhere_under_any_flags(
    recommended_flags: dict[str, Any], flagged: bool, aws: dict[str, str] | None
) -> None:
    """Without a warning: with and without account and region, with no and with all flags."""
    app = new_app(recommended_flags if flagged else None)
    config = DatafiEdgeConfig.model_validate(everything(aws=aws))
    stack = DatafiEdgeStack(app, "DatafiEdge", config=config)
    Template.from_stack(stack).resource_count_is(SERVICE, 4)
    annotations = Annotations.from_stack(stack)
    assert annotations.find_error("*", Match.any_value()) == []
    assert annotations.find_warning("*", Match.any_value()) == []


def test_flags_rename_nothing(recommended_flags: dict[str, Any]) -> None:
    """With all flags the same resources have the same ids, so that flags can be set later."""
    plain, flagged = (
        edge_stack(everything(), context).to_json()["Resources"]
        for context in (None, recommended_flags)
    )
    assert {name: entry["Type"] for name, entry in plain.items()} == {
        name: entry["Type"] for name, entry in flagged.items()
    }
    assert plain != flagged


def servers_in_order(*names: str, **changes: Any) -> dict[str, Any]:
    """The resources of a deployment with these servers, in this order."""
    servers = {"long_running": [{"name": name, "storage": True} for name in names]}
    return dict(edge_stack(everything(edge_servers=servers, **changes)).to_json()["Resources"])


def changed(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    """What of the first is otherwise in the second, without the digits of the ids."""
    return [name[:-8] for name in first if second.get(name) != first[name]]


# What leads requests and events to the functions of updates, which is the deployment's.
SHARED = [
    "DatafiUpdateEventsFunction",
    "DatafiUpdateEventsRolePolicy",
    "UpdateRouterFunction",
    "UpdateRouterRolePolicy",
]


def test_a_server_added_before_others_changes_none() -> None:
    """Every resource of the others stays as it is, to the letter; what leads to it learns of it."""
    before, after = servers_in_order(*SERVERS), servers_in_order("aaa", *SERVERS)
    assert sorted(changed(before, after)) == SHARED
    assert len(after) > len(before)


def test_a_second_server_changes_nothing_of_the_first() -> None:
    """Only what leads requests and events to both changes, which is the deployment's."""
    before, after = servers_in_order("es"), servers_in_order("aaa", "es")
    assert sorted(changed(before, after)) == SHARED


def test_a_server_taken_away_changes_none() -> None:
    """Every resource of the remaining servers stays as it is, to the letter."""
    before, after = servers_in_order(*SERVERS), servers_in_order(*SERVERS[1:])
    assert sorted(changed(after, before)) == SHARED
    assert len(after) < len(before)


@pytest.mark.parametrize("shared", [False, True])
def test_order_does_not_matter(shared: bool) -> None:
    """Servers in another order are the same resources."""
    update_api = {"shared": shared}
    assert servers_in_order(*SERVERS, update_api=update_api) == servers_in_order(
        *reversed(SERVERS), update_api=update_api
    )


def test_constructs_added_before_others_change_none() -> None:
    """The same holds for the constructs themselves, in a customer's own stack."""

    def made(*names: str) -> dict[str, Any]:
        around = surroundings()
        for name in names:
            edge = EdgeServer(around.stack, f"Server-{name}", **around.around, name=name)
            UpdateApi(around.stack, f"Updates-{name}", ingress=around.ingress, services=[edge])
        return dict(Template.from_stack(around.stack).to_json()["Resources"])

    before, after = made("b", "c"), made("a", "c", "b")
    assert sorted(changed(before, after)) == SHARED[:2]


def test_synthesized_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    """Two processes that hash differently write the same templates and the same asset names."""
    app = bundled("examples/quickstart") / "app.py"
    outputs = [tmp_path / seed for seed in ("1", "2")]
    processes = [
        subprocess.Popen(
            [sys.executable, str(app)],
            env={**os.environ, "CDK_OUTDIR": str(out), "PYTHONHASHSEED": out.name},
        )
        for out in outputs
    ]
    assert [process.wait() for process in processes] == [0, 0]
    first, second = (
        {path.name: path.read_bytes() for path in out.glob("*.json")} for out in outputs
    )
    for written in (first, second):
        # Stack traces, with the folder into which jsii unpacked itself.
        del written["DatafiEdge.metadata.json"]
    assert "DatafiEdge.template.json" in first
    assert first == second


def test_app_knows_no_feature_flags_by_default() -> None:
    """The apps of these tests set no flag, so that the tests without flags are without flags."""
    app: App = new_app()
    assert not [key for key in app.node.get_all_context() if key.startswith("@aws-cdk/")]
