"""Finds values that are secret, and stand where the template shows them.

Whoever may read a template or a task definition reads what is plain in it. Sources:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/specifying-sensitive-data.html and
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/security-best-practices.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from aws_cdk import Reference, Token, Tokenization
from aws_cdk import aws_ecs as ecs
from constructs import IConstruct

from .errors import Fault
from .places import stack_of
from .secret_forms import flat, has_plain_value, secret_form
from .validation import SECRET_VARIABLES, is_variable, looks_secret_fault, plain_secret_fault

_SECRET_OPTION = re.compile(
    r"(token|passw(or)?d|secret|(api|access|license|shared|secret)key)$", re.IGNORECASE
)


def container_faults(definition: ecs.TaskDefinition) -> list[Fault]:
    """What is secret and plain in the containers that a task definition has by now.

    Those that extensions add are among them. Looked at are variables, commands, entry points,
    health checks, labels and options of log drivers.

    Args:
        definition: The task definition.
    """
    cfn = definition.node.default_child
    if not isinstance(cfn, ecs.CfnTaskDefinition):
        return []
    containers = stack_of(definition).resolve(cfn.container_definitions)
    return [fault for container in containers or () for fault in _container_faults(container)]


def reference_faults(scope: IConstruct, environment: Mapping[str, str]) -> list[Fault]:
    """Variables whose tokens become the values of secrets when the stack is deployed.

    Args:
        scope: Anything in the app.
        environment: The plain variables; those that are no tokens are looked at elsewhere.
    """
    tokens = {
        name: stack_of(scope).resolve(value)
        for name, value in environment.items()
        if is_variable(name) and isinstance(value, str) and Token.is_unresolved(value)
    }
    return [
        looks_secret_fault(f"environment.{name}", form)
        for name, value in tokens.items()
        if (form := secret_form(flat(value)))
    ]


def other_secret_fault(place: str, secret: ecs.Secret) -> Fault | None:
    """A secret or a parameter of this app that fills a variable, and has its value in the template.

    Args:
        place: The variable.
        secret: What fills it.
    """
    for token in Tokenization.reverse_string(secret.arn).tokens:
        made = token.target if isinstance(token, Reference) else None
        value = getattr(made, "secret_string", None) or getattr(made, "value", None)
        if made and isinstance(value, str) and has_plain_value(stack_of(made).resolve(value)):
            return plain_secret_fault(place)
    return None


def _container_faults(container: Mapping[str, Any]) -> Iterator[Fault]:
    name = container.get("name")
    for variable in container.get("environment") or ():
        place = f"container {name}: environment.{variable['name']}"
        if variable["name"] in SECRET_VARIABLES:
            yield looks_secret_fault(place, "a key")
        else:
            yield from _form_faults(place, variable.get("value"))
    for place, value in _texts(container):
        yield from _form_faults(f"container {name}: {place}", value)
    options = (container.get("logConfiguration") or {}).get("options") or {}
    for option, value in options.items():
        place = f"container {name}: logging option {option}"
        if value and _SECRET_OPTION.search(re.sub(r"[-_.]", "", option)):
            yield looks_secret_fault(
                place, "one by its name", "hand it in among its secret options"
            )
        else:
            yield from _form_faults(place, value)


def _texts(container: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, shown in (("command", "command"), ("entryPoint", "entry_point")):
        for at, value in enumerate(container.get(key) or ()):
            yield f"{shown}[{at}]", value
    for at, value in enumerate((container.get("healthCheck") or {}).get("command") or ()):
        yield f"health_check.command[{at}]", value
    for label, value in (container.get("dockerLabels") or {}).items():
        yield f"docker_labels.{label}", value


def _form_faults(place: str, value: Any) -> Iterator[Fault]:
    form = secret_form(flat(value))
    if form:
        yield looks_secret_fault(place, form)
