"""A cloud assembly with secrets at every place that a template could have them in."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

CANARY = "not-a-real-secret-4711"


def with_canaries(source: Path, folder: Path) -> Path:
    """A copy of an example's assembly with a value that must not be seen.

    Args:
        source: The assembly of the example `quickstart`.
        folder: Where the copy is put.
    """
    copy = shutil.copytree(source, folder / "canary.out")
    file = copy / "DatafiEdge.template.json"
    template = json.loads(file.read_text())
    resources = template["Resources"]
    for resource in resources.values():
        _fill(resource["Type"], resource["Properties"])
    resources["Known"] = {
        "Type": "AWS::SecretsManager::Secret",
        "Properties": {"SecretString": CANARY},
    }
    resources["Setting"] = {
        "Type": "AWS::SSM::Parameter",
        "Properties": {"Name": "/setting", "Type": "String", "Value": CANARY},
    }
    template["Parameters"]["Hidden"] = {"Type": "String", "NoEcho": True, "Default": CANARY}
    template["Outputs"]["Shown"] = {"Value": CANARY}
    file.write_text(json.dumps(template))
    return copy


def _fill(kind: str, properties: dict[str, Any]) -> None:
    if kind == "AWS::ECS::TaskDefinition":
        [container] = properties["ContainerDefinitions"]
        encoded = {"Fn::Base64": CANARY}
        container["Environment"] += [
            {"Name": "PLAIN", "Value": CANARY},
            {"Name": "ENCODED", "Value": encoded},
            {"Name": "HIDDEN", "Value": {"Ref": "Hidden"}},
        ]
        container["Command"] = ["--key", CANARY]
    elif kind == "AWS::Lambda::Function":
        variables = properties.setdefault("Environment", {}).setdefault("Variables", {})
        variables["PLAIN"] = CANARY
    elif kind == "AWS::ElasticLoadBalancingV2::ListenerRule":
        header = {"HttpHeaderName": "x-from-cdn", "Values": [CANARY]}
        query = {"Values": [{"Key": "key", "Value": CANARY}]}
        properties["Conditions"] += [
            {"Field": "http-header", "HttpHeaderConfig": header},
            {"Field": "query-string", "QueryStringConfig": query},
        ]
    elif kind == "AWS::ElasticLoadBalancingV2::Listener":
        for action in properties["DefaultActions"]:
            if "FixedResponseConfig" in action:
                action["FixedResponseConfig"]["MessageBody"] = CANARY
            else:
                action["RedirectConfig"]["Query"] = CANARY
