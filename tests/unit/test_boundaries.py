"""Every construct at once: in nested stacks, in any partition, with what others apply to it."""

from collections.abc import Mapping
from typing import Any

import pytest
from datafi_cdk import (
    AutoScaling,
    Coordinator,
    EdgeDns,
    EdgeNetwork,
    EdgeServer,
    EdgeStorage,
    PullThroughCache,
    ServerlessEdgeServer,
    SharedIngress,
    UpdateApi,
    UpdateRouter,
)
from aws_cdk import Environment, NestedStack, RemovalPolicy, Stack, Tags
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_servicediscovery as servicediscovery
from aws_cdk.assertions import Template
from constructs import Construct
from deployment import (
    ACCOUNT,
    BUCKET,
    CERTIFICATE,
    CERTIFICATE_ARN,
    HOSTED_ZONE,
    LISTENER,
    LISTENER_RULE,
    LOAD_BALANCER,
    LOG_GROUP,
    ROLE,
    ROOT_DOMAIN,
    SECRET,
    SERVICE,
    TARGET_GROUP,
    needs,
    new_app,
    new_stack,
    walk,
)

PARTS = ("Network", "Names", "Front", "Compute", "Data", "Edge", "Control", "Lambda", "Updates")


def new_secret(scope: Construct, name: str) -> secretsmanager.Secret:
    """A secret of the same app, with a key of its own."""
    return secretsmanager.Secret(scope, name, encryption_key=kms.Key(scope, f"{name}Key"))


def deployment(scopes: Mapping[str, Construct], *, namespace: bool = True) -> None:
    """One of everything, each part in the scope of its name."""
    network = EdgeNetwork(scopes["Network"], "Network", flow_logs=True)
    dns = EdgeDns(scopes["Names"], "Dns", root_domain=ROOT_DOMAIN)
    ingress = SharedIngress(scopes["Front"], "Ingress", vpc=network.vpc, dns=dns, access_logs=True)
    compute, data = scopes["Compute"], scopes["Data"]
    cluster = ecs.Cluster(
        compute, "Cluster", vpc=network.vpc, enable_fargate_capacity_providers=True
    )
    around = {"cluster": cluster, "ingress": ingress}
    cache = PullThroughCache(
        data,
        "Images",
        docker_hub_credentials=secretsmanager.Secret(
            data, "Hub", secret_name="ecr-pullthroughcache/hub"
        ),
    )
    storage = EdgeStorage(data, "Storage", encryption_key=kms.Key(data, "StorageKey"))
    jwks = new_secret(data, "Jwks")
    edge = EdgeServer(
        scopes["Edge"],
        "Es",
        **around,
        name="es",
        secret=new_secret(data, "EsSecret"),
        jwt_jwks_secret=jwks,
        storage=storage,
        pull_through_cache=cache,
        auto_scaling=AutoScaling(1, 4, cpu_percent=60, requests_per_target=100),
        capacity_provider_strategies=[
            ecs.CapacityProviderStrategy(capacity_provider="FARGATE_SPOT", weight=1)
        ],
        cloud_map_namespace=servicediscovery.PrivateDnsNamespace(
            compute, "Namespace", name="internal.example.com", vpc=network.vpc
        )
        if namespace
        else None,
    )
    Coordinator(
        scopes["Control"],
        "Co",
        **around,
        secret=new_secret(data, "CoSecret"),
        registry_credentials=new_secret(data, "Acr"),
        bedrock_models=["anthropic.claude-3-haiku-20240307-v1:0"],
    )
    ServerlessEdgeServer(
        scopes["Lambda"],
        "Fn",
        ingress=ingress,
        name="fn",
        repository=ecr.Repository.from_repository_name(scopes["Lambda"], "FnImages", "es-lambda"),
        secret=new_secret(data, "FnSecret"),
        jwt_jwks_secret=jwks,
        storage=storage,
        vpc=network.vpc,
    )
    updates = UpdateApi(
        scopes["Updates"],
        "Api",
        ingress=ingress,
        services=[edge],
        secret=new_secret(data, "UpdateSecret"),
    )
    UpdateRouter(scopes["Updates"], "Root", ingress=ingress, update_apis=[updates])


def in_one(stack: Stack) -> dict[str, Construct]:
    """Every part in one stack."""
    return dict.fromkeys(PARTS, stack)


@pytest.fixture(scope="module")
def template() -> Template:
    """Everything in one stack."""
    stack = new_stack()
    deployment(in_one(stack))
    return Template.from_stack(stack)


def test_separate_stacks_need_each_other_one_way() -> None:
    """Each part in a stack of its own: every construct, secrets and keys of another stack too."""
    app = new_app()
    stacks = {name: new_stack(name, app) for name in PARTS}
    deployment(stacks)
    app.synth()
    found = {name: {need.node.id for need in needs(stacks[name])} for name in PARTS}
    servers = {"Edge", "Control", "Lambda", "Updates"}
    for name in set(PARTS) - servers:
        assert not found[name] & servers, name
    assert found["Edge"] == {"Network", "Front", "Compute", "Data"}


def test_nested_stacks_need_each_other_one_way() -> None:
    """Each part in a nested stack of one parent, which CloudFormation deploys in some order."""
    app = new_app()
    parent = new_stack("Parent", app)
    deployment({name: NestedStack(parent, name) for name in PARTS})
    app.synth()
    template = Template.from_stack(parent)
    nested = template.find_resources("AWS::CloudFormation::Stack")
    assert len(nested) == len(PARTS)
    needs = {name: set() for name in nested}
    for name, entry in nested.items():

        def visit(key: str, value: Any, name: str = name) -> None:
            if key == "Fn::GetAtt" and value[0] in nested:
                needs[name].add(value[0])

        walk(entry, visit)
        needs[name] |= {other for other in entry.get("DependsOn", ()) if other in nested}
    order: list[str] = []
    while len(order) < len(needs):
        ready = [name for name in needs if name not in order and needs[name] <= set(order)]
        assert ready, f"a cycle among {sorted(set(needs) - set(order))}"
        order += ready


def test_one_server_may_be_in_a_nested_stack_of_the_others() -> None:
    """The servers in a nested stack, everything else in its parent."""
    app = new_app()
    parent = new_stack("Parent", app)
    nested = NestedStack(parent, "Nested")
    servers = dict.fromkeys(("Edge", "Control", "Lambda", "Updates"), nested)
    deployment({**in_one(parent), **servers})
    app.synth()
    Template.from_stack(nested).resource_count_is(SERVICE, 2)
    Template.from_stack(nested).resource_count_is(LISTENER_RULE, 9)


@pytest.mark.parametrize("region", ["cn-north-1", "us-gov-west-1", None])
def test_no_partition_is_written_by_hand(region: str | None) -> None:
    """Nothing we write names a partition: each region has its own, known or not."""
    env = Environment(account=ACCOUNT, region=region) if region else None
    stack = Stack(new_app(), "Test", env=env)
    deployment(in_one(stack))
    literals: list[str] = []

    def visit(_: str, value: Any) -> None:
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and "arn:aws:" in text:
                literals.append(text)

    walk(Template.from_stack(stack).to_json(), visit)
    assert literals == []


def test_a_permissions_boundary_reaches_every_role() -> None:
    """What a company demands of all roles, ours have: also those of our custom resources."""
    stack = new_stack()
    deployment(in_one(stack))
    iam.PermissionsBoundary.of(stack).apply(
        iam.ManagedPolicy.from_managed_policy_name(stack, "Boundary", "company-boundary")
    )
    roles = Template.from_stack(stack).find_resources(ROLE)
    assert len(roles) >= 8
    without = [
        name for name, role in roles.items() if "PermissionsBoundary" not in role["Properties"]
    ]
    assert without == []


def test_tags_reach_what_can_have_them() -> None:
    """Tags that are applied from outside are on what costs money and what holds data."""
    stack = new_stack()
    deployment(in_one(stack))
    Tags.of(stack).add("cost-center", "data")
    tag = {"Key": "cost-center", "Value": "data"}
    resources = Template.from_stack(stack).to_json()["Resources"].values()
    tagged = {
        entry["Type"]
        for entry in resources
        if tag in entry.get("Properties", {}).get("Tags", ())
        or tag in entry.get("Properties", {}).get("HostedZoneTags", ())
    }
    assert tagged >= {
        BUCKET, HOSTED_ZONE, LOAD_BALANCER, LOG_GROUP, SECRET, SERVICE, TARGET_GROUP,
        "AWS::EC2::NatGateway", "AWS::ECS::TaskDefinition", "AWS::KMS::Key",
        "AWS::Lambda::Function",
    }  # fmt: skip
    services = Template.from_stack(stack).find_resources(SERVICE).values()
    assert {entry["Properties"].get("PropagateTags") for entry in services} == {"SERVICE"}


def test_data_is_kept_unless_told_otherwise(template: Template) -> None:
    """Zone, buckets, logs, keys and secrets outlive the stack."""
    kept = {HOSTED_ZONE, BUCKET, LOG_GROUP, "AWS::KMS::Key"}
    policies = {
        (entry["Type"], entry.get("DeletionPolicy"))
        for entry in template.to_json()["Resources"].values()
        if entry["Type"] in kept
    }
    assert policies == {(kind, RemovalPolicy.RETAIN.name.capitalize()) for kind in kept}


# A change of one of these ids replaces what it names: data is lost, names stop answering, or a
# create-before-delete clashes. Whoever must change one says so in the changelog as breaking.
PINNED = {
    "AWS::ApplicationAutoScaling::ScalableTarget": {"EsServiceTaskCountTarget787BC379"},
    "AWS::EC2::EIP": {"NetworkVpcPublicSubnet1EIPE0D52090"},
    "AWS::EC2::SecurityGroup": {
        "CoSecurityGroup2E24C71C", "EsSecurityGroupCDEE6734",
        "FnFunctionSecurityGroup5B17C329", "IngressSecurityGroup2362479F",
    },
    "AWS::EC2::Subnet": {
        "NetworkVpcPrivateSubnet1Subnet6DD86AE6", "NetworkVpcPrivateSubnet2Subnet1BDBE877",
        "NetworkVpcPublicSubnet1Subnet36933139", "NetworkVpcPublicSubnet2SubnetC427CCE0",
    },
    "AWS::EC2::VPC": {"NetworkVpc7FB7348F"},
    "AWS::ECR::PullThroughCacheRule": {"ImagesDockerHub99592973"},
    "AWS::ECS::TaskDefinition": {"CoTaskDefinition960F91D7", "EsTaskDefinition659C8E9A"},
    "AWS::KMS::Key": {"FnEnvironmentKey7302F9C5"},
    "AWS::Lambda::Function": {
        "ApiFunction6BF808ED", "DatafiUpdateEventsFunctionCFDEB513",
        "FnFunction06372625", "RootFunctionBE7A615E",
    },
    "AWS::ServiceDiscovery::Service": {"EsServiceCloudmapService98006F5B"},
    BUCKET: {
        "IngressAccessLogs80F9B44E", "IngressServerAccessLogs23B62B1F", "StorageBucket5CB7C8EA",
        "StorageServerAccessLogsF3F2C44D",
    },
    CERTIFICATE: {"DnsCertificateEFDADC48"},
    HOSTED_ZONE: {"DnsHostedZone9A2A44DA"},
    LISTENER: {
        "IngressLoadBalancerGrpcListener31737BCF", "IngressLoadBalancerHttpsListenerF079E8CE",
        "IngressLoadBalancerRedirectListener01C7529E",
    },
    LISTENER_RULE: {
        "CoGrpcOverHttpsRuleB23149B5", "CoGrpcRule4E60EC37",
        "DatafiUpdateses76280dfcRule214BF95B",
        "CoHttpRule5563F64F", "EsGrpcOverHttpsRule27CA5525", "EsGrpcRuleBC6C270F",
        "EsHttpRule56EBF872", "FnHttpRuleD57A826F", "RootRule95FE88D5",
    },
    LOAD_BALANCER: {"IngressLoadBalancerAE82CB09"},
    LOG_GROUP: {
        "ApiLogGroup1717FE17", "CoLogGroup2D32010F", "DatafiUpdateEventsLogGroupB033765D",
        "EsLogGroupD0192343", "FnLogGroup27CC2AC8",
        "NetworkFlowLogGroup4F8CEEEF", "RootLogGroupFAAEF3C9",
    },
    ROLE: {
        "ApiRoleDE7A08EC", "CoExecutionRoleE7372502", "DatafiUpdateEventsRoleF5E31C77",
        "CoTaskRole0B855845", "EsExecutionRoleF8A6E2B9",
        "EsTaskRole81A2CEE9", "FnRole3D8FD641", "NetworkFlowLogRole4C0B2D1D",
        "RootRole417DE289",
    },
    SERVICE: {"CoServiceBE8CF19E", "EsService661E3AFF"},
    TARGET_GROUP: {
        "ApiTargetGroup54BFE075", "CoGrpcTargetGroupB6084E04", "CoHttpTargetGroup6DC51DB9",
        "EsGrpcTargetGroup8CF13BC5", "EsHttpTargetGroup7FA20076", "FnTargetGroup73F1FADC",
        "RootTargetGroup738846AF",
    },
}  # fmt: skip
# What the app itself makes around our constructs, and what CDK makes for itself.
OTHERS = ("Acr", "CoSecret", "EsSecret", "FnSecret", "Jwks", "StorageKey", "UpdateSecret", "Custom")


@pytest.mark.parametrize("kind", PINNED)
def test_logical_ids_stay(template: Template, kind: str) -> None:
    """The ids of what holds state or is referred to from outside are a contract."""
    found = template.find_resources(kind)
    assert {name for name in found if not name.startswith(OTHERS)} == PINNED[kind]


def test_logical_ids_of_a_private_deployment_stay() -> None:
    """So are those of what only a private deployment has, and of a generated key."""
    stack = new_stack()
    network = EdgeNetwork(stack, "Network", nat_gateways=0)
    certificate = acm.Certificate.from_certificate_arn(stack, "Certificate", CERTIFICATE_ARN)
    dns = EdgeDns(
        stack,
        "Dns",
        root_domain=ROOT_DOMAIN,
        private_zone_vpc=network.vpc,
        certificate=certificate,
    )
    ingress = SharedIngress(stack, "Ingress", vpc=network.vpc, dns=dns, internal=True)
    edge = EdgeServer(
        stack,
        "Es",
        cluster=ecs.Cluster(stack, "Cluster", vpc=network.vpc),
        ingress=ingress,
        name="es",
        egress_provided=True,
    )
    UpdateApi(stack, "Api", ingress=ingress, services=[edge])
    template = Template.from_stack(stack)
    assert set(template.find_resources(HOSTED_ZONE)) == {"DnsPrivateHostedZone64A2682F"}
    assert set(template.find_resources(SECRET)) == {"ApiSecret2267189C"}
