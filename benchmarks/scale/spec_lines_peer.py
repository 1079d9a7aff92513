"""The same spec read by PyYAML and ruamel and checked by jsonschema; run in the peers' environment."""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import jsonschema
import ruamel.yaml
import yaml

TEXT, SCHEMA = Path(sys.argv[1]).read_text("utf-8"), json.loads(Path(sys.argv[2]).read_text("utf-8"))


def spent(step: Callable[[], object]) -> float:
    """Return the median CPU milliseconds of a step."""
    found = []
    for _ in range(5):
        started = time.process_time()
        step()
        found.append((time.process_time() - started) * 1000)
    return median(found)


gc.disable()
data = yaml.load(TEXT, Loader=yaml.CSafeLoader)
checker = jsonschema.Draft202012Validator(SCHEMA)
checked = spent(lambda: list(checker.iter_errors(data)))
rows = [
    {
        "name": "PyYAML, C, compose (lines only) + jsonschema",
        "parse": spent(lambda: yaml.compose(TEXT, yaml.CSafeLoader)),
    },
    {"name": "PyYAML, C, values + jsonschema", "parse": spent(lambda: yaml.load(TEXT, Loader=yaml.CSafeLoader))},
    {"name": "ruamel.yaml, round trip + jsonschema", "parse": spent(lambda: ruamel.yaml.YAML().load(TEXT))},
]
print(json.dumps([{**row, "validate": checked} for row in rows]))
