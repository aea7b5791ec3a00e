"""Serves live pictures by RTSP with GStreamer's server: none of it is ours.

Reads a JSON list of servers from the first argument, each {"auth": "none" | "basic" | "digest", "user", "password",
"streams": {name: {"launch", "udpOnly"}}}, and prints their ports as a JSON list when they listen. Ends with its stdin.
"""

import json
import sys
import threading

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

Gst.init(None)
loop = GLib.MainLoop()


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
        server.set_auth(auth)
    for name, stream in wanted["streams"].items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch("( " + stream["launch"] + " )")
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
