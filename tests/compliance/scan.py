"""Runs checkov: `python -m tests.compliance.scan CHECKOV`.

What examples deploy by default is looked at with the skips of `.checkov.yaml`, hardened without. It
ends with 1 if a check failed, or if one is skipped without a reason.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from .apps import EXAMINE, EXAMPLES, HARDENED

ROOT = Path(__file__).parents[2]
OF_DEFAULTS = ["--config-file", str(ROOT / ".checkov.yaml")]


def _synthesize(apps: list[Path], folder: Path) -> None:
    def synthesize(app: Path) -> None:
        # checkov takes 40 letters and slashes of a path for a secret access key.
        command = [sys.executable, str(EXAMINE), str(app), str(folder / f"{app.stem}.out")]
        subprocess.run(
            command,
            check=True,
            env={**os.environ, "CDK_VALIDATION": "false"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(synthesize, apps))


def _scan(checkov: str, folder: Path, options: list[str]) -> dict[str, Any]:
    command = [checkov, "--directory", str(folder), "--framework", "cloudformation"]
    # Without a network it says so at length and goes on: only links to its site are missing.
    done = subprocess.run(
        [*command, *options, "--skip-download", "--soft-fail", "--output", "json"],
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    results: dict[str, Any] = json.loads(done.stdout)["results"]
    return results


def _told(checks: list[dict[str, Any]]) -> Counter[str]:
    return Counter(f"{each['check_id']}: {each['check_name']}" for each in checks)


def main(checkov: str) -> int:
    """Scan, tell, and say whether all is well."""
    is_well = True
    for title, apps, options in (
        ("by default", EXAMPLES, OF_DEFAULTS),
        ("hardened", HARDENED, []),
    ):
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            _synthesize(apps, folder)
            results = _scan(checkov, folder, options)
        passed, failed, skipped = (
            results[f"{kind}_checks"] for kind in ("passed", "failed", "skipped")
        )
        print(f"{title}: {len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped")
        for each in failed:
            print(f"  failed {each['check_id']} {each['file_path']} {each['resource']}")
        for check, count in sorted(_told(skipped).items()):
            print(f"  skipped {count} of {check}")
        without = [each for each in skipped if not each["check_result"].get("suppress_comment")]
        for each in without:
            print(f"  without a reason {each['check_id']} {each['resource']}")
        is_well &= bool(passed) and not failed and not without
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
