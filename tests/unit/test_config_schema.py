"""The JSON schema of a `datafi.yaml`, by which editors complete it."""

import json
import re
from typing import Any

import pytest
from datafi_cdk import DatafiEdgeConfig
from datafi_cdk.config_schema import SCHEMA_PATH, schema_text
from datafi_cdk.validation import FORMS
from test_config_keys import CHANGES


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    """The schema as it is committed."""
    return dict(json.loads(SCHEMA_PATH.read_text(encoding="utf-8")))


def test_the_committed_schema_is_current() -> None:
    """What is committed is what the configuration says now.

    `python -m datafi_cdk.config_schema` writes it anew.
    """
    assert SCHEMA_PATH.read_text(encoding="utf-8") == schema_text()


def test_it_names_every_section_and_key(schema: dict[str, Any]) -> None:
    """Editors know each key, and that no other may stand there."""
    assert set(schema["properties"]) == set(DatafiEdgeConfig.model_fields)
    for section in (schema, *schema["$defs"].values()):
        assert section["additionalProperties"] is False
    assert schema["required"] == ["deployment_name", "dns", "edge_servers"]


@pytest.mark.parametrize(
    ("section", "key", "said"),
    [
        ("LoadBalancerConfig", "idle_timeout_seconds", {"minimum": 1, "maximum": 4000}),
        ("EdgeServerConfig", "cpu_architecture", {"enum": ["X86_64", "ARM64"]}),
        ("CapacityProviderConfig", "capacity_provider", {"enum": ["FARGATE", "FARGATE_SPOT"]}),
        ("AwsConfig", "account", {"pattern": "^([0-9]{12})$"}),
        ("EdgeServerConfig", "log_retention_days", {"default": 30}),
        ("EdgeServerConfig", "name", {"pattern": f"^({FORMS['label']})$"}),
        ("DnsConfig", "root_domain", {"pattern": f"^({FORMS['domain']})$"}),
        ("CoordinatorConfig", "registry", {"pattern": f"^({FORMS['registry']})$"}),
        ("ExistingLoadBalancerConfig", "security_group_ids", {"minItems": 1, "uniqueItems": True}),
        ("EdgeServerConfig", "security_group_ids", {"maxItems": 5}),
        (
            "EdgeServerConfig",
            "environment",
            {"propertyNames": {"pattern": f"^({FORMS['variable']})$"}},
        ),
    ],
)
def test_it_says_what_may_stand_at_a_key(
    schema: dict[str, Any], section: str, key: str, said: dict[str, Any]
) -> None:
    """Bounds, choices, forms and defaults are those that the configuration checks."""
    found = schema["$defs"][section]["properties"][key]
    assert said.items() <= found.items()


def test_it_bounds_what_may_be_left_out_and_what_is_listed(schema: dict[str, Any]) -> None:
    """An optional value and the entries of a list are bounded like any other."""
    optional = schema["$defs"]["AutoScalingConfig"]["properties"]["cpu_percent"]
    assert {"minimum": 1, "maximum": 100, "type": "integer"} in optional["anyOf"]
    listed = schema["$defs"]["EdgeServerConfig"]["properties"]["security_group_ids"]
    assert listed["items"]["pattern"] == "^(sg-([0-9a-f]{8}|[0-9a-f]{17}))$"


def test_it_says_how_names_and_versions_are_formed(schema: dict[str, Any]) -> None:
    """A deployment's name, tags, digests, ranges and models have their forms."""
    server, balancer, network, coordinator = (
        schema["$defs"][f"{name}Config"]["properties"]
        for name in ("EdgeServer", "LoadBalancer", "NewVpc", "Coordinator")
    )
    for key, form in (("image_tag", FORMS["image_tag"]), ("image_digest", FORMS["image_digest"])):
        assert server[key]["anyOf"][0]["pattern"] == f"^({form})$"
    assert schema["properties"]["deployment_name"]["pattern"] == f"^({FORMS['label']})$"
    assert balancer["allowed_cidrs"]["items"]["pattern"] == f"^({FORMS['cidr']})$"
    assert network["cidr"]["anyOf"][0]["pattern"] == "^([0-9.]+/(1[6-9]|2[0-8]))$"
    models = coordinator["bedrock_models"]["items"]["pattern"]
    assert re.match(models, "anthropic.claude-3-haiku-20240307-v1:0")
    assert {512, 2048, 122_880} <= set(server["memory_mib"]["enum"])


@pytest.mark.parametrize("key", CHANGES)
def test_it_takes_what_the_configuration_takes(schema: dict[str, Any], key: str) -> None:
    """The value of every key that is tried elsewhere fits what the schema says of it."""
    value = CHANGES[key]
    found = schema
    for step in re.findall(r"[A-Za-z_]+|\d+", key):
        found = _inside(schema, found, step)
    for entry, said in _said_of(found, value):
        assert re.search(said.get("pattern", ""), str(entry))
        assert entry in said.get("enum", [entry])
        assert said.get("minimum", entry) <= entry <= said.get("maximum", entry)


def _inside(schema: dict[str, Any], found: dict[str, Any], step: str) -> dict[str, Any]:
    """What a schema says of a key, of each entry of a list, or of each value of a mapping."""
    inner = found["items"] if step.isdigit() else found.get("properties", {}).get(step)
    inner = inner or found["additionalProperties"]
    inner = next((branch for branch in inner.get("anyOf", ()) if "$ref" in branch), inner)
    return dict(schema["$defs"][inner["$ref"].rpartition("/")[2]]) if "$ref" in inner else inner


def _said_of(found: dict[str, Any], value: Any) -> list[tuple[Any, dict[str, Any]]]:
    """Each string or number, and what is said of it."""
    said = next((branch for branch in found.get("anyOf", ()) if branch["type"] != "null"), found)
    if isinstance(value, list):
        return [(entry, said["items"]) for entry in value if "items" in said]
    return [] if isinstance(value, dict) or value is None else [(value, said)]


def test_secret_variables_are_a_list_or_a_mapping(schema: dict[str, Any]) -> None:
    """Both forms that the configuration takes are offered."""
    found = schema["$defs"]["EdgeServerConfig"]["properties"]["secret_variables"]
    assert {branch["type"] for branch in found["anyOf"]} == {"array", "object", "null"}
