"""Reads a cloud assembly, the folder `cdk.out` that a synthesis leaves, into plain data.

Format: https://github.com/aws/aws-cdk-cli/tree/main/packages/%40aws-cdk/cloud-assembly-schema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import DatafiError
from .resources import Resource, ResourceId, Stack
from .values import text

__all__ = ["Assembly", "AssemblyError", "Resource", "ResourceId", "Stack", "read_assembly"]

KNOWN_SCHEMA = 55
"""The newest major version of the schema whose kinds of artifact are all known here."""

_STACK = "aws:cloudformation:stack"
_STAGE = "cdk:cloud-assembly"
_WITHOUT_RESOURCES = ("none", "cdk:tree", "cdk:asset-manifest", "cdk:feature-flag-report")
_NESTED_STACK = "AWS::CloudFormation::Stack"
_ENVIRONMENT = re.compile(r"aws://([^/]+)/([^/]+)")
_ASSET = re.compile(r"[0-9a-f]{64}")


class AssemblyError(DatafiError):
    """Raised for a folder that is no cloud assembly, or one that cannot be read.

    Example:
        >>> str(AssemblyError("cdk.out is no folder; run `cdk synth` first"))
        'cdk.out is no folder; run `cdk synth` first'
    """


@dataclass(frozen=True)
class Assembly:
    """All stacks of an app, those of its stages and nested ones too.

    Args:
        folder: Where it was read.
        stacks: In the order of the manifest, each before the ones nested in it.

    Example:
        ```python
        assembly = read_assembly("cdk.out")
        for service in assembly.of_type("AWS::ECS::Service"):
            print(service.path)
        ```
    """

    folder: Path
    stacks: tuple[Stack, ...]
    _resources: dict[ResourceId, Resource] = field(init=False, repr=False, compare=False)
    _stacks: dict[str, Stack] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the resources and stacks quick to find."""
        found = {resource.id: resource for stack in self.stacks for resource in stack.resources}
        object.__setattr__(self, "_resources", found)
        object.__setattr__(self, "_stacks", {stack.id: stack for stack in self.stacks})

    @property
    def resources(self) -> tuple[Resource, ...]:
        """The resources of all stacks."""
        return tuple(self._resources.values())

    def stack(self, stack_id: str) -> Stack:
        """The stack with this `id`.

        Args:
            stack_id: The id, as a `ResourceId` has it.

        Raises:
            KeyError: There is none.
        """
        return self._stacks[stack_id]

    def resource(self, resource_id: ResourceId) -> Resource | None:
        """The resource with this id, or `None`.

        Args:
            resource_id: The id.
        """
        return self._resources.get(resource_id)

    def of_type(self, *types: str) -> tuple[Resource, ...]:
        """The resources of some CloudFormation types, in order.

        Args:
            *types: The types, such as `AWS::ECS::Service`.
        """
        return tuple(resource for resource in self.resources if resource.type in types)

    def nested_in(self, resource_id: ResourceId) -> Stack | None:
        """The nested stack that a resource makes, or `None`.

        Args:
            resource_id: The resource, of type `AWS::CloudFormation::Stack`.
        """
        return next((stack for stack in self.stacks if stack.parent == resource_id), None)


def read_assembly(folder: str | Path = "cdk.out") -> Assembly:
    """Read all templates of a cloud assembly.

    Args:
        folder: Where the synthesis has put it. Default: `cdk.out`.

    Returns:
        The assembly.

    Raises:
        AssemblyError: There is none, a file of it is missing or malformed, or it has kinds of
            artifacts that only a newer version of the schema has.

    Example:
        ```python
        print([stack.name for stack in read_assembly("cdk.out").stacks])
        ```
    """
    folder = Path(folder)
    if not (folder / "manifest.json").is_file():
        raise AssemblyError(
            f"{folder} is no cloud assembly, it has no manifest.json; run `cdk synth` first, or"
            " name the folder that it writes to"
        )
    try:
        return Assembly(folder, tuple(_stacks(folder)))
    except (AttributeError, KeyError, TypeError):
        raise AssemblyError(
            f"{folder}: the manifest or a template has not the form that the CDK gives it;"
            " synthesize again"
        ) from None


def _stacks(folder: Path) -> Iterator[Stack]:
    manifest = _read(folder / "manifest.json")
    for name, artifact in _mapping(manifest, "artifacts", folder / "manifest.json").items():
        kind = artifact.get("type")
        properties = artifact.get("properties", {})
        if kind == _STAGE:
            yield from _stacks(folder / str(properties.get("directoryName", name)))
        elif kind == _STACK:
            yield from _with_nested(
                _stack(folder, name, artifact), folder, _paths(folder, artifact)
            )
        elif kind not in _WITHOUT_RESOURCES and _major(manifest) > KNOWN_SCHEMA:
            raise AssemblyError(
                f"{folder / 'manifest.json'}: {name} is of type {kind}, in version"
                f" {manifest['version']} of the schema, and this command knows up to"
                f" {KNOWN_SCHEMA}; upgrade datafi-cdk"
            )


def _stack(folder: Path, name: str, artifact: Mapping[str, Any]) -> Stack:
    environment = _ENVIRONMENT.fullmatch(str(artifact.get("environment", "")))
    file = artifact.get("properties", {}).get("templateFile")
    if environment is None or not isinstance(file, str):
        raise AssemblyError(
            f"{folder / 'manifest.json'}: the stack {name} has no environment or no templateFile;"
            " synthesize again"
        )
    account, region = environment.groups()
    template = _read(folder / file)
    _mapping(template, "Resources", folder / file)
    return Stack(
        id=name,
        name=str(artifact["properties"].get("stackName", name)),
        account=None if account == "unknown-account" else account,
        region=None if region == "unknown-region" else region,
        template=template,
        resources=(),
        dependencies=tuple(
            other for other in artifact.get("dependencies", ()) if not other.endswith(".assets")
        ),
    )


def _with_nested(
    stack: Stack, folder: Path, paths: Mapping[str, tuple[str, ...]], prefix: str = ""
) -> Iterator[Stack]:
    """The stack with its resources, then what is nested in it."""
    nested: list[Stack] = []
    resources: list[Resource] = []
    for logical_id, raw in sorted(stack.section("Resources").items()):
        resource = _resource(stack, logical_id, raw, paths, prefix)
        resources.append(resource)
        if resource.type == _NESTED_STACK:
            below = f"{resource.path.partition('.NestedStack/')[0]}/"
            child = _nested_stack(stack, resource, raw, folder)
            if child:
                nested += _with_nested(child, folder, paths, below)
    yield Stack(**{**_fields(stack), "resources": tuple(resources)})
    yield from nested


def _fields(stack: Stack) -> dict[str, Any]:
    return {name: getattr(stack, name) for name in stack.__dataclass_fields__}


def _nested_stack(
    stack: Stack, resource: Resource, raw: Mapping[str, Any], folder: Path
) -> Stack | None:
    file = raw.get("Metadata", {}).get("aws:asset:path") or _asset_of(resource, folder)
    if not file:
        return None
    name = f"{stack.id}/{resource.id.logical_id}"
    template = _read(folder / file)
    _mapping(template, "Resources", folder / file)
    return Stack(name, name, stack.account, stack.region, template, (), parent=resource.id)


def _asset_of(resource: Resource, folder: Path) -> str | None:
    """The template of a nested stack, by the hash that its URL ends with."""
    hashes = _ASSET.findall(json.dumps(resource.properties.get("TemplateURL", "")))
    for manifest in sorted(folder.glob("*.assets.json")) if hashes else ():
        file = _read(manifest).get("files", {}).get(hashes[-1])
        if file:
            return str(file["source"]["path"])
    return None


def _resource(
    stack: Stack,
    logical_id: str,
    raw: Mapping[str, Any],
    paths: Mapping[str, tuple[str, ...]],
    prefix: str,
) -> Resource:
    if not isinstance(raw, dict) or not isinstance(raw.get("Type"), str):
        raise AssemblyError(
            f"the template of {stack.name}: the resource {logical_id} has no Type; synthesize again"
        )
    path = raw.get("Metadata", {}).get("aws:cdk:path") or next(
        (path for path in paths.get(logical_id, ()) if path.startswith(prefix)), logical_id
    )
    depends = raw.get("DependsOn", ())
    return Resource(
        id=ResourceId(stack.id, logical_id),
        type=raw["Type"],
        properties=raw.get("Properties") or {},
        path=text(path).removesuffix("/Resource").removesuffix("/Default"),
        depends=(depends,) if isinstance(depends, str) else tuple(depends),
        deletion_policy=raw.get("DeletionPolicy"),
        condition=raw.get("Condition"),
    )


def _paths(folder: Path, artifact: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The paths of constructs by logical id; one id can occur in several nested stacks."""
    entries = dict(artifact.get("metadata", {}))
    if "additionalMetadataFile" in artifact:
        entries |= _read(folder / artifact["additionalMetadataFile"])
    found: dict[str, tuple[str, ...]] = {}
    for path, metadata in entries.items():
        for entry in metadata:
            if entry.get("type") == "aws:cdk:logicalId":
                found[entry["data"]] = (*found.get(entry["data"], ()), path.removeprefix("/"))
    return found


def _major(manifest: Mapping[str, Any]) -> int:
    number = str(manifest.get("version", "")).partition(".")[0]
    return int(number) if number.isdigit() else 0


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise AssemblyError(f"{file} is missing in the cloud assembly; synthesize again") from None
    except (OSError, ValueError, RecursionError) as error:
        raise AssemblyError(
            f"{file} is not readable JSON ({type(error).__name__}); synthesize again"
        ) from None
    if not isinstance(content, dict):
        raise AssemblyError(f"{file} must hold a JSON object; synthesize again")
    return content


def _mapping(content: Mapping[str, Any], key: str, file: Path) -> dict[str, Any]:
    found = content.get(key, {})
    if not isinstance(found, dict) or not all(isinstance(item, dict) for item in found.values()):
        raise AssemblyError(f"{file}: {key} must be an object of objects; synthesize again")
    return found
