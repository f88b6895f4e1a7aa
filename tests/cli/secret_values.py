"""A deployment whose values are known, so that none of them can slip into an output."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datafi_cdk.cli.keys.redis_key import make_keyval
from datafi_cdk.cli.secrets.algorithms import Algorithm
from datafi_cdk.cli.secrets.jwt_keys import make_jwt_keys
from datafi_cdk.local import EmbeddedAws

from .in_process import run
from .installed import Done

CONFIG = """\
# Acme's data plane
deployment_name: {name}
dns: {{root_domain: edge.example.com}}   # ours

edge_servers:
  long_running:
    - name: es        # the first
      image_tag: latest
      # how long
      environment: {{TIMEOUT: "1200"}}
    - name: es-two
      image_tag: next

coordinator:
  environment: {{TOKEN_ISSUER: "https://login.example.com/"}}
# the end
"""


def new_values() -> dict[str, str]:
    """A value for every variable, each unlike any other text."""
    keys = make_jwt_keys(Algorithm.ES256)
    return {
        "ES1_KEY": "not-a-real-key-of-es",
        "ES2_KEY": "not-a-real-key-of-es-two",
        "JWT_JWKS": keys.jwks,
        "CO_JWT_KID": keys.kid,
        "CO_JWT_KEY": keys.key,
        "CO_KEYVAL": make_keyval(
            "redis.example.com:6379", "default", "not-a-real-redis", secure=True
        ),
        "ACR_USERNAME": "not-a-real-username",
        "ACR_PASSWORD": "not-a-real-password",
        "ES1_UPDATE_API_SECRET": "not-a-real-update-secret-of-es-0123456789",
    }


@dataclass
class Deployment:
    """A folder with a `datafi.yaml`, and an account."""

    folder: Path
    aws: EmbeddedAws
    name: str
    values: dict[str, str] = field(default_factory=new_values)

    def __post_init__(self) -> None:
        """Write the file."""
        self.config.write_text(CONFIG.format(name=self.name))
        self.write_env()

    @property
    def config(self) -> Path:
        """Its configuration."""
        return self.folder / "datafi.yaml"

    def write_env(self, **others: str) -> None:
        """Write the shell file."""
        lines = [f"export {name}='{value}'" for name, value in (self.values | others).items()]
        (self.folder / "env.sh").write_text("\n".join(lines))

    def run(
        self,
        *arguments: str | Path,
        fails: int = 0,
        typed: str = "",
        env: Mapping[str, str] | None = None,
    ) -> Done:
        """Run the command there; none of the values is in what it writes."""
        aws = {**self.aws.environment(), "COLUMNS": "200"}
        done = run(
            *arguments, cwd=self.folder, env={**aws, **(env or {})}, typed=typed, fails=fails
        )
        for name, value in self.values.items():
            assert value not in done.out + done.err, name
        assert "not-a-real" not in done.out + done.err
        return done

    def import_(self, *arguments: str, **options: Any) -> Done:
        """Import from the shell file."""
        return self.run("secrets", "import", "--env-file", "env.sh", *arguments, **options)

    def secrets(self) -> dict[str, Any]:
        """What each secret of the deployment holds, by the rest of its name."""
        client = self.aws.client("secretsmanager")
        prefix = f"datafi/{self.name}/"
        found = client.list_secrets(MaxResults=100)["SecretList"]
        return {
            each["Name"].removeprefix(prefix): client.get_secret_value(SecretId=each["ARN"])
            for each in found
            if each["Name"].startswith(prefix)
        }

    def held(self) -> dict[str, Any]:
        """The same, as fields or as the string."""
        return {name: _parsed(value["SecretString"]) for name, value in self.secrets().items()}


def _parsed(text: str) -> Any:
    return json.loads(text) if text.startswith("{") else text
