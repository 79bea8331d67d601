"""One turn: a wake-up comes in, one message is answered, the outcome is stored and told."""

import asyncio
import logging
import time
from contextlib import aclosing, suppress
from typing import Any
from uuid import uuid4

from redis.exceptions import RedisError

from chat import about, events, keys, queue, tracing
from chat.errors import GaveUp, ModelError, ModelFailure
from chat.events import Event, StoredMessage
from chat.layers import PubSubChannelLayer
from chat.queue import Claim, GivenUp, WakeUp
from chat.redis_client import patiently
from inference_worker.backends.base import Backend, Finish, Prompt
from inference_worker.backends.base import Turn as Said
from inference_worker.reply_writer import REDIS_PATIENCE_S, ReplyWriter, TakenOver
from inference_worker.retries import stream_with_retries

logger = logging.getLogger(__name__)


class Turn:
    """The answering of one message by this worker."""

    def __init__(
        self, wake_up: WakeUp, *, worker: str, backend: Backend, timeout_s: float, layer: PubSubChannelLayer
    ) -> None:
        self.reply = str(uuid4())
        self.claim: Claim | None = None
        self.wake_up = wake_up
        self._worker = worker
        self._backend = backend
        self._timeout_s = timeout_s
        self._layer = layer
        self._group = keys.session_group(wake_up.session_id)
        self._task: asyncio.Task[None] | None = None
        self._dropped = False
        self._settling = False
        self._first_piece_at = 0.0

    def start(self) -> "asyncio.Task[None]":
        """Begin, as a task that never fails."""
        self._task = asyncio.create_task(self._run())
        return self._task

    def drop(self) -> None:
        """End at once and write nothing more: the work is not this worker's any more."""
        # Once the outcome is being stored, the void token may be this turn's own doing: it has an end to tell.
        if not self._settling:
            self._cancel()

    def _cancel(self) -> None:
        self._dropped = True
        if self._task:
            self._task.cancel()

    async def hand_back(self) -> None:
        """End at once and let any worker begin the message anew."""
        self._cancel()
        if self._task:
            await asyncio.wait([self._task])
        with suppress(RedisError):
            # A claim that was under way may have been made: asked for again it gives the same.
            held: Claim | GivenUp | None = self.claim or await patiently(self._claim, for_s=5.0)
            if isinstance(held, Claim):
                claim = held
                await patiently(lambda: queue.hand_back(claim), for_s=5.0)

    async def _run(self) -> None:
        about.session(self.wake_up.session_id)
        try:
            claim = await patiently(self._claim, for_s=REDIS_PATIENCE_S)
            if isinstance(claim, GivenUp):
                about.message(claim.to)
                logger.error("Given up: this message ended too many workers")
                await self._publish(events.failed(claim.rev, claim.to, GaveUp()))
            elif claim:
                self.claim = claim
                message_id = claim.message["id"]
                about.message(message_id)
                logger.debug("Begun, attempt %d", claim.attempt)
                with tracing.span("answer", message_id, claim.session_id) as span:
                    span.set_attribute("attempt", claim.attempt)
                    span.set_attribute("model", self._backend.name)
                    await self._answer(claim, span)
        except asyncio.CancelledError:
            if not self._dropped:
                raise
        except TakenOver:
            logger.info("Message of wake-up %s went to another worker", self.wake_up.entry)
        except RedisError as error:
            # Nothing is lost: the wake-up stays pending and is taken over when Redis is back.
            logger.error("Redis stayed away, wake-up %s is left: %s", self.wake_up.entry, error)
        except Exception:
            logger.exception("A turn broke; wake-up %s is left for a take-over", self.wake_up.entry)

    async def _claim(self) -> Claim | GivenUp | None:
        # The reply's id serves as the fencing token too: new with each attempt, and unknown until it is stored.
        return await queue.claim(self.wake_up, worker=self._worker, token=self.reply, reply=self.reply)

    async def _answer(self, claim: Claim, span: tracing.Span) -> None:
        began = time.monotonic()
        writer = ReplyWriter(claim, self._publish, self._for_script, self.drop)
        try:
            finish = await self._write(claim, writer)
            text = await writer.finish()
            if not text:
                raise ModelError("The model gave an empty answer.")
        except ModelFailure as error:
            span.set_attribute("code", error.code)
            await self._fail(claim, error, await writer.finish())
            return
        finally:
            writer.close()
        first_text_ms = round((self._first_piece_at - began) * 1000)
        took_ms = round((time.monotonic() - began) * 1000)
        span.set_attribute("finish", finish.reason)
        span.set_attribute("first_text_ms", first_text_ms)
        message: dict[str, Any] = {
            "id": claim.reply,
            "source": "bot",
            "text": text,
            "to": claim.message["id"],
            "finish": finish.reason,
            "model": self._backend.name,
            "worker": self._worker,
            "waited_ms": claim.waited_ms,
            "first_text_ms": first_text_ms,
            "took_ms": took_ms,
        }
        if finish.tokens is not None:
            message["tokens"] = finish.tokens
        self._settling = True
        committed = await patiently(lambda: queue.commit_reply(claim, message), for_s=REDIS_PATIENCE_S)
        if committed is None:
            raise TakenOver
        stored = StoredMessage(
            id=claim.reply, source="bot", text=text, timestamp=committed.timestamp, finish=finish.reason
        )
        logger.debug("Answered in %d ms, the first text after %d ms", took_ms, first_text_ms)
        await self._publish(events.replied(committed.rev, claim.message["id"], stored))

    async def _write(self, claim: Claim, writer: ReplyWriter) -> Finish:
        """Stream the model's answer into the writer. Raises ModelFailure, TakenOver or RedisError."""
        prompt = Prompt(
            message=claim.message["text"],
            context=tuple(Said(said["source"], said["text"]) for said in claim.context),
        )
        finish = Finish("stop")
        try:
            async with aclosing(stream_with_retries(self._backend, prompt, self._timeout_s)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, Finish):
                        finish = piece
                    elif piece:
                        self._first_piece_at = self._first_piece_at or time.monotonic()
                        await writer.add(piece)
        except (ModelFailure, TakenOver, RedisError):
            raise
        except Exception as error:
            logger.exception("The model's backend broke")
            raise ModelError from error
        return finish

    async def _fail(self, claim: Claim, error: ModelFailure, partial: str) -> None:
        logger.warning("Failed: %s", error.code)
        self._settling = True
        committed = await patiently(
            lambda: queue.commit_failure(claim, error, partial, self._worker), for_s=REDIS_PATIENCE_S
        )
        if committed is None:
            raise TakenOver
        await self._publish(events.failed(committed.rev, claim.message["id"], error))

    def _for_script(self, event: Event) -> tuple[str, bytes] | None:
        return self._layer.for_script(self._group, event.to_layer())

    async def _publish(self, event: Event) -> None:
        # At most once: a client that misses it sees the gap and reads what is in Redis.
        with suppress(RedisError):
            await self._layer.group_send(self._group, event.to_layer())
