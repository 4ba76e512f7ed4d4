"""An HTTP server on loopback that sends each reply exactly as a test gives it."""

import contextlib
import datetime
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from generations.net.sockets import AddressPolicy

type Answer = Callable[[socket.socket], None]


class Origin:
    """Sends the answers in turn, the last one for ever; records the head of every request."""

    def __init__(self, answers: Sequence[Answer], tls: ssl.SSLContext | None) -> None:
        self.answers = list(answers)
        self.requests: list[str] = []
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=300)
        self.port: int = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.policy = AddressPolicy(exceptions=frozenset({("127.0.0.1", self.port)}))
        self._tls = tls
        self._threads: list[threading.Thread] = []

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                thread = threading.Thread(target=self._talk, args=(connection,))
                thread.start()
                self._threads.append(thread)

    def _talk(self, connection: socket.socket) -> None:
        # A client that hangs up, or refuses our certificate, is what many tests are about.
        with contextlib.suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            connection.settimeout(10)
            while head := _head(connection):
                self.requests.append(head)
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                answer(connection)
        connection.close()

    def stop(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self._threads:
            thread.join(timeout=5)


def _head(connection: socket.socket) -> str:
    received = b""
    while not received.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            return ""
        received += byte
    return received.decode("latin-1")


@contextlib.contextmanager
def origin(*answers: Answer, tls: ssl.SSLContext | None = None) -> Iterator[Origin]:
    """Serve on a free port until the block ends."""
    server = Origin(answers, tls)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(timeout=5)


def reply(status: int = 200, body: bytes = b"", *headers: str, length: int | None = None) -> Answer:
    """A whole reply; ``length`` lies about the body's."""

    def answer(connection: socket.socket) -> None:
        size = len(body) if length is None else length
        lines = [f"HTTP/1.1 {status} Reason", f"Content-Length: {size}", *headers, "", ""]
        connection.sendall("\r\n".join(lines).encode() + body)
        if size > len(body):
            connection.shutdown(socket.SHUT_RDWR)

    return answer


def raw(*chunks: bytes, pause: float = 0, hang_up: bool = False) -> Answer:
    """Chunks just as they are, ``pause`` seconds before each but the first."""

    def answer(connection: socket.socket) -> None:
        waiting = threading.Event()
        for index, chunk in enumerate(chunks):
            if index:
                waiting.wait(pause)
            connection.sendall(chunk)
        if hang_up:
            connection.shutdown(socket.SHUT_RDWR)

    return answer


def certificate(name: str, folder: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context for ``name``, and a client's that trusts it and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = signed.public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (folder / "server.pem").write_bytes(pem + secret)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "server.pem")
    return server, ssl.create_default_context(cadata=pem.decode())
