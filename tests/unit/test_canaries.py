"""Values that must not be seen, at every place where somebody could put a secret."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
from datafi_cdk import DatafiEdgeConfig, DatafiError
from canary_search import files, search
from deployment import minimal
from test_config_keys import configured, keys, put

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/app.py"))
CANARY = "not-a-real-canary-8c1f"
PEM = f"-----BEGIN PRIVATE KEY-----\\n{CANARY}\\n-----END PRIVATE KEY-----"
ALL_KEYS = sorted(keys(DatafiEdgeConfig))


def told_of(data: dict[str, Any]) -> str | None:
    """All that is said of a configuration that is refused, `None` if it is taken."""
    try:
        DatafiEdgeConfig.model_validate(data)
    except DatafiError as error:
        faults = repr(getattr(error, "faults", ()))
        return "".join([*traceback.format_exception(error), repr(error), faults])
    return None


@pytest.mark.parametrize("key", ALL_KEYS)
def test_no_key_of_a_configuration_shows_a_secret(key: str) -> None:
    """Whatever is pasted at whatever key is refused, and not shown; so are lists and mappings."""
    for value in (PEM, [PEM], {"KEY": PEM}, {PEM: "x"}, f"redis://default:{CANARY}@r.example.com"):
        data = configured(key)
        put(data, key, value)
        told = told_of(data)
        assert told is not None
        assert CANARY not in told


@pytest.mark.parametrize("key", [key for key in ALL_KEYS if "secret" in key or "kms" in key])
def test_keys_for_secrets_show_nothing(key: str) -> None:
    """Where a name or an ARN of a secret is asked for, its value may be given, however it looks."""
    data = configured(key)
    put(data, key, CANARY)
    told = told_of(data)
    assert told is None or CANARY not in told


def test_keys_that_nobody_knows_show_nothing() -> None:
    """No value, and no key that can be none."""
    for data in (minimal(password=CANARY), minimal(**{f"{CANARY} =": 1}), minimal(a={CANARY: 1})):
        assert CANARY not in str(told_of(data))


@pytest.mark.parametrize("example", NAMES)
def test_a_synthesis_takes_nothing_from_around_it(example: str, tmp_path: Path) -> None:
    """Environment, context, comments and files beside the app leave no trace in the assembly."""
    names = ("environment", "context", "context file", "setting", "comment", "file", "module")
    values = {name: f"{CANARY}-{name.replace(' ', '-')}" for name in names}
    app = shutil.copytree(EXAMPLES / example, tmp_path / "app")
    with (app / "app.py").open("a") as source:
        source.write(f"\n# {values['comment']}\nSECRET = {values['module']!r}\n")
    if (app / "datafi.yaml").exists():
        with (app / "datafi.yaml").open("a") as source:
            source.write(f"\n# {values['comment']}\n")
    for name in ("env.sh", ".env", "secrets.json", "lambda_assets/key.pem", "cdk.out/old.json"):
        (app / name).parent.mkdir(exist_ok=True)
        (app / name).write_text(json.dumps({"KEY": values["file"]}))
    (app / "cdk.context.json").write_text(json.dumps({"ES1_KEY": values["context file"]}))
    cdk_json = json.loads((app / "cdk.json").read_text())
    (app / "cdk.json").write_text(json.dumps({**cdk_json, "context": {"K": values["setting"]}}))
    variables = ("KEY", "ES1_KEY", "CO_JWT_KEY", "ACR_PASSWORD", "AWS_SECRET_ACCESS_KEY")
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=app,
        env={
            **os.environ,
            **dict.fromkeys(variables, values["environment"]),
            "CDK_OUTDIR": str(tmp_path / "out"),
            "CDK_CONTEXT_JSON": json.dumps({"es_key": values["context"], "K": values["setting"]}),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    places = [*files(tmp_path / "out"), ("output", done.stdout), ("errors", done.stderr)]
    assert len(places) > 4
    assert search(values, places) == []
