"""Follows the references of templates, also from stack to stack.

The intrinsic functions of CloudFormation:
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .assembly import Assembly, AssemblyError, Resource, ResourceId, Stack
from .pseudo_parameters import pseudo_parameter
from .values import Reference, SsmParameter, Text, joined, text

__all__ = ["Resolver"]

_DEEPEST = 200
_ABSENT = object()


class Resolver:
    """Resolves values of the templates of one assembly.

    Args:
        assembly: The assembly.

    Raises:
        AssemblyError: The name of an export or a parameter cannot be resolved.

    Example:
        ```python
        resolver = Resolver(assembly)
        for rule in assembly.of_type("AWS::ElasticLoadBalancingV2::ListenerRule"):
            print(rule.path, resolver.properties(rule)["ListenerArn"])
        ```
    """

    def __init__(self, assembly: Assembly) -> None:
        """Collect what stacks export, and the parameters that they make."""
        self.assembly = assembly
        self._depth = 0
        self._exports = {
            (stack.environment, text(self.resolve(stack, output["Export"].get("Name")))): (
                stack,
                output.get("Value"),
            )
            for stack in assembly.stacks
            for output in stack.section("Outputs").values()
            if "Export" in output
        }
        self._cross_region = {
            (stack.account, name): (stack, value)
            for stack in assembly.stacks
            for resource in stack.resources
            if resource.type == "Custom::CrossRegionExportWriter"
            for name, value in resource.properties["WriterProps"]["exports"].items()
        }
        self._ssm = {
            (stack.environment, text(self.resolve(stack, resource.properties["Name"]))): resource
            for stack in assembly.stacks
            for resource in stack.resources
            if resource.type == "AWS::SSM::Parameter" and "Name" in resource.properties
        }

    def properties(self, resource: Resource) -> dict[str, Any]:
        """All properties of a resource, resolved.

        Args:
            resource: The resource.

        Raises:
            AssemblyError: See `resolve`.
        """
        return {
            name: value
            for name, raw in resource.properties.items()
            if (value := self.resolve(self.assembly.stack(resource.id.stack), raw)) is not None
        }

    def is_made(self, resource: Resource) -> bool:
        """Whether a resource is made, or may be: not if its condition is known to be false.

        Args:
            resource: The resource.

        Raises:
            AssemblyError: See `resolve`.
        """
        if resource.condition is None:
            return True
        return (
            self._condition(self.assembly.stack(resource.id.stack), resource.condition) != "false"
        )

    def resolve(self, stack: Stack, value: Any) -> Any:
        """Resolve one value.

        Args:
            stack: The stack in whose template it stands.
            value: The value, as JSON.

        Returns:
            JSON with `Reference` and `Text` in it, `None` for `AWS::NoValue`. What is known at
            deployment only is a text such as `${AWS::Region}`.

        Raises:
            AssemblyError: References that end nowhere, as in a circle.
        """
        self._depth += 1
        try:
            if self._depth > _DEEPEST:
                raise AssemblyError(
                    f"the template of {stack.name}: references or values are nested more than"
                    f" {_DEEPEST} deep; look for a circle in its parameters and outputs"
                )
            return self._resolve(stack, value)
        finally:
            self._depth -= 1

    def ssm_parameters(self, stack: Stack, value: Any) -> tuple[SsmParameter, ...]:
        """The parameters of Systems Manager that an unresolved value is read from, sorted.

        Args:
            stack: The stack in whose template it stands.
            value: The value, as JSON.

        Raises:
            AssemblyError: See `resolve`.
        """
        found: set[SsmParameter] = set()
        if isinstance(value, dict):
            name = value.get("Ref")
            if isinstance(name, str) and name in stack.section("Parameters"):
                found |= set(self._parameter_sources(stack, name))
            for item in value.values():
                found |= set(self.ssm_parameters(stack, item))
        elif isinstance(value, list):
            for item in value:
                found |= set(self.ssm_parameters(stack, item))
        return tuple(sorted(found, key=lambda parameter: parameter.name))

    def _resolve(self, stack: Stack, value: Any) -> Any:
        if isinstance(value, list):
            items = [self.resolve(stack, item) for item in value]
            return [item for item in items if item is not None]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            function = _FUNCTIONS.get(name)
            if function:
                return self._call(function, stack, name, argument)
            if name.startswith("Fn::"):
                return f"${{{name}}}"
        resolved = {name: self.resolve(stack, item) for name, item in value.items()}
        return {name: item for name, item in resolved.items() if item is not None}

    def _call(
        self,
        function: Callable[[Resolver, Stack, Any], Any],
        stack: Stack,
        name: str,
        argument: Any,
    ) -> Any:
        try:
            return function(self, stack, argument)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            raise AssemblyError(
                f"the template of {stack.name}: {name} has not the form that CloudFormation gives"
                " it; synthesize again"
            ) from None

    def _ref(self, stack: Stack, name: Any) -> Any:
        if str(name).startswith("AWS::"):
            return pseudo_parameter(stack, name)
        if name in stack.section("Parameters"):
            return self._parameter(stack, name)
        return Reference(ResourceId(stack.id, str(name)))

    def _parameter(self, stack: Stack, name: str) -> Any:
        given = self._given_parameter(stack, name)
        if given:
            return self.resolve(*given)
        parameter = stack.section("Parameters")[name]
        sources = self._parameter_sources(stack, name)
        if sources:
            return f"${{ssm:{sources[0].name}}}" if sources[0].value is None else sources[0].value
        if parameter.get("NoEcho") or "Default" not in parameter:
            return f"${{{name}}}"
        if parameter.get("Type") in ("CommaDelimitedList", "List<Number>"):
            return str(parameter["Default"]).split(",")
        return parameter["Default"]

    def _given_parameter(self, stack: Stack, name: str) -> tuple[Stack, Any] | None:
        """What the parent hands to a nested stack, and the parent."""
        maker = self.assembly.resource(stack.parent) if stack.parent else None
        if maker is None or name not in maker.properties.get("Parameters", {}):
            return None
        return self.assembly.stack(maker.id.stack), maker.properties["Parameters"][name]

    def _parameter_sources(self, stack: Stack, name: str) -> tuple[SsmParameter, ...]:
        given = self._given_parameter(stack, name)
        if given:
            return self.ssm_parameters(*given)
        parameter = stack.section("Parameters")[name]
        if not str(parameter.get("Type", "")).startswith("AWS::SSM::Parameter::Value<"):
            return ()
        ssm_name = str(parameter.get("Default", name))
        maker = self._ssm.get((stack.environment, ssm_name))
        if maker is None:
            return (SsmParameter(ssm_name),)
        value = text(self.properties(maker).get("Value"))
        return (SsmParameter(ssm_name, value, maker.id),)

    def _get_att(self, stack: Stack, argument: Any) -> Any:
        parts = argument.split(".", 1) if isinstance(argument, str) else argument
        logical_id, attribute = str(parts[0]), text(self.resolve(stack, parts[1]))
        nested = self.assembly.nested_in(ResourceId(stack.id, logical_id))
        output = attribute.removeprefix("Outputs.")
        if nested and output in nested.section("Outputs"):
            return self.resolve(nested, nested.section("Outputs")[output].get("Value"))
        exported = self._cross_region.get((stack.account, attribute))
        if exported:
            return self.resolve(*exported)
        return Reference(ResourceId(stack.id, logical_id), attribute)

    def _join(self, stack: Stack, argument: Any) -> Any:
        separator, items = argument
        resolved = self.resolve(stack, items)
        if not isinstance(resolved, list):
            resolved = [resolved]
        parts: list[Any] = []
        for item in resolved:
            parts += [separator, item] if parts else [item]
        return joined(parts)

    def _sub(self, stack: Stack, argument: Any) -> Any:
        template, given = (argument, {}) if isinstance(argument, str) else argument
        parts: list[Any] = []
        for position, piece in enumerate(template.split("${")):
            name, brace, rest = piece.partition("}")
            if position == 0 or not brace:
                parts.append(piece)
            elif name.startswith("!"):
                parts.append(f"${{{name[1:]}}}{rest}")
            elif name in given:
                parts += [self.resolve(stack, given[name]), rest]
            elif "." in name:
                parts += [self._get_att(stack, name), rest]
            else:
                parts += [self._ref(stack, name), rest]
        return joined(parts)

    def _select(self, stack: Stack, argument: Any) -> Any:
        index, items = self.resolve(stack, argument[0]), self.resolve(stack, argument[1])
        if isinstance(items, list) and str(index).isdigit() and int(index) < len(items):
            return items[int(index)]
        return joined([f"${{item {index} of ", items, "}"])

    def _split(self, stack: Stack, argument: Any) -> Any:
        separator, source = argument[0], self.resolve(stack, argument[1])
        pieces: list[list[str | Reference]] = [[]]
        for part in source.parts if isinstance(source, Text) else (source,):
            if isinstance(part, Reference):
                pieces[-1].append(part)
                continue
            first, *others = str(part).split(separator)
            pieces[-1].append(first)
            pieces += [[other] for other in others]
        return [joined(piece) for piece in pieces]

    def _import_value(self, stack: Stack, argument: Any) -> Any:
        name = text(self.resolve(stack, argument))
        found = self._exports.get((stack.environment, name))
        return self.resolve(*found) if found else f"${{import {name}}}"

    def _stack_output(self, stack: Stack, argument: Any) -> Any:
        """An output of another stack, as templates with the CDK's recommended flags name it.

        Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getstackoutput.html
        """
        name, output = (
            text(self.resolve(stack, argument.get(key))) for key in ("StackName", "OutputName")
        )
        given = text(self.resolve(stack, argument.get("Region", "")))
        region = stack.region if "${" in given else given or stack.region
        for other in self.assembly.stacks:
            is_there = other.name == name and other.region == region
            if is_there and output in other.section("Outputs"):
                return self.resolve(other, other.section("Outputs")[output].get("Value"))
        return f"${{output {output} of {name}}}"

    def _if(self, stack: Stack, argument: Any) -> Any:
        """What a condition chooses; all that it may choose, if only the deployment knows."""
        name, yes, no = argument
        answer = self._condition(stack, name)
        if answer in ("true", "false"):
            return self.resolve(stack, yes if answer == "true" else no)
        left, right = self.resolve(stack, yes), self.resolve(stack, no)
        if left is None or right is None:
            return right if left is None else left
        if isinstance(left, list) and isinstance(right, list):
            return [*left, *(item for item in right if item not in left)]
        return joined([f"${{if {name}: ", left, ", else ", right, "}"])

    def _find_in_map(self, stack: Stack, argument: Any) -> Any:
        keys = [text(self.resolve(stack, key)) for key in argument[:3]]
        found: Any = stack.section("Mappings")
        for key in keys:
            found = found.get(key, _ABSENT) if isinstance(found, dict) else _ABSENT
        if found is not _ABSENT:
            return self.resolve(stack, found)
        return f"${{{' '.join(keys)}}}"

    def _base64(self, stack: Stack, argument: Any) -> Any:
        return "${base64}"

    def _zones(self, stack: Stack, argument: Any) -> Any:
        region = text(self.resolve(stack, argument)) or stack.region or "${AWS::Region}"
        return [f"{region}/zone {number}" for number in range(1, 7)]

    def _condition(self, stack: Stack, name: Any) -> str:
        """A condition as `true`, `false` or, if only the deployment knows it, `unknown`."""
        if isinstance(name, str):
            return self._condition(stack, stack.section("Conditions").get(name))
        if not isinstance(name, dict) or len(name) != 1:
            return "unknown"
        [(function, argument)] = name.items()
        if function == "Condition":
            return self._condition(stack, argument)
        if function == "Fn::Equals":
            left, right = self.resolve(stack, argument)
            if "${" in text(left) + text(right):
                return "true" if left == right else "unknown"
            return text(text(left) == text(right))
        answers = [self._condition(stack, item) for item in argument]
        if function == "Fn::Not":
            return {"true": "false", "false": "true"}.get(answers[0], "unknown")
        deciding = "true" if function == "Fn::Or" else "false"
        if deciding in answers:
            return deciding
        return "unknown" if "unknown" in answers else answers[0]


_FUNCTIONS: dict[str, Callable[[Resolver, Stack, Any], Any]] = {
    "Ref": Resolver._ref,
    "Fn::GetAtt": Resolver._get_att,
    "Fn::Join": Resolver._join,
    "Fn::Sub": Resolver._sub,
    "Fn::Select": Resolver._select,
    "Fn::Split": Resolver._split,
    "Fn::ImportValue": Resolver._import_value,
    "Fn::GetStackOutput": Resolver._stack_output,
    "Fn::If": Resolver._if,
    "Fn::FindInMap": Resolver._find_in_map,
    "Fn::Base64": Resolver._base64,
    "Fn::GetAZs": Resolver._zones,
}
