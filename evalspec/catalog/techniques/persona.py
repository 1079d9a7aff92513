"""A voice inside a cell to an input that keeps the voice's style facts."""

from __future__ import annotations

from evalspec.catalog.techniques.prompted import write_for_cell
from evalspec.model.case import Made, Unmade
from evalspec.model.plan import Slot
from evalspec.model.spec import Spec
from evalspec.ports import Asking, Tools
from evalspec.registry import Catalog, technique


@technique("persona", version=1)
def persona(slot: Slot, spec: Spec, tools: Tools, catalog: Catalog) -> Made | Unmade | Asking:
    """Write the input of one cell in a described voice; a text that does not keep the voice is dropped."""
    assert slot.persona is not None, "expand gives every slot of a persona pool a persona"
    return write_for_cell(slot, spec, tools)
