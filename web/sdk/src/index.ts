/**
 * Eyeline's JavaScript API: joins a room, and sends and receives its audio, video, messages and files.
 *
 * @module
 */

export {
  type ChatEnvelope,
  type ChatOptions,
  type ChatParticipant,
  type ChatReceived,
  type ChatWritten,
  Conversation,
} from './chat/conversation.ts';
export type { ChatLine, Delivery } from './chat/line.ts';
export { CHAT_TEXT_MAX } from './chat/messages.ts';
export type { PathKind, Transport, TriedPath, TurnServer, VerdictCode } from './connection/ice-diagnosis.ts';
export { probeStun, probeTurn, type StunAnswer, type TurnAnswer } from './connection/ice-probe.ts';
export type { Json, PeerMedia } from './connection/messages.ts';
export type { ConnectionStatus } from './connection/stats.ts';
export { EyelineError } from './errors.ts';
export { resumable, type StoredChunks } from './files/chunks.ts';
export type { FileOffer } from './files/offer.ts';
export type { TransferState } from './files/sender.ts';
export type { FileProgress, FileTransfer, IncomingFile, ReadBack, SendFileOptions } from './files/transfer.ts';
export { type FileEntry, FOLDER_FILES_MAX, folderOf, type PackedFolder } from './files/tree.ts';
export { type JoinOptions, join, type Lobby, openLobby, rejoin } from './lobby.ts';
export type {
  AudioProcessing,
  Device,
  DeviceChange,
  DeviceKind,
  DeviceList,
  DeviceOption,
  ProcessedTrack,
} from './media/device.ts';
export { LocalMedia, type MediaRequest } from './media/local-media.ts';
export type { Permissions } from './media/permissions.ts';
export type { Peer } from './peer.ts';
export type { Room, RoomOptions } from './room.ts';
export type { Moderation, Role } from './signalling/moderation.ts';
export type { PhoneCallStatus, PhoneCalls, RefusedPhone } from './signalling/phone-calls.ts';
export type { IceServer, Knock, Member, Permission, Phones, Rules } from './signalling/protocol.ts';
export type { SignallingState } from './signalling/session.ts';
export { isSecret, newSecret, ownedRoomName } from './signalling/signal-encryption.ts';
export { Source, type Value } from './value.ts';
export type { Safety } from './verification/short-auth-string.ts';
