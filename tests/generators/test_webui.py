"""`webui`: requests as A1111's API wants them, and everything a real server does is survived."""

from __future__ import annotations

import base64
import io
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from image_servers import OUT_OF_MEMORY, PAGE, STARTING, FakeWebui
from PIL import Image

import tessonance as tess
from tessonance.errors import GeneratorError, ProjectError, ServerGone
from tessonance.make import attempts, places
from tessonance.plugins import open_generator
from tessonance.project import Project, parse_project
from tessonance.testing import GeneratorTests

TEXT = """
[picture]
width = 48
height = 32
[generator]
use = "webui"
seed = 7
address = "{address}"
prompt = "a (tall:{{bloom}}) flower, (ink blot:{{ink}})"
sampler = "DPM++ 2M"
{more}
[[axis]]
name = "bloom"
steps = 3
[[axis]]
name = "ink"
steps = 3
"""
POINT = {"bloom": 0.5, "ink": 1.0}


def project(*servers: FakeWebui, more: str = "", folder: Path | None = None) -> Project:
    text = TEXT.format(address=servers[0].address, more=more)
    if len(servers) > 1:
        addresses = ", ".join(f'"{server.address}"' for server in servers)
        text = text.replace(f'"{servers[0].address}"', f"[{addresses}]")
    return parse_project(text, folder=folder)


@pytest.fixture(scope="module")
def shared() -> Iterator[FakeWebui]:
    with FakeWebui().running() as server:
        yield server


@pytest.fixture
def server() -> Iterator[FakeWebui]:
    with FakeWebui().running() as server:
        yield server


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "FIRST_REST_SECONDS", 0.05)
    monkeypatch.setattr("tessonance.generators.http.PAUSES", (0.02,))
    monkeypatch.setattr(attempts.Attempts.__init__, "__kwdefaults__", {"most": 3, "pause_seconds": 0.02})


class TestWebui(GeneratorTests):
    @pytest.fixture(autouse=True)
    def _served(self, shared: FakeWebui) -> None:
        type(self).project = project(shared)

    largest_step = 70.0


def test_a_request_holds_what_the_web_page_would_send(server: FakeWebui) -> None:
    open_generator(project(server, more="request = { subseed_strength = '{ink}' }")).paint([POINT])
    sent = server.requests[0]
    assert sent["prompt"] == "a (tall:0.5) flower, (ink blot:1)"
    assert (sent["seed"], sent["batch_size"], sent["width"], sent["height"]) == (7, 1, 48, 32)
    assert (sent["sampler_name"], sent["subseed_strength"], sent["save_images"]) == ("DPM++ 2M", 1, False)


def test_img2img_starts_from_a_picture_beside_the_project(server: FakeWebui, tmp_path: Path) -> None:
    Image.new("RGB", (48, 32), "red").save(tmp_path / "start.png")
    given = project(server, more='image = "start.png"\nstrength = "{ink}"', folder=tmp_path)
    tess.generate(given, tmp_path / "a.tess", limit=1).close()
    sent = server.requests[0]
    assert Image.open(io.BytesIO(base64.b64decode(sent["init_images"][0]))).getpixel((0, 0)) == (255, 0, 0)
    assert sent["denoising_strength"] == 0


def test_a_whole_tesseract_knows_neither_address_nor_secret(
    server: FakeWebui, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.auth = "ada:lovelace"
    monkeypatch.setenv("TESS_WEBUI_AUTH", "ada:lovelace")
    path = tmp_path / "a.tess"
    with tess.generate(project(server), path) as tesseract:
        assert tesseract.painted() == 9
        assert "address" not in tesseract.project.generator.options
    stored = b"".join(file.read_bytes() for file in path.rglob("*.json"))
    written = b"".join(file.read_bytes() for file in path.rglob("*") if file.is_file())
    assert b"127.0.0.1" not in stored
    assert b"lovelace" not in written
    assert base64.b64encode(b"ada:lovelace") not in written


def test_another_address_goes_on_with_the_same_tesseract(tmp_path: Path) -> None:
    with FakeWebui().running() as first, FakeWebui().running() as second:
        tess.generate(project(first), tmp_path / "a.tess", limit=4).close()
        with tess.generate(project(second), tmp_path / "a.tess") as tesseract:
            assert tesseract.painted() == 9
        assert (first.asked, second.asked) == (4, 5)


def test_a_wrong_password_is_told_and_not_repeated(server: FakeWebui, monkeypatch: pytest.MonkeyPatch) -> None:
    server.auth = "ada:lovelace"
    monkeypatch.setenv("TESS_WEBUI_AUTH", "ada:secret")
    with pytest.raises(GeneratorError, match="did not let us") as caught:
        open_generator(project(server))
    assert "secret" not in str(caught.value)
    assert "TESS_WEBUI_AUTH" in str(caught.value)


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        ('sampler = "DPM++ 3M"', "did you mean 'DPM"),
        ('model = "flower"', "did you mean 'flowers'"),
        ("request = { width = 3 }", "request.width is not yours to set"),
        ('negative_prompt = "{hue}"', "there is no axis 'hue'"),
    ],
)
def test_mistakes_are_found_before_painting(shared: FakeWebui, more: str, problem: str) -> None:
    text = TEXT if "sampler" not in more else TEXT.replace('sampler = "DPM++ 2M"\n', "")
    with pytest.raises(ProjectError, match=problem):
        open_generator(parse_project(text.format(address=shared.address, more=more)))


@pytest.mark.parametrize("address", ["ftp://a", "localhost:7860", "http://ada:pw@localhost", "http://"])
def test_an_address_has_to_be_one_and_holds_no_password(address: str) -> None:
    with pytest.raises(ProjectError) as caught:
        open_generator(parse_project(TEXT.format(address=address, more="")))
    assert "pw" not in str(caught.value).replace("http://HOST", "")


def test_nobody_at_the_address_is_one_clear_error() -> None:
    with pytest.raises(ServerGone, match=r"the server cannot be reached\n.*\n.*is it running"):
        open_generator(parse_project(TEXT.format(address="http://127.0.0.1:9", more="")))


@pytest.mark.parametrize(
    ("trouble", "problem"),
    [
        (OUT_OF_MEMORY, "the server ran out of memory"),
        (PAGE, "the answer is no JSON"),
        ("small", r"another size\n.*48 × 32.*\n.*8 × 8"),
        (STARTING, "the server is busy"),
    ],
)
def test_what_goes_wrong_is_told(server: FakeWebui, trouble: object, problem: str) -> None:
    generator = open_generator(project(server))
    server.trouble = [trouble]
    with pytest.raises(GeneratorError, match=problem):
        generator.paint([POINT])
    assert generator.paint([POINT]).shape == (1, 32, 48, 3)


def test_a_field_that_the_server_does_not_understand_is_named(server: FakeWebui) -> None:
    with pytest.raises(GeneratorError, match="steps: value is not a valid integer"):
        open_generator(project(server, more='steps = "{ink}x"')).paint([POINT])


def test_a_run_survives_all_of_it_and_a_restart(server: FakeWebui, tmp_path: Path) -> None:
    server.seconds = 0.15
    server.trouble = [None, OUT_OF_MEMORY, PAGE, STARTING, "small"]

    def restart() -> None:
        while server.asked < 9:
            time.sleep(0.01)
        server.stop()
        time.sleep(0.3)
        server.start()

    thread = threading.Thread(target=restart)
    thread.start()
    try:
        with tess.generate(project(server), tmp_path / "a.tess") as tesseract:
            assert tesseract.painted() == 9
            thread.join()
            straight = open_generator(project(server)).paint([tesseract.grid.point((1, 2))])[0]
            assert np.abs(tesseract.picture((1, 2)).astype(int) - straight).max() <= 3
    finally:
        thread.join()


def test_a_stuck_picture_is_interrupted_on_the_server_and_tried_again(server: FakeWebui, tmp_path: Path) -> None:
    server.trouble = ["wait"]
    with tess.generate(project(server), tmp_path / "a.tess", task_seconds=0.5) as tesseract:
        assert tesseract.painted() == 9
    assert server.asked == 10


def test_nobody_elses_picture_is_interrupted_when_a_run_ends(server: FakeWebui, tmp_path: Path) -> None:
    tess.generate(project(server), tmp_path / "a.tess").close()
    assert not server.interrupted.is_set()


def test_several_servers_share_the_work_by_their_speed(tmp_path: Path) -> None:
    with FakeWebui().running() as slow, FakeWebui().running() as fast:
        slow.seconds, fast.seconds = 0.15, 0.05
        large = project(slow, fast)
        text = TEXT.replace("steps = 3", "steps = 7")
        addresses = f'["{slow.address}", "{fast.address}"]'
        large = parse_project(text.replace('"{address}"', addresses).format(more=""))
        with tess.generate(large, tmp_path / "a.tess") as tesseract:
            assert tesseract.painted() == 49
        assert slow.asked + fast.asked == 49
        assert fast.asked > 1.5 * slow.asked


def test_a_server_that_fails_at_everything_costs_no_picture_while_another_works(tmp_path: Path) -> None:
    with FakeWebui().running() as good, FakeWebui().running() as small:
        good.seconds, small.trouble = 0.1, [OUT_OF_MEMORY] * 10_000
        wide = TEXT.replace("steps = 3", "steps = 6").replace('"{address}"', f'["{good.address}", "{small.address}"]')
        with tess.generate(parse_project(wide.format(more="")), tmp_path / "a.tess") as tesseract:
            assert tesseract.painted() == 36
        assert good.asked == 36
    journal = (tmp_path / "a.tess" / "frames" / "journal.jsonl").read_text(encoding="utf-8")
    assert journal.count('"failing"') == 1
    assert '"failed"' not in journal


def test_a_picture_that_fails_on_every_server_is_given_up(tmp_path: Path) -> None:
    with FakeWebui().running() as one, FakeWebui().running() as other:
        one.trouble, other.trouble = [OUT_OF_MEMORY] * 10_000, [OUT_OF_MEMORY] * 10_000
        with pytest.raises(GeneratorError, match="every cell that was tried failed"):
            tess.generate(project(one, other), tmp_path / "a.tess")


def test_a_trial_counts_the_servers_and_not_the_cores(server: FakeWebui, shared: FakeWebui) -> None:
    cost = tess.trial(project(server, shared), at=[POINT]).cost
    assert (cost.workers, cost.on_servers) == (2, True)
    assert tess.trial(project(server), at=[POINT]).cost.workers == 1


def test_it_is_told_how_far_a_picture_is(server: FakeWebui, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tessonance.generators.webui.LOOK_SECONDS", 0.02)
    server.seconds = 0.6
    heard: list[tuple[float, ...]] = []
    with tess.generate(
        project(server), tmp_path / "a.tess", limit=1, progress=lambda at: heard.append(at.in_hand)
    ) as tesseract:
        assert tesseract.painted() == 1
    assert (0.25,) in heard
    assert heard[-1] == ()


def test_a_server_that_does_not_tell_how_far_it_is_paints_all_the_same(
    server: FakeWebui, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tessonance.generators.webui.LOOK_SECONDS", 0.02)
    monkeypatch.setattr(server, "progress", lambda request: None)
    server.seconds = 0.2
    generator = open_generator(project(server))
    assert generator.paint([POINT]).shape == (1, 32, 48, 3)
    assert generator.in_hand == 0  # type: ignore[attr-defined]
