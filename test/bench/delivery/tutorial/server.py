"""The chat server of a hundred tutorials: FastAPI, a connection manager, and Redis pub/sub between the servers."""

import asyncio
import contextlib
import json
import os
from collections import defaultdict

import redis.asyncio as redis
from fastapi import FastAPI, WebSocket, WebSocketDisconnect


class ConnectionManager:
    def __init__(self) -> None:
        self.rooms: dict[str, set[WebSocket]] = defaultdict(set)

    async def connect(self, room: str, websocket: WebSocket) -> None:
        await websocket.accept()
        self.rooms[room].add(websocket)

    def disconnect(self, room: str, websocket: WebSocket) -> None:
        self.rooms[room].discard(websocket)

    async def broadcast(self, room: str, message: str) -> None:
        for websocket in list(self.rooms[room]):
            try:
                await websocket.send_text(message)
            except (WebSocketDisconnect, RuntimeError):
                self.disconnect(room, websocket)


manager = ConnectionManager()
client = redis.from_url(os.environ["REDIS_URL"], decode_responses=True)


async def listen() -> None:
    async with client.pubsub() as pubsub:
        await pubsub.psubscribe("chat:*")
        async for event in pubsub.listen():
            if event["type"] == "pmessage":
                await manager.broadcast(event["channel"].removeprefix("chat:"), event["data"])


@contextlib.asynccontextmanager
async def lifespan(_: FastAPI):
    listener = asyncio.create_task(listen())
    yield
    listener.cancel()


app = FastAPI(lifespan=lifespan)


@app.websocket("/ws/{room}/{user}")
async def chat(websocket: WebSocket, room: str, user: str) -> None:
    await manager.connect(room, websocket)
    await websocket.send_text(json.dumps({"ready": True}))
    try:
        while True:
            message = json.loads(await websocket.receive_text())
            await client.publish(f"chat:{room}", json.dumps({"user": user, "text": message["text"]}))
            await websocket.send_text(json.dumps({"ack": message["n"]}))
    except WebSocketDisconnect:
        manager.disconnect(room, websocket)
