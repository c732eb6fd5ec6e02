"""One painter's conversation: Hello, Welcome, then edits up and frames down, until either side leaves.

Reading and sending are two tasks; neither waits for the model. What is refused is answered in words and the
conversation goes on, unless it happens too often.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine
from typing import Final, assert_never

from starlette.websockets import WebSocket, WebSocketDisconnect

from semdraw.errors import ProtocolError, SemdrawError
from semdraw.frames import EngineStatus, Flow
from semdraw.models.registry import ModelCard
from semdraw.protocol import (
    VERSION,
    Applied,
    ClientMessage,
    Edit,
    Hello,
    ModelChanged,
    Refused,
    ServerMessage,
    SetFlow,
    SetLive,
    Shown,
    Status,
    SwitchModel,
    Welcome,
    decode_client,
    encode,
    seq_of,
)
from semdraw.seats import Seat
from semdraw.server.codec import frame_message
from semdraw.server.gate import at_once
from semdraw.server.limits import Flood, Patience
from semdraw.server.outbox import News, Outbox, StalledError
from semdraw.server.studio import Studio, facts_of
from semdraw.session import Session

log = logging.getLogger(__name__)

GOING_AWAY: Final = 1001
POLICY: Final = 1008
TRY_LATER: Final = 1013
_LARGE_BYTES: Final = 32 * 1024  # from here on a message is decoded and applied in a worker thread


class LeaveError(Exception):
    """This side ends the conversation."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


async def converse(websocket: WebSocket, studio: Studio) -> None:
    """Serve one socket from handshake to close; leaves nothing behind."""
    await websocket.accept()
    address = websocket.client.host if websocket.client else ""
    with studio.admission.admit(address) as refusal:
        try:
            if refusal:
                await websocket.send_bytes(encode(Refused(reason=refusal)))
                raise LeaveError(TRY_LATER, "full")
            await Conversation(websocket, studio).run()
        except (LeaveError, StalledError) as error:
            code = error.code if isinstance(error, LeaveError) else TRY_LATER
            with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
                await asyncio.wait_for(websocket.close(code, str(error)[:100]), timeout=1)
        except WebSocketDisconnect:
            pass


class Conversation:
    """One accepted socket."""

    def __init__(self, websocket: WebSocket, studio: Studio) -> None:
        self._websocket = websocket
        self._studio = studio
        self._outbox = Outbox(stall_s=studio.limits.stall_s)
        self._flood = Flood(studio.limits)
        self._patience = Patience(studio.limits)
        self._card = studio.models.card  # what the page knows of
        self._session = Session(studio.starter)  # until hello
        self._editing = asyncio.Lock()
        self._wish: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Until the page leaves (WebSocketDisconnect) or has to (LeaveError, StalledError)."""
        offer = _threadsafe(self._outbox.offer)
        with self._studio.models.heard_by(offer):  # from before the welcome on, so that no change is missed
            await self._greet()
            await self._paint(self._studio.engine.open_seat(offer))

    async def _paint(self, seat: Seat) -> None:
        try:
            seat.put(self._session.scene, self._session.revision)
            await _until_first_ends(self._listen(seat), self._deliver(seat))
        finally:
            seat.close()
            if self._wish is not None:
                self._wish.cancel()

    # ---- the page speaks ----
    async def _greet(self) -> None:
        """Wait for a Hello that makes sense and answer it."""
        try:
            async with asyncio.timeout(self._studio.limits.hello_timeout_s):
                while not await self._is_greeted(await self._receive()):
                    pass
        except TimeoutError:
            raise LeaveError(POLICY, "no hello came") from None

    async def _is_greeted(self, message: ClientMessage) -> bool:
        if not isinstance(message, Hello):
            await self._refuse("say hello first")
            return False
        if message.version != VERSION:
            await self._refuse(
                f"the page speaks version {message.version}, this server {VERSION}; reload the page"
            )
            raise LeaveError(POLICY, "another version")
        self._card = self._studio.models.card
        scene = message.scene or self._studio.first_scene(self._card)
        try:
            self._session = Session(scene)
        except SemdrawError as error:
            await self._refuse(str(error))
            return False
        starter = scene if message.scene is None else None
        await self._send(Welcome(version=VERSION, model=facts_of(self._card), revision=0, scene=starter))
        return True

    async def _listen(self, seat: Seat) -> None:
        while True:
            await self._answer(await self._receive(), seat)

    async def _answer(self, message: ClientMessage, seat: Seat) -> None:
        match message:
            case Edit():
                await self._edit(message, seat)
            case SetLive(live=live):
                seat.set_live(live)
            case SetFlow():
                seat.set_flow(self._flow_of(message))
            case Shown(number=number) if number <= self._outbox.num_sent:
                self._outbox.shown(number)
            case Shown(number=number):
                await self._refuse(f"frame {number} was never sent")
            case SwitchModel() if self._wish is not None and not self._wish.done():
                await self._refuse("a model is being loaded already; wait for it")
            case SwitchModel(model=name):
                self._wish = asyncio.create_task(self._switch(name))
            case Hello():
                await self._refuse("hello was said already")
            case _:
                assert_never(message)

    def _flow_of(self, message: SetFlow) -> Flow | None:
        if message.speed == 0:
            return None
        return Flow(speed=message.speed, per_s=message.per_s, rest_s=self._studio.limits.flow_rest_s)

    async def _edit(self, edit: Edit, seat: Seat) -> None:
        try:
            revision = await self._apply(edit)
        except SemdrawError as error:
            await self._refuse(str(error), seq=edit.seq)
            return
        seat.put(self._session.scene, self._session.revision)
        await self._send(Applied(seq=edit.seq, revision=revision))

    async def _switch(self, name: str) -> None:
        """Beside the conversation, which goes on meanwhile; whether it ends well is told to all by the studio."""
        with contextlib.suppress(WebSocketDisconnect, StalledError):
            try:
                await self._studio.models.switch(name)
            except SemdrawError as error:
                await self._not_loaded(name, str(error))
            except Exception:
                log.exception("a switch to another model failed")
                await self._not_loaded(name, "something unexpected went wrong; see the server's log")

    async def _not_loaded(self, name: str, reason: str) -> None:
        await self._send(Refused(reason=f"{name} is not loaded: {reason}", revision=self._session.revision))

    async def _apply(self, edit: Edit) -> int:
        """In a worker thread where it may take long: nobody else's messages wait for a large canvas."""
        async with self._editing:
            if self._session.scene.canvas.extent.area < 2**20:
                return self._session.apply(edit.seq, edit.command)
            return await at_once(self._session.apply, edit.seq, edit.command)

    async def _receive(self) -> ClientMessage:
        """The next message that can be read; those that cannot are refused on the way."""
        while True:
            event = await self._websocket.receive()
            if event["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(event.get("code", 1005))
            data: bytes = event.get("bytes") or (event.get("text") or "").encode()
            await self._pace(len(data))
            try:
                if len(data) < _LARGE_BYTES:
                    return decode_client(data)
                return await at_once(decode_client, data)
            except ProtocolError as error:
                await self._refuse(str(error), seq=seq_of(data))

    async def _pace(self, num_bytes: int) -> None:
        """Whoever sends too fast is read more slowly, and after a while no longer."""
        wait_s = self._flood.pace(num_bytes)
        if self._flood.is_over:
            raise LeaveError(POLICY, "too many messages")
        if wait_s > 0:
            await asyncio.sleep(wait_s)

    # ---- the server speaks ----
    async def _follow(self, card: ModelCard, seat: Seat) -> None:
        """Another model paints: what this painter's recipe left to the former one is left to the new one."""
        former, self._card = self._card, card
        async with self._editing:
            recipe = self._studio.retuned(self._session.scene.recipe, former, card)
            if recipe == self._session.scene.recipe:
                return
            self._session.retune(recipe)
            seat.put(self._session.scene, self._session.revision)

    async def _deliver(self, seat: Seat) -> None:
        while True:
            news = await self._outbox.take()
            if isinstance(news, EngineStatus):
                await self._send(Status(state=news.state, reason=news.reason))
            elif isinstance(news, ModelCard):
                await self._follow(news, seat)
                await self._send(ModelChanged(model=facts_of(news)))
            else:
                await self._send_bytes(await at_once(frame_message, news, self._outbox.num_sent))

    async def _refuse(self, reason: str, *, seq: int | None = None) -> None:
        await self._send(Refused(reason=reason, seq=seq, revision=self._session.revision))
        if self._patience.ends():
            raise LeaveError(POLICY, "too many messages were refused")

    async def _send(self, message: ServerMessage) -> None:
        await self._send_bytes(encode(message))

    async def _send_bytes(self, data: bytes) -> None:
        try:
            async with asyncio.timeout(self._studio.limits.stall_s):
                await self._websocket.send_bytes(data)
        except TimeoutError:
            raise StalledError("nothing was read for too long") from None
        except RuntimeError as error:  # the socket closed between two messages
            raise WebSocketDisconnect(GOING_AWAY, str(error)) from None


def _threadsafe(offer: Callable[[News], None]) -> Callable[[News], None]:
    """`offer`, callable from the engine's thread; news for a loop that has ended is dropped."""
    loop = asyncio.get_running_loop()

    def listener(news: News) -> None:
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(offer, news)

    return listener


async def _until_first_ends(*work: Coroutine[None, None, None]) -> None:
    """Run all until one ends, then cancel the others; what it raised is raised."""
    tasks = [asyncio.create_task(coroutine) for coroutine in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
