"""`comfyui`: a workflow of ComfyUI, in its API format, paints on one server or several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tessonance.errors import GeneratorError, ProjectError
from tessonance.files import read_named
from tessonance.generators import GeneratorKind
from tessonance.generators.comfy_queue import Queue
from tessonance.generators.comfy_workflow import Workflow
from tessonance.generators.http import addresses_of, secret
from tessonance.generators.presets import PresetFiles
from tessonance.generators.received import picture_received
from tessonance.generators.template import Template, named_axes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from tessonance.grid import Point
    from tessonance.project import Project

__all__ = ["Comfyui", "ComfyuiOptions", "comfyui"]

AUTH = "TESS_COMFYUI_AUTH"  # user:password, or a token
MAX_WORKFLOW = 16 * 2**20


class ComfyuiOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of ``[generator]`` for `comfyui`.

    Parameters
    ----------
    workflow : str
        A file beside the project, saved with *Export (API)*. ``{axis}`` in its texts becomes the axis' value, and
        ``{seed}`` the project's seed.
    set : dict
        Inputs by the title or the number of their node: ``"KSampler.cfg" = "{guidance}"``.
    output : str
        Title or number of the node that gives the picture, where the workflow has several.
    address : str or list of str
        Of the server; several share the work as fast as each can.
    timeout_seconds : float
        How long one picture may take, waiting in the server's queue included; 1..86,400.
    """

    workflow: str
    set: dict[str, Any] = {}
    output: str = ""
    address: str | tuple[str, ...] = "http://127.0.0.1:8188"
    timeout_seconds: float = 600.0

    def __post_init__(self) -> None:
        if not 1 <= self.timeout_seconds <= 86_400:
            raise ProjectError("timeout_seconds is out of range", wanted="1..86400", got=str(self.timeout_seconds))


class Comfyui:
    """Paints one picture a prompt, as ComfyUI calls a workflow that it was given.

    Nodes that save pictures on the server are replaced by ones that only show them, so that its output folder does not
    fill up.

    Parameters
    ----------
    project : Project
        Every axis has to stand in a placeholder somewhere. Of several addresses the first is spoken to.

    Raises
    ------
    ProjectError
        For a workflow that is none, a target that is not in it, an axis that changes nothing.
    ServerGone
        If the server cannot be reached.
    """

    batch_size = 1
    slow_axes: tuple[str, ...] = ()

    def __init__(self, project: Project) -> None:
        from tessonance.project import options

        given = options(ComfyuiOptions, project.generator.options, "[generator]")
        self.device = addresses_of(given.address)[0]
        self._size = (project.picture.width, project.picture.height)
        read = read_named(project, given.workflow, project.generator.files, most_bytes=MAX_WORKFLOW)
        self._workflow = Workflow.parse(read, where=given.workflow)
        self._output = self._workflow.output(given.output)
        names = (*project.grid.names, "seed")
        self._nodes = Template(self._workflow.shown(), names, where=given.workflow, lenient=True)
        self._set = Template(self._workflow.targets(given.set), names, where="[generator] set")
        named_axes(project.grid.names, self._nodes, self._set, where="[generator]")
        self._seed = {"seed": float(project.generator.seed)}
        self._queue = Queue(self.device, timeout_seconds=given.timeout_seconds, auth=secret(AUTH))
        self.check()

    def check(self) -> None:
        """Ask the server whether it is there."""
        self._queue.check()

    def paint(self, points: Sequence[Point]) -> NDArray[np.uint8]:
        """Paint the pictures of some points, one after the other; see `Generator.paint`."""
        return np.stack([self._picture(point) for point in points])

    def cancel(self, reason: str) -> None:
        """Take the picture that is being painted out of the server's queue; from any thread."""
        self._queue.cancel(reason)

    @property
    def in_hand(self) -> float:
        """How far the node is that is at work on the server, 0..1; 0 where it does not tell."""
        return self._queue.in_hand

    def close(self) -> None:
        """Leave nothing in the queue, and give back the connections."""
        self._queue.close()

    def _picture(self, point: Point) -> NDArray[np.uint8]:
        values = self._seed | point
        nodes = self._nodes.fill(values)
        for node, inputs in self._set.fill(values).items():
            nodes[node]["inputs"] |= inputs
        outputs = self._queue.run(nodes, names=self._workflow.titles)
        where = f"{self.device}, node {self._workflow.titles[self._output]!r}"
        output = outputs.get(self._output)
        images = output.get("images") if isinstance(output, dict) else None
        if not isinstance(images, list) or not images or not isinstance(images[0], dict):
            raise GeneratorError("the node gave no picture", where=where, got=self._queue.shown(str(outputs)))
        return picture_received(self._queue.view(images[0]), self._size, where=where)


comfyui = GeneratorKind(
    summary="A workflow of your own ComfyUI; any axes, as {axis} in its texts or as node inputs.",
    open=Comfyui,
    options=ComfyuiOptions,
    axes={},
    presets=PresetFiles("comfyui-flower"),
    files=lambda own: [own.workflow],
    passing=frozenset({"address", "timeout_seconds"}),
    places=lambda own: [msgspec.structs.replace(own, address=each) for each in addresses_of(own.address)],
)
