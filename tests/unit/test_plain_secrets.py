"""Values that are secret, where a template would show them: refused, and not shown."""

from __future__ import annotations

import base64
import json
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

import jsii
import pytest
from datafi_cdk import (
    Coordinator,
    DatafiEdgeConfig,
    DatafiEdgeStack,
    EdgeServer,
    InvalidInputError,
    PullThroughCache,
    ServerlessEdgeServer,
    UpdateApi,
)
from aws_cdk import CfnParameter, SecretValue, Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_ssm as ssm
from datafi_cdk.secret_forms import flat, has_plain_value, secret_form
from deployment import (
    CANARY,
    Surroundings,
    minimal,
    new_app,
    new_stack,
    secret,
    secret_arn,
    surroundings,
)

PEM = f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----"
BASE64_PEM = base64.b64encode(PEM.encode()).decode()
KEYVAL = base64.b64encode(json.dumps({"kind": "redis", "password": CANARY}).encode()).decode()
REDIS = "rediss://default:not-a-real-secret@redis.example.com:6379"
GITHUB = f"{'gh'}p_{'a1' * 18}"
LOOKS_SECRET: Mapping[str, str] = {
    PEM: "a private key",
    BASE64_PEM: "a private key",
    f"key is {'AKIA'}{'ABCDEFGH' * 2}": "an access key of AWS",
    GITHUB: "a token of GitHub",
    f"{'glpat'}-{'a1' * 10}": "a token of GitLab",
    f"{'dckr'}_pat_{'a1' * 10}": "a token of Docker Hub",
    f"{'xox'}b-{'1' * 12}": "a token of Slack",
    f"{'eyJ'}hbGciOiJSUzI1NiJ9.{'eyJ'}zdWIiOiJub3QtcmVhbCJ9.{'n0t-a-real-signature'}": (
        "a signed token (JWT)"
    ),
    REDIS: "an address with a password",
    "{{resolve:secretsmanager:not-a-real-secret}}": "a reference to a secret",
    "{{resolve:ssm-secure:/not/a-real-secret}}": "a reference to a secret",
    json.dumps({"amazonS3": [{"secretAccessKey": CANARY}]}): "JSON with a password",
    KEYVAL: "JSON with a password",
    base64.encodebytes(PEM.encode() * 2).decode(): "a private key",
    f"server --key={BASE64_PEM}": "a private key",
    json.dumps({"JWT_KEY": BASE64_PEM}): "a private key",
    base64.b64encode(BASE64_PEM.encode()).decode(): "a private key",
    f"-----BEGIN {'PGP'} PRIVATE KEY BLOCK-----": "a private key",
    f"KEYVAL={json.dumps({'password': CANARY})}": "JSON with a password",
    json.dumps({"redis": json.dumps({"password": CANARY})}): "JSON with a password",
    json.dumps({"kty": "oct", "k": CANARY}): "JSON with a password or a private key",
    json.dumps({"kty": "RSA", "n": "x", "d": CANARY}): "JSON with a password or a private key",
    REDIS.replace("rediss", "REDISS"): "an address with a password",
    "redis://:$not-a-real-secret@redis.example.com": "an address with a password",
    '{"password": "$not-a-real-secret"}': "JSON with a password",
}
HONEST = (
    "",
    "1200",
    "https://login.example.com/",
    "https://user@example.com:8443/path",
    "https://example.com/?time=12:00@noon",
    "redis.example.com:6379",
    "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
    "{{resolve:ssm:/acme/setting}}",
    "not-a-password",
    "a" * 64,
    "d41d8cd98f00b204e9800998ecf8427e",
    json.dumps({"amazonS3": {"secretAccessKey": "", "bucketName": "b"}}),
    base64.b64encode(
        json.dumps({"keys": [{"kty": "RSA", "n": "x", "e": "AQAB"}]}).encode()
    ).decode(),
    "{" * 5000,
    "redis-cli -u redis://default:$REDIS_PASSWORD@redis.example.com:6379 ping",
    "redis://default:${REDIS_PASSWORD}@redis.example.com:6379",
    '{"password": "${REDIS_PASSWORD}"}',
    '{"a": "1", "d": "2", "k": "3"}',
    json.dumps({"properties": {"password": {"type": "string"}}}),
    f"sha256:{'a1' * 32}",
    "f" * 40,
    "123e4567-e89b-12d3-a456-426614174000",
    "arn:aws:secretsmanager:us-east-1:111111111111:secret:datafi/es-AbCdEf",
    "https://registry.example.com:443/@scope/package",
)
SLOW = (
    "\\" * 100_000,
    f"{'A' * 10}{'a.b-' * 25_000}",
    "{{resolve:" * 10_000,
    f"{'a' * 24}{' ' * 100_000}!",
    f'"password":{" " * 100_000}',
)


@pytest.mark.parametrize(("value", "form"), LOOKS_SECRET.items())
def test_forms_of_secrets_are_known(value: str, form: str) -> None:
    """Whatever their name."""
    assert str(secret_form(value)).startswith(form)


@pytest.mark.parametrize("value", HONEST)
def test_honest_values_are_taken(value: str) -> None:
    """Addresses, numbers, hashes, public keys."""
    assert secret_form(value) is None


@pytest.mark.parametrize("value", SLOW, ids=range(len(SLOW)))
def test_long_values_take_no_time(value: str) -> None:
    """However they are made."""
    started = time.process_time()
    assert secret_form(value) is None
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::Base64": PEM},
        {"Fn::Sub": REDIS},
        {"Fn::Sub": [REDIS, {}]},
        {"Fn::Join": ["", [REDIS, {"Ref": "Parameter"}]]},
    ],
)
def test_functions_of_the_template_hide_nothing(value: Any) -> None:
    """What they are given stands in the template."""
    assert secret_form(flat(value))


@pytest.mark.parametrize(
    "value",
    [
        {"Fn::Sub": "redis://default:${Password}@redis.example.com"},
        {"Fn::Base64": {"Fn::Join": ["", ['{"secretAccessKey": ""}', {"Ref": "Bucket"}]]}},
        {"Ref": "Parameter"},
        {"Fn::Select": [0, ["a"]]},
    ],
)
def test_functions_of_the_template_are_taken(value: Any) -> None:
    """Where they hold no secret."""
    assert secret_form(flat(value)) is None


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ("x", True),
        ('{"password": "x"}', True),
        ('{"username": "x"}', False),
        ('{"username": "x", "password": ""}', False),
        ('{"password": "{{resolve:secretsmanager:other}}"}', False),
        ({"Ref": "Parameter"}, False),
        ({"Fn::Join": ["", ['{"password":"', {"Ref": "Parameter"}, '"}']]}, False),
        ({"Fn::Join": ["", ['{"password":"', {"Ref": "Parameter"}, 'x"}']]}, True),
    ],
)
def test_values_in_templates_are_seen(value: Any, plain: bool) -> None:
    """What only the deployment knows is none."""
    assert has_plain_value(value) is plain


@jsii.implements(ecs.ITaskDefinitionExtension)
class Sidecar:
    """Adds another container."""

    def __init__(self, **container: Any) -> None:
        """What the container has."""
        self.container = container

    def extend(self, task_definition: ecs.TaskDefinition) -> None:
        """Add it."""
        image = ecs.ContainerImage.from_registry("acme/sidecar")
        task_definition.add_container("Sidecar", image=image, **self.container)


def edge(here: Surroundings, **arguments: Any) -> EdgeServer:
    """An edge server."""
    return EdgeServer(here.stack, "Es", name="es", **here.around, **arguments)


def function(here: Surroundings, **arguments: Any) -> ServerlessEdgeServer:
    """An edge server on Lambda."""
    repository = ecr.Repository.from_repository_name(here.stack, "Repository", "es")
    return ServerlessEdgeServer(
        here.stack, "Es", ingress=here.ingress, name="es", repository=repository, **arguments
    )


def written(stack: Stack, construct_id: str = "Written") -> secretsmanager.Secret:
    """A secret with its value in the template."""
    value = SecretValue.unsafe_plain_text(CANARY)
    return secretsmanager.Secret(stack, construct_id, secret_string_value=value)


def fields(stack: Stack) -> secretsmanager.Secret:
    """A secret with a field in the template."""
    value = {"KEY": SecretValue.unsafe_plain_text(CANARY)}
    return secretsmanager.Secret(stack, "Fields", secret_object_value=value)


def read_anew(stack: Stack) -> str:
    """A token that becomes the value of a secret."""
    return SecretValue.secrets_manager(secret_arn("key"), json_field="KEY").unsafe_unwrap()


def with_container(**container: Any) -> Callable[[Surroundings], object]:
    """A server with another container."""
    return lambda here: edge(here, extensions=[Sidecar(**container)])


def with_log(**options: str) -> Callable[[Surroundings], object]:
    """A server that logs elsewhere."""
    return lambda here: edge(
        here,
        logging=ecs.GenericLogDriver(
            log_driver="splunk", options={name.replace("_", "-"): options[name] for name in options}
        ),
    )


REFUSED: dict[str, tuple[Callable[[Surroundings], object], str]] = {
    "name of a variable": (lambda here: edge(here, environment={GITHUB: "1"}), "environment"),
    "field": (
        lambda here: edge(here, secret=secret(here.stack, "es"), secret_variables={"KEY": GITHUB}),
        "secret_variables.KEY",
    ),
    "variable": (
        lambda here: edge(here, secret=secret(here.stack, "es"), secret_variables=[GITHUB]),
        "secret_variables",
    ),
    "tag": (lambda here: edge(here, image_tag=GITHUB), "image_tag"),
    "function: tag": (lambda here: function(here, image_tag=GITHUB), "image_tag"),
    "pattern of tags": (
        lambda here: UpdateApi(
            here.stack,
            "Updates",
            ingress=here.ingress,
            services=[edge(here)],
            allowed_tags=[GITHUB],
        ),
        "allowed_tags",
    ),
    "port of a health check": (
        lambda here: edge(here, http_health_check=elbv2.HealthCheck(port=GITHUB)),
        "http_health_check.port",
    ),
    "key in the environment": (lambda here: edge(here, environment={"KEY": CANARY}), "KEY"),
    "private key in the environment": (lambda here: edge(here, environment={"A": PEM}), "A"),
    "address in the environment": (lambda here: edge(here, environment={"A": REDIS}), "A"),
    "reference in the environment": (
        lambda here: edge(here, environment={"A": read_anew(here.stack)}),
        "environment.A",
    ),
    "function: key": (lambda here: function(here, environment={"EDGE_KEY": CANARY}), "EDGE_KEY"),
    "function: private key": (lambda here: function(here, environment={"A1": BASE64_PEM}), "A1"),
    "function: reference": (
        lambda here: function(here, environment={"A1": read_anew(here.stack)}),
        "environment.A1",
    ),
    "secret": (lambda here: edge(here, secret=written(here.stack)), "secret"),
    "field of a secret": (lambda here: edge(here, secret=fields(here.stack)), "secret"),
    "function: secret": (lambda here: function(here, secret=written(here.stack)), "secret"),
    "jwt_jwks_secret": (
        lambda here: edge(here, jwt_jwks_secret=written(here.stack)),
        "jwt_jwks_secret",
    ),
    "registry_credentials": (
        lambda here: Coordinator(
            here.stack,
            "Co",
            secret=secret(here.stack, "co"),
            registry_credentials=written(here.stack),
            **here.around,
        ),
        "registry_credentials",
    ),
    "update API": (
        lambda here: UpdateApi(
            here.stack,
            "Updates",
            ingress=here.ingress,
            services=[edge(here)],
            secret=written(here.stack),
        ),
        "secret",
    ),
    "pull-through cache": (
        lambda here: PullThroughCache(
            here.stack, "Cache", docker_hub_credentials=written(here.stack)
        ),
        "docker_hub_credentials",
    ),
    "other secret": (
        lambda here: edge(
            here, secrets={"A": ecs.Secret.from_secrets_manager(written(here.stack), "x")}
        ),
        "secrets.A",
    ),
    "other secret as text": (lambda here: edge(here, secrets={"A": CANARY}), "secrets.A"),
    "parameter": (
        lambda here: edge(
            here,
            secrets={
                "A": ecs.Secret.from_ssm_parameter(
                    ssm.StringParameter(here.stack, "Parameter", string_value=CANARY)
                )
            },
        ),
        "secrets.A",
    ),
    "log option by its name": (with_log(splunk_token=CANARY), "logging option splunk-token"),
    "log option by its form": (with_log(splunk_url=REDIS), "logging option splunk-url"),
    "another container's variable": (
        with_container(environment={"KEYVAL": CANARY}),
        "container Sidecar: environment.KEYVAL",
    ),
    "another container's value": (with_container(environment={"A": PEM}), "environment.A"),
    "command": (with_container(command=["--key", PEM]), "command[1]"),
    "entry point": (with_container(entry_point=["run", REDIS]), "entry_point[1]"),
    "health check": (
        with_container(health_check=ecs.HealthCheck(command=["CMD", "get", REDIS])),
        "health_check.command[2]",
    ),
    "label": (with_container(docker_labels={"a": PEM}), "docker_labels.a"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refuses_a_plain_value_where_a_secret_belongs(what: str) -> None:
    """With the place and what to do; the value is in no word, representation or traceback."""
    make, place = REFUSED[what]
    here = surroundings()
    with pytest.raises(InvalidInputError) as refusal:
        make(here)
    error = refusal.value
    [fault] = error.faults
    assert fault.place.endswith(place)
    assert fault.remedy
    told = "".join(traceback.format_exception(error))
    for text in (str(error), repr(error), repr(error.faults), told):
        for value in (CANARY, "not-a-real-secret", BASE64_PEM[:40], GITHUB):
            assert value not in text


def test_secrets_that_are_filled_elsewhere_are_taken() -> None:
    """Generated ones, and those of parameters that nobody sees."""
    here = surroundings()
    typed = CfnParameter(here.stack, "Typed", no_echo=True)
    hidden = SecretValue.cfn_parameter(typed)
    object_value = {"username": SecretValue.unsafe_plain_text("acme"), "password": hidden}
    Coordinator(
        here.stack,
        "Co",
        secret=secretsmanager.Secret(here.stack, "Empty"),
        registry_credentials=secretsmanager.Secret(
            here.stack, "Registry", secret_object_value=object_value
        ),
        secrets={
            "A": ecs.Secret.from_secrets_manager(
                secretsmanager.Secret(here.stack, "Hidden", secret_string_value=hidden)
            )
        },
        **here.around,
    )


def test_refuses_secrets_in_what_people_read() -> None:
    """The description and the tags of a stack, each by its place."""
    config = DatafiEdgeConfig.model_validate(minimal())
    with pytest.raises(InvalidInputError) as refusal:
        DatafiEdgeStack(
            new_app(), "Edge", config=config, description=f"see {REDIS}", tags={"key": PEM}
        )
    assert [fault.place for fault in refusal.value.faults] == [
        "Edge: description",
        "Edge: tags.key",
    ]
    assert CANARY not in str(refusal.value)


@pytest.mark.parametrize("kind", ["long_running", "serverless"])
@pytest.mark.parametrize("value", LOOKS_SECRET)
def test_refuses_them_in_a_configuration(value: str, kind: str) -> None:
    """With the key, not with the value."""
    server: dict[str, Any] = {"name": "es", "environment": {"SETTING": value}}
    if kind == "serverless":
        server["ecr_repository_arn"] = "arn:aws:ecr:us-east-1:111111111111:repository/es"
    with pytest.raises(InvalidInputError) as refusal:
        DatafiEdgeConfig.model_validate(minimal(edge_servers={kind: [server]}))
    [fault] = refusal.value.faults
    assert fault.place == f"edge_servers.{kind}[0].environment.SETTING"
    assert value not in str(refusal.value)


def test_a_stack_that_was_refused_leaves_no_template() -> None:
    """The refusal comes before anything is written."""
    stack = new_stack()
    with pytest.raises(InvalidInputError):
        edge(surroundings(stack), secret=written(stack))
    assert stack.node.try_find_child("Es").node.default_child is None  # type: ignore[union-attr]
