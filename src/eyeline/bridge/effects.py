"""What the bridge asks the I/O layer to do."""

from msgspec import Struct

from eyeline.signalling.requests import SessionId
from eyeline.signalling.session import Post


class AttachSession(Struct, frozen=True):
    """Give the bridge the news for this session."""

    session: SessionId


class DetachSession(Struct, frozen=True):
    """No more news for this session."""

    session: SessionId


class SendToServer(Struct, frozen=True):
    """Give this message to the SIP server, as the bridge's flow."""

    data: bytes


BridgeEffect = AttachSession | DetachSession | SendToServer | Post
