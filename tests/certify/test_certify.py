"""Certificates: what moves with the music passes, and what does not is told what to change."""

from __future__ import annotations

import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

import tessonance as tess
from tessonance.certify.advice import judged as with_advice
from tessonance.certify.certificate import SongCertificate
from tessonance.certify.certify import _governed, certify
from tessonance.certify.limits import Smoothness, limits
from tessonance.certify.musicality import Agreement, level_db
from tessonance.certify.page import certificate_page, write_certificate
from tessonance.certify.tune import _travel, tune
from tessonance.certify.tune_text import mapping_text
from tessonance.cli import cli
from tessonance.errors import OutputExists, TessError
from tessonance.grid import Axis, Grid
from tessonance.mapping import Governing
from tessonance.motion import Path as Path_
from tessonance.project import Generator, Mapping, Picture, Project, Route, Sound, load_mapping
from tessonance.show.rehearsal import Rehearsal
from tessonance.smooth.bake import bake
from tessonance.smooth.lengths import distances_of
from tessonance.store import TesseractWriter

RATE = 48_000
AXES = (Axis(name="sway", start=0.0, stop=0.5, steps=5), Axis(name="faint", start=0.0, stop=0.15, steps=3))
GENTLE = (
    Route(feature="loudness", axis="sway", act="speed", gain=2.0, curve=3.0, attack_ms=0, release_ms=100, edge="swing"),
    Route(feature="high", axis="faint", attack_ms=100, release_ms=800),
)
STROBE = (
    Route(feature="low", axis="sway", attack_ms=0, release_ms=40),
    Route(feature="high", axis="faint", attack_ms=0, release_ms=40, gain=0.3),
)


@pytest.fixture(scope="session")
def waves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small tesseract of `plasma`."""
    from tessonance.plugins import open_generator

    project = Project(
        picture=Picture(width=64, height=36, codec="lossless"),
        generator=Generator(use="plasma", seed=3),
        axes=AXES,
        routes=GENTLE,
        governor=Governing(kind="lively"),
    )
    path, painter = tmp_path_factory.mktemp("waves") / "waves.tess", open_generator(project)
    with TesseractWriter.create(path, project) as writer:
        for flat in range(project.grid.size):
            cell = project.grid.cell(flat)
            writer.put_picture(cell, painter.paint([project.grid.point(cell)])[0])
    return path


@pytest.fixture(scope="session")
def baked(waves: Path) -> Path:
    """The same, baked."""
    path = waves.with_name("baked.tess")
    shutil.copytree(waves, path)
    bake(path, workers=1)
    return path


@pytest.fixture(scope="session")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six seconds of drums at uneven times, loud and soft, with cymbals."""
    random, t = np.random.default_rng(1), np.arange(6 * RATE) / RATE
    samples = 0.003 * random.normal(size=len(t))
    for number, hit in enumerate(np.cumsum(random.uniform(0.25, 0.7, 16))):
        since = np.maximum(t - hit, 0) + 10.0 * (t < hit)
        samples += random.uniform(0.2, 0.6) * np.exp(-since / 0.12) * np.sin(2 * np.pi * 70 * since)
        samples += (0.15 if number % 2 else 0.05) * np.exp(-since / 0.2) * random.normal(size=len(t))
    path = tmp_path_factory.mktemp("song") / "drums.wav"
    soundfile.write(path, 0.6 * samples, RATE)
    return path


def judged(
    waves: Path, song: Path, routes: tuple[Route, ...], *, governor: Governing | None = None, **keys: Any
) -> Any:
    with tess.open(waves) as tesseract:
        return certify(tesseract, [song], mapping=Mapping(tesseract.grid, routes, governor=governor), workers=2, **keys)


def test_what_moves_gently_with_the_music_is_smooth_and_says_how_it_was_measured(baked: Path, song: Path) -> None:
    lively = Governing(kind="lively")
    found = judged(baked, song, GENTLE, kind="wild", governor=lively, method="blend").certificate
    (one,) = found.songs
    assert all("flicker" in reason for reason in one.rough)  # six seconds have few strong steps, and one turn is many
    assert one.frames == len(one.steps) + 1 == 180
    assert one.loudness.r > 0.3
    assert one.loudness.real
    assert one.axes[0].used > 0.6
    assert [route.agreement.r > 0.3 for route in one.routes] == [True, True]
    assert one.smoothness.worst == max(one.steps)
    assert 0 < one.worst_seconds < 6
    assert one.pop > 0
    assert one.flashing == 0
    assert 0.05 < one.governed < 0.9
    assert found.limit == 6.0
    assert found.trouble == ""
    assert one.smoothness.worst <= 1.3 * 6.0 / 30
    assert 0 < one.axes[0].lag <= 0.08
    assert found.method == "blend"
    assert dict(found.lengths)["sway"] > 1.5 * dict(found.lengths)["faint"]


def test_what_strobes_fails_and_is_told_what_to_do(waves: Path, song: Path) -> None:
    found = judged(waves, song, STROBE, kind="calm", governor=Governing(kind="calm")).certificate
    (one,) = found.songs
    assert not found.passed
    assert any(text.startswith("the largest step comes to") for text in one.rough)
    said = " ".join(one.advice)
    assert "the governor does nothing until it is baked: `tess bake" in said
    assert "sway changes most" in said
    assert "raise the release_ms of low on it" in said
    assert any(text.startswith("faint uses") for text in one.unmusical)
    assert "times the gain of high" in said


def test_nearest_is_found_out(baked: Path, song: Path) -> None:
    blend, nearest = (
        judged(baked, song, GENTLE, method=method, stop=4.0, governor=Governing(kind="lively")).certificate.songs[0]
        for method in (None, "nearest")
    )
    assert nearest.smoothness.worst > 2 * blend.smoothness.worst
    assert nearest.smoothness.median == 0.0
    assert any("nearest shows whole pictures" in text for text in nearest.advice)


@pytest.mark.parametrize(
    ("automatic", "dense", "routes", "said"),
    [
        (True, False, GENTLE, "the automatic level lets quiet parts move as far as loud ones"),
        (False, False, GENTLE, "let what is loud move more"),
        (True, True, GENTLE, "let what is loud move more"),
        (True, False, STROBE, "let what is loud move more"),
    ],
)
def test_quiet_parts_that_move_as_far_as_loud_ones_are_told_apart(
    waves: Path, song: Path, automatic: bool, dense: bool, routes: tuple[Route, ...], said: str
) -> None:
    """What already travels needs no other route, but to hear the quiet parts as quiet."""
    found = judged(waves, song, GENTLE, stop=4.0).certificate
    weak = replace(found.songs[0], dense=dense, loudness=Agreement(0.2, 0.0, 0.1), onset=Agreement(0.1, 0.0, 0.1))
    mapping = Mapping(Grid(AXES), routes, Sound(automatic_level=automatic))
    (one,) = with_advice(replace(found, songs=(weak,)), limits("lively"), mapping).songs
    assert any("0.3 is wanted of a song that is equally loud" in text for text in one.unmusical) == dense
    (told,) = [text for text in one.advice if said in text]
    if automatic and not dense and routes is GENTLE:
        assert f"start_level_db = {level_db(one.loud):.0f}" in told


@pytest.mark.parametrize(("worst", "calmed", "limiter"), [(0.5, 9, True), (0.5, 0, False), (0.25, 9, False)])
def test_a_step_after_calmed_frames_is_none_of_the_governor(
    waves: Path, song: Path, worst: float, calmed: int, limiter: bool
) -> None:
    found = replace(judged(waves, song, GENTLE, stop=4.0).certificate, limit=6.0)
    smoothness = Smoothness(0.05, 0.1, 0.15 if limiter else 0.4, worst, 0.2, 0.3)
    one = replace(found.songs[0], smoothness=smoothness, calmed=calmed)
    (one,) = with_advice(replace(found, songs=(one,), trouble=""), limits("lively"), Mapping(Grid(AXES), GENTLE)).songs
    assert (
        any("the flash limiter held the picture back and let go (9 frames)" in text for text in one.advice) == limiter
    )
    assert any("lower the governor's limit" in text for text in one.advice) != limiter


def test_it_stands_still_and_fails(waves: Path, song: Path) -> None:
    still = (Route(feature="low", axis="sway", gain=0.0), Route(feature="high", axis="faint", gain=0.0))
    (one,) = judged(waves, song, still, stop=4.0).certificate.songs
    assert not one.rough
    assert one.unmusical[0] == "nothing moves"


def test_silence_and_pictures_that_are_all_alike_are_told_as_such(waves: Path, song: Path) -> None:
    """Neither is a matter of the mapping."""
    found = judged(waves, song, GENTLE, stop=4.0).certificate
    mapping, moved = Mapping(Grid(AXES), GENTLE), found.songs[0]
    flat = replace(moved.smoothness, median=0.0, p90=0.0, p99=0.0, worst=0.0, flicker=math.nan, flicker_p99=math.nan)
    still = replace(moved, smoothness=flat, axes=tuple(replace(axis, used=1.0) for axis in moved.axes))
    silent, alike = (replace(found, songs=(song,)) for song in (replace(still, loud=(0.0, 0.0)), still))
    (quiet,), (dull,) = (with_advice(each, limits("lively"), mapping).songs for each in (silent, alike))
    assert (quiet.unmusical, dull.unmusical) == (("nothing is heard",), ("nothing moves",))
    assert quiet.advice == ("play something that sounds, or another part of it (--from, --to)",)
    assert ["they are all alike" in text for text in dull.advice] == [True]


def test_a_film_that_is_shifted_as_a_whole_is_not_held_back_by_that() -> None:
    """A film's path may be moved by some hops, so that nothing lags; what was never too fast is only moved."""
    hop = 256 / RATE
    wanted = np.abs(np.arange(600) * 0.002 % 1.0 - 0.5)[:, None]
    moved = np.roll(wanted, 3, axis=0)
    moved[300:360] = np.clip(moved[300:360], 0.0, 0.05)
    paths = [Path_(places, hop, 0.0, np.array([False])) for places in (moved, wanted)]
    rehearsal = Rehearsal(None, *paths, governor=object())  # type: ignore[arg-type]
    times = np.arange(0.2, 2.8, 1 / 30)
    assert _governed(rehearsal, times, live=False) == pytest.approx(60 * hop / 2.6, abs=0.05)
    assert _governed(rehearsal, times, live=True) > 0.9
    assert _governed(Rehearsal(None, *paths, governor=None), times, live=True) == 0.0  # type: ignore[arg-type]


def test_the_page_and_the_json_say_it_all(waves: Path, song: Path, tmp_path: Path) -> None:
    found = judged(waves, song, GENTLE, stop=4.0)
    page = certificate_page(found)
    for text in ("drums.wav", "flicker F", "high → faint", "The worst second", "loudness by chance", "FLIP a second"):
        assert text in page
    assert page.count("<img") == len(found.strips[0]) == 10
    html, data = write_certificate(found, tmp_path / "c.html")
    plain = json.loads(data.read_text())
    assert plain["passed"] == found.certificate.passed
    assert plain["limit"] is None
    assert plain["songs"][0]["smoothness"]["worst"] == found.certificate.songs[0].smoothness.worst
    with pytest.raises(OutputExists):
        write_certificate(found, html)


def test_the_page_says_which_of_the_two_it_lacks_why_and_what_to_do(waves: Path, song: Path) -> None:
    found = judged(waves, song, STROBE, kind="calm", governor=Governing(kind="calm"), stop=4.0)
    (one,) = found.certificate.songs
    page = certificate_page(found)
    assert "not calm, nor with the music" in page
    assert page.index("Why it fails") < page.index(one.rough[0]) < page.index("What to do")
    assert "<code>tess bake " in page
    assert '<path class="limit"' in page
    wild = replace(one, kind="beyond wild", unmusical=())
    rough = certificate_page(replace(found, certificate=replace(found.certificate, songs=(wild,))))
    assert "with the music, but not calm" in rough
    assert "it keeps the limits of no kind: it is <b>beyond wild</b>" in rough
    dull = certificate_page(replace(found, certificate=replace(found.certificate, songs=(replace(one, rough=()),))))
    assert "calm, but not with the music" in dull


def test_advice_does_not_ask_for_what_is_there_nor_for_its_contrary(waves: Path, song: Path) -> None:
    """A loudness that travels already has to stand out; and what trembles is not to follow faster, too."""
    found = judged(waves, song, STROBE, stop=4.0).certificate
    weak = replace(found.songs[0], dense=True, loudness=Agreement(0.2, 0.0, 0.1), onset=Agreement(0.1, 0.0, 0.1))
    grid, smooth = Grid(AXES), replace(weak.smoothness, flicker=0.1, flicker_p99=0.1)
    travels = (Route(feature="loudness", axis="sway", act="speed", release_ms=500),)

    def said(song: SongCertificate, routes: tuple[Route, ...]) -> str:
        certificate = replace(found, songs=(song,))
        return " ".join(with_advice(certificate, limits("lively"), Mapping(grid, routes)).songs[0].advice)

    assert "a larger curve of loudness on sway (3.0), a shorter release_ms" in said(weak, travels)
    assert "a route with act" not in said(weak, travels)
    trembling = replace(weak, smoothness=replace(smooth, flicker_p99=0.9))
    assert "longer attack_ms and release_ms of low on sway, or" in said(trembling, STROBE)
    assert "longer attack_ms and release_ms, or" in said(trembling, travels)
    assert "shorter attack_ms" not in said(trembling, STROBE)
    assert "shorter attack_ms" in said(replace(weak, smoothness=smooth), STROBE)


def test_a_tesseract_that_is_not_baked_is_measured(waves: Path) -> None:
    with tess.open(waves) as tesseract:
        knots, distances = distances_of(tesseract)
    assert [len(along) for along in knots] == [5, 3]
    assert [values.shape for values in distances] == [(4, 3, 3), (5, 2, 3)]
    for values in distances:
        assert (np.diff(values, axis=-1) > 0).all()


def test_a_tesseract_whose_bake_was_stopped_is_measured_too(baked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An axis that the bake has not come to is not one on which nothing changes."""
    with tess.open(baked) as tesseract:
        _, whole = distances_of(tesseract)
        none = [whole[0], np.full_like(whole[1], np.nan)]
        stopped = SimpleNamespace(knots=tesseract.knots(), distances=none.__getitem__)
        monkeypatch.setattr(tesseract, "bake", lambda: stopped)
        _, found = distances_of(tesseract)
    assert np.isfinite(found[1]).all()


def test_a_tuned_mapping_puts_loudness_on_the_long_axis_and_is_smooth(baked: Path, song: Path, tmp_path: Path) -> None:
    with tess.open(baked) as tesseract:
        found = tune(tesseract, [song], kind="lively", workers=2)
        text = mapping_text(found, ["drums.wav\n[evil]"])
        (tmp_path / "m.toml").write_text(text)
        again = load_mapping(tmp_path / "m.toml", tesseract.grid)
    sway, faint = again.routes
    assert (sway.feature, sway.act, sway.edge) == ("loudness", "speed", "swing")
    assert faint.act == "position"
    assert again.routes == found.mapping.routes
    assert again.governor.per_second == 6.0
    assert "drums.wav?[evil]." in text
    assert not found.certificate.songs[0].rough
    assert found.certificate.songs[0].axes[1].used > 0.6


def test_what_travels_is_not_held_back_where_it_is_loudest() -> None:
    """A quiet song with one loud passage: its mean would ask for a gain at which that passage races."""
    axis = Axis(name="sway", steps=5)
    quiet, even = (SimpleNamespace(travelled=lambda route, mean=mean: mean * route.gain) for mean in (0.05, 0.4))
    (raced, slower), (usual, pace) = (
        _travel(axis, "loudness", heard, 3.0, 1.4, most=5.0)  # type: ignore[arg-type]
        for heard in (quiet, even)
    )
    assert raced.gain == pytest.approx(5.0 / 3.0, abs=0.01)
    assert slower == pytest.approx(0.05 * 5.0, abs=0.01)
    assert pace == pytest.approx(1.4, abs=0.01)
    assert usual.gain == pytest.approx(1.4 / 3.0 / 0.4, abs=0.01)


def test_the_commands(waves: Path, song: Path, tmp_path: Path) -> None:
    """They write beside, refuse to replace, and end with 1 where a show is not fit."""
    mapping, page = tmp_path / "m.toml", tmp_path / "c.html"
    mapping.write_text('[[route]]\nfeature = "low"\naxis = "sway"\nattack_ms = 0\nrelease_ms = 30\n')
    words = ["certify", str(waves), str(song), "--as", "calm", "--mapping", str(mapping), "--to", "3", "-o", str(page)]
    result = CliRunner().invoke(cli, words)
    assert result.exit_code == 1
    assert "drums.wav: FAILED" in result.output
    assert "fails: " in result.output
    assert page.is_file()
    assert page.with_suffix(".json").is_file()
    again = CliRunner().invoke(cli, words)
    assert isinstance(again.exception, OutputExists)
    tuning = CliRunner().invoke(cli, ["tune", str(waves), str(song), "-o", str(mapping)])
    assert isinstance(tuning.exception, OutputExists)
    assert "attack_ms = 0\n" in mapping.read_text()


def test_what_cannot_be_is_refused(waves: Path, song: Path) -> None:
    with tess.open(waves) as tesseract:
        with pytest.raises(TessError, match="no kind"):
            certify(tesseract, [song], kind="mild")
        with pytest.raises(TessError, match="tuned to songs"):
            tune(tesseract, [])
        with pytest.raises(TessError, match="nothing to film"):
            certify(tesseract, [song], start=100.0)
