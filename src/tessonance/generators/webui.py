"""`webui`: Stable Diffusion WebUI (AUTOMATIC1111) and its family (Forge, reForge) paint, by their HTTP API."""

from __future__ import annotations

import base64
import binascii
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from tessonance.errors import GeneratorError, ProjectError, nearest
from tessonance.files import read_named
from tessonance.generators import GeneratorKind
from tessonance.generators.http import Server, addresses_of, refused, secret
from tessonance.generators.presets import PresetFiles
from tessonance.generators.received import picture_received
from tessonance.generators.template import Template, named_axes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from tessonance.generators.http import Answer
    from tessonance.grid import Point
    from tessonance.project import Project

__all__ = ["Webui", "WebuiOptions", "webui"]

AUTH = "TESS_WEBUI_AUTH"  # user:password
LOOK_SECONDS = 1.0  # between two looks at how far a picture is
MAX_SOURCE = 64 * 2**20  # bytes of the picture that img2img starts from
OURS = ("width", "height", "seed", "batch_size", "n_iter", "save_images", "send_images", "init_images")


class WebuiOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of ``[generator]`` for `webui`.

    In every string ``{axis}`` becomes the axis' value: ``"a drawing of a (tall:{height}) flower"``.

    Parameters
    ----------
    address : str or list of str
        Of the server, started with ``--api``; several share the work as fast as each can.
    prompt, negative_prompt : str
        As typed in the web page, emphasis and LoRAs included.
    model : str
        Title or name of a checkpoint; the one that is loaded unless given.
    sampler, scheduler : str
        As the web page names them; its own defaults unless given.
    steps : int or str
        Of the sampler, 1..1000.
    cfg_scale : float or str
        How closely the prompt is followed.
    image : str
        A picture to start from (img2img), beside the project file.
    strength : float or str
        How much of that picture is painted over, 0..1.
    request : dict
        Any further fields of the API's request, such as ``subseed_strength = "{travel}"`` or ``alwayson_scripts``.
    timeout_seconds : float
        How long one picture may take, 1..86,400.
    """

    address: str | tuple[str, ...] = "http://127.0.0.1:7860"
    prompt: str = ""
    negative_prompt: str = ""
    model: str = ""
    sampler: str = ""
    scheduler: str = ""
    steps: int | str = 20
    cfg_scale: float | str = 7.0
    image: str = ""
    strength: float | str = 0.5
    request: dict[str, Any] = {}
    timeout_seconds: float = 600.0

    def __post_init__(self) -> None:
        if not isinstance(self.steps, str) and not 1 <= self.steps <= 1000:
            raise ProjectError("steps is out of range", wanted="1..1000", got=str(self.steps))
        if not 1 <= self.timeout_seconds <= 86_400:
            raise ProjectError("timeout_seconds is out of range", wanted="1..86400", got=str(self.timeout_seconds))
        for key in OURS:
            if key in self.request:
                raise ProjectError(
                    f"request.{key} is not yours to set", where="[generator]", hint="[picture], seed and image say it"
                )


class Webui:
    """Paints one picture a request.

    Never several at once: the server scales emphasis by the mean over the whole batch, so that a picture would depend
    on its companions. `in_hand` tells how far the picture is that is being painted, 0..1.

    Parameters
    ----------
    project : Project
        Every axis has to stand in a placeholder somewhere. Of several addresses the first is spoken to.

    Raises
    ------
    ProjectError
        For options that it does not understand, an axis that changes nothing, or a model or sampler the server lacks.
    ServerGone
        If the server cannot be reached.
    GeneratorError
        If it has no API or wants a password.
    """

    batch_size = 1
    slow_axes: tuple[str, ...] = ()

    def __init__(self, project: Project) -> None:
        from tessonance.project import options

        given = options(WebuiOptions, project.generator.options, "[generator]")
        self.device = addresses_of(given.address)[0]
        self._size = (project.picture.width, project.picture.height)
        self._request = Template(_request(given, project), project.grid.names, where="[generator]")
        named_axes(project.grid.names, self._request, where="[generator]")
        self._path = "/sdapi/v1/img2img" if given.image else "/sdapi/v1/txt2img"
        self._given, self._cancelled, self._is_painting, self.in_hand = given, "", False, 0.0
        self._server = Server(self.device, timeout_seconds=given.timeout_seconds, auth=secret(AUTH))
        self.check()

    def check(self) -> None:
        """Ask the server whether it is there, and whether it has what the project names."""
        samplers = self._names("/sdapi/v1/samplers", "name", "aliases")
        if samplers is None:
            hint = "start it with --api; is this its address?"
            raise GeneratorError("the server has no API", where=self.device, got="status 404", hint=hint)
        _known("sampler", self._given.sampler, samplers)
        if self._given.model:
            _known("model", self._given.model, self._names("/sdapi/v1/sd-models", "title", "model_name"))

    def paint(self, points: Sequence[Point]) -> NDArray[np.uint8]:
        """Paint the pictures of some points, one after the other; see `Generator.paint`."""
        return np.stack([self._picture(point) for point in points])

    def cancel(self, reason: str) -> None:
        """Interrupt the picture that is being painted, here and on the server; from any thread.

        Where none of ours is, the server is left alone: what it paints is somebody else's.
        """
        self._cancelled = reason
        if self._is_painting:
            with suppress(GeneratorError):  # it is gone: so is the picture
                self._server.post("/sdapi/v1/interrupt", {}, again=False)

    def close(self) -> None:
        """Give back the connections."""
        self._server.close()

    def _picture(self, point: Point) -> NDArray[np.uint8]:
        self._cancelled, self._is_painting = "", True
        try:
            with self._watched():
                answer = self._server.post(self._path, self._request.fill(point), again=False)
        except KeyboardInterrupt:
            self.cancel("Ctrl-C")
            raise
        finally:
            self._is_painting = False
        if self._cancelled:
            raise GeneratorError("the picture was interrupted", where=answer.where, got=self._cancelled)
        if not answer.is_good:
            raise _refusal(answer)
        return picture_received(_first_image(answer), self._size, where=answer.where)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Look every second how far the server is, on a thread of its own."""
        over = threading.Event()

        def look() -> None:
            while not over.wait(LOOK_SECONDS):
                told = self._server.glance("/sdapi/v1/progress", fields={"skip_current_image": "true"})
                share = told.get("progress") if isinstance(told, dict) else None
                if isinstance(share, int | float) and 0 <= share <= 1 and not over.is_set():
                    self.in_hand = float(share)

        threading.Thread(target=look, name="tessonance-look", daemon=True).start()
        try:
            yield
        finally:
            over.set()
            self.in_hand = 0.0

    def _names(self, path: str, *keys: str) -> list[str] | None:
        """Return the names in one of the server's lists; None where it has no such list."""
        answer = self._server.get(path)
        if answer.status == 404:
            return None
        if not answer.is_good:
            raise refused(answer, "list what it has", hint=f"a password goes into {AUTH}=user:password")
        entries = answer.json()
        if not isinstance(entries, list):
            raise GeneratorError("the server answered with something else than a list", where=answer.where)
        found: list[str] = []
        for entry in entries:
            for key in keys:
                value = entry.get(key) if isinstance(entry, dict) else None
                values = value if isinstance(value, list) else [value]
                found += [each for each in values if isinstance(each, str)]
        return found


def _request(given: WebuiOptions, project: Project) -> dict[str, Any]:
    """Return the fields of the request, placeholders and all."""
    fields: dict[str, Any] = {
        "prompt": given.prompt,
        "negative_prompt": given.negative_prompt,
        "steps": given.steps,
        "cfg_scale": given.cfg_scale,
        **({"sampler_name": given.sampler} if given.sampler else {}),
        **({"scheduler": given.scheduler} if given.scheduler else {}),
        "width": project.picture.width,
        "height": project.picture.height,
        "seed": project.generator.seed,
        "batch_size": 1,
        "n_iter": 1,
        "save_images": False,
        "send_images": True,
    }
    if given.model:
        own_model = {"sd_model_checkpoint": given.model}  # restored after each picture it would be loaded for each
        fields |= {"override_settings": own_model, "override_settings_restore_afterwards": False}
    if given.image:
        source = read_named(project, given.image, project.generator.files, most_bytes=MAX_SOURCE)
        encoded = base64.b64encode(source).decode("ascii")
        fields |= {"init_images": [encoded], "denoising_strength": given.strength}
    own = dict(given.request)
    if "override_settings" in own and isinstance(own["override_settings"], dict):
        own["override_settings"] = fields.get("override_settings", {}) | own["override_settings"]
    return fields | own


def _known(what: str, name: str, names: list[str] | None) -> None:
    """Raise ProjectError where the server has a list, and a name is not on it (its hash may be left out)."""
    if not name or names is None or any(name == known or known.startswith(f"{name} [") for known in names):
        return
    if name.lower() not in {known.lower() for known in names}:
        raise ProjectError(f"the server has no {what} {name!r}", where="[generator]", hint=nearest(name, names))


def _first_image(answer: Answer) -> bytes:
    """Return the encoded picture of an answer: the first; others may be the maps of an extension."""
    body = answer.json()
    images = body.get("images") if isinstance(body, dict) else None
    if not isinstance(images, list) or not images or not isinstance(images[0], str):
        raise GeneratorError("the answer holds no picture", where=answer.where, got=answer.text())
    try:
        return base64.b64decode(images[0].rpartition(",")[2], validate=True)
    except binascii.Error:
        raise GeneratorError(
            "the picture is not base64", where=answer.where, got=answer.shown(images[0][:40])
        ) from None


def _refusal(answer: Answer) -> GeneratorError:
    error = refused(answer, "paint", hint=_HINTS.get(answer.status))
    if error.got and "out of memory" in error.got.lower():
        return GeneratorError(
            "the server ran out of memory",
            where=answer.where,
            got=error.got,
            hint="a smaller [picture], or start it with --medvram; other pictures are tried meanwhile",
        )
    return error


_HINTS = {
    404: "start the server with --api",
    422: "a field of [generator] request that the server does not understand",
}

webui = GeneratorKind(
    summary="Stable Diffusion through the API of A1111's WebUI or Forge; any axes, as {axis} in prompts and numbers.",
    open=Webui,
    options=WebuiOptions,
    axes={},
    presets=PresetFiles("webui-flower"),
    files=lambda own: [own.image] if own.image else [],
    passing=frozenset({"address", "timeout_seconds"}),
    places=lambda own: [msgspec.structs.replace(own, address=each) for each in addresses_of(own.address)],
)
