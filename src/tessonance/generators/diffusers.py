"""Any text-to-image pipeline of the library diffusers: words, noise, guidance, LoRAs and a starting picture as axes."""

from __future__ import annotations

import math
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tessonance.errors import GeneratorError, ProjectError, nearest
from tessonance.files import read_named
from tessonance.generators import GeneratorKind
from tessonance.generators.diffusion.loading import device_of, missing_extra, open_pipeline, quietly
from tessonance.generators.diffusion.options import DiffusersOptions
from tessonance.generators.diffusion.prompts import Prompts
from tessonance.generators.diffusion.values import Stops, Value, value_of
from tessonance.generators.presets import PresetFiles
from tessonance.images import MOST_BYTES, decode_picture
from tessonance.project import options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from tessonance.generators.diffusion.reins import Ride
    from tessonance.grid import Axis, Point
    from tessonance.project import Project

__all__ = ["Diffusers", "diffusers"]

MAX_CORNERS = 4096  # of a prefix
SIDES = 8  # sides are multiples of it: what a pixel of the latents covers


class _Shared(NamedTuple):
    """What one call of the pipeline has in common for all its pictures."""

    guidance: float | None
    strength: float | None
    scales: tuple[float, ...]
    call: tuple[tuple[str, Any], ...]


class Diffusers:
    """Paints by a pipeline of diffusers.

    The same project and point give the same picture on the same kind of device: noise is drawn on the CPU, anew for
    each picture and each step, prompts are encoded one at a time, and batches are always of one size.

    Parameters
    ----------
    project : Project
        Its axes have any names; the options say what each of them does.

    Attributes
    ----------
    batch_size : int
    slow_axes : tuple of str
        Those along which a LoRA must be scaled anew and, where pictures are painted together, those that a call of the
        pipeline has but one value of.
    device : str

    Raises
    ------
    ProjectError
        For options that it does not understand, and axes that nothing names.
    MissingExtra
        If the packages are not installed.
    GeneratorError
        If a model cannot be loaded, or does not have what an option sets.
    """

    def __init__(self, project: Project) -> None:
        self._own = own = options(DiffusersOptions, project.generator.options, "[generator]")
        self._project, self._axes = project, project.axes
        texts = [own.prompt, own.negative_prompt] if own.negative_prompt else [own.prompt]
        self._prompts = Prompts(
            texts, self._axes, where=["[generator] prompt", "[generator] negative_prompt"][: len(texts)]
        )
        self._read_values()
        self._check_axes()
        self._image = self._read_image()
        try:
            import torch
            import transformers  # noqa: F401

            from tessonance.generators.diffusion.noise import Noise
            from tessonance.generators.diffusion.reins import Reins
        except ImportError as error:
            raise missing_extra(error) from None
        self.device = device_of(own.device)
        if self.device == "cpu":
            torch.set_num_threads(own.threads)
        self._noise = Noise(project.generator.seed, own.seeds, self._axes)
        with quietly():
            self._reins = Reins(open_pipeline(project, own, self.device))
        self._check_pipeline()
        self._scales: tuple[float, ...] = ()
        self._latents: dict[tuple[float, ...], Any] = {}
        self._shared_steps = round(own.prefix * own.sampling_steps)
        self._ends = [self._ends_of(axis) for axis in self._axes] if self._shared_steps else []
        self.batch_size = own.batch_size
        self.slow_axes = self._slow_axes()

    @property
    def network_steps(self) -> int:
        """How many steps of the network were taken so far, each picture's counted."""
        return self._reins.steps_taken

    def paint(self, points: Sequence[Point]) -> NDArray[np.uint8]:
        """Paint the pictures of some points; see `Generator.paint`."""
        pictures: dict[int, NDArray[np.uint8]] = {}
        groups: dict[_Shared, list[int]] = {}
        for number, point in enumerate(points):
            groups.setdefault(self._shared(point), []).append(number)
        with quietly():
            for shared, numbers in groups.items():
                painted = self._batch(shared, [points[number] for number in numbers])
                pictures.update(zip(numbers, painted, strict=True))
        return np.stack([pictures[number] for number in range(len(points))])

    def close(self) -> None:
        """Give back what it holds: the model."""
        import gc

        import torch

        del self._reins
        self._latents.clear()
        gc.collect()
        if self.device.startswith("cuda"):
            torch.cuda.empty_cache()

    def _read_values(self) -> None:
        own, names = self._own, {axis.name for axis in self._axes}

        def read(given: float | str, where: str) -> Value:
            return value_of(given, names, where=f"[generator] {where}")

        self._guidance = None if own.guidance == "model" else read(own.guidance, "guidance")
        self._strength = read(own.strength, "strength") if own.image else None
        self._lora_scales = [read(lora.scale, f"loras {n}, scale") for n, lora in enumerate(own.loras, 1)]
        self._call = {
            name: read(given, f"call.{name}") if isinstance(given, str) and given.strip().startswith("{") else given
            for name, given in own.call.items()
        }

    def _check_axes(self) -> None:
        own, by_name = self._own, {axis.name: axis for axis in self._axes}
        for name, seeds in own.seeds.items():
            if name not in by_name:
                raise ProjectError(f"there is no axis {name!r}", where="[generator] seeds", hint=nearest(name, by_name))
            stops = Stops(len(seeds), closed=by_name[name].closed)
            stops.check(by_name[name], beyond=(0, 0), where=f"[generator] seeds.{name}")
        values = [self._guidance, self._strength, *self._lora_scales, *self._call.values()]
        numbers = {value.axis for value in values if isinstance(value, Value) and value.axis}
        for name, axis in by_name.items():
            if name not in self._prompts.used | numbers | set(own.seeds):
                hint = f'({name}:{{{name}}}) in the prompt, guidance = "{{{name}}}", or seeds.{name} = [1, 2]'
                raise ProjectError(
                    f"axis {name!r} changes nothing", where="[generator]", hint=f"{hint}; or drop the axis"
                )
            if axis.closed and name in numbers:
                raise ProjectError(
                    f"a number cannot come home: axis {name!r} is closed", where="[generator]", hint="closed = false"
                )
        self._check_numbers(by_name)

    def _check_numbers(self, axes: Mapping[str, Axis]) -> None:
        steps = self._own.sampling_steps
        limits = [("guidance", self._guidance, 0.0, 100.0), ("strength", self._strength, 1 / steps, 1.0)]
        limits += [(f"loras {number}, scale", scale, -10.0, 10.0) for number, scale in enumerate(self._lora_scales, 1)]
        for name, value, low, high in limits:
            if value is None:
                continue
            ends = (axes[value.axis].start, axes[value.axis].stop) if value.axis else (value.number,)
            if not all(low - 1e-9 <= end <= high for end in ends):
                got = " .. ".join(f"{end:g}" for end in ends)
                raise ProjectError(f"{name} is out of range", where="[generator]", wanted=f"{low:g}..{high:g}", got=got)
        for name in ("width", "height"):
            if (side := getattr(self._project.picture, name)) % SIDES:
                hint = f"{side - side % SIDES} or {side - side % SIDES + SIDES}, or a [[finish]] that resizes"
                raise ProjectError(
                    f"{name} does not fit", where="[picture]", wanted=f"a multiple of {SIDES}", got=str(side), hint=hint
                )

    def _check_pipeline(self) -> None:
        own, reins = self._own, self._reins
        needed = {
            "guidance_scale": self._guidance is not None,
            "negative_prompt": bool(own.negative_prompt),
            "strength": bool(own.image),
            **dict.fromkeys(own.call, True),
        }
        family = type(reins.pipeline).__name__
        for name, is_needed in needed.items():
            if is_needed and not reins.takes(name):
                raise GeneratorError(f"this pipeline has no {name}", where=own.model, got=family, hint="leave it out")
        if self._prompts.used and not hasattr(reins.pipeline, "encode_prompt"):
            raise GeneratorError("this pipeline mixes no prompts", where=own.model, got=family)
        goes_between = bool(self._strength and self._strength.axis)
        if (own.prefix or goes_between) and not reins.is_single_step:
            raise GeneratorError(
                f"{'a prefix' if own.prefix else 'a strength that varies'} needs a scheduler of single steps",
                where="[generator] scheduler",
                got=type(reins.scheduler).__name__,
                hint='scheduler = "ddim" or "euler"',
            )

    def _slow_axes(self) -> tuple[str, ...]:
        values: list[Any] = list(self._lora_scales)
        if self.batch_size > 1:
            values += [self._guidance, self._strength, *self._call.values()]
        slow = [value.axis for value in values if isinstance(value, Value) and value.axis]
        return tuple(dict.fromkeys([*slow, *(self._own.seeds if self._shared_steps else ())]))

    def _read_image(self) -> Any:
        if not self._own.image:
            return None
        from PIL import Image, ImageOps

        picture = self._project.picture
        raw = read_named(self._project, self._own.image, self._project.generator.files, most_bytes=MOST_BYTES)
        image = Image.fromarray(decode_picture(raw, where=self._own.image))
        return ImageOps.fit(image, (picture.width, picture.height), Image.Resampling.LANCZOS)

    def _shared(self, point: Point) -> _Shared:
        def number(value: Value | None) -> float | None:
            return None if value is None else value.at(point)

        call = ((name, value.at(point) if isinstance(value, Value) else value) for name, value in self._call.items())
        scales = tuple(scale.at(point) for scale in self._lora_scales)
        return _Shared(number(self._guidance), number(self._strength), scales, tuple(call))

    def _batch(self, shared: _Shared, points: Sequence[Point]) -> NDArray[np.uint8]:
        """Paint up to `batch_size` points that share what a call shares."""
        if not self._shared_steps:
            return self._pictures(self._call_pipeline(shared, points)[0], len(points))
        import torch

        starts = torch.stack([self._start(point) for point in points])
        images, _ = self._call_pipeline(shared, points, first=self._shared_steps, start=starts)
        return self._pictures(images, len(points))

    def _call_pipeline(
        self, shared: _Shared, points: Sequence[Point], *, start: Any = None, **steps: Any
    ) -> tuple[Any, Ride]:
        """Call the pipeline for up to `batch_size` points, filled up to it with the last."""
        from tessonance.generators.diffusion.reins import Ride

        full = [*points, *[points[-1]] * (self.batch_size - len(points))]
        if start is not None and len(full) > len(start):
            start = start[[*range(len(start)), *[-1] * (len(full) - len(start))]]
        self._scale_loras(shared.scales)
        arguments = self._arguments(shared, full)
        ride = Ride([self._noise.source(point) for point in full], start=start, **steps)
        if shared.strength is not None and self._reins.is_single_step:
            arguments["strength"], ride.blend = _between_steps(shared.strength, self._own.sampling_steps)
        if ride.last is not None:
            arguments["output_type"] = "latent"
        return self._reins.ride(ride, **arguments), ride

    def _arguments(self, shared: _Shared, points: Sequence[Point]) -> dict[str, Any]:
        from tessonance.generators.diffusion.reins import Mixture

        own, picture, reins = self._own, self._project.picture, self._reins
        mixtures = [self._prompts.at(point) for point in points]
        given: dict[str, Any] = {
            "prompt": [Mixture(mixture, 0) for mixture in mixtures],
            "num_inference_steps": own.sampling_steps,
            "output_type": "np",
            **dict(shared.call),
        }
        if own.negative_prompt:
            given["negative_prompt"] = [Mixture(mixture, 1) for mixture in mixtures]
        if shared.guidance is not None:
            given["guidance_scale"] = shared.guidance
        if self._image is not None:
            given |= {"image": [self._image] * len(points), "strength": shared.strength}
        sizes = {"width": picture.width, "height": picture.height}
        return given | {name: side for name, side in sizes.items() if reins.takes(name)}

    def _pictures(self, painted: Any, count: int) -> NDArray[np.uint8]:
        if any(getattr(painted, "nsfw_content_detected", None) or ()):
            raise GeneratorError("the model's safety checker blanked a picture", hint="another prompt, or another seed")
        values = np.asarray(painted.images, dtype=np.float32)[:count]
        if not np.isfinite(values).all():
            hint = 'dtype = "bfloat16" or "float32"'
            raise GeneratorError("the model gave no numbers", got=f"NaN, with dtype {self._own.dtype}", hint=hint)
        picture = self._project.picture
        if values.shape[1:] != (picture.height, picture.width, 3):
            raise GeneratorError(
                "this model paints no pictures of that size",
                wanted=f"{picture.width} × {picture.height}",
                got=f"{values.shape[2]} × {values.shape[1]}" if values.ndim == 4 else str(values.shape),
                hint="a multiple of 16 or 32, or a [[finish]] that resizes",
            )
        codes: NDArray[np.uint8] = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
        return codes

    def _scale_loras(self, scales: tuple[float, ...]) -> None:
        if scales == self._scales:
            return
        pipeline = self._reins.pipeline
        pipeline.set_adapters([f"lora{number}" for number in range(len(scales))], list(scales))
        encoders = [part for name, part in pipeline.components.items() if name.startswith("text_encoder")]
        if any(hasattr(encoder, "peft_config") for encoder in encoders):
            self._reins.forget()
        self._scales = scales

    def _ends_of(self, axis: Axis) -> tuple[float, ...]:
        """Return the values of an axis at which the first steps are taken; none: at each of its own."""
        if axis.name in self._own.seeds:
            return ()  # a mixture of latents of different noises is too calm, which a network paints grey
        return tuple(self._prompts.knots(axis))

    def _start(self, point: Point) -> Any:
        """Return the latents that a point starts from after the shared steps: a mixture of those of its corners."""
        sides = [_sides(point[axis.name], ends) for axis, ends in zip(self._axes, self._ends, strict=True)]
        total: Any = None
        for corner in product(*sides):
            weight = math.prod(share for _, share in corner)
            part = weight * self._corner(tuple(value for value, _ in corner))
            total = part if total is None else total + part
        return total

    def _corner(self, values: tuple[float, ...]) -> Any:
        if values not in self._latents:
            if len(self._latents) >= MAX_CORNERS:
                self._latents.clear()
            point = dict(zip((axis.name for axis in self._axes), values, strict=True))
            _, ride = self._call_pipeline(self._shared(point), [point], first=0, last=self._shared_steps)
            if ride.latents is None:
                raise GeneratorError("this pipeline takes its steps in a way of its own", hint="drop `prefix`")
            self._latents[values] = ride.latents[0].float().cpu()
        return self._latents[values]


def _sides(value: float, ends: tuple[float, ...]) -> list[tuple[float, float]]:
    """Return the ends that a value is between, with their shares; none of these is 0."""
    if not ends or len(ends) == 1 or value in ends:
        return [(value, 1.0)]
    high = next((place for place, end in enumerate(ends) if end > value), len(ends) - 1)
    low, high_end = ends[max(high, 1) - 1], ends[max(high, 1)]
    share = (value - low) / (high_end - low)
    return [(low, 1 - share), (high_end, share)]


def _between_steps(strength: float, steps: int) -> tuple[float, float]:
    """Return the strength whose steps are whole, and how much of the first of them is to be taken, above 0 up to 1."""
    wanted = min(max(strength * steps, 1.0), float(steps))
    whole = max(1, math.ceil(wanted - 1e-9))
    near = (whole / steps, math.nextafter(whole / steps, 0), math.nextafter(whole / steps, 2))
    exact = next((number for number in near if number * steps == whole), whole / steps)
    return exact, min(1.0, wanted - (whole - 1))


def _files(own: DiffusersOptions) -> Iterable[str]:
    return [name for name in (own.image, *(lora.model for lora in own.loras if lora.is_file)) if name]


def _models(own: DiffusersOptions) -> Iterable[str]:
    return [own.model, *(lora.model for lora in own.loras if not lora.is_file)]


diffusers = GeneratorKind(
    summary="Any text-to-image pipeline of the library diffusers: Stable Diffusion and its family, on this machine.",
    open=Diffusers,
    options=DiffusersOptions,
    axes={},
    presets=PresetFiles("diffusers-flower"),
    files=_files,
    models=_models,
    passing=frozenset({"device", "offload", "threads"}),
    workers=1,
)
