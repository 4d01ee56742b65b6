"""A workflow of ComfyUI in its API format: nodes by number, found by title too. Pure."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tessonance.errors import ProjectError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Workflow"]

SAVING = {"SaveImage", "Image Save", "SaveImageWebsocket"}
SHOWING = "PreviewImage"  # a file in the server's temporary folder, gone when it starts anew


@dataclass(frozen=True)
class Workflow:
    """The nodes of a workflow.

    Parameters
    ----------
    nodes : dict of str to dict
        By number; each with ``class_type`` and ``inputs``.
    where : str
        The file's name.
    """

    nodes: dict[str, Any]
    where: str

    @classmethod
    def parse(cls, text: bytes, *, where: str) -> Workflow:
        """Read a workflow.

        Raises
        ------
        ProjectError
            If it is no JSON, no workflow, or one in the format of the editor.
        """
        try:
            nodes = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ProjectError("the workflow is no JSON", where=where, got=str(error)[:200]) from None
        if isinstance(nodes, dict) and isinstance(nodes.get("nodes"), list):
            raise ProjectError(
                "this is the editor's own format",
                where=where,
                wanted="the API format",
                hint="in ComfyUI: Workflow, Export (API); in older ones first switch on Dev mode in the settings",
            )
        good = isinstance(nodes, dict) and nodes and all(_is_node(node) for node in nodes.values())
        if not good:
            raise ProjectError(
                "this is no workflow", where=where, wanted="nodes by number, each with class_type and inputs"
            )
        return cls(nodes, where)

    @property
    def titles(self) -> dict[str, str]:
        """The title of each node; the name of its class where it has none."""
        return {number: _title(node) for number, node in self.nodes.items()}

    def output(self, name: str) -> str:
        """Return the number of the node that gives the picture.

        Parameters
        ----------
        name : str
            Its title or number; empty for the only one that saves or shows pictures.

        Raises
        ------
        ProjectError
            If there is no such node, or it is not clear which.
        """
        if name:
            return self._number(name)
        found = [number for number, node in self.nodes.items() if node["class_type"] in SAVING]
        found = found or [number for number, node in self.nodes.items() if node["class_type"] == SHOWING]
        if len(found) == 1:
            return found[0]
        choices = ", ".join(f'"{self.titles[number]}" ({number})' for number in found) or "no SaveImage node"
        raise ProjectError(
            "it is not clear which node gives the picture",
            where=self.where,
            got=choices,
            hint='output = "TITLE" in [generator]',
        )

    def shown(self) -> dict[str, Any]:
        """Return the nodes, those that save pictures replaced by ones that show them, so that no folder fills up."""
        nodes = deepcopy(self.nodes)
        for node in nodes.values():
            if node["class_type"] in SAVING and "images" in node["inputs"]:
                node["class_type"], node["inputs"] = SHOWING, {"images": node["inputs"]["images"]}
        return nodes

    def targets(self, given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Return inputs by the number of their node.

        Parameters
        ----------
        given : mapping of str to object
            ``"TITLE.input"`` or ``"NUMBER.input"`` to the value.

        Raises
        ------
        ProjectError
            If there is no such node or input.
        """
        found: dict[str, dict[str, Any]] = {}
        for target, value in given.items():
            name, dot, key = target.rpartition(".")
            if not dot:
                raise ProjectError(
                    "this is no target", where="[generator] set", wanted='"NODE TITLE.input"', got=target
                )
            number = self._number(name.strip())
            inputs = self.nodes[number]["inputs"]
            if key.strip() not in inputs:
                raise ProjectError(
                    f"node {name.strip()!r} has no input {key.strip()!r}",
                    where="[generator] set",
                    hint=nearest(key.strip(), inputs),
                )
            found.setdefault(number, {})[key.strip()] = value
        return found

    def _number(self, name: str) -> str:
        if name in self.nodes:
            return name
        found = [number for number, title in self.titles.items() if title == name]
        if len(found) > 1:
            raise ProjectError(
                f"several nodes are called {name!r}", where=self.where, got=", ".join(found), hint="use the number"
            )
        if not found:
            raise ProjectError(f"there is no node {name!r}", where=self.where, hint=nearest(name, self.titles.values()))
        return found[0]


def _is_node(node: object) -> bool:
    return isinstance(node, dict) and isinstance(node.get("class_type"), str) and isinstance(node.get("inputs"), dict)


def _title(node: dict[str, Any]) -> str:
    meta = node.get("_meta")
    title = meta.get("title") if isinstance(meta, dict) else None
    return title if isinstance(title, str) and title else str(node["class_type"])
