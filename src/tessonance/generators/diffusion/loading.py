"""Opening a pipeline: from a folder or the hub, never with code of its own."""

from __future__ import annotations

import re
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tessonance.errors import GeneratorError, MissingExtra, ProjectError, nearest
from tessonance.files import file_named, place_in, same_digest
from tessonance.generators.diffusion.options import SCHEDULERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tessonance.generators.diffusion.options import DiffusersOptions
    from tessonance.project import Project

__all__ = ["device_of", "missing_extra", "open_pipeline", "quietly"]

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[\w.-]{1,96}")
PART = re.compile(r"(text_encoder|tokenizer|image_encoder|feature_extractor|safety_checker)(_\d)?")
GUIDE = "docs/how-to/diffusers.md tells how to make such a folder, with a model_index.json, of a single checkpoint"
HUB_GUIDE = (
    "there is no folder of that name, so it is fetched from https://huggingface.co/{model}: is there a network, and"
    " such a page? Some models want a login first: hf auth login"
)
CPU_WHEELS = "https://download.pytorch.org/whl/cpu"


def missing_extra(error: ImportError) -> MissingExtra:
    """Say what to install."""
    return MissingExtra(
        f"`diffusers` needs packages that are not installed: {error.name or error}",
        wanted='pip install "tessonance[diffusers]", which brings a PyTorch for NVIDIA cards on Linux',
        hint=f"without such a card, first the small PyTorch: pip install torch --index-url {CPU_WHEELS}",
    )


def device_of(wanted: str) -> str:
    """Return the device to paint on. Raises GeneratorError if it is not there."""
    import torch

    has_mps = torch.backends.mps.is_available()
    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "mps" if has_mps else "cpu"
    name, _, number = wanted.partition(":")
    count = {"cpu": 1, "mps": int(has_mps), "cuda": torch.cuda.device_count(), "xpu": torch.xpu.device_count()}[name]
    if int(number or 0) >= count:
        raise GeneratorError(
            f"there is no device {wanted!r}",
            where="[generator] device",
            got=f"PyTorch {torch.__version__} sees {count} of that kind",
            hint='"auto", or the PyTorch that is built for it: https://pytorch.org/get-started',
        )
    return wanted


@contextmanager
def quietly() -> Iterator[None]:
    """Let libraries keep their warnings and their progress to themselves."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    for logging in (diffusers_logging, transformers_logging):
        logging.set_verbosity_error()
        logging.disable_progress_bar()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def open_pipeline(project: Project, own: DiffusersOptions, device: str) -> Any:
    """Open the pipeline that a project names, with its LoRAs and its scheduler.

    Parameters
    ----------
    project : Project
    own : DiffusersOptions
    device : str
        As `device_of` gives it.

    Returns
    -------
    DiffusionPipeline

    Raises
    ------
    ProjectError
        If nobody named the project itself, or a model's name is none.
    GeneratorError
        If a model cannot be loaded.
    """
    pipeline = _loaded(project, own, device)
    if own.scheduler != "model":
        _change_scheduler(pipeline, own.scheduler)
    if "noise_sampler_seed" in pipeline.scheduler.config:
        config = pipeline.scheduler.config
        pipeline.scheduler = type(pipeline.scheduler).from_config(config, noise_sampler_seed=project.generator.seed)
    for number, lora in enumerate(own.loras):
        _load_lora(project, pipeline, lora, f"lora{number}")
    pipeline.set_progress_bar_config(disable=True)
    if own.offload == "none" or device == "cpu":
        return pipeline.to(device)
    place = pipeline.enable_model_cpu_offload if own.offload == "model" else pipeline.enable_sequential_cpu_offload
    place(device=device)
    return pipeline


def _loaded(project: Project, own: DiffusersOptions, device: str) -> Any:
    import diffusers

    source = _source(project, own.model)
    if strange := [name for name in own.without if not PART.fullmatch(name)]:
        raise ProjectError("this is no part of a model that can be left out", where="without", got=strange[0][:80])
    keywords: dict[str, Any] = {
        "torch_dtype": _dtype(own.dtype, device),
        "trust_remote_code": False,
        "revision": own.revision or None,
        "variant": own.variant or None,
        **dict.fromkeys(own.without),
    }
    try:
        if own.image:
            return diffusers.AutoPipelineForImage2Image.from_pretrained(source, **keywords)
        try:
            return diffusers.AutoPipelineForText2Image.from_pretrained(source, **keywords)
        except ValueError:  # it does not know all families
            return diffusers.DiffusionPipeline.from_pretrained(source, **keywords)
    except Exception as error:  # each library has errors of its own
        raise GeneratorError(
            "this model cannot be loaded",
            where=own.model,
            got=_first_line(error),
            hint=HUB_GUIDE.format(model=own.model) if source == own.model and HUB_ID.fullmatch(source) else GUIDE,
        ) from error


def _source(project: Project, model: str) -> str:
    if project.folder is None:
        raise ProjectError(
            "models are followed only from a project file that you name",
            where=model,
            got="a project that came with a tesseract, or as text",
            hint="name its project file; in Python, load_project(…) or parse_project(…, folder=…)",
        )
    same_digest(project, model, project.generator.files)
    if (folder := place_in(project.folder, model)).is_dir():
        return str(folder)
    if not HUB_ID.fullmatch(model):
        raise ProjectError(
            "there is no such model",
            where=f"[generator] model = {model!r}",
            wanted="a folder beside the project file, or the hub's owner/name",
            hint=GUIDE,
        )
    return model


def _dtype(wanted: str, device: str) -> Any:
    import torch

    if wanted == "auto":
        wanted = "float32" if device == "cpu" else "float16"
    return getattr(torch, wanted)


def _change_scheduler(pipeline: Any, wanted: str) -> None:
    import diffusers

    name, changes = SCHEDULERS[wanted]
    able = {kind.__name__ for kind in pipeline.scheduler.compatibles} | {type(pipeline.scheduler).__name__}
    if name not in able:
        known = [word for word, (other, _) in SCHEDULERS.items() if other in able]
        raise GeneratorError(
            "this model cannot be sampled so",
            where="[generator] scheduler",
            got=wanted,
            hint=nearest(wanted, [*known, "model"]),
        )
    pipeline.scheduler = getattr(diffusers, name).from_config(pipeline.scheduler.config, **changes)


def _load_lora(project: Project, pipeline: Any, lora: Any, name: str) -> None:
    keywords: dict[str, Any] = {"adapter_name": name, "use_safetensors": True}
    if lora.is_file:
        same_digest(project, lora.model, project.generator.files)
        path = file_named(project, lora.model)
        source, keywords["weight_name"] = str(path.parent), path.name
    else:
        source = _source(project, lora.model)
        keywords |= {"weight_name": lora.weight_name} if lora.weight_name else {}
    try:
        pipeline.load_lora_weights(source, **keywords)
    except Exception as error:
        if isinstance(error, ImportError):
            raise missing_extra(error) from None
        raise GeneratorError("this LoRA cannot be loaded", where=lora.model, got=_first_line(error)) from error


def _first_line(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).strip().splitlines()[0] if str(error).strip() else ''}"[:300]
