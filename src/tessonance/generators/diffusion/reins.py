"""A pipeline held by its reins: prompts mixed, noise pinned, steps left out, without knowing which pipeline it is.

Every pipeline of diffusers calls its own ``encode_prompt`` and ``prepare_latents``, and ``set_timesteps`` and ``step``
of its scheduler (and some set where it begins). These are held; what lies between them stays the pipeline's own
business, so that families that pack their latents or have three text encoders need nothing of their own here.
"""

from __future__ import annotations

import functools
import inspect
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from tessonance.errors import GeneratorError
from tessonance.generators.diffusion.mixing import mixed, stacked
from tessonance.generators.diffusion.noise import Source, drawn_by_sources

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tessonance.generators.diffusion.prompts import Corner, Texts

__all__ = ["Mixture", "Reins", "Ride"]

MAX_KEPT = 1024  # encoded prompts


class Mixture(str):
    """A prompt that is a mixture, as it travels through a pipeline: text like any other, with its corners beside it.

    Parameters
    ----------
    corners : sequence of Corner
    role : int
        Which of the corners' texts it is.
    """

    corners: Sequence[Corner]
    role: int

    def __new__(cls, corners: Sequence[Corner], role: int) -> Mixture:  # noqa: D102  see above
        heaviest = max(corners, key=lambda corner: corner.weight)
        made = super().__new__(cls, heaviest.texts[role])
        made.corners, made.role = corners, role
        return made


@dataclass
class Ride:
    """One call of the pipeline.

    Parameters
    ----------
    sources : list of Source
        One for each picture.
    first, last : int or None
        Which steps are taken.
    start : Tensor, optional
        The latents that the first of them is given.
    blend : float, optional
        For pictures that start from one: how much of the first step is taken, 0..1; see `Reins.ride`.
    """

    sources: list[Source]
    first: int = 0
    last: int | None = None
    start: torch.Tensor | None = None
    blend: float | None = None
    taken: int = 0
    offset: int = 0
    latents: torch.Tensor | None = field(default=None, repr=False)
    later: torch.Tensor | None = field(default=None, repr=False)
    timesteps: torch.Tensor | None = field(default=None, repr=False)


class Reins:
    """Holds a pipeline.

    Parameters
    ----------
    pipeline : DiffusionPipeline
        It is changed, and belongs to the reins from now on.

    Attributes
    ----------
    steps_taken : int
        Network steps so far, each picture's counted.
    """

    def __init__(self, pipeline: Any) -> None:
        self.pipeline, self.scheduler = pipeline, pipeline.scheduler
        self.steps_taken = 0
        self._ride = Ride([])
        self._encoded: dict[Any, Any] = {}
        self._parameters = inspect.signature(pipeline.__call__).parameters
        self._pins = "generator" in inspect.signature(self.scheduler.step).parameters
        self._hold(pipeline, "encode_prompt", self._encode_prompt)
        self._hold(pipeline, "prepare_latents", self._prepare_latents)
        self._hold(self.scheduler, "set_timesteps", self._set_timesteps)
        self._hold(self.scheduler, "step", self._step)
        self._begin_index = getattr(self.scheduler, "set_begin_index", None)
        self._hold(self.scheduler, "set_begin_index", lambda original, index=0: original(index + self._ride.first))

    def takes(self, name: str) -> bool:
        """Tell whether the pipeline has an argument of that name."""
        return name in self._parameters

    def forget(self) -> None:
        """Forget encoded prompts: the text encoder changed."""
        self._encoded.clear()

    @property
    def is_single_step(self) -> bool:
        """Whether a step of the scheduler depends on the latents only: then a run can begin in its midst."""
        config = self.scheduler.config
        order = max(getattr(self.scheduler, "order", 1), config.get("solver_order", 1))
        return order == 1 and not hasattr(self.scheduler, "ets")

    def ride(self, ride: Ride, **arguments: Any) -> Any:
        """Call the pipeline.

        With `Ride.blend`, what the first step gives is mixed with the picture noised to where that step leads: what
        `strength` means between its steps.

        Parameters
        ----------
        ride : Ride
            Afterwards, its `latents` are those after the last step.
        **arguments
            For the pipeline.

        Returns
        -------
        object
            What the pipeline gives.
        """
        self._ride = ride
        for source in ride.sources:
            source.begin()
        torch.manual_seed(ride.sources[0].parts[0][1])  # for what draws from nowhere else
        travelling = any(len(source.parts) > 1 for source in ride.sources)
        with torch.inference_mode(), drawn_by_sources() if travelling else nullcontext():
            return self.pipeline(generator=ride.sources, **arguments)

    @staticmethod
    def _hold(held: Any, name: str, rein: Any) -> None:
        if (original := getattr(held, name, None)) is not None:
            setattr(held, name, functools.wraps(original)(functools.partial(rein, original)))

    def _encode_prompt(self, original: Any, *given: Any, **named: Any) -> Any:
        """Encode every corner of the prompts' mixtures on its own, once, and mix."""
        call = inspect.signature(original).bind(*given, **named)
        mixtures = {
            name: value
            for name, value in call.arguments.items()
            if isinstance(value, list) and value and all(isinstance(text, Mixture) for text in value)
        }
        if not mixtures:
            return original(*given, **named)
        samples = []
        for place, mixture in enumerate(next(iter(mixtures.values()))):
            roles = {name: values[place].role for name, values in mixtures.items()}
            encoded = [self._corner(original, call, roles, corner.texts) for corner in mixture.corners]
            samples.append(mixed(encoded, [corner.weight for corner in mixture.corners]))
        return stacked(samples)

    def _corner(self, original: Any, call: inspect.BoundArguments, roles: dict[str, int], texts: Texts) -> Any:
        alone = inspect.BoundArguments(
            call.signature, call.arguments | {name: texts[role] for name, role in roles.items()}
        )
        key = repr(alone.arguments)
        if key not in self._encoded:
            if len(self._encoded) >= MAX_KEPT:
                self._encoded.clear()
            self._encoded[key] = original(*alone.args, **alone.kwargs)
        return self._encoded[key]

    def _set_timesteps(self, original: Any, *given: Any, **named: Any) -> None:
        original(*given, **named)
        ride = self._ride
        ride.timesteps = self.scheduler.timesteps
        if ride.first or ride.last is not None:
            # For the loop of the pipeline only; the first step puts the whole row back, since schedulers look into it.
            self.scheduler.timesteps = ride.timesteps[ride.first : ride.last]
            self._begin_at(ride.first)
            ride.offset = ride.first

    def _prepare_latents(self, original: Any, *given: Any, **named: Any) -> Any:
        ride = self._ride
        if ride.blend is not None:
            ride.later = self._noised_later(original, inspect.signature(original).bind(*given, **named))
        made = original(*given, **named)
        if ride.start is None:
            return made
        latents = made[0] if isinstance(made, tuple) else made
        if latents.shape != ride.start.shape:
            raise GeneratorError(
                "this pipeline cannot begin in the midst of its steps",
                wanted=f"latents of shape {tuple(latents.shape)}",
                got=str(tuple(ride.start.shape)),
                hint="drop `prefix`",
            )
        start = ride.start.to(latents)
        return (start, *made[1:]) if isinstance(made, tuple) else start

    def _noised_later(self, original: Any, call: inspect.BoundArguments) -> torch.Tensor | None:
        """Return the picture that is started from, noised as it is after the first step, with the same noise."""
        ride = self._ride
        if "timestep" not in call.arguments or ride.timesteps is None:
            raise GeneratorError("this pipeline starts from a picture in a way of its own", hint="a fixed `strength`")
        timestep = call.arguments["timestep"]
        ride.offset = int((ride.timesteps.to(timestep) == timestep.flatten()[0]).nonzero().flatten()[0])
        if ride.blend == 1:
            return None
        call.arguments["timestep"] = ride.timesteps[ride.offset + 1].to(timestep).expand_as(timestep)
        self._begin_at(ride.offset + 1)
        made = original(*call.args, **call.kwargs)
        self._begin_at(ride.offset)
        for source in ride.sources:
            source.begin()
        return made[0] if isinstance(made, tuple) else made

    def _begin_at(self, step: int) -> None:
        if self._begin_index is not None:
            self._begin_index(step)

    def _step(self, original: Any, *given: Any, **named: Any) -> Any:
        ride = self._ride
        if ride.timesteps is not None and ride.taken == 0:
            self.scheduler.timesteps = ride.timesteps
        for source in ride.sources:
            source.begin(ride.offset + ride.taken)
        if self._pins:
            named.setdefault("generator", ride.sources)
        made = original(*given, **named)
        after = made[0] if isinstance(made, tuple) else made.prev_sample
        if ride.blend is not None and ride.taken == 0 and ride.later is not None:
            after = torch.lerp(ride.later.float(), after.float(), ride.blend).to(after.dtype)
        ride.taken, ride.latents = ride.taken + 1, after
        self.steps_taken += len(ride.sources)
        if isinstance(made, tuple):
            return (after, *made[1:])
        made.prev_sample = after
        return made
