"""The keys of ``[generator]`` for `diffusers`."""

from __future__ import annotations

import re
from pathlib import PurePath
from typing import Any, Literal

import msgspec
from msgspec.structs import force_setattr

from tessonance.errors import ProjectError

__all__ = ["FEW_STEPS", "SCHEDULERS", "DiffusersOptions", "Lora"]

Scheduler = Literal["model", "ddim", "euler", "euler_ancestral", "dpmpp_2m", "dpmpp_2m_karras", "unipc", "lcm"]

MAX_STEPS, MAX_PREFIX, MAX_BATCH, MAX_SEEDS = 500, 0.9, 256, 64
MAX_SEED = 2**53 - 1
USUAL_STEPS = 30
# Models that were distilled to paint in a few steps, by a word of their names: steps, and guidance.
FEW_STEPS: dict[str, tuple[int, float]] = {
    "schnell": (4, 0.0),
    "turbo": (4, 0.0),
    "lightning": (4, 0.0),
    "hyper": (4, 0.0),
    "lcm": (4, 1.0),
}
SCHEDULERS: dict[str, tuple[str, dict[str, Any]]] = {
    "ddim": ("DDIMScheduler", {}),
    "euler": ("EulerDiscreteScheduler", {}),
    "euler_ancestral": ("EulerAncestralDiscreteScheduler", {}),
    "dpmpp_2m": ("DPMSolverMultistepScheduler", {}),
    "dpmpp_2m_karras": ("DPMSolverMultistepScheduler", {"use_karras_sigmas": True}),
    "unipc": ("UniPCMultistepScheduler", {}),
    "lcm": ("LCMScheduler", {}),
}
HELD = frozenset(  # arguments of a pipeline that other keys set, or that would change what comes back
    {"prompt", "negative_prompt", "image", "strength", "guidance_scale", "num_inference_steps", "width", "height"}
    | {"generator", "latents", "output_type", "return_dict", "num_images_per_prompt", "timesteps", "sigmas"}
    | {"callback", "callback_on_step_end"}
)


class Lora(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of ``loras``.

    Parameters
    ----------
    model : str
        A ``.safetensors`` file beside the project, or the hub's ``owner/name``.
    weight_name : str
        Which file, where the hub has several.
    scale : float or str
        How much of it, or ``"{axis}"``.
    """

    model: str
    weight_name: str = ""
    scale: float | str = 1.0

    @property
    def is_file(self) -> bool:
        """Whether it is a file of one's own."""
        return self.model.lower().endswith(".safetensors")


class DiffusersOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of ``[generator]`` for `diffusers`.

    Parameters
    ----------
    model : str
        A folder beside the project with a ``model_index.json``, or the hub's ``owner/name``.
    revision, variant : str
        Which version of it, and which kind of weights, such as ``"fp16"``.
    without : tuple of str
        Parts of it that are left out, such as ``["text_encoder_3", "tokenizer_3"]`` of Stable Diffusion 3.
    prompt, negative_prompt : str
        Where ``(phrase:{axis})`` is a weight and ``[one|other:{axis}]`` leads from one phrase to another.
    sampling_steps : int
        From noise to picture, 1..500; 0 is what `FEW_STEPS` says of the model's and the LoRAs' names, else 30.
    guidance : float or str
        How closely the prompt is followed, or ``"{axis}"``; ``"model"`` is what `FEW_STEPS` says, else the pipeline's
        own default.
    scheduler : str
        What takes the steps; ``"model"`` is the one that the model came with.
    seeds : dict of str to tuple of int
        For an axis, two or more seeds between whose noises it travels: 0 is the first, 1 the second.
    loras : tuple of Lora
        Tables of ``model``, ``weight_name`` and ``scale``, one for each LoRA.
    image : str
        A picture beside the project to start from.
    strength : float or str
        How much of `image` is painted over, from one step's share to 1, or ``"{axis}"``.
    prefix : float
        The share of the steps, 0..0.9, taken once for each corner of the grid; a picture starts from their mixture.
    call : dict of str to bool, int, float or str
        Further arguments of the pipeline, such as ``eta``; ``"{axis}"`` is a number.
    dtype : {"auto", "float32", "float16", "bfloat16"}
        How exact numbers are; ``auto`` is float32 on the CPU and float16 elsewhere.
    batch_size : int
        How many pictures are painted together, 1..256; short batches are filled up.
    device : str
        ``"auto"``, ``"cpu"``, ``"mps"``, ``"cuda"``, ``"cuda:1"`` ….
    offload : {"none", "model", "layers"}
        Whether parts of the model wait in the machine's memory: slower, for small GPUs.
    threads : int
        Of each process on the CPU, 1..256.
    """

    model: str
    revision: str = ""
    variant: str = ""
    without: tuple[str, ...] = ()
    prompt: str
    negative_prompt: str = ""
    sampling_steps: int = 0
    guidance: float | str = "model"
    scheduler: Scheduler = "model"
    seeds: dict[str, tuple[int, ...]] = {}
    loras: tuple[Lora, ...] = ()
    image: str = ""
    strength: float | str = 0.6
    prefix: float = 0.0
    call: dict[str, bool | int | float | str] = {}
    dtype: Literal["auto", "float32", "float16", "bfloat16"] = "auto"
    batch_size: int = 1
    device: str = "auto"
    offload: Literal["none", "model", "layers"] = "none"
    threads: int = 1

    def __post_init__(self) -> None:
        limits = (
            ("sampling_steps", 0, MAX_STEPS), ("prefix", 0, MAX_PREFIX),
            ("batch_size", 1, MAX_BATCH), ("threads", 1, 256),
        )  # fmt: skip
        for name, low, high in limits:
            if not low <= (value := getattr(self, name)) <= high:
                raise ProjectError(f"{name} is out of range", wanted=f"{low:g}..{high:g}", got=str(value))
        if not re.fullmatch(r"auto|cpu|mps|(cuda|xpu)(:\d{1,3})?", self.device):
            raise ProjectError(
                "there is no such device", wanted='"auto", "cpu", "mps", "cuda" or "cuda:1"', got=self.device
            )
        if self.prefix and self.image:
            raise ProjectError("a prefix begins at noise, not at a picture", hint="drop `prefix`, or drop `image`")
        self._check_tables()
        steps, guidance = self._few_steps()
        # Written out, so that what a tesseract is does not change when this table does.
        force_setattr(self, "sampling_steps", self.sampling_steps or steps)
        force_setattr(self, "guidance", guidance if self.guidance == "model" else self.guidance)

    def _check_tables(self) -> None:
        for axis, seeds in self.seeds.items():
            if not 2 <= len(seeds) <= MAX_SEEDS or not all(0 <= seed <= MAX_SEED for seed in seeds):
                wanted = f"2..{MAX_SEEDS} whole numbers from 0 on"
                raise ProjectError(f"seeds.{axis} is out of range", wanted=wanted, got=str(seeds)[:80])
        if held := sorted(HELD & set(self.call)):
            raise ProjectError(f"`call` cannot set {held[0]!r}", hint="other keys of [generator] do")

    def _few_steps(self) -> tuple[int, float | str]:
        loras = (f"{PurePath(lora.model).name} {lora.weight_name}" for lora in self.loras)
        names = [name.lower() for name in (PurePath(self.model).name, *loras)]
        few = (numbers for word, numbers in FEW_STEPS.items() if any(word in name for name in names))
        return next(few, (USUAL_STEPS, "model"))
