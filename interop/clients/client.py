"""Clients in Python: client.py KIND ADDRESS SECRET COUNT PAUSE [FILE]

KIND is requests, websockets, grpc-unary or grpc-stream. ADDRESS is the path of a Unix socket, or HOST:PORT. COUNT requests
are sent, PAUSE seconds apart, or the content of FILE once. Each prints a line: BODY|STATUS|ERROR.
"""
import asyncio
import hashlib
import sys
import time

kind, address, secret, count, pause = sys.argv[1:6]
count, pause = int(count), float(pause)
upload = sys.argv[6] if len(sys.argv) > 6 else None
headers = {"Alf-Caller-Secret": secret} if secret else {}
unix = address.startswith("/")


def report(body, status, error=""):
    print(f"{body}|{status}|{error}", flush=True)


def digest(content):
    return f"{len(content)} {hashlib.sha256(content).hexdigest()}"


def requests_():
    import requests

    with requests.Session() as session:
        session.headers.update(headers)
        session.trust_env = False
        if upload:
            with open(upload, "rb") as f:
                r = session.put(f"http://{address}/upload", data=f)
            report(r.text.strip(), r.status_code, r.headers.get("Alf-Error", ""))
            return
        for _ in range(count):
            r = session.post(f"http://{address}/echo", data=b"hello")
            report(r.text if r.ok else "", r.status_code, r.headers.get("Alf-Error", ""))
            time.sleep(pause)


async def websockets_():
    import websockets

    def connect():
        options = {"extra_headers": headers, "max_size": None}
        if unix:
            return websockets.unix_connect(address, "ws://localhost/socket", **options)
        return websockets.connect(f"ws://{address}/socket", **options)

    for _ in range(1 if upload else count):
        message = "hello"
        if upload:
            with open(upload, "rb") as f:
                message = f.read()
        try:
            async with connect() as ws:
                await ws.send(message)
                got = await ws.recv()
                report(digest(got) if upload else got.decode(), 200)
        except websockets.InvalidStatusCode as e:
            report("", e.status_code, e.headers.get("Alf-Error", ""))
        await asyncio.sleep(pause)


def grpc_():
    import grpc

    metadata = [(name.lower(), value) for name, value in headers.items()]
    target = f"unix:{address}" if unix else address
    options = [("grpc.default_authority", "localhost"), ("grpc.enable_http_proxy", 0)]
    with grpc.insecure_channel(target, options=options) as channel:
        if kind == "grpc-unary":
            method = channel.unary_unary("/echo.Echo/Unary")
        else:
            stream = channel.stream_stream("/echo.Echo/Stream")

            def method(message, metadata):
                got = list(stream(iter([message] * 3), metadata=metadata))
                if got != [message] * 3:
                    return b"%d messages of 3" % len(got)
                return got[0]

        for _ in range(1 if upload else count):
            message = b"hello"
            if upload:
                with open(upload, "rb") as f:
                    message = f.read()
            try:
                got = method(message, metadata=metadata)
                report(digest(got) if upload else got.decode(), "OK")
            except grpc.RpcError as e:
                known = dict(list(e.trailing_metadata() or []) + list(e.initial_metadata() or []))
                report("", e.code().name, known.get("alf-error", ""))
            time.sleep(pause)


if kind == "requests":
    requests_()
elif kind == "websockets":
    asyncio.run(websockets_())
else:
    grpc_()
