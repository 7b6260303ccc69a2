"""Many packets per system call, so that the benchmark is not slower than the relay."""

import ctypes
import os
import socket
import struct

_MSG_DONTWAIT = 0x40
_UDP_SEGMENT = 103
_libc = ctypes.CDLL(None, use_errno=True)


class _Iovec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Msghdr(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_bytes", ctypes.c_uint32),
        ("iov", ctypes.c_void_p),
        ("iovs", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_bytes", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Mmsghdr(ctypes.Structure):
    _fields_ = (("header", _Msghdr), ("bytes", ctypes.c_uint))


class Batch:
    """Buffers for `count` packets, each initially a copy of `packet`."""

    def __init__(self, packet: bytes, count: int) -> None:
        self._buffers = [ctypes.create_string_buffer(packet, max(len(packet), 2048)) for _ in range(count)]
        self._iovecs = (_Iovec * count)()
        self._headers = (_Mmsghdr * count)()
        for buffer, iovec, header in zip(self._buffers, self._iovecs, self._headers, strict=True):
            iovec.base, iovec.length = ctypes.addressof(buffer), len(packet) or len(buffer)
            header.header.iov, header.header.iovs = ctypes.addressof(iovec), 1

    def send(self, sock: socket.socket, count: int) -> int:
        """Send the first `count` of them over a connected socket.  Returns how many were sent."""
        sent: int = _libc.sendmmsg(sock.fileno(), self._headers, count, _MSG_DONTWAIT)
        return _checked(sent)

    def receive(self, sock: socket.socket) -> int:
        """Receive and discard all waiting packets.  Returns how many there were."""
        taken: int = _libc.recvmmsg(sock.fileno(), self._headers, len(self._headers), _MSG_DONTWAIT, None)
        return _checked(taken)


class Burst:
    """Packets of one size in one buffer, which the kernel cuts (`UDP_SEGMENT`): cheaper still than `Batch`."""

    def __init__(self, size: int, count: int) -> None:
        self._size = size
        self._data = memoryview(bytes(size * count))
        self._control = [(socket.IPPROTO_UDP, _UDP_SEGMENT, struct.pack("=H", size))]

    def send(self, sock: socket.socket, count: int) -> None:
        """Send `count` packets over a connected socket."""
        sock.sendmsg([self._data[: count * self._size]], self._control)


def _checked(outcome: int) -> int:
    if outcome >= 0:
        return outcome
    error = ctypes.get_errno()
    if error in (11, 111):  # EAGAIN or ECONNREFUSED
        return 0
    raise OSError(error, os.strerror(error))
