"""DatafiEdgeStack: what a configuration makes, and that each of its keys has an effect."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from datafi_cdk import DatafiEdgeConfig, DatafiEdgeStack, InvalidInputError
from aws_cdk import Environment, Stack
from aws_cdk.assertions import Annotations, Match, Template
from deployment import (
    ACCOUNT,
    BUCKET,
    FUNCTION,
    HOSTED_ZONE,
    INGRESS_RULE,
    INLINE_POLICY,
    LISTENER_RULE,
    LOAD_BALANCER,
    LOG_GROUP,
    REGION,
    ROLE,
    ROOT_DOMAIN,
    SECRET,
    SERVICE,
    TARGET_GROUP,
    attributes,
    edge_stack,
    logical_id,
    minimal,
    new_app,
    one,
    properties,
    resolved,
    secret_arn,
    statements,
    walk,
)

COORDINATOR = {
    "registry_credentials_secret_arn": secret_arn("acr"),
    "secret_arn": secret_arn("co"),
}

# Properties by which CloudFormation gives a resource a fixed name; `Name` is one on these types.
PHYSICAL_NAMES = {
    "AlarmName",
    "BucketName",
    "ClusterName",
    "DBInstanceIdentifier",
    "FunctionName",
    "GroupName",
    "LoadBalancerName",
    "LogGroupName",
    "ManagedPolicyName",
    "RoleName",
    "SecretName",
    "ServiceName",
    "TableName",
    "TopicName",
}
PARAMETERS = ("EdgeServer-es", "EdgeServer-es-eu-1", "Coordinator")
NAMED_BY_NAME = (LOAD_BALANCER, "AWS::ElasticLoadBalancingV2::TargetGroup", SECRET)


def two_servers(**changes: Any) -> dict[str, Any]:
    """A configuration with two edge servers, one of them with everything, and a coordinator."""
    servers = [
        {"name": "es", "storage": True, "image_tag": "next", "secret_arn": secret_arn("es")},
        {"name": "es-eu-1"},
    ]
    data = minimal(edge_servers={"long_running": servers}, coordinator=COORDINATOR)
    data["dns"] = {**data["dns"], "enable_namespace": True}
    return {**data, **changes}


@pytest.fixture(scope="module")
def template() -> Template:
    """The smallest configuration."""
    return edge_stack(minimal())


@pytest.fixture(scope="module")
def big() -> Template:
    """Two edge servers and a coordinator."""
    return edge_stack(two_servers())


@pytest.fixture(scope="module")
def shared() -> Template:
    """The same, with one function for all updates."""
    return edge_stack(two_servers(update_api={"shared": True}))


@pytest.fixture(scope="module")
def deletable() -> Template:
    """The same, for a trial."""
    return edge_stack(two_servers(allow_delete_resources=True))


def test_new_network_has_two_zones_and_one_way_out(template: Template) -> None:
    """Two public and two private subnets, one NAT gateway, a default group that lets nobody in."""
    template.resource_count_is("AWS::EC2::Subnet", 4)
    template.resource_count_is("AWS::EC2::NatGateway", 1)
    template.resource_count_is("Custom::VpcRestrictDefaultSG", 1)


def test_smallest_configuration_has_one_server_and_its_update_api(template: Template) -> None:
    """One service, no coordinator, no bucket but those of logs, no namespace."""
    template.resource_count_is(SERVICE, 1)
    assert all("AccessLogs" in name for name in template.find_resources(BUCKET))
    template.resource_count_is("AWS::ServiceDiscovery::PrivateDnsNamespace", 0)
    template.resource_count_is(SECRET, 1)


def test_cluster_reports_container_insights(template: Template) -> None:
    """The cluster measures its tasks."""
    made = properties(template, "AWS::ECS::Cluster")
    assert made["ClusterSettings"] == [{"Name": "containerInsights", "Value": "enabled"}]


def test_the_first_task_waits_for_its_way_out(template: Template) -> None:
    """No task starts before the private subnets reach the internet, where its image is."""
    waited = one(template, SERVICE)["DependsOn"]
    routes = [name for name in template.find_resources("AWS::EC2::Route") if "Private" in name]
    assert len(routes) == 2
    assert set(routes) <= set(waited)


def test_namespace_is_internal(big: Template) -> None:
    """The Cloud Map namespace is `internal.<root domain>`, and every server is in it."""
    made = properties(big, "AWS::ServiceDiscovery::PrivateDnsNamespace")
    assert made["Name"] == f"internal.{ROOT_DOMAIN}"
    services = big.find_resources("AWS::ServiceDiscovery::Service").values()
    assert {entry["Properties"]["Name"] for entry in services} == {"es", "es-eu-1", "co"}


def test_every_server_has_an_update_api(big: Template) -> None:
    """Each server on Fargate has its own paths, the coordinator too; `/` is the deployment's."""
    paths = [
        condition["PathPatternConfig"]["Values"]
        for rule in big.find_resources(LISTENER_RULE).values()
        for condition in rule["Properties"]["Conditions"]
        if "PathPatternConfig" in condition
    ]
    names = ("co", "es", "es-eu-1")
    assert sorted(paths) == [["/"], *([f"/{name}", f"/{name}/*"] for name in names)]


@pytest.mark.parametrize(
    ("api", "server"),
    [
        ("UpdateApiesRole", "EdgeServeres"),
        ("UpdateApieseu1Role", "EdgeServereseu1"),
        ("UpdateApicoRole", "Coordinator"),
    ],
)
def test_an_update_api_may_touch_its_own_server_only(big: Template, api: str, server: str) -> None:
    """Its policy names one service, that one's parameter and roles, and nothing of the others."""
    granted = json.dumps(statements(big, api))
    for kind, prefixes in (
        (SERVICE, (f"{server}Service",)),
        (ROLE, (f"{server}TaskRole", f"{server}ExecutionRole")),
    ):
        ids = big.find_resources(kind)
        named = {name for name in ids if f'"{name}"' in granted}
        assert named == {name for name in ids if name.startswith(prefixes)}
        assert named
    assert {name.replace("-", "") for name in PARAMETERS if f'/{name}"' in granted} == {server}


def test_requests_that_name_no_server_go_to_the_router(big: Template) -> None:
    """At `/` one function answers, which knows and may invoke all update APIs."""
    rule = properties(big, LISTENER_RULE, "UpdateRouterRule")
    (action,) = rule["Actions"]
    assert action["TargetGroupArn"] == {"Ref": logical_id(big, TARGET_GROUP, "UpdateRouter")}
    functions = {
        name: {"Ref": logical_id(big, FUNCTION, f"UpdateApi{name.replace('-', '')}Function")}
        for name in ("co", "es", "es-eu-1")
    }
    made = properties(big, FUNCTION, "UpdateRouter")["Environment"]["Variables"]["FUNCTIONS"]
    told = resolved(made, {entry["Ref"]: name for name, entry in functions.items()})
    assert json.loads(told) == {"ES": {"es": "es", "es-eu-1": "es-eu-1"}, "CO": {"co": "co"}}


def test_one_function_may_update_all_servers(shared: Template) -> None:
    """With `shared` there is one function, one secret, one target group and one rule."""
    names = [name for name in shared.find_resources(FUNCTION) if name.startswith("UpdateApi")]
    assert len(names) == 1
    one(shared, SECRET, "UpdateApi")
    group = {"Ref": logical_id(shared, TARGET_GROUP, "UpdateApi")}
    rules = {
        name: rule["Properties"]["Actions"][0]["TargetGroupArn"]
        for name, rule in shared.find_resources(LISTENER_RULE).items()
        if name.startswith("DatafiUpdates")
    }
    assert list(rules.values()) == [group]
    outputs = shared.find_outputs("*")
    secrets = {name for name in outputs if name.endswith("UpdateSecretArn")}
    assert len(secrets) == 3
    assert len({json.dumps(outputs[name]["Value"]) for name in secrets}) == 1


def test_shared_can_be_switched(big: Template, shared: Template) -> None:
    """The new rule wants no priority that one of those before has, as they go after it comes."""
    switched = [
        rule["Properties"]["Priority"]
        for made in (big, shared)
        for name, rule in made.find_resources(LISTENER_RULE).items()
        if name.startswith("DatafiUpdates")
    ]
    assert len(switched) == len(set(switched)) == 4
    assert max(switched) == 50_000


@pytest.mark.parametrize("shared", [False, True])
def test_callers_need_neither_key_nor_load_balancer(shared: bool) -> None:
    """With `caller_role_arns` each function has a URL that these roles may invoke, and no rule."""
    roles = [f"arn:aws:iam::{ACCOUNT}:role/console-{number}" for number in (1, 2)]
    update_api = {"caller_role_arns": roles, "shared": shared}
    made = edge_stack(two_servers(update_api=update_api))
    made.resource_count_is("AWS::Lambda::Url", 1 if shared else 3)
    made.resource_count_is(SECRET, 0)
    for kind in (LISTENER_RULE, TARGET_GROUP, FUNCTION):
        assert not [name for name in made.find_resources(kind) if name.startswith("UpdateRouter")]
    for kind in (LISTENER_RULE, TARGET_GROUP):
        assert not [
            name
            for name in made.find_resources(kind)
            if name.startswith(("UpdateApi", "DatafiUpdates"))
        ]
    granted = {
        role
        for policy in made.find_resources(INLINE_POLICY).values()
        if "lambda:InvokeFunctionUrl" in json.dumps(policy)
        for role in policy["Properties"]["Roles"]
    }
    assert granted == {"console-1", "console-2"}
    assert not [name for name in made.find_outputs("*") if name.endswith("UpdateSecretArn")]
    (url,) = made.find_outputs("CoUpdateUrl").values()
    assert "FunctionUrl" in json.dumps(url["Value"])


@pytest.mark.parametrize(
    ("shared", "storage", "more"),
    [(False, False, 20), (False, True, 23), (True, False, 12), (True, True, 15)],
)
def test_a_further_server_takes_so_many_resources(shared: bool, storage: bool, more: int) -> None:
    """What the README says of how many servers fit in a stack."""
    counts = []
    for count in (2, 3):
        servers = [{"name": f"es-{index}", "storage": storage} for index in range(count)]
        data = minimal(edge_servers={"long_running": servers}, update_api={"shared": shared})
        counts.append(len(edge_stack(data).to_json()["Resources"]))
    assert counts[1] - counts[0] == more


def test_state_is_kept_by_default(big: Template) -> None:
    """Zone, bucket, logs and generated secrets outlive the stack."""
    assert _deletion_policies(big, log_groups=10) == {"Retain"}
    found = attributes(properties(big, LOAD_BALANCER), "LoadBalancerAttributes")
    assert found["deletion_protection.enabled"] == "true"
    big.resource_count_is("Custom::S3AutoDeleteObjects", 0)


def test_state_goes_with_the_stack_if_allowed(deletable: Template) -> None:
    """With `allow_delete_resources` the same resources are deleted, and the buckets are emptied."""
    assert _deletion_policies(deletable, log_groups=12) == {"Delete"}
    found = attributes(properties(deletable, LOAD_BALANCER), "LoadBalancerAttributes")
    assert found["deletion_protection.enabled"] == "false"
    deletable.resource_count_is("Custom::S3AutoDeleteObjects", 3)


def _deletion_policies(template: Template, *, log_groups: int) -> set[str]:
    found = [
        resource
        for resource_type in (HOSTED_ZONE, BUCKET, LOG_GROUP, SECRET)
        for resource in template.find_resources(resource_type).values()
    ]
    assert len(found) == 1 + 3 + log_groups + 3
    return {entry[key] for entry in found for key in ("DeletionPolicy", "UpdateReplacePolicy")}


def test_outputs_of_one_server(template: Template) -> None:
    """Load balancer, name servers, and the server's addresses and update secret."""
    outputs = {name: entry["Value"] for name, entry in template.find_outputs("*").items()}
    load_balancer, zone = logical_id(template, LOAD_BALANCER), logical_id(template, HOSTED_ZONE)
    assert outputs == {
        "LoadBalancerDnsName": {"Fn::GetAtt": [load_balancer, "DNSName"]},
        "NameServers": {"Fn::Join": [" ", {"Fn::GetAtt": [zone, "NameServers"]}]},
        "EsUrl": f"https://es.{ROOT_DOMAIN}",
        "EsGrpcEndpoint": f"es.{ROOT_DOMAIN}:50051",
        "EsUpdateUrl": f"https://update.{ROOT_DOMAIN}/es",
        "EsUpdateSecretArn": {"Ref": logical_id(template, SECRET)},
    }


def test_outputs_of_hyphenated_names_cannot_clash(big: Template) -> None:
    """A name with hyphens becomes letters, digits and a distinction; others stay as they are."""
    names = set(big.find_outputs("*"))
    assert {"CoUrl", "CoGrpcEndpoint", "CoUpdateUrl", "CoUpdateSecretArn"} <= names
    hyphenated = {name for name in names if name.startswith("EsEu1")}
    assert {re.sub(r"^EsEu1[0-9a-f]{6}", "", name) for name in hyphenated} == {
        "Url",
        "GrpcEndpoint",
        "UpdateUrl",
        "UpdateSecretArn",
    }
    clashing = ["a-bc", "ab-c", "abc"]
    servers = {"long_running": [{"name": name} for name in clashing]}
    outputs = edge_stack(minimal(edge_servers=servers)).find_outputs("*")
    urls = {f"https://{name}.{ROOT_DOMAIN}" for name in clashing}
    assert urls <= {str(entry["Value"]) for entry in outputs.values()}


def test_no_name_servers_to_tell_of_an_existing_zone() -> None:
    """With an existing zone there is no output of name servers, and no new zone."""
    dns = {"root_domain": ROOT_DOMAIN, "hosted_zone_id": "Z123"}
    template = edge_stack(minimal(dns=dns))
    assert "NameServers" not in template.find_outputs("*")
    template.resource_count_is(HOSTED_ZONE, 0)


def test_every_resource_is_tagged_with_the_deployment(big: Template) -> None:
    """Whatever can have tags has that of the deployment."""
    tag = {"Key": "datafi:deployment", "Value": "acme"}
    tagged = [
        name
        for name, entry in big.to_json()["Resources"].items()
        if tag in entry.get("Properties", {}).get("Tags", ())
        or tag in entry.get("Properties", {}).get("HostedZoneTags", ())
    ]
    kinds = {big.to_json()["Resources"][name]["Type"] for name in tagged}
    assert {HOSTED_ZONE, BUCKET, LOG_GROUP, SECRET, SERVICE, LOAD_BALANCER} <= kinds
    assert not kinds & {LISTENER_RULE, "AWS::ElasticLoadBalancingV2::Listener"}
    assert len(tagged) > 50


def test_nothing_has_a_fixed_name(big: Template) -> None:
    """No resource has a physical name, so that a second deployment fits beside the first."""
    named = []
    for logical, entry in big.to_json()["Resources"].items():
        found = PHYSICAL_NAMES & set(entry.get("Properties", {}))
        if entry["Type"] in NAMED_BY_NAME:
            found |= {"Name"} & set(entry["Properties"])
        # Custom resources and permissions take the name of another resource, by reference.
        named += [
            (logical, name) for name in found if not isinstance(entry["Properties"][name], dict)
        ]
    assert named == []


def test_no_arn_names_the_partition() -> None:
    """No ARN that we write is of one partition: the template also fits China."""
    china = "cn-north-1"
    arns = {
        key: secret_arn(key, china, "aws-cn")
        for key in ("secret_arn", "registry_credentials_secret_arn")
    }
    servers = [{"name": "es", "storage": True, "secret_arn": secret_arn("es", china, "aws-cn")}]
    data = minimal(
        aws={"account": ACCOUNT, "region": china},
        edge_servers={"long_running": servers},
        coordinator=arns,
        allow_delete_resources=True,
    )
    literals: list[str] = []

    def visit(_: str, value: Any) -> None:
        literals.extend(
            text
            for text in (value if isinstance(value, list) else [value])
            if isinstance(text, str) and "arn:aws:" in text
        )

    made = edge_stack(data).to_json()
    walk(made, visit)
    assert literals == []
    assert "arn:aws-cn:" in str(made)


def test_description_names_the_deployment(template: Template) -> None:
    """The stack says which deployment it is."""
    assert template.to_json()["Description"] == "Datafi edge deployment acme"


def test_stack_goes_where_the_configuration_says() -> None:
    """The section `aws` is the stack's environment; without it, the stack fits any."""
    aws = {"account": ACCOUNT, "region": "eu-west-1"}
    placed = _stack(minimal(aws=aws))
    assert (placed.account, placed.region) == (ACCOUNT, "eu-west-1")
    assert _stack(minimal()).environment == "aws://unknown-account/unknown-region"


def test_arguments_of_a_stack_win() -> None:
    """`env`, `stack_name` and `description` are taken as of every stack."""
    config = DatafiEdgeConfig.model_validate(minimal())
    stack = DatafiEdgeStack(new_app(), "Id", config=config, stack_name="other", description="Ours")
    assert stack.stack_name == "other"
    assert Template.from_stack(stack).to_json()["Description"] == "Ours"


def test_disabled_stack_is_not_in_the_assembly() -> None:
    """With `disable_stack` the app has no such stack: deploying it changes nothing."""
    app = new_app()
    config = DatafiEdgeConfig.model_validate(minimal(disable_stack=True))
    DatafiEdgeStack(app, "DatafiEdge", config=config)
    Stack(app, "Other")
    assert [stack.stack_name for stack in app.synth().stacks] == ["Other"]


def test_an_existing_network_is_looked_up() -> None:
    """With `vpc_id` that VPC is looked up where the stack goes, and no other is made."""
    app = new_app()
    data = minimal(vpc={"vpc_id": "vpc-00000123"}, aws={"account": ACCOUNT, "region": REGION})
    stack = DatafiEdgeStack(app, "DatafiEdge", config=DatafiEdgeConfig.model_validate(data))
    assembly = Path(app.synth().directory)
    (lookup,) = json.loads((assembly / "manifest.json").read_text())["missing"]
    assert lookup["provider"] == "vpc-provider"
    assert (lookup["props"]["account"], lookup["props"]["region"]) == (ACCOUNT, REGION)
    assert lookup["props"]["filter"] == {"vpc-id": "vpc-00000123"}
    Template.from_stack(stack).resource_count_is("AWS::EC2::VPC", 0)


def test_subnets_of_an_existing_network_are_no_warning() -> None:
    """Zones and subnets by their ids synthesize with `--strict`: nothing asks for route tables."""
    vpc = {
        "vpc_id": "vpc-00000001",
        "availability_zones": ["us-east-1a", "us-east-1b"],
        "public_subnet_ids": ["subnet-00000001", "subnet-00000002"],
        "private_subnet_ids": ["subnet-00000003", "subnet-00000004"],
    }
    found = Annotations.from_stack(_stack(minimal(vpc=vpc)))
    assert found.find_warning("*", Match.any_value()) == []


def test_stacks_that_share_a_role_have_policies_of_their_own() -> None:
    """Several servers of several stacks, also of other regions, grant side by side to a role."""
    roles = {
        f"{kind}_role_arn": f"arn:aws:iam::{ACCOUNT}:role/shared" for kind in ("task", "execution")
    }
    servers = [
        {"name": name, "storage": True, "secret_arn": secret_arn("es"), **roles}
        for name in ("es", "a-name-of-many-letters-that-is-as-long-as-a-label-of-dns-may-be")
    ]
    names: list[str] = []
    for stack_name, region in (("One" * 40, REGION), ("Two", REGION), ("One" * 40, "eu-west-1")):
        for server in servers:
            server["secret_arn"] = secret_arn("es", region)
        data = minimal(
            aws={"account": ACCOUNT, "region": region}, edge_servers={"long_running": servers}
        )
        config = DatafiEdgeConfig.model_validate(data)
        stack = DatafiEdgeStack(new_app(), "DatafiEdge", config=config, stack_name=stack_name)
        policies = Template.from_stack(stack).find_resources(INLINE_POLICY).values()
        names += [
            entry["Properties"]["PolicyName"]
            for entry in policies
            if entry["Properties"]["Roles"] == ["shared"]
        ]
    assert len(names) == len(set(names)) == 3 * 2 * 2
    assert all(len(name) <= 128 for name in names)


def test_exposes_what_it_made() -> None:
    """Network, cluster, names, load balancer and servers are attributes."""
    stack = _stack(two_servers())
    assert list(stack.edge_servers) == ["es", "es-eu-1"]
    assert set(stack.update_apis) == {"co", "es", "es-eu-1"}
    for name, api in stack.update_apis.items():
        assert [service.name for service in api.services] == [name]
    assert stack.coordinator is not None
    assert stack.coordinator.name == "co"
    assert stack.namespace is not None
    assert stack.ingress.root_domain == stack.dns.root_domain == ROOT_DOMAIN
    assert stack.cluster.vpc is stack.vpc
    plain = _stack(minimal())
    assert plain.coordinator is None
    assert plain.namespace is None


def _stack(data: dict[str, Any]) -> DatafiEdgeStack:
    return DatafiEdgeStack(new_app(), "DatafiEdge", config=DatafiEdgeConfig.model_validate(data))


def test_refuses_an_env_that_differs_from_the_configuration() -> None:
    """What is looked up and what is deployed are in one account and region."""
    config = DatafiEdgeConfig.model_validate(minimal(aws={"account": ACCOUNT, "region": REGION}))
    env = Environment(account="222222222222", region=REGION)
    with pytest.raises(InvalidInputError) as refusal:
        DatafiEdgeStack(new_app(), "DatafiEdge", config=config, env=env)
    assert str(refusal.value) == (
        f"DatafiEdge: env must be that of the configuration ({ACCOUNT}/{REGION}), "
        f"got 222222222222/{REGION}; leave one of them out."
    )


def test_servers_that_share_a_security_group_share_its_rules() -> None:
    """A rule twice would be one in EC2, and go with the first server that goes (aws-cdk#4437)."""
    servers = [{"name": name, "security_group_ids": ["sg-001a2b3c"]} for name in ("one", "two")]
    template = edge_stack(minimal(edge_servers={"long_running": servers}))
    rules = [rule["Properties"] for rule in template.find_resources(INGRESS_RULE).values()]
    ports = [rule["FromPort"] for rule in rules if rule["GroupId"] == "sg-001a2b3c"]
    assert sorted(ports) == [80, 50051]


def test_refuses_more_servers_than_a_stack_has_room_for() -> None:
    """Too many resources are told before the CDK counts them, with the way out."""
    servers = [{"name": f"es-{number}", "storage": True} for number in range(20)]
    data = minimal(edge_servers={"long_running": servers})
    with pytest.raises(InvalidInputError) as refusal:
        _stack(data)
    assert " with 20 servers; deploy some servers, or EdgeMonitoring, in another stack" in str(
        refusal.value
    )
    assert "update_api.shared: true" in str(refusal.value)
