"""The worker's side of a cluster: one open generator, one version, and failures in words that travel."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tessonance.errors import GeneratorError
from tessonance.make import remote
from tessonance.make.remote import Letter, Reply, answer, own_version
from tessonance.make.worker import Failure, Hello, Painted, Painter
from tessonance.project import Project, parse_project
from tessonance.store import codec_for

POINT = {"bloom": 0.5, "ink": 0.0}


@pytest.fixture(autouse=True)
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was opened and closed."""
    said: list[str] = []

    class Watched(Painter):
        def __init__(self, project: Project) -> None:
            super().__init__(project)
            said.append("open")

        def close(self) -> None:
            super().close()
            said.append("close")

    monkeypatch.setattr(remote, "Painter", Watched)
    monkeypatch.setattr(remote, "_open", {})
    monkeypatch.setattr(remote, "one_thread", lambda: None)
    return said


def asked(project: Project, **letter: Any) -> Hello | Painted | Failure:
    raw = msgspec.msgpack.encode(Letter(**{"version": own_version(), "project": project.to_dict(), **letter}))
    return msgspec.msgpack.decode(answer(raw), type=Reply).answer


def test_without_points_it_says_who_it_is(small_project: Project) -> None:
    hello = asked(small_project)
    assert isinstance(hello, Hello)
    assert (hello.batch_size, hello.slow_axes, hello.device) == (8, (), None)


def test_the_generator_is_opened_once_for_many_letters(small_project: Project, opened: list[str]) -> None:
    for _ in range(3):
        asked(small_project, points=[POINT])
    assert opened == ["open"]


def test_another_project_closes_the_first(small_project: Project, small_text: str, opened: list[str]) -> None:
    asked(small_project)
    asked(parse_project(small_text.replace("seed = 3", "seed = 4")))
    assert opened == ["open", "close", "open"]


def test_it_closes_when_told_to_and_only_the_project_it_is_told(
    small_project: Project, small_text: str, opened: list[str]
) -> None:
    asked(small_project)
    asked(parse_project(small_text.replace("seed = 3", "seed = 4")), close=True)
    assert opened == ["open"]
    asked(small_project, close=True)
    assert opened == ["open", "close"]


def test_pictures_come_in_the_projects_codec_or_without_loss(small_project: Project) -> None:
    jpeg, exact = asked(small_project, points=[POINT]), asked(small_project, points=[POINT], exact=True)
    assert isinstance(jpeg, Painted)
    assert isinstance(exact, Painted)
    codec_for(small_project.picture).check(jpeg.pictures[0])
    codec_for(msgspec.structs.replace(small_project.picture, codec="lossless")).check(exact.pictures[0])


def test_another_version_is_refused_before_the_letter_is_read(small_project: Project) -> None:
    raw = msgspec.msgpack.encode({"version": "9.9", "points": "of a kind that is not known here"})
    failure = msgspec.msgpack.decode(answer(raw), type=Reply).answer
    assert isinstance(failure, Failure)
    error = failure.error()
    assert (error.wanted, error.got) == ("9.9", own_version())
    assert "install the same version on every machine" in str(error)


def test_what_the_generator_refuses_comes_back_with_its_words(small_text: str) -> None:
    failure = asked(parse_project(small_text.replace("seed = 3", "delay = 3")))
    assert isinstance(failure, Failure)
    assert "did you mean 'delay_ms'" in str(failure.error())
    failure = asked(parse_project(small_text.replace("plasma", "plasna")))
    assert isinstance(failure, Failure)
    assert isinstance(failure.error(), GeneratorError)
