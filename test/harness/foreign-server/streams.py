"""Serves live pictures by RTSP with GStreamer's server: none of it is ours.

Reads a JSON list of servers from the first argument, each {"auth": "none" | "basic" | "digest", "user", "password",
"tls": certificate and key in PEM, "streams": {name: {"launch", "udpOnly", "isRunning"}}}, and prints their ports as a JSON list when they listen. Ends with its stdin.
"""

import json
import socket
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

Gst.init(None)
loop = GLib.MainLoop()
encoders = []


def running(launch):
    """A launch line that hands on what an encoder sends that runs from now on, whoever looks."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    encoder = Gst.parse_launch(f"{launch} ! udpsink host=127.0.0.1 port={port} sync=false")
    encoder.set_state(Gst.State.PLAYING)
    encoders.append(encoder)
    caps = "application/x-rtp,media=video,clock-rate=90000,encoding-name=H264,payload=96"
    return f'udpsrc address=127.0.0.1 port={port} caps="{caps}" ! identity name=pay0'


def serve(wanted):
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service("0")
    mounts = server.get_mount_points()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    if wanted["auth"] != "none":
        auth = GstRtspServer.RTSPAuth()
        if wanted["auth"] == "basic":
            basic = GstRtspServer.RTSPAuth.make_basic(wanted["user"], wanted["password"])
            auth.add_basic(basic, token)
        else:
            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(wanted["user"], wanted["password"], token)
        if wanted.get("tls"):
            auth.set_tls_certificate(Gio.TlsCertificate.new_from_pem(wanted["tls"], -1))
        server.set_auth(auth)
    for name, stream in wanted["streams"].items():
        factory = GstRtspServer.RTSPMediaFactory()
        launch = running(stream["launch"]) if stream.get("isRunning") else stream["launch"]
        factory.set_launch("( " + launch + " )")
        factory.set_shared(True)
        if stream.get("udpOnly"):
            factory.set_protocols(GstRtsp.RTSPLowerTrans.UDP)
        if wanted["auth"] != "none":
            permissions = GstRtspServer.RTSPPermissions()
            permissions.add_permission_for_role("viewer", "media.factory.access", True)
            permissions.add_permission_for_role("viewer", "media.factory.construct", True)
            factory.set_permissions(permissions)
        mounts.add_factory("/" + name, factory)
    server.attach(None)
    return server


servers = [serve(wanted) for wanted in json.loads(sys.argv[1])]
print(json.dumps([server.get_bound_port() for server in servers]), flush=True)


def end_with_stdin():
    sys.stdin.read()
    loop.quit()


threading.Thread(target=end_with_stdin, daemon=True).start()
loop.run()
