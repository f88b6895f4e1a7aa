"""The parameter that keeps the live version of a service, and its stack."""

from __future__ import annotations

import hashlib
import re
from typing import cast

import jsii
from aws_cdk import (
    Aspects,
    CfnParameter,
    CfnResource,
    Environment,
    IAspect,
    IStackSynthesizer,
    Stack,
    StackSynthesizer,
)
from constructs import Construct, IConstruct

from .errors import Fault
from .places import asked_once, outermost_stack, path_of

_READERS = "DatafiImageVersions"
_SUFFIX = "-versions"
_LONGEST_STACK_NAME = 128
_LONGEST_NAME = 200
_AFTER_ALL_OTHERS = 1_000_000
_OTHER = re.compile(r"[^A-Za-z0-9_-]")


def own_parameter_name(service: Construct) -> str:
    """The name of a service's own parameter, the same in every synthesis.

    Args:
        service: The service.
    """
    prefix = f"/datafi/{_name_of(outermost_stack(service))}/"
    path = _path_in_stack(service)
    steps = [_OTHER.sub("_", step) for step in path.split("/")]
    name = ".".join(steps)
    longest = _LONGEST_NAME - len(prefix)
    if "/".join(steps) != path or len(name) > longest:
        name = f"{name[: longest - 9]}-{_distinction(path)}"
    return prefix + name


def keep_version(service: Construct, parameter_name: str, version: str) -> None:
    """Make the parameter that keeps the live version of a service.

    It is in a stack that is deployed first. CloudFormation writes the version of the code whenever
    it updates the parameter, so nothing about it but the version may ever change: it has no tags
    and no description. Source:
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html

    Args:
        service: The service.
        parameter_name: Its name.
        version: The tag or the digest that the code says.
    """
    stack = outermost_stack(service)
    versions = _beside(stack)
    if not isinstance(versions, _Versions):
        versions = _Versions(cast(Construct, stack.node.scope), stack)
        # The former name, of which newer versions of aws-cdk-lib warn.
        getattr(stack, "add_stack_dependency", stack.add_dependency)(versions)
    CfnResource(
        versions,
        _id_of(parameter_name),
        type="AWS::SSM::Parameter",
        properties={"Name": parameter_name, "Type": "String", "Value": version},
    )


def live_version(service: Construct, parameter_name: str) -> str:
    """What a parameter holds whenever the outermost stack is deployed.

    The id of the template's parameter follows from the name: of the same id, the `cdk` command
    would keep the name that was deployed before.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/systems-manager-parameter-types.html

    Args:
        service: The service.
        parameter_name: The name of the parameter.
    """
    stack = outermost_stack(service)
    readers = asked_once(
        stack,
        "readers",
        lambda: stack.node.try_find_child(_READERS) or Construct(stack, _READERS),
    )
    reader_id = _id_of(parameter_name)
    reader = readers.node.try_find_child(reader_id)
    if not isinstance(reader, CfnParameter):
        reader = CfnParameter(
            cast(Construct, readers),
            reader_id,
            type="AWS::SSM::Parameter::Value<String>",
            default=parameter_name,
            description="Parameter that holds the live version of an image",
        )
    return reader.value_as_string


def existing_parameter_faults(service: Construct, parameter_name: str) -> list[Fault]:
    """A parameter that is said to exist, but would be made, and deleted, by this library.

    Args:
        service: The service.
        parameter_name: The name of the parameter.
    """
    own = f"/datafi/{_name_of(outermost_stack(service))}/"
    if not parameter_name.startswith(own):
        return []
    allowed, remedy = f"one whose name does not start with {own}", "name another parameter"
    return [Fault("image_version", allowed, repr(parameter_name), remedy)]


def versions_stack_faults(service: Construct) -> list[Fault]:
    """What keeps the stack of the parameters from being made.

    Args:
        service: The service.
    """
    stack = outermost_stack(service)
    other = _beside(stack)
    if isinstance(other, _Versions):
        return []
    stack_id = stack.node.id + _SUFFIX
    otherwise = "or say image_version=ImageVersion.fixed(…)"
    synthesizer = stack.synthesizer
    if other is not None:
        allowed = f"kept in a stack {stack_id}, whose id is free"
        remedy = f"rename that construct, {otherwise}"
        return [Fault("image_version", allowed, f"one that is taken by {other.node.path}", remedy)]
    if not hasattr(synthesizer, "reusable_bind"):
        allowed = f"kept in a stack {stack_id}, with the synthesizer of {stack.node.path}"
        given = f"{type(synthesizer).__name__}, which can be used for one stack only"
        remedy = f"hand in one that is reusable, {otherwise}"
        return [Fault("image_version", allowed, given, remedy)]
    return []


class _Versions(Stack):
    """The parameters of the services of another stack, which is deployed after this one."""

    def __init__(self, scope: Construct, stack: Stack) -> None:
        super().__init__(
            scope,
            stack.node.id + _SUFFIX,
            stack_name=_stack_name(stack.stack_name),
            env=Environment(account=stack.account, region=stack.region),
            synthesizer=_synthesizer_for_another(stack.synthesizer),
            analytics_reporting=False,
        )
        self.node.set_context("aws:cdk:enable-path-metadata", False)
        Aspects.of(self).add(_AtLast(stack), priority=_AFTER_ALL_OTHERS)


@jsii.implements(IAspect)
class _AtLast:
    """What follows from everything that an app says of its stacks, when it has said it.

    Tags are kept off the parameters' stack, as CloudFormation would hand them on to its resources.
    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-resource-tags.html
    """

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def visit(self, node: IConstruct) -> None:
        """Remove every tag, and protect the parameters from deletion as the services are."""
        if isinstance(node, Stack):
            for key in node.tags.tag_values():
                node.tags.remove_tag(key, _AFTER_ALL_OTHERS)
            node.termination_protection = self._stack.termination_protection


def _beside(stack: Stack) -> IConstruct | None:
    """What has the id of the stack of a stack's parameters, if anything has."""

    def find() -> IConstruct | None:
        place = cast(Construct, stack.node.scope)
        return place.node.try_find_child(stack.node.id + _SUFFIX)

    return asked_once(stack, "versions", find)


def _path_in_stack(construct: Construct) -> str:
    return path_of(construct).removeprefix(f"{path_of(outermost_stack(construct))}/")


def _name_of(stack: Stack) -> str:
    return asked_once(stack, "name", lambda: stack.stack_name)


def _stack_name(name: str) -> str:
    longest = _LONGEST_STACK_NAME - len(_SUFFIX)
    if len(name) > longest:
        name = f"{name[: longest - 9]}-{_distinction(name)}"
    return name + _SUFFIX


def _synthesizer_for_another(synthesizer: IStackSynthesizer) -> IStackSynthesizer | None:
    """A synthesizer as it was handed in, or `None` for that of the app.

    CDK hands a stack a copy of a reusable synthesizer, bound to it. jsii knows the copy of one that
    was made in Python by the original, which can be handed in again. A bound one was made by CDK,
    as for every stack that is given none.
    """
    try:
        bound = isinstance(synthesizer, StackSynthesizer) and synthesizer._bound_stack
    except RuntimeError:
        return synthesizer
    return None if bound else synthesizer


def _id_of(parameter_name: str) -> str:
    """An id of letters and digits, other for each name."""
    return re.sub("[^A-Za-z0-9]", "", parameter_name)[:100] + _distinction(parameter_name)


def _distinction(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
