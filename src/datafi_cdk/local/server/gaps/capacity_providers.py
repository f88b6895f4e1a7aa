"""Gap: `AWS::ECS::ClusterCapacityProviderAssociations`, which `describe_clusters` then shows."""

from __future__ import annotations

from typing import Any

from .api import already_gone, client
from .registry import Created, Properties, ResourceType

_UPDATABLE = ("CapacityProviders", "DefaultCapacityProviderStrategy")


def _create(_logical_id: str, properties: Properties, _stack_name: str) -> Created:
    cluster = properties["Cluster"]
    _associate(cluster, properties["CapacityProviders"], properties)
    return cluster, {}


def _update(cluster: str, _old: Properties, new: Properties) -> Created:
    _associate(cluster, new["CapacityProviders"], new)
    return cluster, {}


def _delete(cluster: str, _properties: Properties) -> None:
    with already_gone("ClusterNotFoundException"):
        _associate(cluster, [], {"DefaultCapacityProviderStrategy": []})


def _associate(cluster: str, providers: list[str], properties: Properties) -> None:
    """The API writes the keys of a strategy's entry small."""
    strategy: list[dict[str, Any]] = [
        {name[0].lower() + name[1:]: value for name, value in entry.items()}
        for entry in properties["DefaultCapacityProviderStrategy"]
    ]
    client("ecs").put_cluster_capacity_providers(
        cluster=cluster, capacityProviders=providers, defaultCapacityProviderStrategy=strategy
    )


ASSOCIATIONS = ResourceType(
    "AWS::ECS::ClusterCapacityProviderAssociations",
    _create,
    _update,
    _delete,
    replacing=("Cluster",),
    updatable=_UPDATABLE,
)
