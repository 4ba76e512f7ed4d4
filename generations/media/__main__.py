"""The zygote: has the decoders loaded and forks a child for each file that it is asked about.

It opens no file itself, so it stays whole and with one thread; what a file does, it does to its
child. ``python -m generations.media`` reads questions from the connection that is its input.
"""

import gc
import math
import os
import signal
from multiprocessing.connection import Connection, wait
from typing import NoReturn

import msgspec
from PIL import Image

from generations.media.facts import NotMedia, Question, Reply
from generations.media.look import limit, run

IDLE_SECONDS = 60.0
MOST_REPLY = 64 * 1024
STATUS_FAILED = 1


def main() -> None:
    """Answer until the parent hangs up or has had no question for a minute."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the parent, whose end is also ours
    Image.init()
    gc.freeze()  # so that children share these pages
    with Connection(os.dup(0)) as parent:
        try:
            while parent.poll(IDLE_SECONDS):
                question = msgspec.json.decode(parent.recv_bytes(), type=Question)
                parent.send_bytes(msgspec.json.encode(_ask_child(question, parent)))
        except (EOFError, ConnectionError):
            return


def _ask_child(question: Question, parent: Connection) -> Reply:
    """What the child says; it is killed when it has spoken, at its deadline, or with the parent."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _be_child(question, writing)
    os.setpgid(child, child)
    os.close(writing)
    ready = wait([reading, parent], question.seconds)
    said = os.read(reading, MOST_REPLY) if reading in ready else b""
    os.close(reading)
    os.killpg(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if not ready:
        return Reply(crash=f"Looking into the file took longer than {question.seconds:g} s.")
    try:
        return msgspec.json.decode(said, type=Reply)
    except msgspec.DecodeError:
        return Reply(crash=f"Looking into the file ended with {status}.")


def _be_child(question: Question, writing: int) -> NoReturn:
    """Say one reply and end, without a way to the parent or to the zygote's other files."""
    status = STATUS_FAILED
    try:
        nothing = os.open(os.devnull, os.O_RDWR)
        for source, target in ((nothing, 0), (writing, 1), (nothing, 2)):
            os.dup2(source, target)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        limit(math.ceil(question.seconds) + 1)
        signal.alarm(math.ceil(question.seconds) + 1)  # should the zygote be gone by then
        os.write(1, msgspec.json.encode(_reply(question)))
        status = os.EX_OK
    finally:
        os._exit(status)


def _reply(question: Question) -> Reply:
    try:
        return Reply(facts=run(question))
    except NotMedia as error:
        return Reply(reason=error.reason)
    except Exception as error:  # noqa: BLE001 - the reply is what is left of it
        return Reply(crash=f"Looking into the file failed: {error!r}"[:300])


if __name__ == "__main__":
    main()
