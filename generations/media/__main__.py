"""The inspector process: a fork server with the decoders loaded, one forked child for each file.

``python -m generations.media`` reads requests from the connection that is its standard input. It
opens no media file itself, so a hostile file can only harm the child that reads it. It has one
thread only, because a fork of a process with threads may deadlock.
"""

import gc
import math
import os
import signal
from multiprocessing.connection import Connection, wait
from typing import NoReturn

import msgspec
from PIL import Image

from .facts import InspectorReply, InspectorRequest, NotMedia
from .inspection import limit_resources, run

IDLE_SECONDS = 60.0
MAX_REPLY_BYTES = 64 * 1024
EXIT_FAILED = 1


def main() -> None:
    """Answer requests until the parent closes the connection or is quiet for a minute."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us too
    Image.init()
    gc.freeze()  # so that children share these memory pages
    with Connection(os.dup(0)) as parent:
        try:
            while parent.poll(IDLE_SECONDS):
                request = msgspec.json.decode(parent.recv_bytes(), type=InspectorRequest)
                parent.send_bytes(msgspec.json.encode(_ask_child(request, parent)))
        except (EOFError, ConnectionError):
            return


def _ask_child(request: InspectorRequest, parent: Connection) -> InspectorReply:
    """Fork a child and return its reply; kill it then, at its deadline, or with the parent."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        _run_child(request, write_end)
    os.setpgid(child, child)
    os.close(write_end)
    ready = wait([read_end, parent], request.seconds)
    reply = os.read(read_end, MAX_REPLY_BYTES) if read_end in ready else b""
    os.close(read_end)
    os.killpg(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if not ready:
        return InspectorReply(crash=f"Inspecting the file took longer than {request.seconds:g} s.")
    try:
        return msgspec.json.decode(reply, type=InspectorReply)
    except msgspec.DecodeError:
        return InspectorReply(crash=f"Inspecting the file ended with {status}.")


def _run_child(request: InspectorRequest, write_end: int) -> NoReturn:
    """Write one reply and exit; close all other files, so that the child reaches nobody else."""
    status = EXIT_FAILED
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for source, target in ((null, 0), (write_end, 1), (null, 2)):
            os.dup2(source, target)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        limit_resources(math.ceil(request.seconds) + 1)
        signal.alarm(math.ceil(request.seconds) + 1)  # if the fork server has died by then
        os.write(1, msgspec.json.encode(_reply(request)))
        status = os.EX_OK
    finally:
        os._exit(status)


def _reply(request: InspectorRequest) -> InspectorReply:
    try:
        return InspectorReply(facts=run(request))
    except NotMedia as error:
        return InspectorReply(reason=error.reason)
    except Exception as error:  # noqa: BLE001 - the parent gets it as text
        return InspectorReply(crash=f"Inspecting the file failed: {error!r}"[:300])


if __name__ == "__main__":
    main()
