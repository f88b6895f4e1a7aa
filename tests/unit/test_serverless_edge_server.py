"""ServerlessEdgeServer: its function, its rights, its secrets and its way through the ingress."""

from __future__ import annotations

import json
from typing import Any

import pytest
from datafi_cdk import EdgeServer, EdgeStorage, ServerlessEdgeServer
from aws_cdk import CfnParameter, Duration, RemovalPolicy, Size
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Match, Template
from deployment import (
    BUCKET,
    FUNCTION,
    INLINE_POLICY,
    KEY_ARN,
    LISTENER,
    LISTENER_RULE,
    LOG_GROUP,
    POLICY,
    ROLE,
    ROOT_DOMAIN,
    SECURITY_GROUP,
    TARGET_GROUP,
    Surroundings,
    logical_id,
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

KEY = "AWS::KMS::Key"
PERMISSION = "AWS::Lambda::Permission"
DIGEST = f"sha256:{'0123456789abcdef' * 4}"
ROLE_ARN = "arn:aws:iam::111111111111:role/brought"


@pytest.fixture(scope="module")
def surrounded() -> Surroundings:
    """A stack with servers that differ in their arguments."""
    made = surroundings()
    stack = made.stack
    repository = ecr.Repository.from_repository_name(stack, "Images", "datafi-es")

    def server(construct_id: str, **arguments: Any) -> ServerlessEdgeServer:
        return ServerlessEdgeServer(
            stack,
            construct_id,
            **{
                "ingress": made.ingress,
                "name": construct_id.lower(),
                "repository": repository,
                **arguments,
            },
        )

    server("Plain")
    server(
        "Full",
        image_tag="v7",
        memory_size=4096,
        timeout=Duration.minutes(10),
        architecture=lambda_.Architecture.ARM_64,
        ephemeral_storage_size=Size.gibibytes(2),
        secret=secret(stack, "full", with_key=True),
        secret_variables={"EDGE_KEY": "es2_key", "LOG_LEVEL": "level"},
        jwt_jwks_secret=secret(stack, "jwks"),
        environment={"DISABLE_SSL": "false", "MEMORY": "64", "CACHE_LIFE": "1800"},
        storage=EdgeStorage(stack, "Data"),
        vpc=made.vpc,
        log_retention=logs.RetentionDays.ONE_WEEK,
        http_rule_priority=40_000,
        removal_policy=RemovalPolicy.DESTROY,
    )
    server(
        "Brought",
        image_digest=DIGEST,
        secret=secret(stack, "brought"),
        secret_variables=["KEY", "EDGE_KEY"],
        environment_encryption=kms.Key.from_key_arn(stack, "Key", KEY_ARN),
        vpc=made.vpc,
        vpc_subnets=ec2.SubnetSelection(subnets=[made.vpc.private_subnets[1]]),
        security_groups=[ec2.SecurityGroup.from_security_group_id(stack, "Group", "sg-1")],
        role=iam.Role.from_role_arn(stack, "Role", ROLE_ARN),
        log_group=logs.LogGroup.from_log_group_name(stack, "Logs", "brought"),
    )
    server("Latest", secret=secret(stack, "latest"))
    server("Next", image_tag="next", secret=secret(stack, "next"))
    server("Keys", jwt_jwks_secret=secret(stack, "keys"))
    return made


@pytest.fixture(scope="module")
def template(surrounded: Surroundings) -> Template:
    """Its template."""
    return Template.from_stack(surrounded.stack)


def server(surrounded: Surroundings, construct_id: str) -> Any:
    """One of the servers."""
    return surrounded.stack.node.find_child(construct_id)


def function(template: Template, prefix: str) -> Any:
    """The properties of a server's function."""
    return properties(template, FUNCTION, f"{prefix}Function")


def variables(template: Template, prefix: str) -> Any:
    """The variables of a server's function."""
    return function(template, prefix)["Environment"]["Variables"]


def attribute(template: Template, resource_type: str, prefix: str, name: str) -> Any:
    """A reference to an attribute of the one resource with that prefix."""
    return {"Fn::GetAtt": [logical_id(template, resource_type, prefix), name]}


def image(template: Template, prefix: str) -> str:
    """The address of a function's image."""
    references = {"AWS::AccountId": "1", "AWS::Region": "r", "AWS::URLSuffix": "com"}
    return str(resolved(function(template, prefix)["Code"]["ImageUri"], references))


def test_defaults_are_those_of_the_documentation(template: Template) -> None:
    """2048 MiB, X86_64, 28 s for the server and 30 s for the function; no VPC, disk or key."""
    made = function(template, "Plain")
    assert {name for name in made if name not in ("Code", "Role", "LoggingConfig")} == {
        "Architectures",
        "DeadLetterConfig",
        "Description",
        "Environment",
        "MemorySize",
        "PackageType",
        "Timeout",
        "TracingConfig",
    }
    assert made["Architectures"] == ["x86_64"]
    assert made["Description"] == "Datafi edge server plain"
    assert (made["MemorySize"], made["Timeout"], made["PackageType"]) == (2048, 30, "Image")
    assert variables(template, "Plain") == {
        "DISABLE_SSL": "true",
        "LOG_LEVEL": "INFO",
        "MEMORY": "1024",
        "TIMEOUT": "28",
    }


def test_function_is_as_asked(template: Template) -> None:
    """Architecture, memory, disk and time-out are those of the arguments."""
    made = function(template, "Full")
    assert made["Architectures"] == ["arm64"]
    assert (made["MemorySize"], made["Timeout"]) == (4096, 602)
    assert made["EphemeralStorage"] == {"Size": 2048}


@pytest.mark.parametrize(
    ("prefix", "reference"),
    [("Plain", ":latest"), ("Full", ":v7"), ("Brought", f"@{DIGEST}")],
)
def test_image_is_in_the_repository(template: Template, prefix: str, reference: str) -> None:
    """By default the tag `latest`, else the tag or the digest."""
    assert image(template, prefix) == f"1.dkr.ecr.r.com/datafi-es{reference}"


def test_digest_may_be_known_at_deployment_only() -> None:
    """A digest by token is still taken for a digest, not for a tag."""
    made = surroundings()
    repository = ecr.Repository.from_repository_name(made.stack, "Images", "datafi-es")
    ServerlessEdgeServer(
        made.stack,
        "Es",
        ingress=made.ingress,
        name="es",
        repository=repository,
        image_digest=CfnParameter(made.stack, "Digest").value_as_string,
        secret=secret(made.stack, "es"),
        secret_variables=["KEY"],
    )
    uri = json.dumps(function(Template.from_stack(made.stack), "Es")["Code"]["ImageUri"])
    assert "datafi-es@sha256:" in uri
    assert '{"Ref": "Digest"}' in uri


def test_environment_of_the_user_wins(template: Template) -> None:
    """Own values stand in place of the defaults, and the storage's value is made at deployment."""
    found = variables(template, "Full")
    assert (found["DISABLE_SSL"], found["MEMORY"], found["CACHE_LIFE"]) == ("false", "64", "1800")
    assert found["TIMEOUT"] == "600"
    bucket = {logical_id(template, BUCKET, "DataBucket"): "the-bucket"}
    assert json.loads(resolved(found["PARQUET_STORAGE"], bucket)) == {
        "amazonS3": {
            "region": "",
            "accessKeyId": "",
            "secretAccessKey": "",
            "bucketName": "the-bucket",
        }
    }


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("Latest", {"KEY": ("latest", "KEY")}),
        ("Next", {"EDGE_KEY": ("next", "EDGE_KEY")}),
        ("Brought", {"KEY": ("brought", "KEY"), "EDGE_KEY": ("brought", "EDGE_KEY")}),
        ("Keys", {"JWT_JWKS": ("keys", "JWT_JWKS")}),
        (
            "Full",
            {
                "EDGE_KEY": ("full", "es2_key"),
                "LOG_LEVEL": ("full", "level"),
                "JWT_JWKS": ("jwks", "JWT_JWKS"),
            },
        ),
    ],
)
def test_secrets_are_references(
    template: Template, prefix: str, expected: dict[str, tuple[str, str]]
) -> None:
    """CloudFormation fills the variables; the template names secret and field only."""
    found = variables(template, prefix)
    references = {name: value for name, value in found.items() if "{{resolve:" in json.dumps(value)}
    assert references == {
        name: f"{{{{resolve:secretsmanager:{secret_arn(secret_name)}:SecretString:{field}::}}}}"
        for name, (secret_name, field) in expected.items()
    }


@pytest.mark.parametrize("prefix", ["Full", "Latest", "Keys"])
def test_secret_variables_are_encrypted_with_a_key_of_their_own(
    template: Template, prefix: str
) -> None:
    """With secrets, a new key with rotation; its policy leaves permissions to IAM."""
    made = properties(template, KEY, f"{prefix}EnvironmentKey")
    assert made["EnableKeyRotation"] is True
    (statement,) = made["KeyPolicy"]["Statement"]
    assert statement["Action"] == "kms:*"
    assert ":root" in json.dumps(statement["Principal"])
    key_arn = attribute(template, KEY, f"{prefix}EnvironmentKey", "Arn")
    assert function(template, prefix)["KmsKeyArn"] == key_arn
    assert (["kms:Decrypt"], key_arn, None) in statements(template, f"{prefix}Role")


def test_key_is_made_only_where_it_is_needed(template: Template) -> None:
    """Without secrets there is none, and with a key of the user's that one is used."""
    assert function(template, "Brought")["KmsKeyArn"] == KEY_ARN
    owners = sorted(name.split("EnvironmentKey")[0] for name in template.find_resources(KEY))
    assert owners == ["Full", "Keys", "Latest", "Next"]


def test_a_role_may_do_nothing_but_write_log_traces_and_dead_letters(template: Template) -> None:
    """A plain server's role has no managed policy, and is assumed by Lambda alone."""
    assert rights(statements(template, "PlainRole")) == rights(of_every_function(template, "Plain"))
    made = properties(template, ROLE, "PlainRole")
    assert "ManagedPolicyArns" not in made
    assert "Policies" not in made
    (statement,) = made["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
    assert function(template, "Plain")["Role"] == attribute(template, ROLE, "PlainRole", "Arn")


def test_a_role_is_granted_what_the_arguments_need(template: Template) -> None:
    """Log, key, the storage's bucket and network interfaces; no secret."""
    bucket = attribute(template, BUCKET, "DataBucket", "Arn")
    objects = {"Fn::Join": ["", [bucket, "/*"]]}
    environment_key = attribute(template, KEY, "FullEnvironmentKey", "Arn")
    interfaces = {
        "Fn::Join": [
            "",
            [
                "arn:",
                {"Ref": "AWS::Partition"},
                ":ec2:",
                {"Ref": "AWS::Region"},
                ":",
                {"Ref": "AWS::AccountId"},
                ":*/*",
            ],
        ]
    }
    found = statements(template, "FullRole")
    expected = [
        *of_every_function(template, "Full"),
        (["kms:Decrypt"], environment_key, None),
        (
            [
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
                "s3:GetObject",
                "s3:ListMultipartUploadParts",
                "s3:PutObject",
            ],
            objects,
            None,
        ),
        (["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"], bucket, None),
        (["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"], "*", None),
        (
            [
                "ec2:AssignPrivateIpAddresses",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:UnassignPrivateIpAddresses",
            ],
            interfaces,
            None,
        ),
    ]
    assert rights(found) == rights(expected)


def test_a_role_of_the_user_is_granted_the_same(template: Template) -> None:
    """A role handed in gets a policy of the stack, with log, key and network interfaces."""
    (policy,) = (
        resource["Properties"]
        for resource in template.find_resources(INLINE_POLICY).values()
        if resource["Properties"].get("Roles") == ["brought"]
    )
    actions = [statement["Action"] for statement in policy["PolicyDocument"]["Statement"]]
    assert ["logs:CreateLogStream", "logs:PutLogEvents"] in actions
    assert "kms:Decrypt" in actions
    assert "ec2:CreateNetworkInterface" in str(actions)
    assert function(template, "Brought")["Role"] == ROLE_ARN


def test_function_waits_for_its_rights(template: Template) -> None:
    """Lambda checks key and network rights when it makes the function."""
    depends = one(template, FUNCTION, "FullFunction")["DependsOn"]
    assert logical_id(template, POLICY, "FullRolePolicy") in depends


def test_vpc_defaults_to_its_private_subnets(template: Template) -> None:
    """In a VPC the function is in private subnets, with a security group of its own."""
    group = attribute(template, SECURITY_GROUP, "FullFunctionSecurityGroup", "GroupId")
    assert function(template, "Full")["VpcConfig"] == {
        "SecurityGroupIds": [group],
        "SubnetIds": ["subnet-private-a", "subnet-private-b"],
    }


def test_subnets_and_security_groups_are_as_asked(template: Template) -> None:
    """Those handed in, and no others."""
    assert function(template, "Brought")["VpcConfig"] == {
        "SecurityGroupIds": ["sg-1"],
        "SubnetIds": ["subnet-private-b"],
    }


def test_log_is_kept_for_a_month_unless_asked(template: Template) -> None:
    """A new log group keeps a month and outlives the stack by default, and so does the key."""
    for prefix, days, policy in (("Plain", 30, "Retain"), ("Full", 7, "Delete")):
        made = one(template, LOG_GROUP, prefix)
        assert (made["Properties"]["RetentionInDays"], made["DeletionPolicy"]) == (days, policy)
        logging = function(template, prefix)["LoggingConfig"]
        assert logging == {"LogGroup": {"Ref": logical_id(template, LOG_GROUP, prefix)}}
    assert one(template, KEY, "Latest")["DeletionPolicy"] == "Retain"
    assert one(template, KEY, "Full")["DeletionPolicy"] == "Delete"


def test_log_group_of_the_user_is_used(template: Template) -> None:
    """A log group handed in is written to, and none is made."""
    assert function(template, "Brought")["LoggingConfig"] == {"LogGroup": "brought"}
    assert not [name for name in template.find_resources(LOG_GROUP) if name.startswith("Brought")]


def test_only_load_balancers_of_the_account_invoke_it(template: Template) -> None:
    """The target group leads to the function, whose one permission is bounded to the account."""
    arn = attribute(template, FUNCTION, "PlainFunction", "Arn")
    made = properties(template, TARGET_GROUP, "PlainTargetGroup")
    assert made == {"TargetType": "lambda", "Targets": [{"Id": arn}]}
    assert properties(template, PERMISSION, "Plain") == {
        "Action": "lambda:InvokeFunction",
        "FunctionName": arn,
        "Principal": "elasticloadbalancing.amazonaws.com",
        "SourceAccount": {"Ref": "AWS::AccountId"},
    }


def test_requests_reach_it_by_host_name(template: Template) -> None:
    """One rule on port 443 for its host, and none for gRPC; the priority is as asked."""
    (name,) = (name for name in template.find_resources(LISTENER_RULE) if name.startswith("Full"))
    made = template.find_resources(LISTENER_RULE)[name]["Properties"]
    assert made["Conditions"] == [
        {"Field": "host-header", "HostHeaderConfig": {"Values": [f"full.{ROOT_DOMAIN}"]}}
    ]
    assert made["ListenerArn"] == {
        "Ref": logical_id(template, LISTENER, "IngressLoadBalancerHttps")
    }
    (action,) = made["Actions"]
    assert action["TargetGroupArn"] == {"Ref": logical_id(template, TARGET_GROUP, "Full")}
    assert made["Priority"] == 40_000
    assert 25_001 <= properties(template, LISTENER_RULE, "Plain")["Priority"] <= 50_000


def test_exposes_what_it_made(surrounded: Surroundings) -> None:
    """Names, function, target group, log group, storage and key are attributes."""
    full, plain, brought = (server(surrounded, name) for name in ("Full", "Plain", "Brought"))
    assert (full.name, full.host) == ("full", f"full.{ROOT_DOMAIN}")
    assert full.url == f"https://full.{ROOT_DOMAIN}"
    assert full.ingress is surrounded.ingress
    for name, construct_id in {
        "function": "Function",
        "target_group": "TargetGroup",
        "log_group": "LogGroup",
        "environment_encryption": "EnvironmentKey",
    }.items():
        assert getattr(full, name).node.path == f"Test/Full/{construct_id}"
    assert full.storage.node.path == "Test/Data"
    assert (plain.storage, plain.environment_encryption) == (None, None)
    assert brought.environment_encryption.key_arn == KEY_ARN
    assert brought.log_group.log_group_name == "brought"


@pytest.mark.parametrize(
    ("method", "name", "statistic"),
    [
        ("metric_target_response_time", "TargetResponseTime", "Average"),
        ("metric_request_count", "RequestCount", "Sum"),
        ("metric_http_5xx", "HTTPCode_Target_5XX_Count", "Sum"),
    ],
)
def test_metrics_are_those_of_its_target_group(
    surrounded: Surroundings, method: str, name: str, statistic: str
) -> None:
    """Namespace, dimensions and statistic; the options win."""
    plain = server(surrounded, "Plain")
    metric = getattr(plain, method)()
    assert (metric.namespace, metric.metric_name) == ("AWS/ApplicationELB", name)
    assert (metric.statistic, metric.period.to_minutes()) == (statistic, 5)
    assert metric.dimensions == {
        "LoadBalancer": surrounded.ingress.load_balancer_full_name,
        "TargetGroup": plain.target_group.target_group_full_name,
    }
    changed = getattr(plain, method)(statistic="p99", period=Duration.minutes(1))
    assert (changed.statistic, changed.period.to_minutes()) == ("p99", 1)


def test_goes_wherever_cdk_takes_a_grantee_or_a_connectable() -> None:
    """A bucket grants it access, and a database lets it in."""
    made = surroundings()
    stack = made.stack
    edge = ServerlessEdgeServer(
        stack,
        "Es",
        ingress=made.ingress,
        name="es",
        repository=ecr.Repository(stack, "Images"),
        vpc=made.vpc,
    )
    EdgeStorage(stack, "Other").bucket.grant_read(edge)
    database = ec2.SecurityGroup(stack, "Database", vpc=made.vpc)
    database.connections.allow_from(edge, ec2.Port.tcp(5432))
    template = Template.from_stack(stack)
    assert ["s3:GetBucket*", "s3:GetObject*", "s3:List*"] in [
        actions for actions, _, _ in statements(template, "EsRole")
    ]
    template.has_resource_properties(
        "AWS::EC2::SecurityGroupIngress",
        {
            "FromPort": 5432,
            "SourceSecurityGroupId": attribute(
                template, SECURITY_GROUP, "EsFunctionSecurityGroup", "GroupId"
            ),
        },
    )


def test_lambda_may_pull_from_a_repository_of_the_app() -> None:
    """The policy of a repository that CDK makes lets Lambda read its images."""
    made = surroundings()
    ServerlessEdgeServer(
        made.stack,
        "Es",
        ingress=made.ingress,
        name="es",
        repository=ecr.Repository(made.stack, "Images"),
    )
    Template.from_stack(made.stack).has_resource_properties(
        "AWS::ECR::Repository",
        {
            "RepositoryPolicyText": {
                "Statement": Match.array_with(
                    [Match.object_like({"Principal": {"Service": "lambda.amazonaws.com"}})]
                )
            }
        },
    )


def test_stands_beside_servers_on_fargate() -> None:
    """One ingress serves both, and adding one leaves the resources of the other as they are."""

    def resources(*, serverless: bool) -> dict[str, Any]:
        made = surroundings()
        repository = ecr.Repository.from_repository_name(made.stack, "Images", "datafi-es")
        if serverless:
            ServerlessEdgeServer(
                made.stack, "First", ingress=made.ingress, name="first", repository=repository
            )
        EdgeServer(made.stack, "Es", **made.around, name="es")
        ServerlessEdgeServer(
            made.stack, "Last", ingress=made.ingress, name="last", repository=repository
        )
        return dict(Template.from_stack(made.stack).to_json()["Resources"])

    before, after = resources(serverless=False), resources(serverless=True)
    assert {name: after[name] for name in before} == before
    added = {name for name in after if name not in before}
    assert added
    assert all(name.startswith("First") for name in added)
