"""The inspector process: a fork server with the decoders loaded, one forked child for each file.

``python -m generations.media`` reads requests from the connection that is its standard input. It
opens no media file itself, so a hostile file can only harm the child that reads it. It has one
thread only, because a fork of a process with threads may deadlock.
"""

import gc
import math
import os
import resource
import signal
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import NoReturn

import msgspec
from PIL import Image

from . import audio_video, pictures, proxy
from .facts import Facts, InspectorReply, InspectorRequest, NotMedia, Operation
from .headers import outline

IDLE_SECONDS = 60.0
# Far more than a reply has. One below 4 KiB (PIPE_BUF) goes through a pipe whole, in one read.
MAX_REPLY_BYTES = 64 * 1024
EXIT_FAILED = 1

# Of the child: its address space, and the largest file that it may write.
MAX_MEMORY_BYTES = 3 * 1024**3
MAX_OUTPUT_BYTES = 64 * 1024**2
MAX_PROXY_BYTES = 4 * 1024**3


def main() -> None:
    """Answer requests until the parent closes the connection or is quiet for a minute."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us too
    Image.init()  # loads Pillow's formats now, else each child would load them anew
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
    # Set on this side: the group is there for certain before it is killed below.
    os.setpgid(child, child)
    os.close(write_end)
    # The parent sends nothing while it waits, so it is ready only when it has gone.
    ready = wait([read_end, parent], request.seconds)
    reply = os.read(read_end, MAX_REPLY_BYTES) if read_end in ready else b""
    os.close(read_end)
    # Also after a reply: a hostile file may have taken the child over, which then would live on.
    os.killpg(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if not ready:
        return InspectorReply(crash=f"Inspecting the file took longer than {request.seconds:g} s.")
    try:
        return msgspec.json.decode(reply, type=InspectorReply)
    except msgspec.DecodeError:
        return InspectorReply(crash=f"Inspecting the file ended with {status}.")


# ---- In the child ---------------------------------------------------------------------------


def _run_child(request: InspectorRequest, write_end: int) -> NoReturn:
    """Write one reply and exit; close all other files, so that the child reaches nobody else."""
    status = EXIT_FAILED
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for source, target in ((null, 0), (write_end, 1), (null, 2)):
            os.dup2(source, target)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        cpu_seconds, output_bytes = math.ceil(request.seconds) + 1, MAX_OUTPUT_BYTES
        if request.operation == Operation.PROXY:
            cpu_seconds, output_bytes = cpu_seconds * proxy.THREADS, MAX_PROXY_BYTES
        limit_resources(cpu_seconds, output_bytes)
        signal.alarm(math.ceil(request.seconds) + 1)  # if the fork server has died by then
        os.write(1, msgspec.json.encode(_reply(request)))
        status = os.EX_OK
    finally:
        # Never back into the fork server's code, whose loop would run twice.
        os._exit(status)


def limit_resources(cpu_seconds: int, output_bytes: int = MAX_OUTPUT_BYTES) -> None:
    """Limit this process for good, so that a hostile file cannot use up the machine."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    # The soft limit sends SIGXCPU, which ends the child; the hard one, a second later, SIGKILL.
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (output_bytes, output_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _reply(request: InspectorRequest) -> InspectorReply:
    try:
        return InspectorReply(facts=_run(request))
    except NotMedia as error:
        return InspectorReply(reason=error.reason)
    except Exception as error:  # noqa: BLE001 - the parent gets it as text
        return InspectorReply(crash=f"Inspecting the file failed: {error!r}"[:300])


def _run(request: InspectorRequest) -> Facts:
    """Run a request's operation; raises NotMedia."""
    path, outdir = Path(request.path), Path(request.outdir)
    match request.operation:
        case Operation.INSPECT:
            return _inspect(path, outdir)
        case Operation.PICTURE:
            return pictures.normalize(path, outdir)
        case Operation.PROXY:
            return proxy.make(path, outdir)
        case at:
            frame = audio_video.extract_frame(path, last=at is Operation.LAST_FRAME)
            return pictures.write(frame, outdir)


def _inspect(path: Path, outdir: Path) -> Facts:
    """The facts of any media file; raises NotMedia."""
    known = outline(path)
    if known.media_type == "image":
        return pictures.inspect(path, known)
    return audio_video.inspect(path, known, outdir)


if __name__ == "__main__":
    main()
