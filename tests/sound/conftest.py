from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sound_tunes import band


@pytest.fixture(scope="session")
def music() -> NDArray[np.float32]:
    return band()
