"""A chart's values.schema.json: what all charts share, and the settings of its service as `config`."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from pipeline_core.settings import Settings
from pydantic import AliasChoices

Schema = dict[str, Any]
"""A JSON Schema, draft 7."""

NOT_IN_A_CLUSTER = {"capture", "dry_run", "health_check_host", "health_check_port", "once", "output", "record"}
"""Settings of a command on somebody's own machine, and where the probes ask, which the chart says itself."""
_FRACTION: Schema = {"type": ["number", "string"], "pattern": r"^[0-9]+(\.[0-9]+)?$"}
"""`helm --set` makes numbers of whole ones alone, and words of the others."""
_NOT_OF_A_CHART = {"anyOf", "default", "description", "format", "title"}


def settings_schema(settings: type[Settings]) -> Schema:
    """What `config` may hold for a service with these settings, by environment variable."""
    described = settings.model_json_schema(by_alias=False)["properties"]
    properties: Schema = {}
    for name, field in settings.model_fields.items():
        if name in NOT_IN_A_CLUSTER:
            continue
        alias = field.validation_alias
        names = [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else [name]
        properties |= {variable.upper(): _variable(described[name]) for variable in names}
    return config_schema(properties)


def config_schema(properties: Mapping[str, Schema]) -> Schema:
    """What `config` may hold, and nothing else: a misspelt variable would do nothing, in silence."""
    return {"type": "object", "additionalProperties": False, "properties": dict(properties)}


def chart_schema(shared: Schema, config: Schema) -> Schema:
    """The whole of it."""
    schema = copy.deepcopy(shared)
    schema["properties"]["config"] = config
    return schema


def _variable(described: Schema) -> Schema:
    """What a value may be, without what a setting has only in Python (title, default, None) and without its
    description, which the service's README tells: a better word there is no change of the chart."""
    choices = [described, *(choice for choice in described.get("anyOf", ()) if choice.get("type") != "null")]
    schema = {key: value for choice in choices for key, value in choice.items() if key not in _NOT_OF_A_CHART}
    return schema | _FRACTION if schema.get("type") == "number" else schema
