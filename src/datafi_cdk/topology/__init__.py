"""Reads a synthesized app back: what it makes, and who can reach what.

Needs nothing but the folder `cdk.out` and the standard library.

Example:
    ```python
    from datafi_cdk.topology import find_problems, reachability, read_topology

    topology = read_topology("cdk.out")
    reaches = reachability(topology)
    for reach in reaches:
        print(reach.source, reach.name, reach.port, topology.label(reach.target), reach.open)
    assert find_problems(topology, reaches) == ()
    ```
"""

from __future__ import annotations

from .assembly import Assembly, AssemblyError, Resource, ResourceId, Stack, read_assembly
from .problems import Problem, find_problems
from .reach import ANY_NAME, INTERNET, Reach
from .reachability import reachability, reachability_from
from .references import Resolver
from .topology import Topology, read_topology
from .values import Reference, SsmParameter, Text, references_in, text

__all__ = [
    "ANY_NAME",
    "INTERNET",
    "Assembly",
    "AssemblyError",
    "Problem",
    "Reach",
    "Reference",
    "Resolver",
    "Resource",
    "ResourceId",
    "SsmParameter",
    "Stack",
    "Text",
    "Topology",
    "find_problems",
    "reachability",
    "reachability_from",
    "read_assembly",
    "read_topology",
    "references_in",
    "text",
]
