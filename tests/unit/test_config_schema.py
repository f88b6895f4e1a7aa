"""The JSON schema of a `datafi.yaml`, by which editors complete it."""

import json
from typing import Any

import pytest
from datafi_cdk import DatafiEdgeConfig
from datafi_cdk.config_schema import SCHEMA_PATH, schema_text


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
    assert listed["items"]["pattern"] == "^(sg-[0-9a-zA-Z]+)$"


def test_secret_variables_are_a_list_or_a_mapping(schema: dict[str, Any]) -> None:
    """Both forms that the configuration takes are offered."""
    found = schema["$defs"]["EdgeServerConfig"]["properties"]["secret_variables"]
    assert {branch["type"] for branch in found["anyOf"]} == {"array", "object", "null"}
