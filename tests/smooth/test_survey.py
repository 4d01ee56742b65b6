import json
import re
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from pictures import flat, harsh, noise

import tessonance as tess
from tessonance.cli import cli
from tessonance.errors import OutputExists, TesseractError, TessError
from tessonance.project import parse_project
from tessonance.smooth.advice import advise
from tessonance.smooth.bake import bake
from tessonance.smooth.findings import AxisFindings, Edge, Guesses, Survey
from tessonance.smooth.flip import flip
from tessonance.smooth.page import page
from tessonance.smooth.plots import curve, heat_values, marked
from tessonance.smooth.report import write_report
from tessonance.smooth.survey import survey
from tessonance.smooth.views import view
from tessonance.store import TesseractWriter

PROJECT = """
picture = {{ width = 48, height = 32, codec = "lossless" }}
generator = {{ {generator}, seed = 3 }}
axis = [{axes}]
"""
PLANE = '{ name = "tall", steps = 5 }, { name = "blot", steps = 9, from = -1 }'


def made(tmp_path, generator='use = "cppn"', axes=PLANE):
    """A tesseract painted by a generator."""
    project, path = tmp_path / "made.toml", tmp_path / "made.tess"
    project.write_text(PROJECT.format(generator=generator, axes=axes), encoding="utf-8")
    return tess.generate(project, path, workers=1)


def filled(tmp_path, picture, axes=PLANE):
    """A tesseract whose pictures a function gives by cell; None is a hole."""
    project = parse_project(PROJECT.format(generator='use = "plasma"', axes=axes))
    path = tmp_path / "filled.tess"
    with TesseractWriter.create(path, project) as writer:
        for number in range(project.grid.size):
            cell = project.grid.cell(number)
            if (painted := picture(cell)) is not None:
                writer.put_picture(cell, painted)
    return tess.open(path)


def test_every_edge_is_measured_and_is_flip_between_its_pictures(tmp_path):
    with made(tmp_path) as tesseract:
        found = survey(tesseract, sweep=False)
        assert found.complete
        assert found.edges == 4 * 9 + 5 * 8
        tall, blot = found.axes
        assert (tall.measured, blot.measured) == (36, 40)
        for axis, cell in ((0, (2, 3)), (1, (2, 3))):
            beside = tuple(index + (k == axis) for k, index in enumerate(cell))
            step = flip(view(tesseract.picture(cell)), view(tesseract.picture(beside)))
            assert dict(found.axes[axis].steps)[cell] == step
        assert tall.length == pytest.approx(4 * tall.mean)
        assert not found.refused


def test_the_result_does_not_depend_on_threads(tmp_path):
    with made(tmp_path) as tesseract:
        assert survey(tesseract, workers=1, most=30) == survey(tesseract, workers=4, most=30)


def test_a_new_seed_for_each_cell_is_refused_on_every_axis(tmp_path):
    with made(tmp_path, 'use = "toy", noise = "new", sampling_steps = 6') as tesseract:
        found = survey(tesseract, sweep=False)
    assert found.refused == ("tall", "blot")
    assert found.advice[0].startswith("tall is refused: ")
    assert any("fix the seed" in text for text in found.advice)


def test_what_jpeg_makes_of_pictures_that_hardly_change_is_no_flicker(tmp_path):
    text = PROJECT.replace("48", "96").replace("32", "96").replace("lossless", "jpeg")
    project = parse_project(text.format(generator='use = "plasma"', axes='{ name = "a", steps = 9 }'))
    with TesseractWriter.create(tmp_path / "harsh.tess", project) as writer:
        for index in range(9):
            writer.put_picture((index,), harsh(index / 400))
    found = survey(tess.open(tmp_path / "harsh.tess"), sweep=False)
    assert not found.refused
    assert found.axes[0].pop > 0.95 * found.axes[0].mean  # none of it is motion: the narrower gate counts


def test_a_pop_is_found_where_it_is(tmp_path):
    """A thing that appears between two values of one axis, and nowhere else."""

    def picture(cell):
        shown = np.full((32, 48, 3), 90 + 4 * cell[1], np.uint8)
        if cell[1] >= 6:
            shown[8:24, 10:30] = (250, 200, 20)
        return shown

    with filled(tmp_path, picture) as tesseract:
        found = survey(tesseract, sweep=False)
    worst = max(found.axes[1].edges, key=lambda edge: edge.pop)
    assert worst.place == 5
    assert "blot pops between 0.25 and 0.5: add steps there" in found.advice
    assert "tall changes next to nothing from end to end: widen its range, or leave it out" in found.advice


def test_holes_are_left_out_and_counted(tmp_path):
    with made(tmp_path) as whole:
        full = survey(whole, sweep=False)
        with filled(tmp_path, lambda cell: None if cell == (2, 3) else whole.picture(cell)) as tesseract:
            found = survey(tesseract, sweep=False)
    assert found.shape == (5, 9), "one hole does not make the level coarser"
    assert found.holes == 1
    assert found.edges == full.edges - 4
    assert any("1 pictures of this level are missing" in text for text in found.advice)


def test_of_a_tesseract_that_is_just_being_painted_the_level_that_is_there_is_measured(tmp_path):
    with made(tmp_path) as whole:
        coarse = lambda cell: whole.picture(cell) if cell[0] % 2 == 0 and cell[1] % 4 == 0 else None  # noqa: E731
        with filled(tmp_path, coarse) as tesseract:
            found = survey(tesseract, sweep=False)
    assert found.shape == (3, 3)  # level 1, which is complete
    assert found.edges > 0


def test_two_corners_alone_have_no_edge_and_pass_no_gates(tmp_path):
    with filled(tmp_path, lambda cell: flat(9, 32, 48) if cell in ((0, 0), (4, 8)) else None) as tesseract:
        found = survey(tesseract, sweep=False)
        assert found.edges == 0
        assert "there is no edge to measure" in found.advice[-1]
        shown = page(found, tesseract)
        assert "no edge to measure" in shown
        assert "gates passed" not in shown
        assert "picked at random" not in shown.split("<h2>")[0]
        where = tesseract.where
    told = CliRunner().invoke(cli, ["smooth", where, "--no-sweeps"], catch_exceptions=False).output
    assert "R -" in told
    assert not re.search(r"passed|0\.000", told)


@pytest.mark.parametrize("axes", ['{ name = "a", steps = 1 }', '{ name = "a", steps = 1 }, { name = "b", steps = 1 }'])
def test_one_picture_has_no_edge(tmp_path, axes):
    with made(tmp_path, axes=axes) as tesseract:
        found = survey(tesseract)
        assert (found.edges, found.spread, found.sweeps, found.refused) == (0, 0.0, (), ())
        assert "there is no edge" in page(found, tesseract)


def test_an_axis_of_one_step_is_passed_over(tmp_path):
    with made(tmp_path, axes='{ name = "one", steps = 1 }, { name = "b", steps = 5 }') as tesseract:
        found = survey(tesseract)
        assert [axis.measured for axis in found.axes] == [0, 4]
        assert {sweep.title for sweep in found.sweeps} == {"b"}
        page(found, tesseract)


def test_what_is_baked_is_swept_by_morph_too(tmp_path):
    with made(tmp_path, axes='{ name = "a", steps = 5 }') as tesseract:
        assert {sweep.method for sweep in survey(tesseract).sweeps} == {"nearest", "blend"}
        bake(tesseract.path)
        found = survey(tesseract)
        assert {sweep.method for sweep in found.sweeps} == {"nearest", "blend", "morph"}
        shown = page(found, tesseract)
        assert "</span> and <span class='good'>morphed</span>" in shown
        assert shown.count("<td>a</td>") == 1  # its methods stand together under its name


def test_pictures_that_are_all_equal_change_nothing(tmp_path):
    with filled(tmp_path, lambda cell: flat(120, 32, 48)) as tesseract:
        found = survey(tesseract, sweep=False)
        assert not found.refused
        assert all(axis.length == 0 for axis in found.axes)
        assert all("changes next to nothing" in text for text in found.advice)
        json.dumps(found.to_dict(), allow_nan=False)
        page(found, tesseract)


def test_pure_noise_is_refused(tmp_path):
    with filled(tmp_path, lambda cell: noise(100 * cell[0] + cell[1], 32, 48)) as tesseract:
        found = survey(tesseract, sweep=False)
        assert found.refused == ("tall", "blot")
        assert not any("could be guessed" in text for text in found.advice)


def test_an_empty_tesseract_is_refused_with_a_hint(tmp_path):
    with filled(tmp_path, lambda cell: None) as tesseract, pytest.raises(TesseractError, match="no picture in it yet"):
        survey(tesseract)


def test_fewer_than_two_pictures_cannot_be_looked_at(tmp_path):
    with made(tmp_path) as tesseract, pytest.raises(TessError, match="an edge has two pictures"):
        survey(tesseract, most=1)


def test_of_a_large_grid_a_sample_is_taken_and_said(tmp_path):
    with made(tmp_path) as tesseract:
        found = survey(tesseract, most=40, sweep=False)
    assert not found.complete
    assert 0 < found.edges < 76


def test_closed_axes_have_an_edge_from_the_last_to_the_first(tmp_path):
    axes = '{ name = "turn", steps = 8, closed = true }, { name = "blot", steps = 5 }'
    with made(tmp_path, axes=axes) as tesseract:
        found = survey(tesseract, sweep=False)
        assert found.axes[0].measured == 8 * 5
        assert heat_values(found, 0).shape == (5, 8)
        assert heat_values(found, 1).shape == (8, 4)
        assert np.isfinite(heat_values(found, 0)).all()


def test_sweeps_tell_nearest_from_blend(tmp_path):
    with made(tmp_path) as tesseract:
        found = survey(tesseract)
    assert [(sweep.title, sweep.method) for sweep in found.sweeps] == [
        (title, method) for title in ("tall", "blot", "all axes") for method in ("nearest", "blend")
    ]
    nearest, blend = found.sweeps[:2]
    assert max(nearest.steps) > 3 * max(blend.steps)
    assert nearest.evenness > 3 * blend.evenness


def test_progress_goes_on_after_the_rows_and_reaches_its_end(tmp_path):
    seen = []
    with made(tmp_path) as tesseract:
        survey(tesseract, sweep=False, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1] == (112, 112)
    rows, split = 14, 2 * (48 + 8)
    assert (rows, rows) in seen
    assert {total for _, total in seen} == {rows, split}
    assert len([1 for done, total in seen if total == split and done < split]) > 50


def test_the_page_needs_nothing_else_and_shows_the_worst(tmp_path):
    with made(tmp_path) as tesseract:
        text = page(survey(tesseract), tesseract)
    assert not re.findall(r'(?:src|href)="(?!data:)', text)
    assert "<script" not in text
    assert "http" not in text
    assert text.count("data:image/jpeg") == 2 * 6 + 9 or text.count("data:image/jpeg") == 2 * 6 + 5
    assert text.count("data:image/png") == 2
    assert "gates passed" in text
    assert "every edge" in text


def test_curves_say_how_high_they_are_and_words_show_their_code():
    drawn = curve([("mean", [0.1, 0.3])], 0.3)
    assert "<span>0.30</span>" in drawn
    assert drawn.count("<path") == 1
    assert marked('run `tess bake "x"`, & see') == "run <code>tess bake &quot;x&quot;</code>, &amp; see"


def test_on_paper_the_page_is_dark_on_white():
    style = files("tessonance.smooth").joinpath("page.css").read_text(encoding="utf-8")
    paper = style[style.index("@media print") :]
    assert "--ground: #fff" in paper
    assert "--ink: #111" in paper


def test_names_cannot_write_into_the_page(tmp_path):
    with made(tmp_path) as tesseract:
        tesseract.name = '<img src=x onerror="alert(1)">'
        assert "<img src=x" not in page(survey(tesseract, sweep=False), tesseract)


def test_a_page_that_cannot_be_written_is_refused_before_anything_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr("tessonance.smooth.survey.survey", lambda *_, **__: pytest.fail("it was measured"))
    made(tmp_path).close()
    run = CliRunner().invoke(cli, ["smooth", str(tmp_path / "made.tess"), "-o", str(tmp_path / "no" / "r.html")])
    assert isinstance(run.exception, TessError)
    assert "write it into a folder that exists" in str(run.exception)


def test_a_report_is_html_and_json_and_overwrites_nothing(tmp_path):
    with made(tmp_path) as tesseract:
        found = survey(tesseract, sweep=False)
        html, data = write_report(found, tesseract, tmp_path / "r.html")
        assert json.loads(data.read_text())["edges"] == 76
        assert html.read_text(encoding="utf-8").startswith("<!doctype html>")
        with pytest.raises(OutputExists, match="exists already"):
            write_report(found, tesseract, tmp_path / "r.html")
        write_report(found, tesseract, tmp_path / "r.html", force=True)
        with pytest.raises(TessError, match="a report is a page"):
            write_report(found, tesseract, tmp_path / "r.pdf")
        with pytest.raises(TessError, match="cannot be written"):
            write_report(found, tesseract, tmp_path / "nowhere" / "r.html")
    assert not list(tmp_path.glob(".*partial"))


def test_the_command_tells_writes_and_exits_by_the_gates(tmp_path):
    made(tmp_path).close()
    run = CliRunner().invoke(cli, ["smooth", str(tmp_path / "made.tess"), "--no-sweeps"])
    assert run.exit_code == 0, run.output
    assert "76 edges measured (every edge)" in run.output
    assert (tmp_path / "made-smooth.html").exists()
    assert (tmp_path / "made-smooth.json").exists()
    again = CliRunner().invoke(cli, ["smooth", str(tmp_path / "made.tess"), "--no-sweeps"])
    assert isinstance(again.exception, OutputExists)


def test_the_command_prints_json_alone_and_exits_1_for_strangers(tmp_path):
    with filled(tmp_path, lambda cell: noise(100 * cell[0] + cell[1], 32, 48)) as tesseract:
        path = tesseract.path
    run = CliRunner().invoke(cli, ["smooth", str(path), "--json", "--no-sweeps"])
    assert run.exit_code == 1
    assert json.loads(run.stdout)["refused"] == ["tall", "blot"]
    assert not list(Path(tmp_path).glob("*.html"))


def axis_of(pops, **changed):
    """Findings of an axis from 0 to 1 with a pop for each edge."""
    count = len(pops)
    edges = tuple(Edge(0, (k,), (k + 1,), k, 0.1, pop, 1.0) for k, pop in enumerate(pops))
    rest = dict.fromkeys(("mean", "largest", "roughness", "uniformity", "variation", "flicker", "tortuosity"), 0.1)
    found = AxisFindings(
        name="ink", values=tuple(k / count for k in range(count + 1)), closed=False, measured=count, length=1.0,
        cliff_share=0.5, pop=float(np.mean(pops)), speed=1.0, edges=edges, steps=(), guesses=(), refused=(), **rest,
    )  # fmt: skip
    return replace(found, **changed)


def advice_on(*axes):
    knots = tuple(tuple(range(len(axis.values))) for axis in axes)
    empty = Survey(where="x", name="x", knots=knots, cells=9, painted=9, complete=True, holes=0, spread=0.5, axes=axes)
    return advise(empty).advice


def test_neighbouring_pops_are_one_place_and_faint_ones_none():
    assert advice_on(axis_of([0.05, 0.2, 0.2, 0.05] + [0.05] * 16))[0] == (
        "ink pops between 0.05 and 0.15: add steps there"
    )
    assert not any("pops" in text for text in advice_on(axis_of([0.005, 0.02, 0.005, 0.005])))
    assert not any("pops" in text for text in advice_on(axis_of([0.1, 0.11, 0.1, 0.1])))


def test_long_and_coarse_axes_are_told_apart_from_short_ones():
    assert advice_on(axis_of([0.1] * 4)) == ("ink is 1.0 FLIP long: short enough for a fast feature",)
    assert "drive it slowly" in advice_on(axis_of([0.1] * 4, length=6.0))[0]
    assert "they strobe" in advice_on(axis_of([0.1] * 4, mean=0.4))[0]
    assert "is uneven" in advice_on(axis_of([0.1] * 4, uniformity=3.0))[-1]


def test_a_picture_that_can_be_guessed_need_not_be_painted():
    good = Guesses(method="morph", ratio=0.3, error=0.02, sharpness=1.0, contrast=1.0, accepted=0.95)
    assert "half its steps would do" in advice_on(axis_of([0.1] * 4, guesses=(good,)))[-1]
    assert len(advice_on(axis_of([0.1] * 4, guesses=(replace(good, accepted=0.5),)))) == 1


def test_steps_that_are_only_skipped_are_to_be_painted_not_added(tmp_path):
    budget = "paint what it skips (`tess generate`, with a larger --budget or without)"
    assert advice_on(axis_of([0.05] * 19 + [0.2], skipped=40))[0] == f"ink pops between 0.95 and 1: {budget}"
    for axis in (axis_of([0.1] * 4, mean=0.4, skipped=40), axis_of([0.1] * 4, refused=("why",), skipped=40)):
        assert any("paint the 40 steps that it skips (`tess generate`" in text for text in advice_on(axis))
    good = Guesses(method="morph", ratio=0.3, error=0.02, sharpness=1.0, contrast=1.0, accepted=0.95)
    assert advice_on(axis_of([0.1] * 4, guesses=(good,), skipped=40))[-1].endswith("what it skips need not be painted")
    axes = '{ name = "pan", steps = 17 }, { name = "zoom", steps = 9 }'
    project = parse_project(PROJECT.format(generator='use = "scene"', axes=axes))
    with tess.generate(project, tmp_path / "less.tess", workers=1, budget=0.5) as tesseract:
        found = survey(tesseract, sweep=False)
    assert [axis.skipped for axis in found.axes] == [17 - len(found.knots[0]), 9 - len(found.knots[1])] != [0, 0]


def test_an_axis_that_wants_more_steps_is_not_told_to_have_fewer():
    good = Guesses(method="morph", ratio=0.3, error=0.02, sharpness=1.0, contrast=1.0, accepted=0.95)
    said = advice_on(axis_of([0.1] * 4, mean=0.4, guesses=(good,)))
    assert "give it more steps" in said[0]
    assert not any("half its steps" in text for text in said)
