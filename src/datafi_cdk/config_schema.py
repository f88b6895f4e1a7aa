"""The JSON schema of a `datafi.yaml`, by which editors complete and check it.

`python -m datafi_cdk.config_schema` writes it to `datafi.schema.json` beside this module.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from .config import DatafiEdgeConfig

SCHEMA_PATH = Path(__file__).with_name("datafi.schema.json")


class _WithoutTitles(GenerateJsonSchema):
    """Leaves out titles of fields, which would only repeat their names."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Never."""
        return False


def schema_text() -> str:
    """The schema, as the file holds it."""
    documentation = inspect.getdoc(DatafiEdgeConfig) or ""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **DatafiEdgeConfig.model_json_schema(schema_generator=_WithoutTitles),
        "title": "datafi.yaml",
        "description": documentation.partition("\n")[0],
    }
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA_PATH.write_text(schema_text(), encoding="utf-8")
