"""A server that means ill: it leads nowhere else, learns and tells no secret, and its nonsense is one clear error."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from image_servers import WORKFLOW

from tessonance.errors import GeneratorError, ProjectError, ServerGone, TessError
from tessonance.generators import comfy_queue, http
from tessonance.plugins import open_generator
from tessonance.project import parse_project

Handler = Callable[[str, dict[str, str], socket.socket], bytes | None]

TEXT = """
[picture]
width = 48
height = 32
[generator]
use = "{use}"
address = "{address}"
{more}
[[axis]]
name = "bloom"
steps = 3
"""
WEBUI = 'prompt = "a (tall:{bloom}) flower"'
COMFYUI = 'workflow = "flower_api.json"'
SHOWN = {"outputs": {"9": {"images": [{"filename": "../../etc/passwd", "subfolder": "", "type": "output"}]}}}


def reply(status: int, body: object = b"", location: str = "") -> bytes:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [f"HTTP/1.1 {status} X", f"Content-Length: {len(raw)}", *([f"Location: {location}"] if location else [])]
    return "\r\n".join([*head, "", ""]).encode() + raw


@contextmanager
def served(handler: Handler) -> Iterator[str]:
    """A server that answers as `handler` says: with bytes, or with None after it has spoken for itself."""
    door = socket.create_server(("127.0.0.1", 0))
    lines: list[socket.socket] = []

    def answer(line: socket.socket) -> None:
        with suppress(OSError), line, line.makefile("rb") as said:
            while first := said.readline().decode():
                head = {}
                while entry := said.readline().decode().strip():
                    key, _, value = entry.partition(":")
                    head[key.lower()] = value.strip()
                said.read(int(head.get("content-length", 0)))
                if (given := handler(first.split()[1], head, line)) is None:
                    return
                line.sendall(given)

    def listen() -> None:
        with suppress(OSError):
            while True:
                lines.append(door.accept()[0])
                threading.Thread(target=answer, args=(lines[-1],), daemon=True).start()

    threading.Thread(target=listen, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{door.getsockname()[1]}"
    finally:
        for each in (door, *lines):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "PAUSES", ())
    monkeypatch.setattr(comfy_queue, "LOOK_SECONDS", 0.05)


def told(use: str, handler: Handler, folder: Path) -> TessError:
    """Paint a picture with a server, and return the error that this gives."""
    (folder / "flower_api.json").write_text(json.dumps(WORKFLOW), encoding="utf-8")
    more = WEBUI if use == "webui" else COMFYUI
    with served(handler) as address:
        try:
            given = parse_project(TEXT.format(use=use, address=address, more=more), folder=folder)
            with closing(open_generator(given)) as generator:
                generator.paint([{"bloom": 0.5}])
        except TessError as error:
            return error
    pytest.fail("it painted")


def comfy(**answers: Any) -> Handler:
    """What a ComfyUI would answer, but for some paths."""

    def handle(path: str, head: dict[str, str], line: socket.socket) -> bytes | None:
        kind = path.split("?")[0].split("/")[1]
        usual = {
            "queue": reply(200, {"queue_running": [], "queue_pending": []}),
            "prompt": reply(200, {"prompt_id": "a"}),
            "history": reply(200, {"a": SHOWN}),
        }
        given = answers.get(kind, usual.get(kind, reply(404)))
        return given(head) if callable(given) else given

    return handle


@pytest.mark.parametrize("kind", ["samplers", "txt2img"])
def test_a_redirect_of_webui_leads_nowhere(tmp_path: Path, kind: str) -> None:
    asked: list[str] = []
    with served(lambda path, head, line: asked.append(path) or reply(200, [])) as elsewhere:  # type: ignore[func-returns-value]

        def handle(path: str, head: dict[str, str], line: socket.socket) -> bytes:
            return reply(307, location=elsewhere + path) if kind in path else reply(200, [])

        assert "status 307" in str(told("webui", handle, tmp_path))
    assert not asked


@pytest.mark.parametrize("kind", ["queue", "prompt", "history", "view", "ws"])
def test_a_redirect_of_comfyui_leads_nowhere(tmp_path: Path, kind: str) -> None:
    asked: list[str] = []
    with served(lambda path, head, line: asked.append(path) or reply(200, {})) as elsewhere:  # type: ignore[func-returns-value]
        location = elsewhere.replace("http", "ws") if kind == "ws" else elsewhere
        error = told("comfyui", comfy(**{kind: reply(302, location=f"{location}/{kind}")}), tmp_path)
        assert "status 404" in str(error) if kind == "ws" else "status 302" in str(error)
    assert not asked


@pytest.mark.parametrize("auth", ["ada:lovelace", "a-token-of-mine"])
def test_a_server_that_sends_the_password_back_does_not_get_it_into_errors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, auth: str
) -> None:
    monkeypatch.setenv("TESS_WEBUI_AUTH", auth)
    monkeypatch.setenv("TESS_COMFYUI_AUTH", auth)
    heard: list[str] = []

    def echo(path: str, head: dict[str, str], line: socket.socket) -> bytes:
        heard.append(head["authorization"])
        return reply(500, {"errors": f"{head} {auth}"})

    failed = {"status": {"status_str": "error", "messages": [["execution_error", {"exception_message": auth}]]}}
    refused = {"node_errors": {"3": {"errors": [{"message": auth}]}}}
    errors = [
        told("webui", echo, tmp_path),
        told(
            "webui", lambda path, head, line: reply(200, []) if "samplers" in path else echo(path, head, line), tmp_path
        ),
        told("comfyui", echo, tmp_path),
        told("comfyui", comfy(history=reply(200, {"a": failed})), tmp_path),
        told("comfyui", comfy(history=reply(200, {"a": {"outputs": {"9": auth}}})), tmp_path),
        told("comfyui", comfy(prompt=reply(400, refused)), tmp_path),
        told("comfyui", comfy(view=lambda head: reply(500, str(head).encode())), tmp_path),
    ]
    assert heard
    for error in errors:
        for secret in (auth, auth.partition(":")[2] or auth, heard[0].split()[1]):
            assert secret not in str(error)


def test_a_secret_that_no_header_can_carry_is_told_but_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A", " a-token\r\n")
    assert http.secret("A") == "a-token"
    monkeypatch.setenv("A", "ada:l\N{LATIN SMALL LETTER O WITH DIAERESIS}velace")
    assert http.authorization(http.secret("A"))["Authorization"].startswith("Basic ")
    for wrong in ("to\nken", "t\N{RIGHTWARDS ARROW}ken"):
        monkeypatch.setenv("A", wrong)
        with pytest.raises(ProjectError, match="the environment's A") as refused:
            http.secret("A")
        assert "ken" not in str(refused.value).replace("token", "")


@pytest.mark.parametrize(
    "body",
    [5, [[[[[[[[[[[[1]]]]]]]]]]]], {"detail": [{"loc": 5, "msg": 3}]}, {"errors": json.loads("[" * 900 + "]" * 900)}],
)
def test_nonsense_of_webui_is_one_clear_error(tmp_path: Path, body: object) -> None:
    for status in (200, 422):
        error = told(
            "webui",
            lambda path, head, line, s=status: reply(s, body) if "txt2img" in path else reply(200, []),
            tmp_path,
        )
        assert isinstance(error, GeneratorError)
        assert len(str(error)) < 1000


@pytest.mark.parametrize(("use", "hint"), [("webui", "start it with --api"), ("comfyui", "the address of ComfyUI?")])
def test_a_server_of_another_kind_is_told_before_anything_is_painted(tmp_path: Path, use: str, hint: str) -> None:
    asked: list[str] = []
    error = told(use, lambda path, head, line: asked.append(path) or reply(404), tmp_path)  # type: ignore[func-returns-value]
    assert hint in str(error)
    assert len(asked) == 1


def test_a_list_of_nonsense_has_no_sampler(tmp_path: Path) -> None:
    assert "no picture" in str(told("webui", lambda *_: reply(200, [None, 3, {"name": 5, "aliases": 7}]), tmp_path))


@pytest.mark.parametrize(
    "answers",
    [
        {"history": reply(200, {"a": {"status": {"status_str": "error", "messages": 5}}})},
        {"history": reply(200, {"a": {"status": {"status_str": "error", "messages": [5, [1, 2]]}}})},
        {"history": reply(200, {"a": {"outputs": {"9": 5}}})},
        {"history": reply(200, {"a": {"outputs": {"9": {"images": [{"filename": {"a": 1}}]}}}})},
        {"prompt": reply(400, {"node_errors": {"3": {"errors": 5}}})},
        {"prompt": reply(200, {"prompt_id": "../../view?x="})},
        {"queue": reply(200, {"queue_running": 5}), "history": reply(200, {})},
    ],
)
def test_nonsense_of_comfyui_is_one_clear_error(tmp_path: Path, answers: dict[str, bytes]) -> None:
    assert isinstance(told("comfyui", comfy(**answers), tmp_path), GeneratorError)


def test_an_answer_that_never_ends_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "TAIL_SECONDS", -599.7)

    def drip(path: str, head: dict[str, str], line: socket.socket) -> bytes | None:
        line.sendall(b"HTTP/1.1 200 X\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(500):
            line.sendall(b" ")
            time.sleep(0.02)
        return None

    assert isinstance(error := told("webui", drip, tmp_path), ServerGone)
    assert "does not end" in str(error)
