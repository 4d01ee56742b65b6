"""Servers on loopback that speak the APIs of A1111's WebUI and of ComfyUI, down to their errors.

Written from the source of both (``modules/api/api.py``; ``server.py`` and ``execution.py``), since neither runs without
a graphics card and gigabytes of weights: what they paint is a plain colour that follows the numbers in the request.
"""

from __future__ import annotations

import asyncio
import base64
import io
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

NUMBER = re.compile(r":(-?\d+(?:\.\d+)?)\)")


def encoded(text: str, size: tuple[int, int]) -> bytes:
    """A PNG whose colour follows the weights in a prompt."""
    weights = [float(number) for number in NUMBER.findall(text)] or [0.0]
    colour = tuple(int(255 * min(max(weights[k % len(weights)] / 2, 0), 1)) for k in range(3))
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


class FakeServer:
    """A server on a free port of loopback; `stop` and `start` are a restart, on the same port."""

    def __init__(self) -> None:
        self.port, self.asked = 0, 0
        self.seconds = 0.0  # how long a picture takes
        self.busy_seconds = 0.0
        self.trouble: list[Any] = []  # what goes wrong with the next requests for pictures, None for nothing
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def app(self) -> Starlette:
        raise NotImplementedError

    def start(self) -> None:
        config = uvicorn.Config(
            self.app(), host="127.0.0.1", port=self.port, log_level="critical", lifespan="off", ws="websockets-sansio"
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.01)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join()

    @contextmanager
    def running(self) -> Iterator[FakeServer]:
        self.start()
        try:
            yield self
        finally:
            self.stop()

    def troubled(self) -> Any:
        with self.lock:
            self.asked += 1
            return self.trouble.pop(0) if self.trouble else None

    def work(self) -> None:
        """Take as long as a picture takes, one picture at a time."""
        began = time.monotonic()
        time.sleep(self.seconds)
        self.busy_seconds += time.monotonic() - began


class FakeWebui(FakeServer):
    """A1111's API: what is asked for by tests, and no more."""

    def __init__(self, *, auth: str | None = None) -> None:
        super().__init__()
        self.auth, self.requests, self.interrupted = auth, [], threading.Event()
        self.queue_lock = threading.Lock()

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/sdapi/v1/samplers", self.samplers),
                Route("/sdapi/v1/sd-models", self.models),
                Route("/sdapi/v1/txt2img", self.paint, methods=["POST"]),
                Route("/sdapi/v1/img2img", self.paint, methods=["POST"]),
                Route("/sdapi/v1/progress", self.progress),
                Route("/sdapi/v1/interrupt", self.interrupt, methods=["POST"]),
            ]
        )

    def _let_in(self, request: Request) -> Response | None:
        if self.auth is None:
            return None
        wanted = "Basic " + base64.b64encode(self.auth.encode()).decode()
        if request.headers.get("authorization") == wanted:
            return None
        said = {"error": "HTTPException", "detail": "Incorrect username or password", "body": "", "errors": ""}
        return JSONResponse(said, 401, {"WWW-Authenticate": "Basic"})

    async def samplers(self, request: Request) -> Response:
        return self._let_in(request) or JSONResponse(
            [{"name": "DPM++ 2M", "aliases": ["k_dpmpp_2m"], "options": {}}, {"name": "Euler", "aliases": ["k_euler"]}]
        )

    async def models(self, request: Request) -> Response:
        return self._let_in(request) or JSONResponse(
            [{"title": "flowers.safetensors [0123456789]", "model_name": "flowers", "hash": "0123456789"}]
        )

    async def progress(self, request: Request) -> Response:
        done = 0.25 if self.queue_lock.locked() else 0.0
        return self._let_in(request) or JSONResponse({"progress": done, "eta_relative": 3.0, "current_image": None})

    async def interrupt(self, request: Request) -> Response:
        self.interrupted.set()
        return JSONResponse({})

    async def paint(self, request: Request) -> Response:
        if refusal := self._let_in(request):
            return refusal
        body = await request.json()
        return await asyncio.to_thread(self._painted, body)

    def _painted(self, body: dict[str, Any]) -> Response:
        trouble = self.troubled()
        if isinstance(trouble, Response):
            return trouble
        if not isinstance(body.get("steps"), int):
            place = ["body", "steps"]
            said = [{"loc": place, "msg": "value is not a valid integer", "type": "type_error.integer"}]
            return JSONResponse({"detail": said, "body": "", "errors": ""}, 422)
        with self.queue_lock:  # as the real one: a picture at a time
            self.requests.append(body)
            self.interrupted.clear()
            self.work()
            if trouble == "wait":
                self.interrupted.wait(20)
        size = (8, 8) if trouble == "small" else (body["width"], body["height"])
        images = [base64.b64encode(encoded(body["prompt"], size)).decode()]
        return JSONResponse({"images": images, "parameters": body, "info": "{}"})


OUT_OF_MEMORY = JSONResponse(
    {
        "error": "OutOfMemoryError",
        "detail": "",
        "body": "",
        "errors": "CUDA out of memory. Tried to allocate 4.00 GiB (GPU 0; 8.00 GiB total capacity)",
    },
    500,
)
PAGE = HTMLResponse("<html><body><h1>It works!</h1></body></html>")
STARTING = HTMLResponse("<html><body>502 Bad Gateway</body></html>", 502)


class FakeComfy(FakeServer):
    """ComfyUI's queue, history and websocket; its sampler node refuses a cfg below 0."""

    def __init__(self) -> None:
        super().__init__()
        self._begin()
        self.drop_sockets = False
        self.interrupts = 0

    def _begin(self) -> None:
        self.pending: list[tuple[int, str, dict[str, Any], str]] = []
        self.at_work: tuple[int, str, dict[str, Any], str] | None = None
        self.history: dict[str, Any] = {}
        self.files: dict[str, bytes] = {}
        self.sockets: dict[str, WebSocket] = {}
        self.stopped = threading.Event()

    def start(self) -> None:
        self._begin()  # a restarted server remembers nothing
        super().start()
        self._worker = threading.Thread(target=self._work, daemon=True)
        self._worker.start()

    def stop(self) -> None:
        self.stopped.set()
        self._worker.join()
        super().stop()

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/queue", self.queue, methods=["GET", "POST"]),
                Route("/prompt", self.prompt, methods=["POST"]),
                Route("/history/{number}", self.told),
                Route("/view", self.view),
                Route("/interrupt", self.interrupt, methods=["POST"]),
                WebSocketRoute("/ws", self.listen),
            ]
        )

    async def queue(self, request: Request) -> Response:
        if request.method == "POST":
            gone = (await request.json()).get("delete", [])
            with self.lock:
                self.pending = [entry for entry in self.pending if entry[1] not in gone]
            return Response()
        with self.lock:
            running = [[*self.at_work[:3], {}, []]] if self.at_work else []
            return JSONResponse(
                {"queue_running": running, "queue_pending": [[*entry[:3], {}, []] for entry in self.pending]}
            )

    async def interrupt(self, request: Request) -> Response:
        self.interrupts += 1
        return Response()

    async def told(self, request: Request) -> Response:
        number = request.path_params["number"]
        return JSONResponse({number: self.history[number]} if number in self.history else {})

    async def view(self, request: Request) -> Response:
        name = request.query_params["filename"]
        return Response(self.files[name], media_type="image/png") if name in self.files else Response(status_code=404)

    async def listen(self, socket: WebSocket) -> None:
        await socket.accept()
        self.loop = asyncio.get_running_loop()
        self.sockets[socket.query_params["clientId"]] = socket
        await socket.send_json({"type": "status", "data": {"status": {"exec_info": {"queue_remaining": 0}}}})
        try:
            while True:
                await socket.receive_text()
        except (WebSocketDisconnect, RuntimeError):
            pass

    async def prompt(self, request: Request) -> Response:
        body = await request.json()
        trouble = self.troubled()
        if isinstance(trouble, Response):
            return trouble
        for node, told in body["prompt"].items():
            if told["class_type"] == "KSampler" and told["inputs"]["cfg"] < 0:
                error = {
                    "type": "value_smaller_than_min",
                    "message": "Value -1 smaller than min of 0.0",
                    "details": "cfg",
                    "extra_info": {"input_name": "cfg"},
                }
                top = {"type": "prompt_outputs_failed_validation", "message": "Prompt outputs failed validation"}
                errors = {"errors": [error], "dependent_outputs": ["9"], "class_type": "KSampler"}
                return JSONResponse({"error": top, "node_errors": {node: errors}}, 400)
        with self.lock:
            number = f"prompt-{self.asked}"
            self.pending.append((self.asked, number, body["prompt"] | {"trouble": trouble}, body["client_id"]))
        return JSONResponse({"prompt_id": number, "number": self.asked, "node_errors": {}})

    def _work(self) -> None:
        while not self.stopped.wait(0.01):
            with self.lock:
                if not self.pending:
                    continue
                self.at_work = self.pending.pop(0)
            _, number, nodes, client = self.at_work
            trouble = nodes.pop("trouble")
            self._say(client, "execution_start", number)
            self._say(client, "progress", number, value=1, max=4, node="3")
            before = self.interrupts
            self.work()
            while trouble == "wait" and self.interrupts == before and not self.stopped.is_set():
                time.sleep(0.01)
            self.history[number] = self._entry(number, nodes, trouble)
            with self.lock:
                self.at_work = None
            if self.drop_sockets:
                self._close(client)
            else:
                self._say(client, "executing", number, node=None)
                self._say(client, "execution_success", number)

    def _entry(self, number: str, nodes: dict[str, Any], trouble: Any) -> dict[str, Any]:
        if trouble in ("node", "memory"):
            kind, said = (
                ("torch.OutOfMemoryError", "Allocation on device") if trouble == "memory" else ("ValueError", "no")
            )
            error = {
                "prompt_id": number,
                "node_id": "3",
                "node_type": "KSampler",
                "exception_message": said,
                "exception_type": kind,
                "traceback": ["..."],
            }
            messages = [["execution_start", {"prompt_id": number}], ["execution_error", error]]
            return {"outputs": {}, "status": {"status_str": "error", "completed": False, "messages": messages}}
        outputs = {}
        for node, told in nodes.items():
            if told["class_type"] in ("PreviewImage", "SaveImage"):
                name = f"{number}-{node}.png"
                latent = next(n for n in nodes.values() if n["class_type"] == "EmptyLatentImage")["inputs"]
                text = next(n for n in nodes.values() if n["class_type"] == "CLIPTextEncode")["inputs"]["text"]
                self.files[name] = encoded(text, (latent["width"], latent["height"]))
                kind = "temp" if told["class_type"] == "PreviewImage" else "output"
                outputs[node] = {"images": [{"filename": name, "subfolder": "", "type": kind}]}
        return {"outputs": outputs, "status": {"status_str": "success", "completed": True, "messages": []}}

    def _say(self, client: str, kind: str, number: str, **data: Any) -> None:
        if socket := self.sockets.get(client):
            message = {"type": kind, "data": {"prompt_id": number, **data}}
            self._on_loop(socket.send_json(message))

    def _close(self, client: str) -> None:
        if socket := self.sockets.pop(client, None):
            self._on_loop(socket.close(1011))

    def _on_loop(self, work: Any) -> None:
        try:
            asyncio.run_coroutine_threadsafe(work, self.loop).result(2)
        except Exception:  # the other side has gone
            work.close()


WORKFLOW: dict[str, Any] = {
    "3": {
        "class_type": "KSampler",
        "inputs": {"seed": 1, "steps": 4, "cfg": 7.0, "positive": ["6", 0], "latent_image": ["5", 0]},
        "_meta": {"title": "Sampler"},
    },
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 48, "height": 32, "batch_size": 1}},
    "6": {
        "class_type": "CLIPTextEncode",
        "inputs": {"text": "a (tall:{bloom}) flower, {red|blue}", "clip": ["4", 1]},
        "_meta": {"title": "Positive"},
    },
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0]}},
    "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "x"}, "_meta": {"title": "Out"}},
}
