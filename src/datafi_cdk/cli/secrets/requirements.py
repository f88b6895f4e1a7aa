"""Compares what a configuration needs of Secrets Manager with what is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ...config import DatafiEdgeConfig
from ...config_services import CoordinatorConfig
from ...validation import JWT_JWKS
from ..aws_errors import aws_error_sentence, error_code, is_denied
from .jwt_keys import pair_problem
from .store import SecretFormError, SecretStore, StoredSecret
from .uses import (
    SecretUse,
    Server,
    filled_elsewhere,
    key_variable,
    own_variables,
    secret_uses,
    servers,
)
from .values import BASE64_VARIABLES, normalized, value_problem

if TYPE_CHECKING:
    from ..aws_access import AwsAccess

Result = Literal["pass", "warn", "fail"]

_UNREADABLE = ("DecryptionFailure", "InvalidRequestException", "KMSAccessDeniedException")
_IMPORT = "run `datafi-cdk secrets import`"


@dataclass(frozen=True)
class SecretFinding:
    """What was found of one secret; no word of it holds a value.

    Args:
        result: Whether all is well, may be wrong, or is wrong.
        place: The key of the file, or the server, that it is about.
        secret: The name of the secret; empty if it is about none, or about several.
        message: What was found.
        remedy: What to do; empty if all is well.
    """

    result: Result
    place: str
    secret: str
    message: str
    remedy: str = ""


def secret_findings(config: DatafiEdgeConfig, aws: AwsAccess) -> list[SecretFinding]:
    """Compare what a configuration needs with what the secrets hold, showing no value.

    Args:
        config: The configuration.
        aws: The account and region of the secrets.

    Returns:
        What was found, in the order of the servers.

    Raises:
        botocore.exceptions.BotoCoreError: AWS could not be asked at all.
        botocore.exceptions.ClientError: The same, for another reason than a missing right.
    """
    comparison = _Comparison(config, aws)
    return [
        *(finding for use in secret_uses(config) for finding in comparison.of(use)),
        *(finding for _, server in servers(config) for finding in _key_findings(server)),
        *comparison.of_tokens(),
    ]


class _Comparison:
    def __init__(self, config: DatafiEdgeConfig, aws: AwsAccess) -> None:
        self._config = config
        self._store = SecretStore(aws)
        self._values: dict[str, dict[str, str]] = {
            server.name: dict(server.environment) for _, server in servers(config)
        }
        self._shared: dict[str, str] = {}

    def of(self, use: SecretUse) -> Iterator[SecretFinding]:
        """What there is to say of one secret; remembers its values."""
        from botocore.exceptions import ClientError

        name = _name(use.arn)
        try:
            stored = self._store.read(use.arn)
        except ClientError as error:
            if not is_denied(error) and error_code(error) not in _UNREADABLE:
                raise
            sentence = aws_error_sentence(error) or "it could not be read"
            yield SecretFinding("warn", use.place, name, f"not compared: {sentence}")
            return
        if stored is None:
            remedy = f"take {use.place} out of the file and {_IMPORT}, or correct the ARN"
            yield SecretFinding("fail", use.place, name, "there is no such secret", remedy)
            return
        if stored.is_deleted:
            remedy = f"run: aws secretsmanager restore-secret --secret-id {stored.name}"
            yield SecretFinding("fail", use.place, name, "it is scheduled for deletion", remedy)
            return
        try:
            values, problems = _read_values(use, stored)
        except SecretFormError as error:
            yield SecretFinding("fail", use.place, name, f"it {error}", _IMPORT)
            return
        self._remember(use, values)
        for problem in problems:
            yield SecretFinding("fail", use.place, name, problem, _IMPORT)
        yield from _encryption_findings(use, stored)
        if not problems:
            held = ", ".join(field or "one string" for field in use.fields.values())
            yield SecretFinding("pass", use.place, name, f"holds {held}")

    def _remember(self, use: SecretUse, values: dict[str, str]) -> None:
        into = self._values[use.server] if use.server else self._shared
        into |= values

    def of_tokens(self) -> Iterator[SecretFinding]:
        """Whether the servers accept the tokens that the coordinator signs."""
        if self._config.coordinator is None:
            return
        coordinator = self._values[self._config.coordinator.name]
        for _, server in servers(self._config):
            if isinstance(server, CoordinatorConfig):
                continue
            own = self._values[server.name]
            jwks = own.get(JWT_JWKS) or self._shared.get(JWT_JWKS)
            if not _reads_jwks(server, self._config):
                message = "it reads no JWT_JWKS, so that it cannot validate tokens"
                yield SecretFinding("warn", server.name, "", message, _IMPORT)
            elif jwks and {"JWT_KEY", "JWT_KID"} <= coordinator.keys():
                problem = pair_problem(coordinator["JWT_KEY"], coordinator["JWT_KID"], jwks)
                if problem:
                    message = f"its JWT_JWKS {problem}, so that it refuses every token"
                    remedy = "import both halves of one pair (`datafi-cdk keys jwt` makes one)"
                    yield SecretFinding("fail", server.name, "", message, remedy)
                else:
                    message = "its JWT_JWKS fits the coordinator's JWT_KEY and JWT_KID"
                    yield SecretFinding("pass", server.name, "", message)


def _read_values(use: SecretUse, stored: StoredSecret) -> tuple[dict[str, str], list[str]]:
    values: dict[str, str] = {}
    problems = []
    for variable, field in use.fields.items():
        value = stored.text if field is None else stored.fields().get(field)
        what = f"its field {field}" if field else "its string"
        if value is None:
            problems.append(f"{what} is missing")
        elif not isinstance(value, str):
            problems.append(f"{what} must be a string")
        else:
            if field is None or variable in BASE64_VARIABLES:
                value = normalized(variable, value)
            if problem := value_problem(variable, value):
                problems.append(f"{what} must be {problem}")
            else:
                values[variable] = value
    return values, problems


def _encryption_findings(use: SecretUse, stored: StoredSecret) -> Iterator[SecretFinding]:
    """A key that nobody is let use. An alias does not tell which key it is."""
    key = stored.kms_key_id
    if key is None or "alias/" in key:
        return
    if use.kms_key_arn is None:
        message = "it is encrypted with a customer-managed key that the file does not name"
        remedy = "name the key beside it (…kms_key_arn), or its reader may not decrypt it"
        yield SecretFinding("warn", use.place, stored.name, message, remedy)
    elif key.rpartition("/")[2] != use.kms_key_arn.rpartition("/")[2]:
        message = "it is encrypted with another key than the one that the file names"
        remedy = "name the key that `aws secretsmanager describe-secret` shows"
        yield SecretFinding("fail", use.place, stored.name, message, remedy)


def _key_findings(server: Server) -> Iterator[SecretFinding]:
    """Whether the image finds its key in the variable that it reads."""
    needed = key_variable(server)
    if isinstance(server, CoordinatorConfig) or needed is None:
        return
    given = filled_elsewhere(server) | (set(own_variables(server)) if server.secret_arn else set())
    if needed in given:
        return
    tag = server.image_tag or "latest"
    if given & {"KEY", "EDGE_KEY"}:
        message = f"its image with tag {tag} reads {needed}, which is not among its variables"
        remedy = f"name {needed} in secret_variables and put it into the secret"
        yield SecretFinding("fail", server.name, "", message, remedy)
    else:
        message = f"it gets no {needed}, so that it has no identity"
        remedy = f"make one with `datafi-cdk keys edge {server.name}`, then {_IMPORT}"
        yield SecretFinding("warn", server.name, "", message, remedy)


def _reads_jwks(server: Server, config: DatafiEdgeConfig) -> bool:
    own = own_variables(server) if server.secret_arn else {}
    return bool(config.jwt_jwks_secret_arn) or JWT_JWKS in {*own, *filled_elsewhere(server)}


def _name(arn: str) -> str:
    """The name of a secret, of which a complete ARN has seven letters more."""
    return arn.rpartition(":secret:")[2][: -len("-AbCdEf")]
