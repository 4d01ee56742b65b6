"""`comfyui`: a workflow is filled in and waited for; what the server refuses is told at the node that it belongs to."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from image_servers import PAGE, STARTING, WORKFLOW, FakeComfy

import tessonance as tess
from tessonance.errors import GeneratorError, ProjectError
from tessonance.generators import comfy_queue
from tessonance.make import attempts, places
from tessonance.make.resolve import resolved
from tessonance.plugins import open_generator
from tessonance.project import Project, parse_project
from tessonance.testing import GeneratorTests

TEXT = """
[picture]
width = 48
height = 32
[generator]
use = "comfyui"
seed = 7
address = "{address}"
workflow = "flower_api.json"
{more}
[[axis]]
name = "bloom"
steps = 3
"""
POINT = {"bloom": 0.5}


@pytest.fixture(scope="module")
def shared() -> Iterator[FakeComfy]:
    with FakeComfy().running() as server:
        yield server


@pytest.fixture
def server() -> Iterator[FakeComfy]:
    with FakeComfy().running() as server:
        yield server


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "FIRST_REST_SECONDS", 0.05)
    monkeypatch.setattr(comfy_queue, "LOOK_SECONDS", 0.2)
    monkeypatch.setattr("tessonance.generators.http.PAUSES", (0.02,))
    monkeypatch.setattr(attempts.Attempts.__init__, "__kwdefaults__", {"most": 3, "pause_seconds": 0.02})


def project(server: FakeComfy, folder: Path, *, more: str = "", nodes: Any = WORKFLOW) -> Project:
    text = nodes if isinstance(nodes, str) else json.dumps(nodes)
    (folder / "flower_api.json").write_text(text, encoding="utf-8")
    return resolved(parse_project(TEXT.format(address=server.address, more=more), folder=folder))


class TestComfyui(GeneratorTests):
    largest_step = 70.0

    @pytest.fixture(autouse=True)
    def _served(self, shared: FakeComfy, tmp_path: Path) -> None:
        type(self).project = project(shared, tmp_path)


def sent(server: FakeComfy, given: Project, point: dict[str, float] = POINT) -> dict[str, Any]:
    """Paint one picture, and return the nodes that the server was given."""
    found: list[dict[str, Any]] = []
    entry = server._entry
    server._entry = lambda number, nodes, trouble: found.append(nodes) or entry(number, nodes, trouble)  # type: ignore[method-assign]
    open_generator(given).paint([point])
    return found[0]


def test_texts_inputs_and_the_seed_are_filled_in(server: FakeComfy, tmp_path: Path) -> None:
    more = '[generator.set]\n"Sampler.cfg" = "{bloom}"\n"3.seed" = "{seed}"'
    nodes = sent(server, project(server, tmp_path, more=more))
    assert nodes["6"]["inputs"]["text"] == "a (tall:0.5) flower, {red|blue}"
    assert (nodes["3"]["inputs"]["cfg"], nodes["3"]["inputs"]["seed"]) == (0.5, 7)


def test_an_axis_called_seed_takes_the_place_of_the_projects_seed(server: FakeComfy, tmp_path: Path) -> None:
    more = '[generator.set]\n"Sampler.seed" = "{seed}"\n[[axis]]\nname = "seed"\nfrom = 0\nto = 4\nsteps = 5'
    nodes = sent(server, project(server, tmp_path, more=more), POINT | {"seed": 3})
    assert nodes["3"]["inputs"]["seed"] == 3


def test_no_picture_is_saved_in_the_servers_folder(server: FakeComfy, tmp_path: Path) -> None:
    nodes = sent(server, project(server, tmp_path))
    assert nodes["9"] == WORKFLOW["9"] | {"class_type": "PreviewImage", "inputs": {"images": ["8", 0]}}


@pytest.mark.parametrize(
    ("more", "nodes", "problem"),
    [
        ("", "{", "the workflow is no JSON"),
        ("", {"nodes": [], "links": []}, r"editor's own format(.|\n)*Export \(API\)"),
        ("", {"3": {"class_type": "KSampler"}}, "this is no workflow"),
        ("", {"6": WORKFLOW["6"]}, r"which node gives the picture\n.*no SaveImage"),
        ("", WORKFLOW | {"10": WORKFLOW["9"]}, r'"Out" \(9\), "Out" \(10\)'),
        ("", WORKFLOW | {"6": WORKFLOW["6"] | {"inputs": {"text": "a flower"}}}, "axis 'bloom' changes nothing"),
        ('set = { "Samplr.cfg" = 3 }', WORKFLOW, "did you mean 'Sampler'"),
        ('set = { "Sampler.cgf" = 3 }', WORKFLOW, "did you mean 'cfg'"),
        ('set = { "cfg" = 3 }', WORKFLOW, "this is no target"),
        ('output = "Positiv"', WORKFLOW, "did you mean 'Positive'"),
    ],
)
def test_mistakes_are_found_before_painting(
    shared: FakeComfy, tmp_path: Path, more: str, nodes: object, problem: str
) -> None:
    with pytest.raises(ProjectError, match=problem):
        open_generator(project(shared, tmp_path, more=more, nodes=nodes))


def test_a_workflow_comes_only_from_a_project_that_somebody_named(shared: FakeComfy) -> None:
    with pytest.raises(ProjectError, match="followed only from a project file that you name"):
        open_generator(parse_project(TEXT.format(address=shared.address, more="")))


def test_what_the_server_refuses_is_told_at_its_node(server: FakeComfy, tmp_path: Path) -> None:
    generator = open_generator(project(server, tmp_path, more='set = { "Sampler.cfg" = -1 }'))
    with pytest.raises(GeneratorError, match=r"node 'Sampler' \(3\): Value -1 smaller than min of 0.0: cfg"):
        generator.paint([POINT])


@pytest.mark.parametrize(
    ("trouble", "problem"),
    [
        ("node", r"node 'Sampler' \(3\): a node failed\n.*ValueError: no"),
        ("memory", r"the server ran out of memory(.|\n)*--lowvram"),
        (PAGE, "the answer is no JSON"),
        (STARTING, "the server is busy"),
    ],
)
def test_what_goes_wrong_is_told(server: FakeComfy, tmp_path: Path, trouble: object, problem: str) -> None:
    generator = open_generator(project(server, tmp_path))
    server.trouble = [trouble]
    with pytest.raises(GeneratorError, match=problem):
        generator.paint([POINT])
    assert generator.paint([POINT]).shape == (1, 32, 48, 3)


def test_a_picture_of_another_size_is_refused_with_both(server: FakeComfy, tmp_path: Path) -> None:
    small = WORKFLOW | {"5": WORKFLOW["5"] | {"inputs": {"width": 16, "height": 16, "batch_size": 1}}}
    with pytest.raises(GeneratorError, match=r"another size\n.*48 × 32.*\n.*16 × 16"):
        open_generator(project(server, tmp_path, nodes=small)).paint([POINT])


def test_a_broken_websocket_costs_nothing_but_a_look(server: FakeComfy, tmp_path: Path) -> None:
    server.drop_sockets = True
    with tess.generate(project(server, tmp_path), tmp_path / "a.tess") as tesseract:
        assert tesseract.painted() == 3
    assert server.asked == 3


def test_a_run_survives_a_restart_that_forgets_the_queue(server: FakeComfy, tmp_path: Path) -> None:
    server.seconds = 0.1
    server.trouble = [None, "node", "memory"]

    def restart() -> None:
        while server.asked < 4:
            time.sleep(0.01)
        server.stop()
        time.sleep(0.2)
        server.start()

    thread = threading.Thread(target=restart)
    thread.start()
    try:
        with tess.generate(project(server, tmp_path), tmp_path / "a.tess") as tesseract:
            assert tesseract.painted() == 3
    finally:
        thread.join()


def test_what_is_cancelled_leaves_the_queue(server: FakeComfy, tmp_path: Path) -> None:
    server.trouble = ["wait"]
    generator = open_generator(project(server, tmp_path))
    caught: list[GeneratorError] = []

    def paint() -> None:
        try:
            generator.paint([POINT])
        except GeneratorError as error:
            caught.append(error)

    thread = threading.Thread(target=paint)
    thread.start()
    while server.at_work is None:
        time.sleep(0.01)
    generator.cancel("the run has ended")  # type: ignore[attr-defined]
    thread.join(5)
    assert "interrupted" in str(caught[0])
    assert server.interrupts >= 1
    assert not server.pending


def test_nobody_elses_picture_is_interrupted(server: FakeComfy, tmp_path: Path) -> None:
    generator = open_generator(project(server, tmp_path))
    generator.paint([POINT])
    generator.cancel("the run has ended")  # type: ignore[attr-defined]
    generator.close()
    assert server.interrupts == 0


def test_it_is_told_how_far_a_node_is(server: FakeComfy, tmp_path: Path) -> None:
    server.trouble = ["wait"]
    generator: Any = open_generator(project(server, tmp_path))

    def paint() -> None:
        with suppress(GeneratorError):
            generator.paint([POINT])

    thread = threading.Thread(target=paint)
    thread.start()
    for _ in range(1000):
        if generator.in_hand:
            break
        time.sleep(0.01)
    assert generator.in_hand == 0.25
    generator.cancel("enough")
    thread.join(5)
    assert generator.in_hand == 0
