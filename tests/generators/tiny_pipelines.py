"""Tiny pipelines with random weights and CLIP's real vocabulary, whose pictures do depend on the prompt."""

from __future__ import annotations

import gzip
import importlib.util
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from diffusers.utils import convert_state_dict_to_diffusers
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

ATTENTION, LAST = 6.0, 3.0  # with random weights as they come, a prompt moves no pixel: words must speak louder
WORDS = 49_408


def clip_tokenizer() -> CLIPTokenizer:
    """CLIP's own vocabulary, from the table inside open_clip_torch."""
    spec = importlib.util.find_spec("open_clip")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    table = Path(spec.submodule_search_locations[0]) / "bpe_simple_vocab_16e6.txt.gz"
    lines = gzip.decompress(table.read_bytes()).decode().split("\n")[1 : WORDS - 512 - 2 + 1]
    merges = [tuple(line.split()) for line in lines]
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    letters = [chr(code) for code in [*printable, *range(256, 512 - len(printable))]]
    words = [*letters, *(letter + "</w>" for letter in letters), *map("".join, merges)]
    vocabulary = {word: number for number, word in enumerate([*words, "<|startoftext|>", "<|endoftext|>"])}
    return CLIPTokenizer(vocabulary, merges, model_max_length=77)


def text_config(hidden: int = 32) -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=WORDS, hidden_size=hidden, intermediate_size=37, num_attention_heads=4, num_hidden_layers=3,
        projection_dim=hidden, bos_token_id=WORDS - 2, eos_token_id=WORDS - 1, pad_token_id=1,
    )  # fmt: skip


def unet(attention_width: int, **more: Any) -> UNet2DConditionModel:
    made = UNet2DConditionModel(
        block_out_channels=(32, 64), layers_per_block=1, sample_size=8, in_channels=4, out_channels=4,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=attention_width, norm_num_groups=8, **more,
    )  # fmt: skip
    with torch.no_grad():
        for name, weights in made.named_parameters():
            if ".attn2.to_" in name and name.endswith("weight"):
                weights *= ATTENTION
        made.conv_out.weight *= LAST
    return made


def vae(channels: int = 4) -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=[16, 16, 32, 32], in_channels=3, out_channels=3, latent_channels=channels, norm_num_groups=8,
        down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4,
        shift_factor=0.06, scaling_factor=0.6,
    )  # fmt: skip


def sd(folder: Path) -> Path:
    """Stable Diffusion 1, with the scheduler that looks at one step only."""
    torch.manual_seed(0)
    pipeline = StableDiffusionPipeline(
        vae=vae(), text_encoder=CLIPTextModel(text_config()), tokenizer=clip_tokenizer(), unet=unet(32),
        scheduler=DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
                                set_alpha_to_one=False, steps_offset=1),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    return saved(pipeline, folder)


def sdxl(folder: Path) -> Path:
    """Stable Diffusion XL: two text encoders, pooled embeddings, Euler's steps."""
    torch.manual_seed(0)
    added = {
        "addition_embed_type": "text_time", "addition_time_embed_dim": 8, "use_linear_projection": True,
        "projection_class_embeddings_input_dim": 80, "transformer_layers_per_block": (1, 2),
        "attention_head_dim": (2, 4),
    }  # fmt: skip
    pipeline = StableDiffusionXLPipeline(
        vae=vae(), unet=unet(64, **added), tokenizer=clip_tokenizer(), tokenizer_2=clip_tokenizer(),
        text_encoder=CLIPTextModel(text_config()), text_encoder_2=CLIPTextModelWithProjection(text_config()),
        scheduler=EulerDiscreteScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
                                         steps_offset=1, timestep_spacing="leading"),
        add_watermarker=False,
    )  # fmt: skip
    return saved(pipeline, folder)


def sd3(folder: Path) -> Path:
    """Stable Diffusion 3 without its third text encoder: a transformer, flow matching."""
    torch.manual_seed(0)
    transformer = SD3Transformer2DModel(
        sample_size=8, patch_size=1, in_channels=4, num_layers=2, attention_head_dim=8, num_attention_heads=4,
        joint_attention_dim=32, caption_projection_dim=32, pooled_projection_dim=64, out_channels=4,
    )  # fmt: skip
    with torch.no_grad():
        transformer.context_embedder.weight *= 40
        transformer.proj_out.weight *= LAST
    pipeline = StableDiffusion3Pipeline(
        transformer=transformer, vae=vae(), scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        text_encoder=CLIPTextModelWithProjection(text_config()), tokenizer=clip_tokenizer(),
        text_encoder_2=CLIPTextModelWithProjection(text_config()), tokenizer_2=clip_tokenizer(),
        text_encoder_3=None, tokenizer_3=None,
    )  # fmt: skip
    return saved(pipeline, folder)


def saved(pipeline: Any, folder: Path) -> Path:
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def lora(source: Path, path: Path) -> None:
    """A LoRA for the U-Net of a pipeline, with random weights."""
    torch.manual_seed(1)
    network = UNet2DConditionModel.from_pretrained(source / "unet")
    network.add_adapter(LoraConfig(r=4, init_lora_weights=False, target_modules=["to_k", "to_q", "to_v", "to_out.0"]))
    weights = convert_state_dict_to_diffusers(get_peft_model_state_dict(network))
    StableDiffusionPipeline.save_lora_weights(path.parent, unet_lora_layers=weights, weight_name=path.name)
