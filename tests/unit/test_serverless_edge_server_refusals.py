"""Every refusal of ServerlessEdgeServer: its place, what may stand there, and what to do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from datafi_cdk import EdgeServer, EdgeStorage, InvalidInputError, ServerlessEdgeServer
from aws_cdk import CfnParameter, Duration, Environment, NestedStack, Size, Stack, Token
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_logs as logs
from aws_cdk.assertions import Template
from constructs import Construct
from deployment import (
    ACCOUNT,
    CANARY,
    FUNCTION,
    Surroundings,
    new_app,
    properties,
    secret,
    surroundings,
)

NO_NUMBERS = (float("nan"), float("inf"), float("-inf"))
DIGEST = f"sha256:{'0' * 64}"
ISOLATED = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
PUBLIC = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PUBLIC)


@pytest.fixture(scope="module")
def made() -> Surroundings:
    """One stack for all: what is refused leaves its name unclaimed."""
    made = surroundings()
    EdgeServer(made.stack, "Fargate", **made.around, name="taken")
    ecr.Repository.from_repository_name(made.stack, "Images", "datafi-es")
    secret(made.stack, "es")
    return made


def server(made: Surroundings, construct_id: str, **arguments: Any) -> ServerlessEdgeServer:
    """A server with these arguments; `...` stands for what only the stack has."""
    children = made.stack.node
    brought = {
        "secret": children.find_child("es-secret"),
        "jwt_jwks_secret": children.find_child("es-secret"),
        "vpc": made.vpc,
        "log_group": logs.LogGroup.from_log_group_name(made.stack, f"{construct_id}-Logs", "x"),
    }
    given: dict[str, Any] = {
        "ingress": made.ingress,
        "name": "es",
        "repository": children.find_child("Images"),
        **{name: brought[name] if value is ... else value for name, value in arguments.items()},
    }
    return ServerlessEdgeServer(made.stack, construct_id, **given)


REFUSALS: list[tuple[dict[str, Any], str, str, str, str]] = [
    # Arguments, place, allowed, given, remedy.
    ({"ingress": "alb"}, "ingress", "a SharedIngress", "type str", "hand in"),
    ({"ingress": None}, "ingress", "given", "None", "hand in a value"),
    ({"name": None}, "name", "given", "None", "hand in a value"),
    ({"name": 5}, "name", "a string", "type int", "hand in"),
    ({"name": "Es"}, "name", "one DNS label", "'Es'", "'es'"),
    ({"name": "update"}, "name", "other than those of the update API", "'update'", "choose"),
    ({"name": "taken"}, "name", "the only one of its kind", "Test/Fargate", "another name"),
    ({"repository": "datafi-es"}, "repository", "a repository of ECR", "type str", "hand in"),
    ({"repository": None}, "repository", "given", "None", "hand in a value"),
    ({"image_tag": "a b"}, "image_tag", "an image tag", "'a b'", "'latest'"),
    ({"image_tag": 7}, "image_tag", "a string", "type int", "hand in"),
    ({"image_digest": 7}, "image_digest", "a string", "type int", "hand in"),
    ({"image_digest": "sha256:1"}, "image_digest", "a digest", "'sha256:1'", "copy it"),
    (
        {"image_digest": DIGEST, "image_tag": "v7"},
        "image_digest",
        "left out if image_tag is given",
        "both",
        "leave one",
    ),
    *(
        ({"memory_size": size}, "memory_size", "from 128 to 10240", repr(size), "in between")
        for size in (127, 10241, "2048", 0.5, True, *NO_NUMBERS)
    ),
    *(
        (
            {"http_rule_priority": number},
            "http_rule_priority",
            "1 to 50000",
            repr(number),
            "between",
        )
        for number in NO_NUMBERS
    ),
    ({"memory_size": None}, "memory_size", "given", "None", "hand in a value"),
    *(
        (
            {"timeout": Duration.millis(milliseconds)},
            "timeout in seconds",
            "from 1 to 898",
            given,
            "in between",
        )
        for milliseconds, given in ((0, "0"), (1500, "1.5"), (899_000, "899"))
    ),
    ({"timeout": 28}, "timeout", "a Duration", "type int", "hand in"),
    ({"timeout": None}, "timeout", "given", "None", "hand in a value"),
    ({"architecture": "arm64"}, "architecture", "a lambda_.Architecture", "type str", "hand in"),
    *(
        (
            {"ephemeral_storage_size": size},
            "ephemeral_storage_size in MiB",
            "from 512 to 10240",
            given,
            "in between",
        )
        for size, given in (
            (Size.mebibytes(511), "511"),
            (Size.gibibytes(11), "11264"),
            (Size.kibibytes(524_800), "512.5"),
        )
    ),
    ({"ephemeral_storage_size": 512}, "ephemeral_storage_size", "a Size", "type int", "hand in"),
    ({"secret": CANARY}, "secret", "a secret of Secrets Manager", "type str", "store it"),
    (
        {"jwt_jwks_secret": CANARY},
        "jwt_jwks_secret",
        "a secret of Secrets Manager",
        "type str",
        "store it",
    ),
    (
        {"secret": ..., "image_digest": DIGEST},
        "secret_variables",
        "given if the tag of the image is not known",
        "nothing",
        "name the fields",
    ),
    (
        {"secret_variables": ["KEY"]},
        "secret_variables",
        "left out where there is no secret",
        "a secret's fields",
        "hand in the secret",
    ),
    (
        {"secret": ..., "secret_variables": {"KEY"}},
        "secret_variables",
        "a list of names or a mapping",
        "type set",
        "['KEY']",
    ),
    (
        {"secret": ..., "secret_variables": [["KEY"]]},
        "secret_variables",
        "a list of names or a mapping",
        "a value of type list with a value of type list in it",
        "write it as ['KEY']",
    ),
    (
        {"secret": ..., "secret_variables": {"KEY": "a:b"}},
        "secret_variables.KEY",
        "the name of a field",
        "not shown",
        "name a field",
    ),
    (
        {"secret": ..., "secret_variables": ["AWS_REGION"]},
        "secret_variables.AWS_REGION",
        "a variable that Lambda does not set itself",
        "a reserved name",
        "remove it",
    ),
    (
        {"secret": ..., "environment": {"KEY": CANARY}},
        "secret_variables.KEY",
        "given once",
        "both",
        "remove it from environment",
    ),
    (
        {"jwt_jwks_secret": ..., "environment": {"JWT_JWKS": "e30="}},
        "jwt_jwks_secret",
        "left out if environment fills JWT_JWKS",
        "both",
        "remove one",
    ),
    (
        {"jwt_jwks_secret": ..., "secret": ..., "secret_variables": ["KEY", "JWT_JWKS"]},
        "jwt_jwks_secret",
        "left out if secret_variables fills JWT_JWKS",
        "both",
        "remove one",
    ),
    (
        {"environment": {"KEY": CANARY}},
        "environment.KEY",
        "taken from a secret",
        "not shown",
        "store it",
    ),
    ({"environment": {"LEVEL": 20}}, "environment.LEVEL", "a string", "not shown", "quotes"),
    (
        {"environment": {"TIMEOUT": "20"}},
        "environment.TIMEOUT",
        "left out, as the timeout sets it",
        "a value of its own",
        "set the timeout",
    ),
    (
        {"environment": {"A0": "ä" * 2000}, "secret": ..., "secret_variables": ["K" * 95]},
        "environment",
        "at most 4096 bytes",
        "4097 bytes",
        "EdgeServer",
    ),
    (
        {"secret": ..., "secret_variables": []},
        "secret_variables",
        "at least one",
        "none",
        "leave the secret out",
    ),
    (
        {"secret": ..., "secret_variables": Token.as_list({"Ref": "Names"})},
        "secret_variables",
        "known at synthesis",
        "a token",
        "one by one",
    ),
    ({"environment": {"1A": "x"}}, "environment", "of variables named", "not shown", "rename"),
    ({"environment": ["A"]}, "environment", "a mapping", "type list", "hand in"),
    (
        {"environment": {"_HANDLER": "x"}},
        "environment._HANDLER",
        "a variable that Lambda does not set itself",
        "a reserved name",
        "remove it",
    ),
    *(
        (
            {"environment": {name: "x"}},
            f"environment.{name}",
            "a letter first and two characters or more",
            repr(name),
            "rename",
        )
        for name in ("_A", "A")
    ),
    ({"environment_encryption": "key"}, "environment_encryption", "a key", "type str", "hand in"),
    ({"storage": "bucket"}, "storage", "an EdgeStorage", "type str", "hand in"),
    ({"vpc": "vpc-1"}, "vpc", "a VPC", "type str", "hand in"),
    ({"vpc": ..., "vpc_subnets": PUBLIC}, "vpc_subnets", "private", "public ones", "leave vpc out"),
    (
        {"vpc": ..., "vpc_subnets": ISOLATED},
        "vpc_subnets",
        "subnets of Test/Vpc",
        "others",
        "choose others",
    ),
    ({"vpc": ..., "vpc_subnets": []}, "vpc_subnets", "an ec2.SubnetSelection", "list", "hand in"),
    ({"vpc_subnets": PUBLIC}, "vpc_subnets", "left out where there is no vpc", "given", "vpc"),
    (
        {"vpc": ..., "security_groups": ["sg-1"]},
        "security_groups",
        "a list of security groups",
        "type str",
        "hand in",
    ),
    ({"vpc": ..., "security_groups": []}, "security_groups", "1 to 5", "0", "leave it out"),
    ({"role": "admin"}, "role", "a role", "type str", "hand in"),
    ({"log_group": "log"}, "log_group", "a log group", "type str", "hand in"),
    ({"log_retention": 30}, "log_retention", "a logs.RetentionDays", "type int", "hand in"),
    (
        {"log_group": ..., "log_retention": logs.RetentionDays.ONE_DAY},
        "log_retention",
        "left out if log_group is given",
        "both",
        "leave one",
    ),
    ({"http_rule_priority": 0}, "http_rule_priority", "from 1 to 50000", "0", "in between"),
    ({"http_rule_priority": "1"}, "http_rule_priority", "from 1 to 50000", "'1'", "in between"),
    ({"removal_policy": "destroy"}, "removal_policy", "a RemovalPolicy", "type str", "hand in"),
    ({"removal_policy": None}, "removal_policy", "given", "None", "hand in a value"),
]


@pytest.mark.parametrize(
    ("arguments", "place", "allowed", "given", "remedy"),
    REFUSALS,
    ids=[f"{number}-{refusal[1]}" for number, refusal in enumerate(REFUSALS)],
)
def test_refuses_what_cannot_work(
    made: Surroundings,
    request: pytest.FixtureRequest,
    arguments: dict[str, Any],
    place: str,
    allowed: str,
    given: str,
    remedy: str,
) -> None:
    """One fault, in its place, and no value that may be secret."""
    construct_id = f"Refused{REFUSALS.index((arguments, place, allowed, given, remedy))}"
    with pytest.raises(InvalidInputError) as raised:
        server(made, construct_id, **arguments)
    found = [
        fault
        for fault in raised.value.faults
        if fault.place == f"Test/{construct_id}: {place}" and allowed in fault.allowed
    ]
    assert len(found) == 1, raised.value
    assert given in found[0].given
    assert remedy in found[0].remedy
    assert CANARY not in str(raised.value)


def test_security_groups_need_a_vpc(made: Surroundings) -> None:
    """Without a VPC there is nothing that they belong to."""
    group = ec2.SecurityGroup.from_security_group_id(made.stack, "Group", "sg-1")
    with pytest.raises(InvalidInputError, match=r"security_groups must be left out where"):
        server(made, "Grouped", security_groups=[group])


def test_time_out_must_be_known_at_synthesis(made: Surroundings) -> None:
    """CloudFormation cannot add the two seconds that the function lives longer."""
    seconds = CfnParameter(made.stack, "Seconds", type="Number").value_as_number
    with pytest.raises(InvalidInputError, match="timeout must be known at synthesis"):
        server(made, "Timed", timeout=Duration.seconds(seconds))


def test_secret_variables_are_named_where_the_tag_is_a_token(made: Surroundings) -> None:
    """A tag that is known at deployment does not tell which key the image reads."""
    tag = CfnParameter(made.stack, "Tag").value_as_string
    with pytest.raises(InvalidInputError, match="secret_variables must be given if the tag"):
        server(made, "Tagged", secret=..., image_tag=tag)


def test_all_faults_are_told_at_once(made: Surroundings) -> None:
    """One error names every argument that cannot work."""
    with pytest.raises(InvalidInputError) as raised:
        server(
            made,
            "Everything",
            name="Es",
            image_tag="a b",
            memory_size=1,
            timeout=Duration.hours(1),
            environment={"KEY": CANARY},
            http_rule_priority=0,
        )
    assert [fault.place.partition(": ")[2] for fault in raised.value.faults] == [
        "name",
        "image_tag",
        "memory_size",
        "timeout in seconds",
        "environment.KEY",
        "http_rule_priority",
    ]


def test_as_much_as_fits_is_taken() -> None:
    """4096 bytes of names and values that are known; a token may be of any length."""
    long = Token.as_string({"Ref": "Long"}) * 200
    assert server_of_its_own(environment={"A0": "a" * 4092, "B0": long}).function


@pytest.mark.parametrize("argument", ["ingress", "storage"])
def test_refuses_what_is_of_another_app(argument: str) -> None:
    """CDK cannot refer to it."""
    made, other = surroundings(), surroundings()
    given = {"ingress": other.ingress, "storage": EdgeStorage(other.stack, "Data")}[argument]
    with pytest.raises(InvalidInputError, match=f"Es: {argument} must be of the same app, got Te"):
        server_of_its_own(made, **{argument: given})


@pytest.mark.parametrize("region", ["eu-west-1", "eu-central-1", None])
def test_image_is_in_the_region_of_the_stack(region: str | None) -> None:
    """Lambda takes images from no other, where both are known."""
    env = Environment(account=ACCOUNT, region=region) if region else None
    made = surroundings(Stack(new_app(), "Test", env=env))
    arn = f"arn:aws:ecr:eu-west-1:{ACCOUNT}:repository/datafi-es"
    repository = ecr.Repository.from_repository_arn(made.stack, "There", arn)
    if region != "eu-central-1":
        assert server_of_its_own(made, repository=repository).function
        return
    with pytest.raises(InvalidInputError) as refusal:
        server_of_its_own(made, repository=repository)
    assert str(refusal.value).startswith(
        "Test/Es: repository must be in the region of the stack (eu-central-1), from which Lambda "
        "takes images, got one in eu-west-1; push the image"
    )


def test_refuses_more_references_than_a_template_holds() -> None:
    """60 in a stack; a nested one has a template of its own, as has another."""
    made = surroundings()
    keys = secret(made.stack, "keys")
    names = [f"KEY_{number}" for number in range(31)]

    def add(scope: Construct, name: str, count: int) -> ServerlessEdgeServer:
        return ServerlessEdgeServer(
            scope,
            name,
            ingress=made.ingress,
            name=name,
            repository=ecr.Repository.from_repository_name(scope, f"{name}-images", "datafi-es"),
            secret=keys,
            secret_variables=names[:count],
        )

    add(made.stack, "one", 30)
    with pytest.raises(InvalidInputError) as refusal:
        add(made.stack, "two", 31)
    assert str(refusal.value) == (
        "Test/two: secret_variables must be so few that a stack has at most 60 dynamic references, "
        "got 31, which makes 61 in Test; put further servers into another stack, or a nested one."
    )
    add(made.stack, "three", 30)
    nested = NestedStack(made.stack, "Nested")
    assert add(nested, "four", 31).function
    for template, count in ((made.stack, 60), (nested, 31)):
        found = json.dumps(Template.from_stack(template).to_json())
        assert found.count("{{resolve:secretsmanager:") == count


def test_connections_need_a_vpc() -> None:
    """A function in no VPC has no security groups to talk of."""
    edge = server_of_its_own()
    with pytest.raises(InvalidInputError, match="Test/Es: vpc must be given for a server"):
        _ = edge.connections


def test_a_name_is_claimed_for_both_kinds() -> None:
    """A server on Fargate cannot have the name of a serverless one either."""
    made = surroundings()
    server_of_its_own(made)
    with pytest.raises(InvalidInputError, match=r"'es', which Test/Es has"):
        EdgeServer(made.stack, "Fargate", **made.around, name="es")


def test_tokens_pass() -> None:
    """Values that are known at deployment only are not refused."""
    made = surroundings()
    text = CfnParameter(made.stack, "Text").value_as_string
    number = CfnParameter(made.stack, "Number", type="Number").value_as_number
    server_of_its_own(made, image_tag=text, memory_size=number, environment={"CACHE_LIFE": text})
    function = properties(Template.from_stack(made.stack), FUNCTION, "Es")
    assert function["MemorySize"] == {"Ref": "Number"}
    assert "MEMORY" not in function["Environment"]["Variables"]
    assert function["Environment"]["Variables"]["CACHE_LIFE"] == {"Ref": "Text"}


def server_of_its_own(made: Surroundings | None = None, **arguments: Any) -> ServerlessEdgeServer:
    """A server in a stack of its own."""
    made = made or surroundings()
    repository = ecr.Repository.from_repository_name(made.stack, "Images", "datafi-es")
    given = {"ingress": made.ingress, "name": "es", "repository": repository, **arguments}
    return ServerlessEdgeServer(made.stack, "Es", **given)
