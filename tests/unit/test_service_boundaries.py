"""Services across stacks, under any partition and any flags, and with what is applied outside."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from datafi_cdk import AutoScaling, Coordinator, EdgeDns, EdgeServer, EdgeStorage, SharedIngress
from aws_cdk import App, Environment, NestedStack, PermissionsBoundary, Stack, Tags
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_servicediscovery as servicediscovery
from aws_cdk.assertions import Template
from deployment import (
    ACCOUNT,
    INGRESS_RULE,
    INLINE_POLICY,
    LISTENER_RULE,
    POLICY,
    ROLE,
    ROOT_DOMAIN,
    SECURITY_GROUP,
    SERVICE,
    TASK_DEFINITION,
    logical_id,
    needs,
    new_app,
    new_stack,
    one,
    properties,
    recommended_flags,
    secret_arn,
    surroundings,
)

ROLE_ARN = f"arn:aws:iam::{ACCOUNT}:role/existing"


class Stacks:
    """A stack with what a customer has, one with the load balancer, one for the server."""

    def __init__(self, app: App | None = None) -> None:
        app = app or new_app()
        self.base, self.front, self.mine = (
            new_stack(name, app) for name in ("Base", "Front", "Mine")
        )
        self.vpc = ec2.Vpc(self.base, "Vpc", max_azs=2, nat_gateways=1)
        self.cluster = ecs.Cluster(self.base, "Cluster", vpc=self.vpc)
        dns = EdgeDns(self.front, "Dns", root_domain=ROOT_DOMAIN)
        self.ingress = SharedIngress(self.front, "Ingress", vpc=self.vpc, dns=dns)
        self.key = kms.Key(self.base, "Key")
        self._ids = count()

    @property
    def around(self) -> dict[str, Any]:
        """The arguments that every server takes."""
        return {"cluster": self.cluster, "ingress": self.ingress}

    def role(self) -> iam.Role:
        """A new role of the customer's."""
        principal = iam.ServicePrincipal("ecs-tasks.amazonaws.com")
        return iam.Role(self.base, f"Role{next(self._ids)}", assumed_by=principal)

    def imported_role(self, **arguments: Any) -> iam.IRole:
        """A role that the customer's stack imports."""
        return iam.Role.from_role_arn(self.base, f"Role{next(self._ids)}", ROLE_ARN, **arguments)

    def secret(self) -> secretsmanager.Secret:
        """A new secret with a new key."""
        return secretsmanager.Secret(self.base, f"Secret{next(self._ids)}", encryption_key=self.key)


ACROSS: dict[str, Callable[[Stacks], dict[str, Any]]] = {
    "execution role": lambda at: {"execution_role": at.role()},
    "imported execution role": lambda at: {"execution_role": at.imported_role()},
    "fixed execution role": lambda at: {"execution_role": at.imported_role(mutable=False)},
    "task role": lambda at: {
        "task_role": at.role(),
        "storage": EdgeStorage(at.mine, "Storage"),
        "enable_execute_command": True,
    },
    "imported task role": lambda at: {
        "task_role": at.imported_role(),
        "storage": EdgeStorage(at.mine, "Storage"),
    },
    "security group": lambda at: {
        "security_groups": [ec2.SecurityGroup(at.base, "Group", vpc=at.vpc)]
    },
    "imported security group": lambda at: {
        "security_groups": [ec2.SecurityGroup.from_security_group_id(at.base, "Group", "sg-1")]
    },
    "log group": lambda at: {"log_group": logs.LogGroup(at.base, "Log", encryption_key=at.key)},
    "secret": lambda at: {"secret": at.secret(), "jwt_jwks_secret": at.secret()},
    "secrets": lambda at: {"secrets": {"KEY": ecs.Secret.from_secrets_manager(at.secret(), "key")}},
    "storage": lambda at: {
        "storage": EdgeStorage(
            at.base, "Storage", bucket=s3.Bucket(at.base, "Bucket", encryption_key=at.key)
        )
    },
    "namespace": lambda at: {
        "cloud_map_namespace": servicediscovery.PrivateDnsNamespace(
            at.base, "Namespace", name="internal", vpc=at.vpc
        )
    },
    "image": lambda at: {
        "image": ecs.ContainerImage.from_ecr_repository(ecr.Repository(at.base, "Images"), "v1")
    },
}


@pytest.mark.parametrize("arguments", ACROSS.values(), ids=ACROSS)
def test_what_is_handed_in_may_be_of_another_stack(
    arguments: Callable[[Stacks], dict[str, Any]],
) -> None:
    """Nothing of the customer's stack comes to need the server's stack."""
    at = Stacks()
    EdgeServer(at.mine, "Es", **at.around, name="es", **arguments(at))
    App.of(at.mine).synth()
    needed = [{other.stack_name for other in needs(each)} for each in (at.base, at.front, at.mine)]
    assert needed == [set(), {"Base"}, {"Base", "Front"}]
    template = Template.from_stack(at.mine)
    inside = [
        rule
        for group in template.find_resources(SECURITY_GROUP).values()
        for rule in group["Properties"]["SecurityGroupIngress"]
    ]
    assert len(inside) + len(template.find_resources(INGRESS_RULE)) == 2


@pytest.mark.parametrize("is_new", [True, False])
def test_roles_of_another_stack_get_their_rights_here(is_new: bool) -> None:
    """The policy is made in the server's stack, under a name that other stacks do not take."""
    at = Stacks()
    role = at.role() if is_new else at.imported_role()
    for name in ("Es", "Other"):
        EdgeServer(at.mine, name, **at.around, name=name.lower(), execution_role=role)
    template = Template.from_stack(at.mine)
    made = [entry["Properties"] for entry in template.find_resources(INLINE_POLICY).values()]
    actions = [statement["Action"] for statement in made[0]["PolicyDocument"]["Statement"]]
    assert actions == [["logs:CreateLogStream", "logs:PutLogEvents"]]
    assert len({entry["PolicyName"] for entry in made}) == 2
    assert all("Mine" in entry["PolicyName"] for entry in made)
    waits = one(template, SERVICE, "Es")["DependsOn"]
    assert logical_id(template, INLINE_POLICY, "Es") in waits


def test_a_role_that_must_not_change_is_not_changed() -> None:
    """An imported role with `mutable=False` gets no policy, from this stack or another."""
    at = Stacks()
    here = iam.Role.from_role_arn(at.mine, "Here", ROLE_ARN, mutable=False)
    fixed = at.imported_role(mutable=False)
    for name, role in (("es", here), ("other", fixed)):
        EdgeServer(at.mine, name, **at.around, name=name, execution_role=role, task_role=role)
    template = Template.from_stack(at.mine)
    template.resource_count_is(POLICY, 0)
    template.resource_count_is(INLINE_POLICY, 0)


def test_a_role_without_policy_updates_is_not_changed() -> None:
    """Neither is a role of another stack that CDK was told to leave alone."""
    at = Stacks()
    role = at.role().without_policy_updates()
    storage = EdgeStorage(at.mine, "Storage")
    EdgeServer(
        at.mine, "Es", **at.around, name="es", task_role=role, execution_role=role, storage=storage
    )
    App.of(at.mine).synth()
    template = Template.from_stack(at.mine)
    template.resource_count_is(POLICY, 0)
    template.resource_count_is(INLINE_POLICY, 0)


@pytest.mark.parametrize("path", ["/datafi/prod/", "/", None])
def test_a_role_with_a_path_gets_its_rights(path: str | None) -> None:
    """The policy names the role alone, and the task definition the whole ARN."""
    at = Stacks()
    principal = iam.ServicePrincipal("ecs-tasks.amazonaws.com")
    role = iam.Role(at.base, "Role", path=path, assumed_by=principal)
    EdgeServer(at.mine, "Es", **at.around, name="es", execution_role=role)
    template = Template.from_stack(at.mine)
    (name,) = properties(template, INLINE_POLICY)["Roles"]
    made = logical_id(Template.from_stack(at.base), ROLE)
    assert f"Ref{made}" in name["Fn::ImportValue"]
    arn = properties(template, TASK_DEFINITION)["ExecutionRoleArn"]
    (account,) = (part for part in arn["Fn::Join"][1] if part == {"Ref": "AWS::AccountId"})
    assert arn["Fn::Join"][1] == [
        "arn:",
        {"Ref": "AWS::Partition"},
        ":iam::",
        account,
        f":role{path or '/'}",
        name,
    ]


def group_of_base(at: Stacks, *, is_new: bool, **arguments: Any) -> ec2.ISecurityGroup:
    """A security group of the customer's stack, made or imported there."""
    if is_new:
        return ec2.SecurityGroup(at.base, "Group", vpc=at.vpc, **arguments)
    return ec2.SecurityGroup.from_security_group_id(at.base, "Group", "sg-1", **arguments)


@pytest.mark.parametrize("is_new", [True, False])
def test_servers_that_share_a_security_group_share_its_rules(is_new: bool) -> None:
    """A rule twice would be one in EC2, and go with the first server that goes (aws-cdk#4437)."""
    at = Stacks()
    group = group_of_base(at, is_new=is_new)
    for name in ("one", "two"):
        EdgeServer(at.mine, name, **at.around, name=name, security_groups=[group])
    rules = Template.from_stack(at.mine).find_resources(INGRESS_RULE).values()
    assert sorted(rule["Properties"]["FromPort"] for rule in rules) == [80, 50051]


@pytest.mark.parametrize("is_open", [True, False])
@pytest.mark.parametrize("is_new", [True, False])
def test_a_group_of_another_stack_lets_out_what_it_did(is_new: bool, is_open: bool) -> None:
    """Rules for what goes out are needed, and made, for groups alone that do not let out all."""
    at = Stacks()
    group = group_of_base(at, is_new=is_new, allow_all_outbound=is_open)
    server = EdgeServer(at.mine, "Es", **at.around, name="es", security_groups=[group])
    server.connections.allow_to_any_ipv4(ec2.Port.tcp(5432))
    egress = Template.from_stack(at.mine).find_resources("AWS::EC2::SecurityGroupEgress")
    mine = [rule for rule in egress.values() if rule["Properties"]["ToPort"] == 5432]
    assert len(mine) == (0 if is_open else 1)


def test_a_group_that_must_not_change_is_not_changed() -> None:
    """One imported with `mutable=False` gets no rule, from this stack or another."""
    at = Stacks()
    group = group_of_base(at, is_new=False, mutable=False)
    EdgeServer(at.mine, "Es", **at.around, name="es", security_groups=[group])
    App.of(at.mine).synth()
    for stack in (at.base, at.mine):
        Template.from_stack(stack).resource_count_is(INGRESS_RULE, 0)


ASSOCIATIONS = "AWS::ECS::ClusterCapacityProviderAssociations"
SPOT = [ecs.CapacityProviderStrategy(capacity_provider="FARGATE_SPOT", weight=1)]


@pytest.mark.parametrize("arguments", [{}, {"capacity_provider_strategies": SPOT}])
def test_service_waits_for_the_capacity_providers_it_uses(arguments: dict[str, Any]) -> None:
    """Of a cluster in its stack: it starts after the association, and is gone before that goes."""
    made = surroundings()
    cluster = ecs.Cluster(made.stack, "Spot", vpc=made.vpc, enable_fargate_capacity_providers=True)
    EdgeServer(made.stack, "Es", cluster=cluster, ingress=made.ingress, name="es", **arguments)
    template = Template.from_stack(made.stack)
    waits = logical_id(template, ASSOCIATIONS) in one(template, SERVICE)["DependsOn"]
    assert waits is bool(arguments)


def test_capacity_providers_may_be_of_any_stack() -> None:
    """Of another stack, of one around, of a nested one, and imported; or around the server."""
    app = new_app()
    base, stack = (new_stack(name, app) for name in ("Base", "Test"))
    made = surroundings(stack)
    inner, other = (NestedStack(stack, name) for name in ("Inner", "Other"))

    def cluster(scope: Stack) -> ecs.Cluster:
        return ecs.Cluster(scope, "Spot", vpc=made.vpc, enable_fargate_capacity_providers=True)

    own, nested = cluster(stack), cluster(inner)
    vpc = ec2.Vpc.from_vpc_attributes(
        base, "Vpc", vpc_id="vpc-123", availability_zones=["a"], private_subnet_ids=["subnet-1"]
    )
    foreign = ecs.Cluster(base, "Spot", vpc=vpc, enable_fargate_capacity_providers=True)
    imported = ecs.Cluster.from_cluster_attributes(
        stack, "Imported", cluster_name="existing", vpc=made.vpc
    )
    for number, (scope, used) in enumerate(
        [(stack, foreign), (other, own), (stack, nested), (stack, imported), (own, own)]
    ):
        EdgeServer(
            scope,
            f"Es{number}",
            cluster=used,
            ingress=made.ingress,
            name=f"es{number}",
            capacity_provider_strategies=SPOT,
            auto_scaling=AutoScaling(1, 2, cpu_percent=50),
        )
    app.synth()
    template = Template.from_stack(stack)
    assert base in stack.dependencies
    waits = one(template, SERVICE, "Es2")["DependsOn"]
    assert any(name.startswith("InnerNestedStack") for name in waits)
    (waiting,) = (
        entry
        for name, entry in template.find_resources("AWS::CloudFormation::Stack").items()
        if name.startswith("OtherNestedStack")
    )
    assert logical_id(template, ASSOCIATIONS) in waiting["DependsOn"]


@pytest.mark.parametrize("argument", ["secret", "secrets"])
def test_a_key_of_another_stack_is_granted_in_the_role(argument: str) -> None:
    """Reading and decrypting one secret is in the policy of the execution role, as CDK has it."""
    at = Stacks()
    made = at.secret()
    value = made if argument == "secret" else {"KEY": ecs.Secret.from_secrets_manager(made, "KEY")}
    EdgeServer(at.mine, "Es", **at.around, name="es", **{argument: value})
    template = Template.from_stack(at.mine)
    document = properties(template, POLICY)["PolicyDocument"]
    statements = {str(entry["Action"]): entry for entry in document["Statement"]}
    decrypt = statements["kms:Decrypt"]
    read = statements["secretsmanager:GetSecretValue"]
    condition = decrypt["Condition"]["StringLike"]
    assert condition == {"kms:EncryptionContext:SecretARN": read["Resource"]}
    assert decrypt["Resource"] != read["Resource"]
    (variable,) = properties(template, TASK_DEFINITION)["ContainerDefinitions"][0]["Secrets"]
    assert variable["Name"] == "KEY"
    assert variable["ValueFrom"] == {"Fn::Join": ["", [read["Resource"], ":KEY::"]]}
    key = properties(Template.from_stack(at.base), "AWS::KMS::Key")
    assert "Mine" not in str(key)


def test_servers_may_be_in_a_nested_stack() -> None:
    """With everything else in the stack around it."""
    made = surroundings()
    nested = NestedStack(made.stack, "Nested")
    EdgeServer(nested, "Es", **made.around, name="es", storage=EdgeStorage(made.stack, "Data"))
    template = Template.from_stack(nested)
    template.resource_count_is(SERVICE, 1)
    template.resource_count_is(LISTENER_RULE, 3)
    Template.from_stack(made.stack).resource_count_is(SERVICE, 0)


def test_ingress_may_be_in_a_nested_stack() -> None:
    """With the server in the stack around it."""
    stack = new_stack()
    vpc = ec2.Vpc(stack, "Vpc")
    front = NestedStack(stack, "Front")
    dns = EdgeDns(front, "Dns", root_domain=ROOT_DOMAIN)
    ingress = SharedIngress(front, "Ingress", vpc=vpc, dns=dns)
    cluster = ecs.Cluster(stack, "Cluster", vpc=vpc)
    EdgeServer(stack, "Es", cluster=cluster, ingress=ingress, name="es")
    Template.from_stack(stack).resource_count_is(LISTENER_RULE, 3)


def full(stack: Stack, region: str, partition: str) -> None:
    """A server and a coordinator that make every kind of permission."""
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2, nat_gateways=1)
    dns = EdgeDns(stack, "Dns", root_domain=ROOT_DOMAIN)
    around: dict[str, Any] = {
        "cluster": ecs.Cluster(stack, "Cluster", vpc=vpc),
        "ingress": SharedIngress(stack, "Ingress", vpc=vpc, dns=dns),
    }
    arns = {name: secret_arn(name, region, partition) for name in ("es", "co", "acr")}
    secrets = {
        name: secretsmanager.Secret.from_secret_complete_arn(stack, name, arn)
        for name, arn in arns.items()
    }
    server = EdgeServer(
        stack,
        "Es",
        **around,
        name="es",
        secret=secrets["es"],
        storage=EdgeStorage(stack, "Storage"),
        enable_execute_command=True,
    )
    Coordinator(
        stack,
        "Co",
        **around,
        secret=secrets["co"],
        registry_credentials=secrets["acr"],
        bedrock_models=["anthropic.claude-3-haiku-20240307-v1:0"],
    )
    operator = iam.Role(stack, "Operator", assumed_by=iam.AccountRootPrincipal())
    server.grant_execute_command(operator)


@pytest.mark.parametrize("flagged", [False, True])
@pytest.mark.parametrize(
    ("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_no_arn_names_the_commercial_partition(region: str, partition: str, flagged: bool) -> None:
    """In any partition, with no feature flags and with all recommended ones."""
    app = new_app(recommended_flags() if flagged else None)
    stack = Stack(app, "Test", env=Environment(account=ACCOUNT, region=region))
    full(stack, region, partition)
    template = Template.from_stack(stack)
    template.resource_count_is(SERVICE, 2)
    assert "arn:aws:" not in str(template.to_json())


def test_boundary_and_tags_reach_every_role() -> None:
    """A permissions boundary and tags that the customer applies are on all roles."""
    stack = new_stack()
    boundary = iam.ManagedPolicy.from_managed_policy_name(stack, "Boundary", "boundary")
    iam.PermissionsBoundary.of(stack).apply(boundary)
    Tags.of(stack).add("owner", "data")
    full(stack, "us-east-1", "aws")
    roles = Template.from_stack(stack).find_resources(ROLE)
    assert len(roles) >= 5
    for role in roles.values():
        assert "boundary" in str(role["Properties"]["PermissionsBoundary"])
        assert {"Key": "owner", "Value": "data"} in role["Properties"]["Tags"]


def test_boundary_of_the_stack_reaches_every_role() -> None:
    """So does one that is given to the stack."""
    stack = Stack(new_app(), "Test", permissions_boundary=PermissionsBoundary.from_name("boundary"))
    full(stack, "us-east-1", "aws")
    roles = Template.from_stack(stack).find_resources(ROLE).values()
    assert all("PermissionsBoundary" in role["Properties"] for role in roles)


def test_service_waits_for_routes_and_endpoints() -> None:
    """No task starts before its subnets lead out, and endpoints of the VPC are there."""
    stack = new_stack()
    vpc = ec2.Vpc(stack, "Vpc", nat_gateways=1)
    vpc.add_interface_endpoint("Ecr", service=ec2.InterfaceVpcEndpointAwsService.ECR_DOCKER)
    dns = EdgeDns(stack, "Dns", root_domain=ROOT_DOMAIN)
    ingress = SharedIngress(stack, "Ingress", vpc=vpc, dns=dns)
    cluster = ecs.Cluster(stack, "Cluster", vpc=vpc)
    EdgeServer(stack, "Es", cluster=cluster, ingress=ingress, name="es")
    template = Template.from_stack(stack)
    waits = one(template, SERVICE)["DependsOn"]
    assert logical_id(template, "AWS::EC2::VPCEndpoint") in waits
    assert logical_id(template, "AWS::EC2::Route", "VpcPrivateSubnet1") in waits
    assert logical_id(template, POLICY, "EsExecutionRole") in waits
    for rule in template.find_resources(LISTENER_RULE):
        assert rule in waits
