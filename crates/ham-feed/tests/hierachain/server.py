"""The server of `hierachain` 0.2.0 on a port of the caller's, and one route that calls its own broadcast functions.

0.2.0 itself calls them nowhere, so without this a subscriber would never hear anything.
"""

import os
import socket
import sys

import uvicorn
from fastapi import Request
from hierachain.api.server import app
from hierachain.api.websocket.manager import ws_manager


# Where more subscribers are asked for than the 1,000 it allows on its own.
ws_manager.max_connections = int(os.environ.get("HAM_MAX_CONNECTIONS", ws_manager.max_connections))


@app.post("/ham/publish")
async def publish(request: Request):
    asked = await request.json()
    chain, data = asked["chain_name"], asked["data"]
    for _ in range(asked.get("count", 1)):
        if asked["what"] == "block":
            await ws_manager.broadcast_new_block(chain, data)
        else:
            await ws_manager.broadcast_event(chain, data)
    return {"subscribers": len(ws_manager.chain_subscribers.get(chain, ()))}


listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
# Listening already, so that whoever read the line can connect.
listener.listen(128)
print(f"listening on {listener.getsockname()[1]}", flush=True)
config = uvicorn.Config(app, log_level="warning")
if "HAM_PING_INTERVAL" in os.environ:
    # For readers that only count frames: uvicorn drops who does not answer, and the pings of 0.2.0 itself are messages.
    config.ws_ping_interval = float(os.environ["HAM_PING_INTERVAL"])
    ws_manager._health_handler.ping_interval = config.ws_ping_interval
uvicorn.Server(config).run(sockets=[listener])
