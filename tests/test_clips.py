"""Single frames of videos."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from tessonance.clips import Clip
from tessonance.errors import GeneratorError

FRAMES = 40


@pytest.fixture(scope="module", params=["mpeg4", "libx264"])
def film(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film whose frames brighten, some of them stored out of order."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    with av.open(str(path), "w") as container:
        try:
            stream = container.add_stream(request.param, rate=25, options={"bf": "2", "g": "12"})
        except (av.FFmpegError, ValueError):
            pytest.skip(f"this FFmpeg has no {request.param}")
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for number in range(FRAMES):
            frame = np.full((48, 64, 3), 10 + 5 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path


def test_frames_are_found_by_number_in_any_order(film: Path) -> None:
    clip = Clip(film, where="x")
    assert (clip.frames, clip.size, round(clip.seconds, 2)) == (FRAMES, (64, 48), 1.56)
    order = [*np.random.default_rng(1).permutation(FRAMES), 0, 1, 2, 2, 3, FRAMES - 1]
    with av.open(str(film)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len({int(frame[0, 0, 0]) for frame in frames}) > FRAMES / 2
    for number in map(int, order):
        assert np.array_equal(clip.frame(number), frames[number]), number


def test_a_frame_does_not_depend_on_those_asked_for_before(film: Path) -> None:
    one, other = Clip(film, where="x"), Clip(film, where="x")
    for number in range(20):
        one.frame(number)
    assert np.array_equal(one.frame(20), other.frame(20))


def test_what_is_no_video_is_refused(tmp_path: Path, film: Path) -> None:
    path = tmp_path / "x.mp4"
    for raw in (b"", b"no film", film.read_bytes()[:200]):
        path.write_bytes(raw)
        with pytest.raises(GeneratorError, match="this is no video that can be read"):
            Clip(path, where="x.mp4")


def test_a_playlist_leads_nowhere(tmp_path: Path, film: Path) -> None:
    path = tmp_path / "list.mp4"
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{film}\n#EXT-X-ENDLIST\n")
    with pytest.raises(GeneratorError):
        Clip(path, where="list.mp4")
