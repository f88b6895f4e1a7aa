"""Reads a synthesized app back: what it makes, and who can reach what.

Needs nothing but the folder `cdk.out` and the standard library.
"""

from __future__ import annotations

from .assembly import Assembly, AssemblyError, Resource, ResourceId, Stack, read_assembly
from .references import Reference, Resolver, SsmParameter, Text, references_in, text

__all__ = [
    "Assembly",
    "AssemblyError",
    "Reference",
    "Resolver",
    "Resource",
    "ResourceId",
    "SsmParameter",
    "Stack",
    "Text",
    "read_assembly",
    "references_in",
    "text",
]
