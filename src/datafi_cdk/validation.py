"""What may stand where: the rules that the constructs and the configuration file share.

Each function looks at one value and returns the faults it finds, with the bare argument as their
place; the caller says whose argument it is with `located`. A value of `None` is one that is known
only at deployment (an unresolved CDK token) and passes. Nothing here needs AWS CDK.
"""

from __future__ import annotations

import dataclasses
import difflib
import hashlib
import ipaddress
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from .errors import Fault
from .secret_forms import has_plain_value, secret_form

RESERVED_NAMES = ("update", "df-update")
"""Names under the root domain that belong to the update API."""

MOST_UPDATED_SERVICES = 40
"""How many services one update API knows, in the 4 KB of its function's environment. Source:
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""

SECRET_VARIABLES = ("KEY", "EDGE_KEY", "KEYVAL", "JWT_KEY")
"""Variables of Datafi's containers whose values are secret."""

DEFAULT_COORDINATOR_VARIABLES = ("KEYVAL", "JWT_KID", "JWT_KEY")
"""Fields of its secret that a coordinator reads unless told otherwise."""

DEFAULT_COORDINATOR_NAME = "co"
"""The name of a coordinator unless told otherwise."""

DEFAULT_REGISTRY = "datafi.azurecr.io"
"""The registry of the coordinator's image unless told otherwise."""

JWT_JWKS = "JWT_JWKS"
"""The variable of an edge server, and the field of a secret, with the coordinator's public keys."""

DEFAULT_CPU = 1024
"""CPU units of a task unless told otherwise."""

DEFAULT_MEMORY_MIB = 2048
"""Memory of a task in MiB unless told otherwise."""

HIGHEST_PRIORITY = 50_000
"""The highest priority of a listener rule.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html
"""

MOST_TASKS = 5000
"""The most tasks that a service may run.

Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html
"""

MAX_TARGET_GROUPS = 100
"""Target groups that one application load balancer takes. The quota cannot be raised.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
"""

DEFAULT_MAX_RULES = 100
"""Rules that one application load balancer takes, unless AWS has raised the quota.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
"""

MOST_DYNAMIC_REFERENCES = 60
"""The most dynamic references that a template may hold.

Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
"""

LOG_RETENTION_DAYS: Mapping[int, str] = {
    1: "ONE_DAY",
    3: "THREE_DAYS",
    5: "FIVE_DAYS",
    7: "ONE_WEEK",
    14: "TWO_WEEKS",
    30: "ONE_MONTH",
    60: "TWO_MONTHS",
    90: "THREE_MONTHS",
    120: "FOUR_MONTHS",
    150: "FIVE_MONTHS",
    180: "SIX_MONTHS",
    365: "ONE_YEAR",
    400: "THIRTEEN_MONTHS",
    545: "EIGHTEEN_MONTHS",
    731: "TWO_YEARS",
    1096: "THREE_YEARS",
    1827: "FIVE_YEARS",
    2192: "SIX_YEARS",
    2557: "SEVEN_YEARS",
    2922: "EIGHT_YEARS",
    3288: "NINE_YEARS",
    3653: "TEN_YEARS",
}
"""For how many days CloudWatch Logs can keep entries, and how CDK calls that.

Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
"""

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
_DOMAIN = re.compile(rf"({_DNS_LABEL.pattern}\.)+[a-z]{{1,63}}")
_DOMAIN_LENGTH = 253
_IMAGE_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_IMAGE_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
# With its ARN and what the update API appends, AWS takes 1011 characters.
_PARAMETER_NAME = re.compile(
    r"(?=.{1,900}$)(?!/([aA][wW][sS]|[sS][sS][mM]))(/[A-Za-z0-9_.-]+){1,15}"
)
_BEDROCK_MODEL = re.compile(
    r"[a-z0-9-]+\.[A-Za-z0-9.:-]+"
    r"|arn:aws[a-z-]*:bedrock:([a-z]{2}(-[a-z]+)+-[0-9]+|\*)?:([0-9]{12})?:"
    r"(foundation-model|inference-profile|application-inference-profile|provisioned-model)"
    r"/[A-Za-z0-9.:/_*-]+"
)
# Base64 with its padding, as keys are handed out.
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{8,}={1,2}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LAMBDA_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_]+")
_LAMBDA_VARIABLES = {
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
}
_FIELD = re.compile(r"[A-Za-z0-9_.-]+")
_REGISTRY = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]{1,5})?")
_CIDR = re.compile(r"([0-9.]+|[0-9a-fA-F:]+)/[0-9]+")
_AZURE = ".azurecr.io"
_SHOWN_LENGTH = 80
_LAMBDA_VARIABLES_LENGTH = 4096
_HOST_HEADER_LENGTH = 128
_CERTIFICATE_DOMAIN_LENGTH = 64


def _matches(form: re.Pattern[str], value: object) -> bool:
    """Whether a value is text of a form that anybody may read."""
    is_formed = isinstance(value, str) and form.fullmatch(value) is not None
    return is_formed and not secret_form(str(value))


def located(prefix: str, faults: Iterable[Fault]) -> list[Fault]:
    """The same faults with `prefix` before their place."""
    return [dataclasses.replace(fault, place=prefix + fault.place) for fault in faults]


def shown(value: object) -> str:
    """A value as an error may show it: short, containers by their kind, and no secret."""
    if value is None:
        return "nothing"
    if isinstance(value, str) and (secret_form(value) or _ENCODED.fullmatch(value)):
        return concealed(value)
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple | set | frozenset):
        return f"a {type(value).__name__}"
    if isinstance(value, bytes) or type(value).__repr__ is object.__repr__:
        return kind_of(value)
    text = repr(value)
    return text if len(text) <= _SHOWN_LENGTH else f"{text[:_SHOWN_LENGTH]}…"


def in_full(value: object) -> str:
    """A value as it is written in Python, unless it looks like a secret."""
    return concealed(value) if secret_form(str(value)) else repr(value)


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
    """The domain under which every server gets its name.

    A rule takes no host whose last label holds anything but letters. Source:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_HostHeaderConditionConfig.html
    """
    if root_domain is None or (
        _matches(_DOMAIN, root_domain) and len(root_domain) <= _DOMAIN_LENGTH
    ):
        return []
    allowed = (
        "a domain name in lower case with at least two labels, of which the last has letters only, "
        "and no dot at its end"
    )
    remedy = "write it as 'datafi-edge.example.com', and other letters as Punycode (xn--…)"
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
    if type(cpu) is not int or cpu not in FARGATE_MEMORY_MIB:
        allowed = "one of " + _listed(FARGATE_MEMORY_MIB)
        return [Fault("cpu", allowed, shown(cpu), "choose a number of CPU units Fargate offers")]
    memories = FARGATE_MEMORY_MIB[cpu]
    if memory_mib is None or (type(memory_mib) is int and memory_mib in memories):
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


def number_faults(argument: str, value: float | None, lowest: int, highest: int) -> list[Fault]:
    """A whole number within bounds, both included."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if value is None or (is_number and lowest <= value <= highest):
        return []
    allowed = f"a whole number from {lowest} to {highest}"
    return [Fault(argument, allowed, shown(value), "choose a number in between")]


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


def registry_faults(registry: str | None, argument: str = "registry") -> list[Fault]:
    """The host of a container registry, with its port if it has one."""
    if registry is None or _matches(_REGISTRY, registry):
        return []
    allowed = "the host of a registry, without scheme, user or path"
    given = concealed(registry) if "@" in str(registry) else shown(registry)
    return [Fault(argument, allowed, given, "write it as 'datafi.azurecr.io'")]


def environment_faults(environment: Mapping[str, str]) -> list[Fault]:
    """Plain environment variables: valid names, strings, and none whose value is secret."""
    faults = []
    for variable, value in environment.items():
        if not is_variable(variable):
            faults.append(variable_fault("environment"))
            continue
        if not isinstance(value, str):
            place = f"environment.{variable}"
            faults.append(Fault(place, "a string", concealed(value), "put it in quotes"))
        if variable in SECRET_VARIABLES:
            place = f"environment.{variable}"
            allowed = "taken from a secret, as plain variables can be read in the template"
            remedy = f"store it in Secrets Manager and name {variable} in secret_variables"
            faults.append(Fault(place, allowed, "a plain value that is not shown", remedy))
        elif isinstance(value, str) and (form := secret_form(value)):
            faults.append(looks_secret_fault(f"environment.{variable}", form))
    return faults


def looks_secret_fault(
    place: str,
    form: str,
    remedy: str = "store it in Secrets Manager and fill a variable from there, with secrets or "
    "secret_variables",
) -> Fault:
    """A value that looks like a secret, where everybody reads it who may read the template.

    Args:
        place: Where it stands.
        form: What it looks like.
        remedy: What to do about it.
    """
    allowed = "taken from a secret, as plain values can be read in the template"
    return Fault(place, allowed, f"a plain value that is not shown and looks like {form}", remedy)


def text_faults(**texts: object) -> list[Fault]:
    """Texts for people, such as descriptions, that look like secrets."""
    return [
        looks_secret_fault(name, form, "remove it, and give the secret another value")
        for name, text in texts.items()
        if isinstance(text, str) and (form := secret_form(text))
    ]


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
    if not isinstance(names, Sequence):
        return {}
    return {name: name for name in names if isinstance(name, str)}


def type_faults(argument: str, value: object, kind: type, allowed: str) -> list[Fault]:
    """A value of one type, where anything else would fail far from its cause."""
    if isinstance(value, kind):
        return []
    return [Fault(argument, allowed, kind_of(value), f"hand in {allowed}")]


def switch_faults(**switches: object) -> list[Fault]:
    """Arguments that are `True` or `False`."""
    return [
        fault
        for argument, value in switches.items()
        for fault in type_faults(argument, value, bool, "True or False")
    ]


def interface_faults(
    argument: str, value: object, member: str, allowed: str, remedy: str | None = None
) -> list[Fault]:
    """A value of one of CDK's interfaces, known by a member that only it has."""
    is_of_cdk = hasattr(value, "__jsii_type__") or hasattr(value, "__jsii_ifaces__")
    if is_of_cdk and not isinstance(value, type) and hasattr(value, member):
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
    faults = interface_faults(argument, secret, "secret_arn", allowed, remedy)
    return faults or ([plain_secret_fault(argument)] if _is_plain(secret) else [])


def _is_plain(secret: Any) -> bool:
    """Whether this app makes a secret and writes its value into the template."""
    value = getattr(secret.node.default_child, "secret_string", None)
    return isinstance(value, str) and has_plain_value(secret.stack.resolve(value))


def plain_secret_fault(place: str) -> Fault:
    """A secret that this app makes with its value in the template."""
    allowed = "a secret whose value is not in the template"
    given = "one with a plain value that is not shown"
    remedy = (
        "leave out its value and fill it once it is there, such as with datafi-cdk secrets import"
    )
    return Fault(place, allowed, given, remedy)


def secret_variable_faults(
    secret_variables: Mapping[str, str | None] | None,
    environment: Mapping[str, str],
    has_secret: bool,
) -> list[Fault]:
    """Variables that are filled from the fields of a secret."""
    faults = []
    if secret_variables and not has_secret:
        allowed = "left out where there is no secret to read them from"
        faults.append(
            Fault("secret_variables", allowed, "a secret's fields", "hand in the secret as well")
        )
    for variable, field in (secret_variables or {}).items():
        if not is_variable(variable):
            faults.append(variable_fault("secret_variables"))
            continue
        place = f"secret_variables.{variable}"
        if field is not None and not _matches(_FIELD, field):
            allowed = "the name of a field (A-Z, a-z, 0-9, _, . and -)"
            given = concealed(field) if field else "''"
            faults.append(Fault(place, allowed, given, "name a field of the secret"))
        if variable in environment:
            allowed = "given once, either plain or from the secret"
            faults.append(Fault(place, allowed, "both", "remove it from environment"))
    return faults


def jwks_secret_faults(
    jwt_jwks_secret: object | None, **variables: Mapping[str, object]
) -> list[Fault]:
    """The secret with the coordinator's public keys, where nothing else fills their variable.

    The other arguments are those that fill variables, by their names.
    """
    if jwt_jwks_secret is None:
        return []
    return secret_faults("jwt_jwks_secret", jwt_jwks_secret) + [
        Fault("jwt_jwks_secret", f"left out if {argument} fills {JWT_JWKS}", "both", "remove one")
        for argument, names in variables.items()
        if JWT_JWKS in names
    ]


def unnamed_variables_fault() -> Fault:
    """A secret whose fields nobody names, of an image whose tag does not tell."""
    allowed = "given if the tag of the image is not known"
    return Fault("secret_variables", allowed, "nothing", "name the fields of the secret")


def lambda_variable_faults(argument: str, variables: Iterable[str]) -> list[Fault]:
    """Variables that a Lambda function cannot have, although a container could.

    Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    faults = []
    for variable in variables:
        if not is_variable(variable):
            continue
        place = f"{argument}.{variable}"
        if variable in _LAMBDA_VARIABLES:
            allowed = "a variable that Lambda does not set itself"
            faults.append(Fault(place, allowed, "a reserved name", "remove it"))
        elif not _matches(_LAMBDA_VARIABLE, variable):
            allowed = "named with a letter first and two characters or more, for Lambda"
            faults.append(Fault(place, allowed, shown(variable), "rename the variable"))
    return faults


def exclusive_faults(argument: str, value: object, other: str, other_value: object) -> list[Fault]:
    """Two arguments of which at most one can be given."""
    if value is None or other_value is None:
        return []
    allowed = f"left out if {other} is given"
    return [Fault(argument, allowed, "both", "leave one of the two out")]


def is_variable(name: object) -> bool:
    """Whether an environment variable can have this name."""
    return _matches(_VARIABLE, name)


def variable_fault(place: str) -> Fault:
    """A name that no environment variable can have."""
    allowed = "of variables named with A-Z, a-z, 0-9 and _, no digit first"
    return Fault(place, allowed, "a name that is not shown", "rename the variable")


def priority_faults(argument: str, priority: int | None) -> list[Fault]:
    """The priority of a listener rule (`HIGHEST_PRIORITY`)."""
    return number_faults(argument, priority, 1, HIGHEST_PRIORITY)


def form_faults(
    argument: str, value: str | None, form: re.Pattern[str], allowed: str, remedy: str
) -> list[Fault]:
    """A string of one form."""
    if value is None or _matches(form, value):
        return []
    return [Fault(argument, allowed, shown(value), remedy)]


def cidr_faults(argument: str, cidr: str | None) -> list[Fault]:
    """A range of IPv4 or IPv6 addresses, written from its first address."""
    if cidr is None:
        return []
    try:
        if _matches(_CIDR, cidr):
            ipaddress.ip_network(cidr)
            return []
    except ValueError:
        pass
    allowed = "address ranges that start at their first address"
    return [Fault(argument, allowed, shown(cidr), "write them as '203.0.113.0/24'")]


def scaling_pair_faults(
    lowest: int | None, highest: int | None, targets: Mapping[str, object]
) -> list[Fault]:
    """The lowest and the highest number of tasks, and at least one target in between."""
    faults = []
    if lowest is not None and highest is not None and lowest > highest:
        faults.append(Fault("max", f"at least min ({lowest})", str(highest), "raise it"))
    if all(target is None for target in targets.values()):
        names = ", ".join(targets)
        faults.append(Fault(names, "given, at least one of them", "nothing", "give a target"))
    return faults


def port_pair_faults(http_port: int | None, grpc_port: int | None) -> list[Fault]:
    """Two ports of one container."""
    if http_port is None or http_port != grpc_port:
        return []
    allowed = "another port than that of gRPC in the container"
    return [Fault("http_port", allowed, str(http_port), "choose the port that takes HTTP")]


def percent_pair_faults(
    lowest: int | None, highest: int | None, tasks: int | None = None
) -> list[Fault]:
    """Room for a deployment between the tasks that stay and those there may be.

    ECS rounds the former up and the latter down. Source:
    https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html

    Args:
        lowest: How many stay, in percent.
        highest: How many there may be, in percent.
        tasks: The lowest number of tasks, at least 1, if that is known.
    """
    if tasks is not None and tasks >= 1 and lowest is not None and highest is not None:
        may_start = tasks * highest // 100 > tasks
        may_stop = -(-tasks * lowest // 100) < tasks
        if may_start or may_stop:
            return []
        allowed = (
            f"so far above min_healthy_percent ({lowest}) that of {tasks} "
            f"{'task' if tasks == 1 else 'tasks'} one may start or stop in a deployment"
        )
        more, fewer = -(-(tasks + 1) * 100 // tasks), (tasks - 1) * 100 // tasks
        remedy = f"raise it to {more}, or lower min_healthy_percent to {fewer}"
        return [Fault("max_healthy_percent", allowed, str(highest), remedy)]
    if (lowest, highest) != (100, 100):
        return []
    allowed = "more than min_healthy_percent (100), or no deployment can begin"
    return [Fault("max_healthy_percent", allowed, "100", "raise it, or lower the other")]


def image_digest_faults(digest: str | None) -> list[Fault]:
    """The digest of an image.

    Source: https://github.com/opencontainers/image-spec/blob/main/descriptor.md#digests
    """
    allowed = "a digest, sha256: and 64 of 0-9 and a-f"
    remedy = "copy it from the registry"
    return form_faults("image_digest", digest, _IMAGE_DIGEST, allowed, remedy)


def is_digest(version: object) -> bool:
    """Whether a version of an image is a digest, and not a tag."""
    return isinstance(version, str) and version.startswith("sha256:")


def version_faults(version: str | None, argument: str = "image_version") -> list[Fault]:
    """The tag or the digest of an image."""
    faults = (image_digest_faults if is_digest(version) else image_tag_faults)(version)
    return [dataclasses.replace(fault, place=argument) for fault in faults]


def parameter_name_faults(name: str | None, argument: str = "parameter_name") -> list[Fault]:
    """The full name of a parameter of the Parameter Store.

    Source: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
    """
    allowed = (
        "the full name of a parameter (1 to 15 words of A-Z, a-z, 0-9, _, . and -, each after a /, "
        "not aws or ssm at its start, at most 900 characters)"
    )
    return form_faults(argument, name, _PARAMETER_NAME, allowed, "write it as '/acme/es'")


def bedrock_model_faults(models: object) -> list[Fault]:
    """Models of Amazon Bedrock, by id or ARN.

    Source: https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html
    """
    allowed = "a list of ids or ARNs of models"
    remedy = "write it as ['anthropic.claude-3-haiku-20240307-v1:0']"
    if isinstance(models, str) or not isinstance(models, Sequence):
        return [Fault("bedrock_models", allowed, kind_of(models), remedy)]
    return [
        fault
        for model in models
        for fault in form_faults("bedrock_models", model, _BEDROCK_MODEL, allowed, remedy)
    ]


def endpoint_id(name: str) -> str:
    """The id of the endpoint of a service.

    Args:
        name: The short name of the service, such as `ecr.api`.
    """
    return "".join(word.capitalize() for word in name.replace("-", ".").split("."))


def interface_endpoint_faults(names: Sequence[str]) -> list[Fault]:
    """Services that get interface endpoints in a VPC, by their short names."""
    argument = "interface_endpoints"
    faults = duplicate_faults(argument, names, endpoint_id)
    if "S3" in map(endpoint_id, names):
        allowed = "services other than S3, which has a gateway endpoint"
        faults.append(Fault(argument, allowed, "'s3'", "remove it"))
    return faults


def duplicate_faults(
    argument: str, values: Iterable[object], distinction: Callable[[Any], object] = str
) -> list[Fault]:
    """Entries of a list of which each may stand there once.

    Args:
        argument: The list.
        values: Its entries.
        distinction: What tells entries apart.
    """
    alike: dict[object, list[object]] = {}
    for value in values:
        alike.setdefault(distinction(value), []).append(value)
    return [
        Fault(argument, "a list of different entries", f"{shown(same[-1])} twice", "remove one")
        for same in alike.values()
        if len(same) > 1
    ]


FORMS: Mapping[str, str] = {
    "label": _DNS_LABEL.pattern,
    "domain": _DOMAIN.pattern,
    "image_tag": _IMAGE_TAG.pattern,
    "image_digest": _IMAGE_DIGEST.pattern,
    "tag_pattern": r"[A-Za-z0-9_*?][A-Za-z0-9_.*?-]{0,127}",
    "registry": _REGISTRY.pattern,
    "cidr": _CIDR.pattern,
    "bedrock_model": _BEDROCK_MODEL.pattern,
    "parameter_name": _PARAMETER_NAME.pattern,
    "variable": _VARIABLE.pattern,
    "field": _FIELD.pattern,
}
"""Forms that the functions here ask for, beside what else they do: for schemas."""

SSL_POLICIES: Mapping[str, str] = {
    "ELBSecurityPolicy-TLS13-1-2-2021-06": "RECOMMENDED_TLS",
    "ELBSecurityPolicy-TLS13-1-2-PQ-2025-09": "TLS13_12_PQ",
    "ELBSecurityPolicy-2016-08": "RECOMMENDED",
    "ELBSecurityPolicy-TLS13-1-2-Res-2021-06": "TLS13_RES",
    "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06": "TLS13_EXT1",
    "ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06": "TLS13_EXT2",
    "ELBSecurityPolicy-TLS13-1-0-2021-06": "TLS13_10",
    "ELBSecurityPolicy-TLS13-1-1-2021-06": "TLS13_11",
    "ELBSecurityPolicy-TLS13-1-3-2021-06": "TLS13_13",
    "ELBSecurityPolicy-TLS13-1-3-PQ-2025-09": "TLS13_13_PQ",
    "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09": "TLS13_12_RES_PQ",
    "ELBSecurityPolicy-TLS13-1-2-Ext1-PQ-2025-09": "TLS13_12_EXT1_PQ",
    "ELBSecurityPolicy-TLS13-1-2-Ext2-PQ-2025-09": "TLS13_12_EXT2_PQ",
    "ELBSecurityPolicy-TLS13-1-0-PQ-2025-09": "TLS13_10_PQ",
    "ELBSecurityPolicy-TLS13-1-3-FIPS-2023-04": "FIPS_TLS13_13",
    "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-2023-04": "FIPS_TLS13_12_RES",
    "ELBSecurityPolicy-TLS13-1-2-FIPS-2023-04": "FIPS_TLS13_12",
    "ELBSecurityPolicy-TLS13-1-2-Ext0-FIPS-2023-04": "FIPS_TLS13_12_EXT0",
    "ELBSecurityPolicy-TLS13-1-2-Ext1-FIPS-2023-04": "FIPS_TLS13_12_EXT1",
    "ELBSecurityPolicy-TLS13-1-2-Ext2-FIPS-2023-04": "FIPS_TLS13_12_EXT2",
    "ELBSecurityPolicy-TLS13-1-1-FIPS-2023-04": "FIPS_TLS13_11",
    "ELBSecurityPolicy-TLS13-1-0-FIPS-2023-04": "FIPS_TLS13_10",
    "ELBSecurityPolicy-TLS13-1-3-FIPS-PQ-2025-09": "FIPS_TLS13_13_PQ",
    "ELBSecurityPolicy-TLS13-1-2-FIPS-PQ-2025-09": "FIPS_TLS13_12_PQ",
    "ELBSecurityPolicy-TLS13-1-2-Res-FIPS-PQ-2025-09": "FIPS_TLS13_12_RES_PQ",
    "ELBSecurityPolicy-TLS13-1-2-Ext0-FIPS-PQ-2025-09": "FIPS_TLS13_12_EXT0_PQ",
    "ELBSecurityPolicy-TLS13-1-2-Ext1-FIPS-PQ-2025-09": "FIPS_TLS13_12_EXT1_PQ",
    "ELBSecurityPolicy-TLS13-1-2-Ext2-FIPS-PQ-2025-09": "FIPS_TLS13_12_EXT2_PQ",
    "ELBSecurityPolicy-TLS13-1-0-FIPS-PQ-2025-09": "FIPS_TLS13_10_PQ",
    "ELBSecurityPolicy-FS-1-2-Res-2020-10": "FORWARD_SECRECY_TLS12_RES_GCM",
    "ELBSecurityPolicy-FS-1-2-Res-2019-08": "FORWARD_SECRECY_TLS12_RES",
    "ELBSecurityPolicy-FS-1-2-2019-08": "FORWARD_SECRECY_TLS12",
    "ELBSecurityPolicy-FS-1-1-2019-08": "FORWARD_SECRECY_TLS11",
    "ELBSecurityPolicy-FS-2018-06": "FORWARD_SECRECY",
    "ELBSecurityPolicy-TLS-1-2-2017-01": "TLS12",
    "ELBSecurityPolicy-TLS-1-2-Ext-2018-06": "TLS12_EXT",
    "ELBSecurityPolicy-TLS-1-1-2017-01": "TLS11",
    "ELBSecurityPolicy-TLS-1-0-2015-04": "LEGACY",
}
"""Which TLS versions and ciphers a load balancer speaks, and how CDK calls that.

Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
"""

MOST_PEERS = 20
"""How many ranges of a family, prefix lists and security groups may connect to a load balancer:
each has a rule for three ports, of the 60 that a security group has.

Source: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
"""

_WIDEST_RANGE, _NARROWEST_RANGE = 16, 28
_NARROWEST_SUBNET = 27
_HEALTH_CHECK_PATH = re.compile(r"/\S{0,1023}")
_HTTP_CODES = re.compile(r"[2-4]\d\d([,-][2-4]\d\d)*", re.ASCII)
_GRPC_CODES = re.compile(r"\d{1,2}([,-]\d{1,2})*", re.ASCII)


def vpc_range_faults(argument: str, cidr: str | None, subnets: int = 0) -> list[Fault]:
    """The address range of a VPC, with room for subnets in which a load balancer can be.

    Sources: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html and
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html

    Args:
        argument: Whose range it is.
        cidr: The range.
        subnets: Into how many of one size it is split.
    """
    faults = cidr_faults(argument, cidr)
    if cidr is None or faults:
        return faults
    network = ipaddress.ip_network(cidr)
    bits = (subnets - 1).bit_length() if subnets else 0
    narrowest = _NARROWEST_SUBNET - bits if subnets else _NARROWEST_RANGE
    if network.version == 4 and _WIDEST_RANGE <= network.prefixlen <= narrowest:
        return []
    room = f", with room for {subnets} subnets of /{_NARROWEST_SUBNET}" if subnets else ""
    allowed = f"an IPv4 range from /{_WIDEST_RANGE} to /{narrowest}{room}"
    return [Fault(argument, allowed, shown(cidr), "write it as '10.0.0.0/16'")]


def health_check_path_faults(path: str | None) -> list[Fault]:
    """What an application load balancer asks a server for.

    Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html
    """
    allowed = "a path of at most 1024 characters"
    return form_faults("path", path, _HEALTH_CHECK_PATH, allowed, "start it with /")


def health_check_code_faults(argument: str, codes: str | None, *, is_grpc: bool) -> list[Fault]:
    """What it takes as an answer. Source: as above."""
    form = _GRPC_CODES if is_grpc else _HTTP_CODES
    example = "'0' or '0-99'" if is_grpc else "'200' or '200-299'"
    return form_faults(argument, codes, form, "codes or a range", f"write {example}")


def lambda_environment_faults(
    environment: Mapping[str, str], variables: Iterable[str]
) -> list[Fault]:
    """Variables that say how long a function lives, or together are longer than it takes.

    Source of the length: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html

    Args:
        environment: The plain variables, of which all values are known.
        variables: The names of those that are filled from secrets.
    """
    faults = []
    if "TIMEOUT" in environment:
        allowed = "left out, as the timeout sets it and how long the function lives"
        fault = Fault("environment.TIMEOUT", allowed, "a value of its own", "set the timeout")
        faults.append(fault)
    texts = [*environment, *environment.values(), *variables]
    size = sum(len(text.encode(errors="surrogatepass")) for text in texts)
    if size > _LAMBDA_VARIABLES_LENGTH:
        allowed = f"so short that all variables take at most {_LAMBDA_VARIABLES_LENGTH} bytes"
        remedy = "shorten it, or run the server on Fargate (EdgeServer)"
        faults.append(
            Fault("environment", allowed, f"{size} bytes, without values of secrets", remedy)
        )
    return faults


def no_variables_fault() -> Fault:
    """A secret of which no field is read."""
    remedy = "name the fields to read, or leave the secret out"
    return Fault("secret_variables", "at least one, of the secret", "none", remedy)


def cached_registry_faults(argument: str, registry: str | None) -> list[Fault]:
    """The coordinator's registry as ECR fetches images from it.

    Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-creating-rule.html
    """
    if registry is None or registry.endswith(_AZURE):
        return []
    allowed = f"a registry of Azure, whose host ends in {_AZURE}"
    remedy = "push the images of another registry to ECR, and take them from there"
    return [Fault(argument, allowed, shown(registry), remedy)]


def field_faults(field: str | None) -> list[Fault]:
    """A field of a JSON secret. What stands there may be the secret itself."""
    if field is None or _matches(_FIELD, field):
        return []
    allowed = "the name of a field (A-Z, a-z, 0-9, _, . and -)"
    return [Fault("field", allowed, concealed(field), "name a field of the secret")]


def load_balancer_arn_of(listener_arn: str) -> str:
    """The ARN of the load balancer of a listener."""
    return listener_arn.replace(":listener/", ":loadbalancer/").rpartition("/")[0]


def rule_position(address: str, count: int) -> int:
    """Where the rule of an address stands among `count`, whatever other rules there are."""
    return int.from_bytes(hashlib.sha256(address.encode()).digest()[:8], "big") % count
