"""What importing the library costs beyond importing aws-cdk-lib."""

from __future__ import annotations

import json
from typing import Any

from .processes import run_python
from .sampling import medians_of

_MEASURE = """
import json, resource, sys, time
start = time.perf_counter()
{statements}
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
mib = peak / 1024 / (1024 if sys.platform == "darwin" else 1)
print(json.dumps({{"ms": seconds * 1000, "mib": mib, "modules": sorted(sys.modules)}}))
"""
_ALL_NAMES = "import datafi_cdk\nfor name in datafi_cdk.__all__: getattr(datafi_cdk, name)"


def _measured(statements: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(run_python(_MEASURE.format(statements=statements)).output)
    return answer


def measure_imports(runs: int) -> dict[str, Any]:
    """Time and peak memory of the Python process for four imports, in turn.

    `aws_cdk` is the floor of `aws_cdk and datafi_cdk`. The floor of every public name is what
    these names cannot do without: the same modules of other packages, imported by themselves.

    Args:
        runs: How often each is measured.
    """
    every_name = f"import aws_cdk\n{_ALL_NAMES}"
    loaded = _measured(every_name)["modules"]
    others = [name for name in loaded if _is_of_package(name)]
    measured = medians_of(
        {
            "aws_cdk": lambda: _measured("import aws_cdk"),
            "aws_cdk and datafi_cdk": lambda: _measured("import aws_cdk\nimport datafi_cdk"),
            "what every name needs": lambda: _measured("import " + ", ".join(others)),
            "every name": lambda: _measured(every_name),
        },
        runs,
    )
    plain = _measured("import aws_cdk\nimport datafi_cdk")["modules"]
    floor = set(_measured("import aws_cdk")["modules"])
    return {
        **measured,
        "unused service modules": [name for name in plain if _is_service(name, floor)],
    }


def _is_of_package(module: str) -> bool:
    """Whether a module is one of a package that the library needs, and can be imported by name."""
    package = module.partition(".")[0]
    is_service = module.startswith("aws_cdk.aws_") and module.count(".") == 1
    return (
        is_service
        or module in ("aws_cdk", "constructs", "jsii", "pydantic")
        or (package == "ruamel" and module == "ruamel.yaml")
    )


def _is_service(module: str, floor: set[str]) -> bool:
    return module.startswith("aws_cdk.aws_") and module not in floor
