/** Eyeline's JavaScript API: join a room, see and hear who is in it, talk to them. */

export { Conversation, type Person, type SayOptions, type Send } from './chat/conversation.ts';
export type { Delivery, Line as ChatLine } from './chat/line.ts';
export { TEXT_MAX } from './chat/messages.ts';
export type { PathKind, RelayPlace, Transport, Tried, VerdictCode } from './connection/ice-diagnosis.ts';
export { probeStun, probeTurn, type StunAnswer, type TurnAnswer } from './connection/ice-probe.ts';
export type { Json, PeerMedia } from './connection/messages.ts';
export type { Line } from './connection/stats.ts';
export { EyelineError } from './errors.ts';
export { type Kept, keptIn } from './files/chunks.ts';
export type { FileOffer } from './files/offer.ts';
export type { TransferState } from './files/sender.ts';
export type { FileProgress, FileTransfer, IncomingFile, OfferOptions, ReadBack } from './files/transfer.ts';
export { ENTRIES_MAX, type FileEntry, type FolderOffer, folderOf } from './files/tree.ts';
export { type JoinOptions, join, type Lobby, rejoin, visit } from './lobby.ts';
export { type Choice, type Device, LocalMedia } from './media/local-media.ts';
export type { Permissions } from './media/permissions.ts';
export type { Peer } from './peer.ts';
export type { Place, Room } from './room.ts';
export type { Hosting, Role } from './signalling/moderation.ts';
export type { IceServer, Knock, Member, Permission, Rules } from './signalling/protocol.ts';
export type { BrokerState } from './signalling/session.ts';
export { isSecret, newSecret, ownedRoom } from './signalling/signal-encryption.ts';
export { Source, type Value } from './value.ts';
export type { Safety } from './verification/short-auth-string.ts';
