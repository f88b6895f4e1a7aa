"""All that is known of an app from its templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from .access import ResourcePolicy, Role, read_resource_policies, read_roles
from .assembly import Assembly, AssemblyError, read_assembly
from .dns import Dns, read_dns
from .events import EventRule, Namespace, read_event_rules, read_namespaces
from .load_balancing import LoadBalancing, read_load_balancing
from .network import Network, read_network
from .services import Function, Service, read_functions, read_services
from .stored import DynamicReference, Store, read_dynamic_references, read_stores
from .templates import Templates, is_missing

__all__ = ["Topology", "read_topology"]


@dataclass(frozen=True)
class Topology:
    """What an app makes, read from its templates alone.

    Resources of the templates are known by `Stack.LogicalId` and called by the path of their
    construct; what exists already is known by its ARN, id or name, and its `label` says so.

    Args:
        assembly: The templates.
        load_balancing: Load balancers, listeners, rules, target groups.
        network: VPCs, subnets, VPC endpoints, security groups.
        dns: Zones, records, certificates.
        services: ECS services.
        functions: Lambda functions.
        roles: Roles and what they may do.
        resource_policies: Policies of buckets, secrets and so on.
        stores: What holds data.
        dynamic_references: Properties that CloudFormation fills from secrets.
        event_rules: Rules and schedules of EventBridge.
        namespaces: Names of Cloud Map.
        labels: What to call the resources of the templates.

    Example:
        ```python
        topology = read_topology("cdk.out")
        print(topology.types()["AWS::ECS::Service"], [one.label for one in topology.services])
        ```
    """

    assembly: Assembly
    load_balancing: LoadBalancing
    network: Network
    dns: Dns
    services: tuple[Service, ...]
    functions: tuple[Function, ...]
    roles: tuple[Role, ...]
    resource_policies: tuple[ResourcePolicy, ...]
    stores: tuple[Store, ...]
    dynamic_references: tuple[DynamicReference, ...]
    event_rules: tuple[EventRule, ...]
    namespaces: tuple[Namespace, ...]
    labels: Mapping[str, str]

    def label(self, identity: str) -> str:
        """What to call a resource: its path, or `existing …` if no template makes it.

        Args:
            identity: What it is known by, such as the `target` of a `Reach`.
        """
        return self.labels.get(identity) or f"existing {identity}"

    def is_missing(self, identity: str) -> bool:
        """Whether a template refers to a resource as its own, and does not make it.

        Args:
            identity: What it is known by, such as the `target` of a `Reach`.
        """
        return is_missing(self.assembly, self.labels, identity)

    def types(self) -> dict[str, int]:
        """How many resources of each CloudFormation type there are, sorted by type."""
        return dict(sorted(Counter(one.type for one in self.assembly.resources).items()))


def read_topology(folder: str | Path | Assembly = "cdk.out") -> Topology:
    """Read what an app makes.

    Args:
        folder: A cloud assembly, or what `read_assembly` gives of one. Default: `cdk.out`.

    Returns:
        All that this package knows of it.

    Raises:
        AssemblyError: The folder is no cloud assembly, or malformed.

    Example:
        ```python
        from datafi_cdk.topology import reachability, read_topology

        for reach in reachability(read_topology("cdk.out")):
            print(reach.source, reach.name, reach.port, reach.target, reach.open)
        ```
    """
    assembly = folder if isinstance(folder, Assembly) else read_assembly(folder)
    templates = None
    try:
        templates = Templates(assembly)
        return _read(templates)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        resource = templates.reading if templates else None
        where = f"{resource.path} ({resource.type})" if resource else str(assembly.folder)
        raise AssemblyError(
            f"{where} has properties of a form that cannot be read; synthesize again, or take out"
            " conditions that only the deployment can tell"
        ) from None


def _read(templates: Templates) -> Topology:
    services = tuple(sorted(read_services(templates), key=lambda one: (one.label, one.id)))
    functions = tuple(sorted(read_functions(templates), key=lambda one: (one.label, one.id)))
    return Topology(
        assembly=templates.assembly,
        load_balancing=read_load_balancing(templates),
        network=read_network(templates),
        dns=read_dns(templates),
        services=services,
        functions=functions,
        roles=read_roles(templates),
        resource_policies=read_resource_policies(templates),
        stores=read_stores(templates),
        dynamic_references=read_dynamic_references(templates),
        event_rules=read_event_rules(templates),
        namespaces=read_namespaces(templates),
        labels=templates.labels,
    )
