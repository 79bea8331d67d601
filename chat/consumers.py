"""The WebSocket of the chat. Touches no model and no ORM; every wait in it has a bound."""

import asyncio
import contextlib
import logging
import math
import random
from collections.abc import Coroutine
from typing import Any
from urllib.parse import parse_qs

from channels.generic.websocket import AsyncWebsocketConsumer
from django.http import parse_cookie
from redis.exceptions import RedisError

from chat import about, events, keys, limits, origins, queue, sessions, tracing, visitor
from chat.conf import get_conf
from chat.continuity import Continuity, Verdict
from chat.errors import BadFrame, Busy, ChatError, SessionExpired
from chat.events import Event
from chat.protocols import ChatbotV1, Plain, Protocol
from chat.pulse import Pulse
from chat.redis_client import is_unavailable, patiently

logger = logging.getLogger(__name__)

SUBPROTOCOL = "chatbot.v1"
SILENCE_S = 10.0
"""After this long without an event while a reply is due, the session is read again."""
GAP_PATIENCE_S = 0.15
"""How long a missing event may be late before the session is read again. Overtaking takes a few ms."""
ACCEPT_PATIENCE_S = 3.0
"""How long a message waits for a Redis that is away before the client is told."""
CONNECT_PATIENCE_S = 3.0
"""How long a new socket waits for Redis. After 5 s Daphne would refuse it, as if its token were bad."""
SPREAD_S = 2.0
"""After a silence of the channel layer the sockets of a process read their sessions within this time."""
MAX_HELD_EVENTS = 1000
FRAMES_AT_ONCE = 10
"""Frames of one socket that are handled as they come. A mailbox has room for 8 messages."""
FLOOD_S = 3.0
"""A socket that sends faster than it may for so long is closed."""

CLOSE_FLOOD = 1008
CLOSE_TOO_BIG = 1009
CLOSE_TRY_LATER = 1013
CLOSE_SESSION_OVER = 4401


class ChatConsumer(AsyncWebsocketConsumer):
    """One socket of one session: `chatbot.v1` where the client asks for it, else the plain protocol."""

    session_id = ""
    _token: sessions.Token | None = None
    """What the socket came in with; None: the page's cookie."""
    _protocol: Protocol
    _patience: asyncio.Timeout
    """Until it is known whether the socket may come in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._continuity = Continuity()
        self._held: list[Event] = []
        self._reading = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._alarm: asyncio.TimerHandle | None = None
        self._deadlines: dict[str, float] = {}
        self._pace = Pace(get_conf().frames_per_minute)
        self._is_accepted = False

    # --- Life of the socket ---

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            async with asyncio.timeout(CONNECT_PATIENCE_S) as self._patience:
                await super().__call__(scope, receive, send)
        except (RedisError, TimeoutError) as error:
            logger.warning("Redis is unavailable for a new socket: %s", error)
            if not self._is_accepted:
                await send({"type": "websocket.accept", "subprotocol": None})
            await send({"type": "websocket.close", "code": CLOSE_TRY_LATER})
        finally:
            self._clean_up()

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Channels' own dispatch first hops to a thread to tidy database connections; there are none here.
        await getattr(self, message["type"].replace(".", "_"))(message)

    async def connect(self) -> None:
        try:
            self.session_id, self._token = self._credentials()
            about.session(self.session_id)
            admission = await sessions.connect(self.session_id, self._token, self.channel_name)
            address_has_room = await limits.take_socket_place(self._address(), self.channel_name)
        except SessionExpired:
            self._patience.reschedule(None)
            await self.close()
            return
        self._patience.reschedule(None)
        if admission.answer != "ok" or not address_has_room:
            why = admission.answer if admission.answer != "ok" else "too many of its address"
            logger.info("A socket was refused: %s", why)
            await self.close()
            return
        speaks_v1 = SUBPROTOCOL in self.scope["subprotocols"]
        self._protocol = ChatbotV1() if speaks_v1 else Plain()
        await self.accept(SUBPROTOCOL if speaks_v1 else None)
        self._is_accepted = True
        # Listen first, read then: what happens in between is in both, and told once.
        await self.channel_layer.group_add(keys.session_group(self.session_id), self.channel_name)
        Pulse.here().listen(self._after_silence)
        self._stay(admission)
        await self._read_session()

    async def disconnect(self, code: int) -> None:
        self._clean_up()
        if self.session_id:
            with contextlib.suppress(RedisError):
                group = keys.session_group(self.session_id)
                await self.channel_layer.group_discard(group, self.channel_name)
                await limits.free_socket_place(self.session_id, self._address(), self.channel_name)

    def _clean_up(self) -> None:
        Pulse.here().ignore(self._after_silence)
        if self._alarm:
            self._alarm.cancel()
        for task in self._tasks:
            task.cancel()

    def _credentials(self) -> tuple[str, sessions.Token | None]:
        """The session of the first credential that is present. Raises SessionExpired for any that is not good."""
        query = parse_qs(self.scope["query_string"].decode("latin1"))
        headers = self._headers()
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        token_text = bearer.strip() if scheme.lower() == "bearer" else query.get("token", [""])[0]
        has_token = bool(token_text) or "authorization" in headers
        origin = headers.get("origin")
        if origin is None:
            # Browsers always send it; without it only a token, which no other page knows, tells who connects.
            if not has_token:
                raise SessionExpired
        elif not origins.is_allowed(origin, headers.get("host", ""), headers.get("x-forwarded-proto", "")):
            raise SessionExpired
        if has_token:
            token = sessions.parse_token(token_text)
            return token.session_id, token
        session_id = query.get("session", [""])[0]
        if session_id not in visitor.session_ids(parse_cookie(headers.get("cookie", ""))):
            raise SessionExpired
        return session_id, None

    def _headers(self) -> dict[str, str]:
        return {name.decode("latin1").lower(): value.decode("latin1") for name, value in self.scope["headers"]}

    def _address(self) -> str:
        client = self.scope.get("client") or ("",)
        return limits.client_address(client[0], self._headers().get("x-forwarded-for", ""))

    # --- From the client ---

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        wait_s = self._pace.take(asyncio.get_running_loop().time())
        if wait_s > FLOOD_S:
            await self.close(CLOSE_FLOOD)
            return
        if wait_s:
            # Only this socket waits: its next frames are not read meanwhile.
            await asyncio.sleep(wait_s)
        try:
            if text_data is None:
                raise BadFrame("Frames must be text, not binary.")
            if _is_longer(text_data, get_conf().max_frame_bytes):
                await self.close(CLOSE_TOO_BIG)
                return
            frame = self._protocol.parse(text_data)
            about.message(getattr(frame, "id", ""))
            await self._act(frame)
        except SessionExpired:
            await self.close(CLOSE_SESSION_OVER)
        except ChatError as error:
            await self.send(self._protocol.refusal(error))
        except RedisError as error:
            if not is_unavailable(error):
                logger.exception("A frame could not be handled")
            await self.send(self._protocol.refusal(Busy(retry_after_s=2.0)))

    async def _act(self, frame: events.ClientFrame) -> None:
        session_id = self.session_id
        match frame:
            case events.Send(message_id, text, replaces):
                with tracing.span("accept", message_id, session_id):
                    accepted = await patiently(
                        lambda: queue.accept(session_id, message_id, text, replaces=replaces),
                        for_s=ACCEPT_PATIENCE_S,
                    )
                if accepted is None:
                    await self._read_session()
                    return
                event = events.queued(accepted.rev, accepted.message, accepted.position)
                logger.debug("Accepted, %d in front", accepted.position)
                if accepted.is_new:
                    # Messages have a limit of their own.
                    self._pace.give_back()
                    await self._publish(event)
                else:
                    # Accepted by a call whose answer was lost, or on another socket: tell it, and watch over it.
                    await self.send(event.frame)
                    self._continuity.due.add(message_id)
                    self._watch()
            case events.Stop():
                stopped = await queue.stop(session_id)
                # A client that knows of the beginning drops it.
                await self._publish(events.started(stopped.started_rev, stopped.message["id"], stopped.to))
                await self._publish(events.replied(stopped.rev, stopped.to, stopped.message))
                await self._notify_worker(stopped.worker, stopped.message["id"])
            case events.Cancel(message_id):
                cancelled = await queue.cancel(session_id, message_id)
                await self._publish(events.cancelled(cancelled.rev, message_id))
                if cancelled.changes_more:
                    await self._publish(events.resync(cancelled.rev))
            case events.Retry(message_id):
                again = await queue.retry(session_id, message_id)
                await self._publish(events.queued(again.rev, again.message, again.position))
            case events.Rate(reply, to, rating):
                rated = await queue.rate(session_id, reply, to, rating)
                event = events.rated(rated.rev, reply, to, rating)
                if rated.is_new:
                    await self._publish(event)
                else:
                    await self.send(event.frame)
            case events.Sync():
                await self._read_session()

    async def _publish(self, event: Event) -> None:
        """Tell this client and all other sockets of the session."""
        await self._relay(event)
        # Whoever misses it will notice the gap; what happened is in Redis already.
        with contextlib.suppress(RedisError):
            await self.channel_layer.group_send(keys.session_group(self.session_id), event.to_layer())

    async def _notify_worker(self, worker: str, reply: str) -> None:
        # Only makes it quicker: without the message the worker learns it with its next flush.
        with contextlib.suppress(RedisError):
            await self.channel_layer.group_send(keys.worker_group(worker), {"type": "worker.drop", "reply": reply})

    # --- To the client ---

    async def chat_event(self, message: dict[str, Any]) -> None:
        """Relay one event of the channel layer."""
        await self._relay(Event.from_layer(message))

    async def _relay(self, event: Event) -> None:
        if event.kind == "ended":
            await self.close(CLOSE_SESSION_OVER)
        elif event.kind == "rotated":
            if self._token:
                self._set_alarm("registration", 0)
        elif self._reading:
            self._hold(event)
        elif event.kind == "resync":
            if event.rev >= self._continuity.rev:
                await self._read_session()
        else:
            verdict = self._continuity.offer(event)
            if verdict is Verdict.SEND:
                await self._tell(event)
                if self._held:
                    await self._tell_held()
            elif verdict is Verdict.GAP:
                self._hold(event)

    async def _tell(self, event: Event) -> None:
        frame = self._protocol.encode(event)
        if frame:
            await self.send(frame)
        self._watch()

    def _hold(self, event: Event) -> None:
        """Keep an early event until what is missing has come, or the session is read again."""
        if len(self._held) < MAX_HELD_EVENTS:
            self._held.append(event)
        # From the first one on: a reply that goes on and on must not put it off.
        if not self._reading and "gap" not in self._deadlines:
            self._set_alarm("gap", GAP_PATIENCE_S)

    async def _tell_held(self) -> None:
        held, self._held = self._held, []
        for event in sorted(held, key=lambda event: (event.rev or self._continuity.rev, event.offset)):
            await self._relay(event)
        if not self._held:
            self._deadlines.pop("gap", None)

    async def _read_session(self) -> None:
        """Send the whole session as it is now, and go on from there."""
        if self._reading:
            return
        self._reading = True
        # Everything is written before it is told: what came so far is in what will be read.
        self._held.clear()
        try:
            snapshot = await patiently(lambda: sessions.asnapshot(self.session_id), for_s=ACCEPT_PATIENCE_S)
        except RedisError as error:
            logger.warning("A session could not be read, trying again: %s", error)
            self._set_alarm("gap", 1.0)
            return
        finally:
            self._reading = False
        if snapshot is None:
            await self.close(CLOSE_SESSION_OVER)
            return
        reply = snapshot.reply
        due_before = self._continuity.due
        self._continuity.reset(
            rev=snapshot.rev,
            due={waiting["id"] for waiting in snapshot.pending},
            reply=reply.id if reply else "",
            size=len(reply.text) if reply else 0,
        )
        self._deadlines.pop("gap", None)
        for frame in self._protocol.encode_session(snapshot, due_before):
            await self.send(frame)
        # A session that has just ended is gone a moment after the time that it was read with.
        self._set_alarm("expiry", snapshot.expires_in_s + 0.1)
        self._watch()
        await self._tell_held()

    # --- Time ---

    def _stay(self, admission: sessions.Admission) -> None:
        """Look again before the socket's places are given away, and when a token that was rotated is dead."""
        again_s = get_conf().socket_registration_s / 3
        if admission.token_left_s is not None:
            again_s = min(again_s, admission.token_left_s + 0.1)
        self._set_alarm("registration", again_s)

    def _watch(self) -> None:
        """Something was told: the silence begins anew."""
        if self._continuity.due:
            self._set_alarm("silence", SILENCE_S)
        else:
            self._deadlines.pop("silence", None)

    def _after_silence(self) -> None:
        # Not all sockets of the process at the same moment.
        self._set_alarm("gap", random.uniform(0, SPREAD_S))

    def _set_alarm(self, name: str, in_s: float) -> None:
        loop = asyncio.get_running_loop()
        self._deadlines[name] = loop.time() + in_s
        # One timer for all: a later deadline than the timer's is looked at when it fires.
        if self._alarm is None or self._alarm.when() > self._deadlines[name]:
            if self._alarm:
                self._alarm.cancel()
            self._alarm = loop.call_at(self._deadlines[name], self._ring)

    def _ring(self) -> None:
        loop = asyncio.get_running_loop()
        self._alarm = None
        over = [name for name, deadline in self._deadlines.items() if deadline <= loop.time()]
        for name in over:
            del self._deadlines[name]
        if over:
            self._start(self._catch_up(over))
        if self._deadlines:
            self._alarm = loop.call_at(min(self._deadlines.values()), self._ring)

    async def _catch_up(self, over: list[str]) -> None:
        # The alarm was set while some message was handled; this is not about it.
        about.message("")
        try:
            await self._look_again(over)
        except Exception:
            logger.exception("A socket could not catch up, trying again")
            self._set_alarm("gap", 1.0)

    async def _look_again(self, over: list[str]) -> None:
        if "registration" in over:
            self._set_alarm("registration", 3.0)
            with contextlib.suppress(RedisError):
                admission = await sessions.connect(self.session_id, self._token, self.channel_name)
                if admission.answer == "expired":
                    await self.close(CLOSE_SESSION_OVER)
                    return
                await limits.take_socket_place(self._address(), self.channel_name)
                self._stay(admission)
        if {"gap", "silence", "expiry"} & set(over):
            await self._read_session()

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _is_longer(text: str, limit_bytes: int) -> bool:
    # A character has 1 to 4 bytes in UTF-8; most texts are so short that nothing needs to be encoded.
    return len(text) > limit_bytes or (len(text) * 4 > limit_bytes and len(text.encode()) > limit_bytes)


class Pace:
    """How fast one socket is heard: a few frames at once, then `per_minute`. More for long is a flood."""

    def __init__(self, per_minute: int) -> None:
        self._interval_s = 60 / per_minute
        self._burst = min(FRAMES_AT_ONCE, per_minute)
        self._level = float(self._burst)
        self._at = 0.0
        self._too_fast_since: float | None = None

    def take(self, now: float) -> float:
        """Seconds until the next frame may be handled; more than `FLOOD_S`: never. `now` is monotonic, in s."""
        self._level = min(self._burst, self._level + (now - self._at) / self._interval_s)
        self._at = now
        if self._level >= self._burst / 2:
            self._too_fast_since = None
        self._level -= 1
        if self._level >= 0:
            return 0.0
        wait_s = -self._level * self._interval_s
        if self._too_fast_since is None:
            self._too_fast_since = now
        return wait_s if now + wait_s - self._too_fast_since <= FLOOD_S else math.inf

    def give_back(self) -> None:
        """The frame that was taken last does not count."""
        self._level += 1
