"""Only who knows the token of a run takes part in it: CURVE, ZeroMQ's own encryption, on the sockets of Locust.

The token is the public key of the master. Without it a worker can't say the first word, and a worker that has it talks
to no other master. A plain worker of Locust is refused too. What is said is encrypted.
"""

from __future__ import annotations

import sys
from typing import Any

_LINGER_MS = 2000  # that words which nobody takes may hold up the end


def lock_master() -> str:
    """Let the sockets of a master, which are not open yet, talk to those alone who know the token; return it."""
    import zmq
    from zmq.utils import z85

    if not zmq.has("curve"):
        sys.exit("a master must have a pyzmq with CURVE, got one without. Hint: pyzmq's own wheels have it")
    public, secret = zmq.curve_keypair()
    _set_on_sockets({"curve_server": True, "curve_secretkey": secret})
    return z85.decode(public).hex()


def lock_worker(token: str) -> None:
    """Let the socket of a worker, which is not open yet, talk to the master of a token alone."""
    import zmq
    from zmq.utils import z85

    try:
        master = z85.encode(bytes.fromhex(token))
        public, secret = zmq.curve_keypair()
        _set_on_sockets({"curve_serverkey": master, "curve_publickey": public, "curve_secretkey": secret})
    except ValueError:
        sys.exit(f"a token must be 64 hexadecimal digits, got {len(token)} letters")


def _set_on_sockets(options: dict[str, Any]) -> None:
    """Set options on each socket that Locust makes, before it is bound or connected; Locust has no way to say it."""
    from locust.rpc import zmqrpc

    plain = zmqrpc.BaseSocket.__init__

    def locked(self: Any, *arguments: Any) -> None:
        plain(self, *arguments)
        for name, value in {"linger": _LINGER_MS, **options}.items():
            setattr(self.socket, name, value)

    zmqrpc.BaseSocket.__init__ = locked


class Refusals:
    """Knows the connections that a master refused."""

    def __init__(self, socket: Any) -> None:
        import zmq

        self.monitor = socket.get_monitor_socket(
            zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
        )

    def count(self) -> int:
        """Return how many were refused since the last time; one that tries again counts again."""
        import zmq

        number = 0
        while True:
            try:
                self.monitor.recv_multipart(zmq.NOBLOCK)
            except zmq.Again:
                return number
            number += 1
