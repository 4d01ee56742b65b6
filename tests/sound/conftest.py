from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import components
import numpy as np
import pytest
from numpy.typing import NDArray
from sound_tunes import band
from virtual_card import PipeWireCard, VirtualCard


@pytest.fixture(scope="session")
def music() -> NDArray[np.float32]:
    return band()


@pytest.fixture(params=[VirtualCard, PipeWireCard], ids=["pulseaudio", "pipewire"])
def card(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[VirtualCard]:
    if request.param is PipeWireCard and (lack := components.pipewire()):
        components.do_without(lack)
    card = request.param(tmp_path)
    try:
        card.start()
        yield card
    finally:
        card.close()
