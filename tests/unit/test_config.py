"""DatafiEdgeConfig: what a `datafi.yaml` may say, and how it is told what it may not."""

import copy
import datetime
import traceback
from typing import Any

import pytest
from datafi_cdk import DatafiEdgeConfig, DatafiError, InvalidInputError
from deployment import (
    ACCOUNT,
    CANARY,
    CERTIFICATE_ARN,
    KEY_ARN,
    REGION,
    ROOT_DOMAIN,
    minimal,
    secret_arn,
)
from pydantic import ValidationError


def changed(path: str, value: Any, data: dict[str, Any] | None = None) -> dict[str, Any]:
    """The data of a configuration with one key set."""
    made = copy.deepcopy(data or with_coordinator())
    target: Any = made
    *steps, last = path.split(".")
    for step in steps:
        target = target[int(step)] if step.isdigit() else target.setdefault(step, {})
    target[last] = value
    return made


def with_coordinator() -> dict[str, Any]:
    """The data of a small configuration with a coordinator."""
    arns = {
        "registry_credentials_secret_arn": secret_arn("acr"),
        "secret_arn": secret_arn("co"),
    }
    return minimal(coordinator=arns)


def faults(data: Any) -> dict[str, str]:
    """Place and sentence of every fault of these data."""
    with pytest.raises(InvalidInputError) as refusal:
        DatafiEdgeConfig.model_validate(data)
    return {fault.place: str(fault) for fault in refusal.value.faults}


ES = "edge_servers.long_running.0"
IN_ES = "edge_servers.long_running[0]"
IDLE = "load_balancer.idle_timeout_seconds"
GROUPS = "load_balancer.allowed_security_group_ids"


DEFAULTS = {
    "aws": None,
    "load_balancer.idle_timeout_seconds": 3600,
    "dns.hosted_zone_id": None,
    "dns.certificate_arn": None,
    "dns.enable_hosted_zone": True,
    "dns.enable_namespace": False,
    "vpc": None,
    f"{ES}.cpu": 1024,
    f"{ES}.memory_mib": 2048,
    f"{ES}.desired_count": None,
    f"{ES}.image_tag": None,
    f"{ES}.image_version_fixed": False,
    f"{ES}.image_version_parameter": None,
    f"{ES}.storage": False,
    f"{ES}.secret_arn": None,
    f"{ES}.secret_kms_key_arn": None,
    f"{ES}.secret_variables": None,
    f"{ES}.update_secret_arn": None,
    f"{ES}.update_rule_priority": None,
    f"{ES}.environment": {},
    "edge_servers.serverless": [],
    "coordinator.name": "co",
    "coordinator.cpu": 1024,
    "coordinator.memory_mib": 2048,
    "coordinator.desired_count": None,
    "coordinator.image_tag": None,
    "coordinator.registry": "datafi.azurecr.io",
    "coordinator.secret_kms_key_arn": None,
    "coordinator.secret_variables": {v: v for v in ("KEYVAL", "JWT_KID", "JWT_KEY")},
    "coordinator.environment": {},
    "allow_delete_resources": False,
    "disable_stack": False,
}


@pytest.mark.parametrize("path", DEFAULTS)
def test_defaults(path: str) -> None:
    """A key that is left out has its documented default."""
    found: Any = DatafiEdgeConfig.model_validate(with_coordinator()).model_dump()
    for step in path.split("."):
        found = found[int(step)] if step.isdigit() else found[step]
    assert found == DEFAULTS[path]


def test_the_coordinator_is_optional() -> None:
    """Without the section there is none."""
    assert DatafiEdgeConfig.model_validate(minimal()).coordinator is None


def test_every_key_is_described() -> None:
    """Each field of each section says what it means, and what happens without a value."""
    schema = DatafiEdgeConfig.model_json_schema()
    sections = [schema, *schema["$defs"].values()]
    assert len(sections) > 6
    for section in sections:
        assert section["description"]
        for name, field in section["properties"].items():
            assert field.get("description") or "$ref" in field, name
            if field.get("default", "") is None:
                assert "default" in field["description"].lower(), name


def test_a_configuration_cannot_be_changed() -> None:
    """What was checked stays as it was checked."""
    config = DatafiEdgeConfig.model_validate(minimal())
    with pytest.raises(ValidationError, match="frozen"):
        config.dns.root_domain = "x"  # type: ignore[misc]


def test_python_objects_are_taken() -> None:
    """Sections may be handed in as objects, and are checked like those of a file."""
    config = DatafiEdgeConfig.model_validate(with_coordinator())
    again = DatafiEdgeConfig(
        deployment_name="acme", dns=config.dns, edge_servers=config.edge_servers
    )
    assert again.dns == config.dns
    assert DatafiEdgeConfig.model_validate(config) is config


@pytest.mark.parametrize(
    ("path", "value", "place", "words"),
    [
        ("edge_serverz", {}, "edge_serverz", ["an unknown key", "write 'edge_servers'"]),
        ("dns.certificate_arm", "x", "dns.certificate_arm", ["write 'certificate_arn'"]),
        (f"{ES}.memory", 1, f"{IN_ES}.memory", ["write 'memory_mib'"]),
        ("coordinator.storage", True, "coordinator.storage", ["cpu, memory_mib", "unknown key"]),
        ("xyz", 1, "xyz", ["deployment_name, aws, load_balancer", "remove it"]),
        (f"{ES}.cpu", "1024", f"{IN_ES}.cpu", ["a whole number", "'1024'", "without quotes"]),
        (f"{ES}.cpu", 1024.5, f"{IN_ES}.cpu", ["a whole number", "1024.5"]),
        (f"{ES}.desired_count", True, f"{IN_ES}.desired_count", ["a whole number", "True"]),
        (f"{ES}.storage", "yes", f"{IN_ES}.storage", ["true or false", "'yes'"]),
        (f"{ES}.image_tag", 1.5, f"{IN_ES}.image_tag", ["a string", "1.5", "in quotes"]),
        ("aws", {"account": 1, "region": "eu-west-1"}, "aws.account", ["a string", "in quotes"]),
        ("dns", "x.example.com", "dns", ["a mapping", "'x.example.com'"]),
        ("edge_servers.long_running", {}, "edge_servers.long_running", ["a list", "a mapping"]),
        (f"{ES}.environment", ["A=b"], f"{IN_ES}.environment", ["a mapping", "a list"]),
        (f"{ES}.environment", {"A": 1}, f"{IN_ES}.environment.A", ["a string", "in quotes"]),
        (f"{ES}.secret_variables", "KEY", f"{IN_ES}.secret_variables", ["a list", "mapping"]),
        ("coordinator", {"secret_arn": secret_arn("co")},
         "coordinator.registry_credentials_secret_arn", ["given", "nothing", "name a secret"]),
        ("deployment_name", "Acme", "deployment_name", ["one DNS label", "'Acme'"]),
        ("deployment_name", "a" * 64, "deployment_name", ["1 to 63"]),
        ("dns.root_domain", "localhost", "dns.root_domain", ["at least two labels"]),
        ("dns.root_domain", "example.com.", "dns.root_domain", ["no dot at its end"]),
        ("dns.hosted_zone_id", "/hostedzone/Z1", "dns.hosted_zone_id", ["the id of a hosted zone"]),
        ("dns.certificate_arn", secret_arn("x"), "dns.certificate_arn", ["an ACM certificate"]),
        ("dns.enable_hosted_zone", False, "dns.certificate_arn", ["given", "nothing"]),
        (IDLE, 0, IDLE, ["from 1 to 4000", "0"]),
        (IDLE, 4001, IDLE, ["from 1 to 4000", "4001"]),
        ("aws", {"account": "123", "region": "eu-west-1"}, "aws.account", ["12 digits", "'123'"]),
        ("aws", {"account": ACCOUNT, "region": "Ireland"}, "aws.region", ["an AWS region"]),
        ("vpc", {"vpc_id": "vpc-00000123"}, "vpc.vpc_id", ["aws.account and", "section aws"]),
        (GROUPS, ["sg-0123456789"], GROUPS, ["8 or 17", "'sg-0123456789'"]),
        (GROUPS, ["sg-0123456g"], GROUPS, ["8 or 17", "'sg-0123456g'"]),
        (GROUPS, ["sg-0123456789ABCDEF0"], GROUPS, ["8 or 17", "'sg-0123456789ABCDEF0'"]),
        (f"{ES}.name", "es_1", f"{IN_ES}.name", ["one DNS label", "'es_1'"]),
        (f"{ES}.name", "-es", f"{IN_ES}.name", ["one DNS label"]),
        (f"{ES}.name", "update", f"{IN_ES}.name", ["update, df-update", "another name"]),
        (f"{ES}.name", "co", "coordinator.name", ["'co'", f"which {IN_ES} has"]),
        (f"{ES}.cpu", 300, f"{IN_ES}.cpu", ["256, 512, 1024", "300"]),
        (f"{ES}.cpu", 4096, f"{IN_ES}.memory_mib", ["8192 to 30720 in steps of 1024", "2048"]),
        (f"{ES}.desired_count", -1, f"{IN_ES}.desired_count", ["0 to 5000", "-1"]),
        (f"{ES}.image_tag", "datafi/es:next", f"{IN_ES}.image_tag", ["the tag alone"]),
        (f"{ES}.secret_variables", ["KEY"], f"{IN_ES}.secret_variables", ["no secret"]),
        (f"{ES}.environment", {"KEY": "x"}, f"{IN_ES}.environment.KEY", ["taken from a secret"]),
        (f"{ES}.secret_arn", secret_arn("es")[:-7], f"{IN_ES}.secret_arn", ["six-character"]),
        ("coordinator.secret_kms_key_arn", KEY_ARN.replace(":key/", ":alias/"),
         "coordinator.secret_kms_key_arn", ["not of an alias"]),
        (f"{ES}.secret_kms_key_arn", KEY_ARN, f"{IN_ES}.secret_kms_key_arn", ["no secret"]),
        ("coordinator.registry", "https://datafi.azurecr.io", "coordinator.registry", ["host"]),
        ("coordinator.secret_variables", {"KEYVAL": ""}, "coordinator.secret_variables.KEYVAL",
         ["the name of a field"]),
        ("edge_servers.serverless", [{"name": "x"}],
         "edge_servers.serverless[0].ecr_repository_arn", ["given", "nothing", "add it"]),
        ("edge_servers.long_running", [], "edge_servers", ["at least one server"]),
    ],
)  # fmt: skip
def test_refuses(path: str, value: Any, place: str, words: list[str]) -> None:
    """One fault names the key and says what may stand there and what does."""
    data = minimal() if path == "aws" else with_coordinator()
    ((found, sentence),) = faults(changed(path, value, data)).items()
    assert found == place
    for word in words:
        assert word in sentence


@pytest.mark.parametrize("variable", ["KEY", "EDGE_KEY", "KEYVAL", "JWT_KEY"])
def test_refuses_secret_values_as_plain_variables(variable: str) -> None:
    """A variable whose value is secret is not taken in clear text."""
    found = faults(changed("coordinator.environment", {variable: CANARY}))
    assert f"coordinator.environment.{variable}" in found


@pytest.mark.parametrize("variable", [1, 1.5, None, datetime.date(2026, 1, 1)])
def test_refuses_variables_that_are_no_strings(variable: object) -> None:
    """YAML takes a number, a date or nothing for a key, the environment does not."""
    ((place, sentence),) = faults(changed(f"{ES}.environment", {variable: CANARY})).items()
    assert place.startswith(f"{IN_ES}.environment")
    assert "string" in sentence
    assert CANARY not in sentence


@pytest.mark.parametrize("value", [CANARY.encode(), {CANARY}, 1.5, datetime.date(2026, 1, 1)])
def test_refuses_values_that_are_no_strings_without_showing_them(value: object) -> None:
    """Whatever YAML makes of a value, none of it is shown."""
    ((place, sentence),) = faults(changed(f"{ES}.environment", {"A": value})).items()
    assert place == f"{IN_ES}.environment.A"
    assert "must be a string, got a" in sentence
    assert CANARY not in sentence


@pytest.mark.parametrize("key", [None, 1, 1.5])
@pytest.mark.parametrize("section", ["", "dns"])
def test_refuses_keys_that_are_no_strings(section: str, key: object) -> None:
    """A key that is a number or nothing is refused where it stands."""
    data = minimal()
    (data[section] if section else data)[key] = "x"
    ((place, sentence),) = faults(data).items()
    assert place == (section or "the file")
    assert "a mapping whose keys are strings" in sentence


def test_refuses_an_odd_key_without_showing_it() -> None:
    """A key that cannot be one may be a value in the wrong place."""
    ((place, sentence),) = faults(changed("dns", {"root_domain": ROOT_DOMAIN, CANARY: 1})).items()
    assert place == "dns"
    assert CANARY not in sentence


@pytest.mark.parametrize("region", ["us-gov-west-1", "cn-north-1", "eusc-de-east-1"])
def test_takes_regions_of_every_partition(region: str) -> None:
    """Also those whose names are longer than usual."""
    data = minimal(aws={"account": ACCOUNT, "region": region})
    assert DatafiEdgeConfig.model_validate(data)


@pytest.mark.parametrize("variable", ["JWT_JWKS", "JWT_KID", "JWT_ISS"])
def test_takes_public_values_as_plain_variables(variable: str) -> None:
    """What only looks like a secret may be given in clear text."""
    data = changed("coordinator.environment", {variable: "x"})
    data = changed("coordinator.secret_variables", ["KEYVAL"], data)
    assert DatafiEdgeConfig.model_validate(data)


FARGATE = {
    256: [512, 1024, 2048],
    512: [*range(1024, 4097, 1024)],
    1024: [*range(2048, 8193, 1024)],
    2048: [*range(4096, 16385, 1024)],
    4096: [*range(8192, 30721, 1024)],
    8192: [*range(16384, 61441, 4096)],
    16384: [*range(32768, 122881, 8192)],
}


@pytest.mark.parametrize("cpu", FARGATE)
def test_takes_every_pair_that_fargate_offers(cpu: int) -> None:
    """Each memory that Fargate offers for these CPU units is taken, and none beside it."""
    for memory in FARGATE[cpu]:
        assert DatafiEdgeConfig.model_validate(_sized(cpu, memory))
    near = {memory + step for memory in FARGATE[cpu] for step in (-512, -1, 1, 512)}
    for memory in {*near, 0, 1048576} - {*FARGATE[cpu]}:
        assert list(faults(_sized(cpu, memory))) == [f"{IN_ES}.memory_mib"]


@pytest.mark.parametrize("cpu", [0, -256, 255, 257, 300, 1023, 3072, 32768])
def test_refuses_cpu_units_that_fargate_lacks(cpu: int) -> None:
    """A number of CPU units that is not in the table is refused, whatever the memory."""
    assert list(faults(_sized(cpu, 2048))) == [f"{IN_ES}.cpu"]


def _sized(cpu: int, memory: int) -> dict[str, Any]:
    servers = [{"name": "es", "cpu": cpu, "memory_mib": memory}]
    return minimal(edge_servers={"long_running": servers})


def test_refuses_two_servers_with_one_name() -> None:
    """The second is told which has the name; a third name is none of it."""
    servers = [{"name": name} for name in ("es", "other", "es")]
    found = faults(minimal(edge_servers={"long_running": servers}))
    assert list(found) == ["edge_servers.long_running[2].name"]
    assert f"'es', which {IN_ES} has" in found["edge_servers.long_running[2].name"]


@pytest.mark.parametrize(
    ("path", "arn"),
    [
        ("dns.certificate_arn", CERTIFICATE_ARN),
        (f"{ES}.secret_arn", secret_arn("es")),
        (f"{ES}.update_secret_arn", secret_arn("update")),
        ("coordinator.secret_kms_key_arn", KEY_ARN),
        ("coordinator.secret_arn", secret_arn("co")),
        ("coordinator.registry_credentials_secret_arn", secret_arn("acr")),
    ],
)
def test_refuses_arns_of_another_region(path: str, arn: str) -> None:
    """With `aws.region`, whatever is named by ARN is in that region."""
    here = minimal(aws={"account": ACCOUNT, "region": "eu-west-1"}, coordinator={
        key: secret_arn("x", "eu-west-1")
        for key in ("secret_arn", "registry_credentials_secret_arn")
    })  # fmt: skip
    assert DatafiEdgeConfig.model_validate(here)
    ((place, sentence),) = faults(changed(path, arn, here)).items()
    assert place == path.replace(".0", "[0]")
    assert "must be in aws.region (eu-west-1)" in sentence
    assert DatafiEdgeConfig.model_validate(changed(path, arn.replace(REGION, "eu-west-1"), here))


def test_refuses_a_zone_that_is_not_to_be_used() -> None:
    """`hosted_zone_id` and `enable_hosted_zone: false` contradict each other."""
    dns = {
        "root_domain": ROOT_DOMAIN,
        "hosted_zone_id": "Z123",
        "certificate_arn": CERTIFICATE_ARN,
        "enable_hosted_zone": False,
    }
    assert list(faults(minimal(dns=dns))) == ["dns.hosted_zone_id"]


def test_refuses_a_network_with_an_empty_section_aws() -> None:
    """A section `aws` with nothing in it says no more than none."""
    assert "vpc.vpc_id" in faults(minimal(vpc={"vpc_id": "vpc-00000123"}, aws=None))


def test_direct_construction_is_checked_too() -> None:
    """In Python the same faults are one InvalidInputError, without a file and lines."""
    with pytest.raises(InvalidInputError) as refusal:
        DatafiEdgeConfig(
            deployment_name="Acme",
            dns={"root_domain": 3},
            edge_servers={"long_running": [{"name": "es", "cpu": 300}]},
            colour="red",
        )
    assert {fault.place for fault in refusal.value.faults} == {
        "deployment_name",
        "dns.root_domain",
        f"{IN_ES}.cpu",
        "colour",
    }
    assert isinstance(refusal.value, DatafiError)


@pytest.mark.parametrize(
    "path",
    [
        "dns.certificate_arn",
        "coordinator.secret_arn",
        "coordinator.registry_credentials_secret_arn",
        "coordinator.secret_kms_key_arn",
        "coordinator.secret_variables",
        "coordinator.environment",
        "coordinator.password",
        "password",
    ],
)
def test_refuses_secrets_in_python_without_showing_them(path: str) -> None:
    """The same holds for the other sections, and for data that come from Python."""
    for value in (CANARY, [CANARY], {"KEY": CANARY}):
        if (path, type(value)) == ("coordinator.environment", dict):
            value = {"KEY": CANARY, "A-B": CANARY}
        with pytest.raises(InvalidInputError) as refusal:
            DatafiEdgeConfig.model_validate(changed(path, value))
        assert CANARY not in "".join(traceback.format_exception(refusal.value))


def test_credentials_in_an_address_are_not_shown() -> None:
    """A registry written as an address with its password is refused without the password."""
    data = changed("coordinator.registry", f"https://user:{CANARY}@datafi.azurecr.io")
    assert CANARY not in str(faults(data))
