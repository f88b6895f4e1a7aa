"""Roles hold what docs/permissions.md says that they do under their options, and nothing more."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import NamedTuple

import pytest
from policies import APPS, EVERY, ROOT, Assembly, Role

# What docs/permissions.md calls a resource: how it looks in a template, and the condition on it.
ARN = r"arn:[^:]+"
OF_KEY = r"<KMS::Key>"
OF_SECRET = rf"<SecretsManager::Secret>|{ARN}:secretsmanager:[^:*]+:[^:*]+:secret:[^*]+"
ECS_OF = rf"{ARN}:ecs:{{Region}}:{{AccountId}}"
PARAMETER = rf"{ARN}:ssm:{{Region}}:{{AccountId}}:parameter/datafi/[^*]+"
MODEL = r"foundation-model/[^*]+"
CHANGE = "route53:ChangeResourceRecordSets"
ZONE = rf"{ARN}:route53:::hostedzone/<Route53::HostedZone>"
THINGS: dict[str, tuple[str, set[str]]] = {
    "everything": (r"\*", set()),
    "the objects of its bucket": (r"<S3::Bucket>/\*", set()),
    "its bucket": (r"<S3::Bucket>", set()),
    "the key of its bucket": (OF_KEY, set()),
    "the key of the queue": (OF_KEY, set()),
    "the key of its variables": (OF_KEY, set()),
    "the key of a secret, for that secret only": (OF_KEY, {"kms:EncryptionContext:SecretARN"}),
    "the models": (rf"{ARN}:bedrock:{{Region}}::{MODEL}", set()),
    "the profiles": (rf"{ARN}:bedrock:{{Region}}:{{AccountId}}:inference-profile/[^*]+", set()),
    "the models behind a profile, through it only": (
        rf"{ARN}:bedrock:\*::{MODEL}",
        {"bedrock:InferenceProfileArn"},
    ),
    "its log group": (r"<Logs::LogGroup>", set()),
    "its secrets": (OF_SECRET, set()),
    "its secret": (OF_SECRET, set()),
    "its repository": (rf"<ECR::Repository>|{ARN}:ecr:[^:*]+:[^:*]+:repository/[^*]+", set()),
    "the dead-letter queue": (r"<SQS::Queue>", set()),
    "network interfaces and what they belong to": (
        rf"{ARN}:ec2:{{Region}}:{{AccountId}}:\*/\*",
        set(),
    ),
    "the default event bus, under its own source only": (
        rf"{ARN}:events:{{Region}}:{{AccountId}}:event-bus/default",
        {"events:source"},
    ),
    "its services": (r"<ECS::Service>", set()),
    "its services, and their revisions": (
        rf"<ECS::Service>|{ECS_OF}:service-revision/[^*]+/<ECS::Service>/\*",
        set(),
    ),
    "the family of its services": (rf"{ECS_OF}:task-definition/[^*]+:\*", set()),
    "the family of its services, in a registration only": (
        rf"{ECS_OF}:task-definition/[^*]+:\*",
        {"ecs:CreateAction"},
    ),
    "the two roles of its services, to ECS tasks only": (r"<IAM::Role>", {"iam:PassedToService"}),
    "the parameter of a version": (rf"{PARAMETER}(?<!\.lease)", set()),
    "the lease of an update": (rf"{PARAMETER}(?<=\.lease)", set()),
    "the functions of the update APIs": (r"<Lambda::Function>", set()),
    "the function, with a signature only": (r"<Lambda::Function>", {"lambda:FunctionUrlAuthType"}),
    "the function, through its URL only": (r"<Lambda::Function>", {"lambda:InvokedViaFunctionUrl"}),
    "the zone": (ZONE, set()),
    "the zone, to delete CNAME records that start with _ only": (
        ZONE,
        {f"{CHANGE}{what}" for what in ("Actions", "RecordTypes", "NormalizedRecordNames")},
    ),
    "the default security group": (
        rf"{ARN}:ec2:{{Region}}:{{AccountId}}:security-group/<EC2::VPC>",
        set(),
    ),
}


class Right(NamedTuple):
    """An action on a kind of resource, under conditions."""

    action: str
    on: str
    keys: frozenset[str]


def _table() -> dict[tuple[str, str], set[Right]]:
    """What docs/permissions.md says, by section and `When`."""
    found: dict[tuple[str, str], set[Right]] = {}
    for section in (ROOT / "docs" / "permissions.md").read_text().split("\n## ")[1:]:
        title = section.partition("\n")[0]
        for row in re.findall(r"^\| (.+) \|$", section, re.MULTILINE)[1:]:
            when, actions, thing, _ = [cell.strip() for cell in row.split(" | ")]
            pattern, keys = THINGS[thing]
            rights = found.setdefault((title, when.replace("`", "")), set())
            for action in re.findall(r"`([^`]+)`", actions):
                rights.add(Right(action, pattern, frozenset(keys)))
    return found


TABLE = _table()
STORED = ("Task role: storage",)
STORED_WITH_KEY = (*STORED, "Task role: storage with a key")
LOGS = ("Execution role: a log group",)
STARTS = (*LOGS, "Execution role: secrets")
STARTS_WITH_KEYS = (*STARTS, "Execution role: secrets with a key")
FUNCTION = ("Function: always",)
IN_VPC = (*FUNCTION, "Function: vpc")
WITH_VARIABLES = "Function: variables with a key"
WITH_QUEUE = "Function: a queue with a key"
UPDATES = ("Update API: always", "Update API: a key of its own")
KEY_OF_SECRET = "a key of its own, encrypted with a key"
HARDENED_UPDATES = (*IN_VPC, WITH_VARIABLES, *UPDATES, f"Update API: {KEY_OF_SECRET}")
CLEANUP = ("Zone clean-up: always",)

EXAMPLE = "[!h]*"
# How IAM calls services that CloudFormation calls otherwise.
PREFIXES = {
    "ApplicationAutoScaling": "application-autoscaling",
    "CertificateManager": "acm",
    "ElasticLoadBalancingV2": "elasticloadbalancing",
}

# App, role, and the rows of docs/permissions.md that hold for it; the first that fits counts.
ROLES: list[tuple[str, str, tuple[str, ...]]] = [
    ("*", "CustomVpcRestrictDefaultSGCustomResourceProviderRole", ("What CDK makes: a new VPC",)),
    ("*", "CustomS3AutoDeleteObjectsCustomResourceProviderRole", ()),
    ("*", "NetworkFlowLogRole", ("Flow logs: always",)),
    ("compose", "VpcFlowLogIAMRole", ("Flow logs: always",)),
    ("serverless", "VpcFlowLogIAMRole", ("Flow logs: always",)),
    (
        "hardened*",
        "DatafiUpdateEventsRole",
        (*IN_VPC, WITH_VARIABLES, "Update events: always"),
    ),
    ("*", "DatafiUpdateEventsRole", (*FUNCTION, "Update events: always")),
    ("hardened*", "DnsZoneCleanupRole", (*IN_VPC, *CLEANUP)),
    (EVERY, "DnsZoneCleanupRole", (*IN_VPC, *CLEANUP)),
    ("*", "DnsZoneCleanupRole", (*FUNCTION, *CLEANUP)),
    # Every option.
    (EVERY, "PlainTaskRole", STORED),
    (EVERY, "FullTaskRole", (*STORED_WITH_KEY, "Task role: enable_execute_command")),
    (EVERY, "CachedTaskRole", ()),
    (
        EVERY,
        "CoordinatorTaskRole",
        ("Task role: bedrock_models", "Task role: bedrock_models with a profile"),
    ),
    (EVERY, "PlainExecutionRole", STARTS),
    (EVERY, "FullExecutionRole", (*STARTS_WITH_KEYS, "Execution role: an image in ECR")),
    (
        EVERY,
        "CachedExecutionRole",
        (
            *STARTS_WITH_KEYS,
            "Execution role: an image in ECR",
            "Execution role: pull_through_cache",
        ),
    ),
    (EVERY, "CoordinatorExecutionRole", STARTS_WITH_KEYS),
    (EVERY, "LambdaRole", (*FUNCTION, WITH_QUEUE, WITH_VARIABLES, *STORED_WITH_KEY)),
    (EVERY, "LambdaInVpcRole", (*IN_VPC, WITH_QUEUE, WITH_VARIABLES, *STORED_WITH_KEY)),
    (EVERY, "PlainUpdatesRole", (*FUNCTION, *UPDATES)),
    (EVERY, "FullUpdatesRole", (*HARDENED_UPDATES, WITH_QUEUE)),
    (
        EVERY,
        "RotatedUpdatesRole",
        (*FUNCTION, WITH_VARIABLES, *UPDATES, f"Update API: {KEY_OF_SECRET}"),
    ),
    (EVERY, "SignedUpdatesRole", (*FUNCTION, "Update API: always")),
    (EVERY, "UpdateRouterRole", (*IN_VPC, WITH_VARIABLES, "Update router: always")),
    (
        EVERY,
        "RotationFunctionServiceRole",
        ("Rotation: always", f"Rotation: {KEY_OF_SECRET}"),
    ),
    (EVERY, "Caller", ("Callers: always",)),
    # The examples.
    ("quickstart", "EdgeServeresTaskRole", STORED),
    ("private", "EsTaskRole", STORED),
    ("compose", "EsTaskRole", STORED),
    ("multi_stack", "EsTaskRole", STORED),
    (EXAMPLE, "*TaskRole", ()),
    ("quickstart", "*ExecutionRole", LOGS),
    ("private", "EsExecutionRole", (*STARTS, "Execution role: an image in ECR")),
    (EXAMPLE, "*ExecutionRole", STARTS),
    ("serverless", "EsRole", (*FUNCTION, *STORED)),
    (EXAMPLE, "*UpdatesRole", (*FUNCTION, *UPDATES)),
    (EXAMPLE, "UpdateApi*Role", (*FUNCTION, *UPDATES)),
    (EXAMPLE, "UpdateRouterRole", (*FUNCTION, "Update router: always")),
    # The same, hardened.
    ("hardened", "EsTaskRole", STORED_WITH_KEY),
    ("hardened", "EsExecutionRole", STARTS),
    ("hardened", "EsUpdatesRole", HARDENED_UPDATES),
    ("hardened-compose", "EdgeServeresTaskRole", STORED_WITH_KEY),
    ("hardened-multi_stack", "EdgeServeresTaskRole", STORED_WITH_KEY),
    ("hardened-multi_stack", "CoordinatorTaskRole", ("Task role: bedrock_models",)),
    (
        "hardened-private",
        "EdgeServeresTaskRole",
        (*STORED_WITH_KEY, "Task role: enable_execute_command"),
    ),
    ("hardened-quickstart", "EdgeServeresTaskRole", STORED_WITH_KEY),
    ("hardened-*", "*TaskRole", ()),
    (
        "hardened-private",
        "EdgeServeresExecutionRole",
        (*STARTS, "Execution role: an image in ECR"),
    ),
    ("hardened-many_servers", "*ExecutionRole", LOGS),
    ("hardened-quickstart", "*ExecutionRole", LOGS),
    ("hardened-*", "*ExecutionRole", STARTS),
    ("hardened-*", "EdgeServeresRole", (*IN_VPC, WITH_VARIABLES, *STORED_WITH_KEY)),
    ("hardened-*", "UpdateApi*Role", HARDENED_UPDATES),
    ("hardened*", "UpdateRouterRole", (*IN_VPC, WITH_VARIABLES, "Update router: always")),
]


@pytest.mark.parametrize("app", APPS)
def test_roles_hold_what_the_page_says(app: str, assembly: Callable[[str], Assembly]) -> None:
    """Each row that holds for a role is there, and nothing else."""
    roles = assembly(app).roles()
    assert roles
    for role in roles:
        expected = {right for row in _rows(app, role.name) for right in TABLE[_key(row)]}
        actual = _rights(role)
        told = f"{role.name} of {app}"
        assert [one for one in actual if not any(_is(one, each) for each in expected)] == [], told
        assert [one for one in expected if not any(_is(each, one) for each in actual)] == [], told


@pytest.mark.parametrize("app", APPS)
def test_only_functions_of_others_have_policies_of_aws(
    app: str, assembly: Callable[[str], Assembly]
) -> None:
    """No role of the library has a policy that AWS writes."""
    of_others = {
        "CustomVpcRestrictDefaultSGCustomResourceProviderRole",
        "CustomS3AutoDeleteObjectsCustomResourceProviderRole",
        "RotationFunctionServiceRole",
    }
    having = {role.name: role.policies for role in assembly(app).roles() if role.policies}
    assert having.keys() <= of_others
    assert all(
        policy.endswith(":iam::aws:policy/service-role/AWSLambdaBasicExecutionRole")
        for policies in having.values()
        for policy in policies
    )


@pytest.mark.parametrize("app", APPS)
def test_whoever_deploys_knows_every_service(app: str, assembly: Callable[[str], Assembly]) -> None:
    """The services that a policy of one's own has to cover are those of the templates."""
    page = (ROOT / "docs" / "permissions.md").read_text().partition("\n## Whoever deploys\n")[2]
    told = set(re.findall(r"`([a-z0-9-]+)`", page.partition("Beside these")[0]))
    owners = {each.split("::")[1] for each in assembly(app).types() if each.startswith("AWS::")}
    assert {PREFIXES.get(owner, owner.lower()) for owner in owners - {"CDK"}} <= told


def test_every_row_holds_somewhere(assembly: Callable[[str], Assembly]) -> None:
    """The page has no row that no app shows, and the table of roles none that no role meets."""
    met = {
        (pattern, name): rows
        for app in APPS
        for role in assembly(app).roles()
        for pattern, name, rows in [_first(app, role.name)]
    }
    assert [row[:2] for row in ROLES if row[:2] not in met] == []
    assert {_key(row) for rows in met.values() for row in rows} == TABLE.keys()


def _first(app: str, role: str) -> tuple[str, str, tuple[str, ...]]:
    for row in ROLES:
        if fnmatchcase(app, row[0]) and fnmatchcase(role, row[1]):
            return row
    raise AssertionError(f"what may {role} of {app} do?")


def _rows(app: str, role: str) -> tuple[str, ...]:
    return _first(app, role)[2]


def _key(row: str) -> tuple[str, str]:
    section, _, when = row.partition(": ")
    return section, when


def _rights(role: Role) -> set[Right]:
    return {
        Right(action, resource, statement.keys)
        for statement in role.statements
        for action in statement.actions
        for resource in statement.resources
    }


def _is(actual: Right, expected: Right) -> bool:
    return (actual.action, actual.keys) == (expected.action, expected.keys) and bool(
        re.fullmatch(expected.on, actual.on)
    )
