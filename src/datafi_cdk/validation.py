"""What may stand where: the rules that the constructs and the configuration file share.

Each function looks at one value and returns the faults it finds, with the bare argument as their
place; the caller says whose argument it is with `located`. A value of `None` is one that is known
only at deployment (an unresolved CDK token) and passes. Nothing here needs AWS CDK.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from .errors import Fault

RESERVED_NAMES = ("update", "df-update")
"""Names under the root domain that belong to the update API."""

SECRET_VARIABLES = ("KEY", "EDGE_KEY", "KEYVAL", "JWT_KEY")
"""Variables of Datafi's containers whose values are secret."""

DEFAULT_COORDINATOR_VARIABLES = ("KEYVAL", "JWT_KID", "JWT_KEY")
"""Fields of its secret that a coordinator reads unless told otherwise."""

DEFAULT_COORDINATOR_NAME = "co"
"""The name of a coordinator unless told otherwise."""

DEFAULT_CPU = 1024
"""CPU units of a task unless told otherwise."""

DEFAULT_MEMORY_MIB = 2048
"""Memory of a task in MiB unless told otherwise."""

_GIB = 1024
FARGATE_MEMORY_MIB: Mapping[int, range | tuple[int, ...]] = {
    256: (512, 1 * _GIB, 2 * _GIB),
    512: range(1 * _GIB, 4 * _GIB + 1, _GIB),
    1024: range(2 * _GIB, 8 * _GIB + 1, _GIB),
    2048: range(4 * _GIB, 16 * _GIB + 1, _GIB),
    4096: range(8 * _GIB, 30 * _GIB + 1, _GIB),
    8192: range(16 * _GIB, 60 * _GIB + 1, 4 * _GIB),
    16384: range(32 * _GIB, 120 * _GIB + 1, 8 * _GIB),
}
"""Memory in MiB that Fargate offers for each number of CPU units.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
"""

_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_DOMAIN = re.compile(rf"{_DNS_LABEL.pattern}(\.{_DNS_LABEL.pattern})+")
_IMAGE_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FIELD = re.compile(r"[A-Za-z0-9_.-]+")
_REGISTRY = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
_SHOWN_LENGTH = 80
_HOST_HEADER_LENGTH = 128
_CERTIFICATE_DOMAIN_LENGTH = 64


def _matches(form: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


def located(prefix: str, faults: Iterable[Fault]) -> list[Fault]:
    """The same faults with `prefix` before their place."""
    return [dataclasses.replace(fault, place=prefix + fault.place) for fault in faults]


def shown(value: object) -> str:
    """A value as an error may show it: short, and containers by their kind only."""
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return f"a {type(value).__name__}"
    text = repr(value)
    return text if len(text) <= _SHOWN_LENGTH else f"{text[:_SHOWN_LENGTH]}…"


def concealed(value: object) -> str:
    """The kind of a value that may be secret."""
    if value is None or isinstance(value, Mapping | list | tuple):
        return shown(value)
    return f"a {'string' if isinstance(value, str) else 'value'} that is not shown"


def nearest(given: str, known: Collection[str], otherwise: str) -> str:
    """The remedy for a word that is not known: the one it resembles, or `otherwise`."""
    close = difflib.get_close_matches(given, known, n=1)
    return f"write {close[0]!r}" if close else otherwise


def label_faults(label: str | None, argument: str, example: str) -> list[Fault]:
    """One DNS label.

    Lower case, because load balancer rules and records are compared with it letter by letter.
    Source of the form: RFC 1035, section 2.3.1, and RFC 1123, section 2.1.
    """
    if label is None or _matches(_DNS_LABEL, label):
        return []
    allowed = "one DNS label (1 to 63 of a-z, 0-9 and -, no - at an end)"
    return [Fault(argument, allowed, shown(label), f"choose one such as {example!r}")]


def name_faults(name: str | None) -> list[Fault]:
    """A server's public name: one DNS label that the update API does not need."""
    if name in RESERVED_NAMES:
        allowed = "a name other than those of the update API (update, df-update)"
        return [Fault("name", allowed, shown(name), "choose another name")]
    return label_faults(name, "name", "es")


def root_domain_faults(root_domain: str | None) -> list[Fault]:
    """The domain under which every server gets its name."""
    if root_domain is None or _matches(_DOMAIN, root_domain):
        return []
    allowed = "a domain name in lower case with at least two labels and no dot at its end"
    remedy = "write it as 'datafi-edge.example.com'"
    return [Fault("root_domain", allowed, shown(root_domain), remedy)]


def certificate_domain_faults(root_domain: str | None) -> list[Fault]:
    """The root domain as the first name of a new certificate.

    Source of the length: https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
    """
    if not isinstance(root_domain, str) or len(root_domain) <= _CERTIFICATE_DOMAIN_LENGTH:
        return []
    allowed = f"at most {_CERTIFICATE_DOMAIN_LENGTH} characters long for a new certificate"
    given = f"{root_domain!r} ({len(root_domain)})"
    return [Fault("root_domain", allowed, given, "choose a shorter domain or bring a certificate")]


def host_faults(host: str | None) -> list[Fault]:
    """A public host name as a load balancer rule takes it.

    Source of the length: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/rule-condition-types.html
    """
    if host is None or len(host) <= _HOST_HEADER_LENGTH:
        return []
    allowed = f"short enough that its host name has at most {_HOST_HEADER_LENGTH} characters"
    return [Fault("name", allowed, f"{host!r} ({len(host)})", "choose a shorter name or domain")]


def fargate_faults(
    cpu: int | None, memory_mib: int | None, memory_argument: str = "memory_limit_mib"
) -> list[Fault]:
    """A pair of CPU units and MiB of memory that Fargate offers (`FARGATE_MEMORY_MIB`)."""
    if cpu is None:
        return []
    if cpu not in FARGATE_MEMORY_MIB:
        allowed = "one of " + _listed(FARGATE_MEMORY_MIB)
        return [Fault("cpu", allowed, shown(cpu), "choose a number of CPU units Fargate offers")]
    memories = FARGATE_MEMORY_MIB[cpu]
    if memory_mib is None or memory_mib in memories:
        return []
    step = memories[1] - memories[0]
    allowed = (
        f"{memories[0]} to {memories[-1]} in steps of {step} with cpu {cpu}"
        if isinstance(memories, range)
        else f"one of {_listed(memories)} with cpu {cpu}"
    )
    return [
        Fault(memory_argument, allowed, shown(memory_mib), "choose one of these or another cpu")
    ]


def _listed(values: Iterable[object]) -> str:
    return ", ".join(str(value) for value in values)


def number_faults(argument: str, value: int | None, lowest: int, highest: int) -> list[Fault]:
    """A whole number within bounds, both included."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if value is None or (is_number and lowest <= value <= highest):
        return []
    allowed = f"a whole number from {lowest} to {highest}"
    return [Fault(argument, allowed, shown(value), "choose a number in between")]


def desired_count_faults(desired_count: int | None) -> list[Fault]:
    """How many tasks a service may run.

    Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
    """
    return number_faults("desired_count", desired_count, 0, 5000)


def idle_timeout_faults(argument: str, seconds: int | None) -> list[Fault]:
    """How long a connection to a load balancer may be silent.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
    """
    return number_faults(argument, seconds, 1, 4000)


def image_tag_faults(tag: str | None) -> list[Fault]:
    """The tag of an image.

    Source: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
    """
    if tag is None or _matches(_IMAGE_TAG, tag):
        return []
    allowed = "an image tag (1 to 128 of A-Z, a-z, 0-9, _, . and -, no . or - at its start)"
    return [Fault("image_tag", allowed, shown(tag), "give the tag alone, such as 'latest'")]


def registry_faults(registry: str | None) -> list[Fault]:
    """The host of a container registry, with its port if it has one."""
    if registry is None or _matches(_REGISTRY, registry):
        return []
    allowed = "the host of a registry, without scheme, user or path"
    given = concealed(registry) if "@" in str(registry) else shown(registry)
    return [Fault("registry", allowed, given, "write it as 'datafi.azurecr.io'")]


def environment_faults(environment: Mapping[str, str]) -> list[Fault]:
    """Plain environment variables: valid names, strings, and none whose value is secret."""
    faults = []
    for variable, value in environment.items():
        if not _matches(_VARIABLE, variable):
            faults.append(_variable_fault("environment"))
            continue
        if not isinstance(value, str):
            place = f"environment.{variable}"
            faults.append(Fault(place, "a string", concealed(value), "put it in quotes"))
        if variable in SECRET_VARIABLES:
            place = f"environment.{variable}"
            allowed = "taken from a secret, as plain variables can be read in the template"
            remedy = f"store it in Secrets Manager and name {variable} in secret_variables"
            faults.append(Fault(place, allowed, "a plain value that is not shown", remedy))
    return faults


def default_edge_variables(image_tag: str) -> tuple[str, ...]:
    """Fields of its secret that an edge server reads unless told otherwise.

    The image reads its key from `KEY` with tag `latest` and from `EDGE_KEY` with any other.
    """
    return ("KEY",) if image_tag == "latest" else ("EDGE_KEY",)


def by_variable(secret_variables: Sequence[str] | Mapping[str, str]) -> dict[str, str]:
    """Variable to field of the secret; a name alone is both."""
    if isinstance(secret_variables, Mapping):
        return dict(secret_variables)
    names = (secret_variables,) if isinstance(secret_variables, str) else secret_variables
    return {name: name for name in names} if isinstance(names, Sequence) else {}


def variables_type_faults(secret_variables: object) -> list[Fault]:
    """Names or a mapping; a set is neither, as its order differs from run to run."""
    if isinstance(secret_variables, Mapping | Sequence):
        return []
    allowed = "a list of names or a mapping of variable to field"
    given = kind_of(secret_variables)
    return [Fault("secret_variables", allowed, given, "write it as ['KEY']")]


def type_faults(argument: str, value: object, kind: type, allowed: str) -> list[Fault]:
    """A value of one type, where anything else would fail far from its cause."""
    if isinstance(value, kind):
        return []
    return [Fault(argument, allowed, kind_of(value), f"hand in {allowed}")]


def interface_faults(
    argument: str, value: object, member: str, allowed: str, remedy: str | None = None
) -> list[Fault]:
    """A value of one of CDK's interfaces, known by a member that only it has."""
    if hasattr(value, member):
        return []
    return [Fault(argument, allowed, kind_of(value), remedy or f"hand in {allowed}")]


def required_faults(**arguments: object) -> list[Fault]:
    """Arguments that have a default, or none, but cannot be `None`."""
    return [
        Fault(argument, "given", "None", "hand in a value or leave the argument out")
        for argument, value in arguments.items()
        if value is None
    ]


def kind_of(value: object) -> str:
    """The type of a value, which may be secret, as an error may show it."""
    return "None" if value is None else f"a value of type {type(value).__name__}"


def secret_faults(argument: str, secret: object) -> list[Fault]:
    """A secret handed to a construct: a reference to Secrets Manager, not its value."""
    allowed = "a secret of Secrets Manager (ISecret)"
    remedy = "store it in Secrets Manager and hand in Secret.from_secret_complete_arn(…)"
    return interface_faults(argument, secret, "secret_arn", allowed, remedy)


def secret_variable_faults(
    secret_variables: Mapping[str, str] | None, environment: Mapping[str, str], has_secret: bool
) -> list[Fault]:
    """Variables that are filled from the fields of a secret."""
    faults = []
    if secret_variables and not has_secret:
        allowed = "left out where there is no secret to read them from"
        faults.append(
            Fault("secret_variables", allowed, "a secret's fields", "hand in the secret as well")
        )
    for variable, field in (secret_variables or {}).items():
        if not _matches(_VARIABLE, variable):
            faults.append(_variable_fault("secret_variables"))
            continue
        place = f"secret_variables.{variable}"
        if not _matches(_FIELD, field):
            allowed = "the name of a field (A-Z, a-z, 0-9, _, . and -)"
            given = concealed(field) if field else "''"
            faults.append(Fault(place, allowed, given, "name a field of the secret"))
        if variable in environment:
            allowed = "given once, either plain or from the secret"
            faults.append(Fault(place, allowed, "both", "remove it from environment"))
    return faults


def _variable_fault(place: str) -> Fault:
    allowed = "of variables named with A-Z, a-z, 0-9 and _, no digit first"
    return Fault(place, allowed, "a name that is not shown", "rename the variable")
