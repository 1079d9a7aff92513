"""`python -m evalspec` in somebody's checkout: no module of the working folder takes the place of a real one."""

import os
import sys

OWN = "evalspec"
# What evalspec imports beyond the standard library, extras included, by the names of modules.
DEPENDENCIES = frozenset(
    {
        *("click", "colorama", "yaml", "_yaml", "jinja2", "markupsafe", "jsonschema", "jsonschema_specifications"),
        *("attr", "attrs", "referencing", "rpds", "numpy", "rapidfuzz", "regex", "phonenumbers", "typing_extensions"),
        *("duckdb", "pyarrow", "pandas", "aiohttp", "multidict", "yarl", "sentence_transformers", "torch"),
    }
)
_SUFFIXES = (".py", ".pyc", ".pyd", ".so")


def leave_working_folder() -> None:
    """Take the folder that `-m` put first on the path off it, so that nothing more is imported from there."""
    if not sys.flags.safe_path and sys.path and sys.path[0] in ("", os.getcwd()):
        del sys.path[0]


def shadowing(folder: str) -> tuple[str, ...]:
    """Return the files of a folder that `-m` would import, or has imported, instead of modules that evalspec needs."""
    known = DEPENDENCIES | sys.stdlib_module_names
    found = []
    for name in sorted(os.listdir(folder)):
        stem = name.split(".")[0]
        path = os.path.join(folder, name)
        is_package = any(os.path.lexists(os.path.join(path, f"__init__{one}")) for one in _SUFFIXES)
        if stem != OWN and stem in known and (name.endswith(_SUFFIXES) or is_package):
            found.append(name)
    return tuple(found)
