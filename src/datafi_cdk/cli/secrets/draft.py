"""Reads a `datafi.yaml` in which ARNs of secrets may still be missing, and puts them in."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...config import DatafiEdgeConfig
from ...config_data import Data, edge_servers, given, section
from ...config_file import read_yaml
from ...errors import CommandError, InvalidInputError
from ..files import replace_file
from .config_edit import Keys, dotted, with_values
from .locked import locked

_STAND_IN = "arn:aws:secretsmanager:{region}:000000000000:secret:datafi-cdk-stand-in-AbCdEf"
_SERVER_KINDS = ("long_running", "serverless")


@dataclass(frozen=True)
class Draft:
    """A configuration that is complete but for ARNs of secrets.

    Args:
        path: Its file.
        text: What the file holds.
        data: The same, as data.
        config: The configuration, in which a stand-in takes the place of each missing ARN that is
            required.
        stand_in: That stand-in.
    """

    path: Path
    text: str
    data: Any
    config: DatafiEdgeConfig
    stand_in: str

    def arn(self, arn: str | None) -> str | None:
        """An ARN of the configuration, if it is none that stands in."""
        return None if arn == self.stand_in else arn


def read_draft(path: Path) -> Draft:
    """Read a configuration in which ARNs of secrets may be missing.

    Args:
        path: The file.

    Raises:
        InvalidInputError: With every other fault, each with its line.
    """
    document = read_yaml(path)
    stand_in = stand_in_for(document.data)
    faults = document.duplicates
    try:
        config = DatafiEdgeConfig.model_validate(with_stand_ins(document.data, stand_in))
    except InvalidInputError as error:
        faults = (*faults, *error.faults)
    if faults:
        raise InvalidInputError(document.with_lines(faults))
    return Draft(path, _text(path), document.data, config, stand_in)


def text_with_arns(draft: Draft, arns: Mapping[Keys, str]) -> str:
    """The text of the file with ARNs put in, and otherwise byte for byte as it is.

    Args:
        draft: The configuration.
        arns: Keys of the file to ARN.

    Raises:
        CommandError: They cannot be put in without changing something else.
        InvalidInputError: The file would then be refused.
    """
    text = with_values(draft.text, arns)
    with tempfile.TemporaryDirectory() as directory:
        tried = Path(directory) / draft.path.name
        tried.write_bytes(text.encode())
        if read_yaml(tried).data != _expected(draft.data, arns):
            lines = "\n".join(f"  {dotted(keys)}: {arn}" for keys, arn in arns.items())
            raise CommandError(
                f"{draft.path} is written in a way that this command cannot extend;"
                f" write these keys into it and run it again:\n{lines}"
            )
        DatafiEdgeConfig.from_file(tried)
    return text


def write_arns(draft: Draft, arns: Mapping[Keys, str]) -> None:
    """Put ARNs into the file, which is replaced as a whole or not at all.

    Args:
        draft: The configuration.
        arns: Keys of the file to ARN.

    Raises:
        CommandError: As `text_with_arns`, or the file was changed since it was read.
        OSError: It cannot be written.
    """
    if not arns:
        return
    text = text_with_arns(draft, arns)
    with locked(draft.path.parent):
        if _text(draft.path) != draft.text:
            raise CommandError(
                f"{draft.path} was changed meanwhile and is not overwritten;"
                " run the same command again, which continues"
            )
        replace_file(draft.path, text)


def _text(path: Path) -> str:
    return path.read_bytes().decode()


def stand_in_for(data: Any) -> str:
    """An ARN that can take the place of a missing one in a configuration.

    Args:
        data: The configuration as data.
    """
    region = section(section({"": data}, ""), "aws").get("region")
    return _STAND_IN.format(region=region if isinstance(region, str) else "us-east-1")


def with_stand_ins(data: Any, stand_in: str) -> Any:
    """A copy of a configuration in which no required ARN of a secret is missing.

    Args:
        data: The configuration as data.
        stand_in: What takes the place of each.
    """
    if not isinstance(data, Mapping):
        return data
    data = copy.deepcopy(data)
    coordinator = data.get("coordinator")
    if isinstance(coordinator, dict):
        missing = ["secret_arn"]
        if not _from_ecr(data):
            missing.append("registry_credentials_secret_arn")
        coordinator |= {key: coordinator.get(key) or stand_in for key in missing}
    for kind in _SERVER_KINDS:
        for _, server in edge_servers(data, kind):
            if isinstance(server, dict) and (
                server.get("secret_variables") or server.get("secret_arn") == ""
            ):
                server["secret_arn"] = server.get("secret_arn") or stand_in
    return data


def _from_ecr(data: Data) -> bool:
    """Whether the coordinator's image comes from ECR, which takes no credentials."""
    cache = section(data, "pull_through_cache")
    coordinator = section(data, "coordinator")
    return given(coordinator, "ecr_repository_arn") or given(cache, "datafi_registry_secret_arn")


def _expected(data: Any, arns: Mapping[Keys, str]) -> Any:
    data = copy.deepcopy(data)
    for keys, arn in arns.items():
        place = data
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = arn
    return data
