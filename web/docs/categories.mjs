/** A TypeDoc plugin: puts each export into a section of the page, in this order. One that has no section here is an error. */
import { CommentTag, Converter } from 'typedoc';

const SECTIONS = {
  Joining: 'join rejoin resumable openLobby JoinOptions Lobby newSecret isSecret ownedRoomName',
  Room: 'Room RoomOptions SignallingState Member Role Permission Permissions Moderation Rules Knock',
  Peer: 'Peer PeerMedia Json',
  Phones: 'PhoneCalls PhoneCallStatus Phones RefusedPhone',
  Media:
    'LocalMedia MediaRequest Device DeviceKind DeviceOption DeviceList DeviceChange AudioProcessing ProcessedTrack',
  Chat: 'Conversation ChatParticipant ChatOptions ChatEnvelope ChatWritten ChatReceived ChatLine Delivery CHAT_TEXT_MAX',
  Files:
    'SendFileOptions FileOffer FileTransfer IncomingFile FileProgress TransferState StoredChunks ReadBack folderOf FileEntry PackedFolder FOLDER_FILES_MAX',
  Verification: 'Safety',
  Diagnostics:
    'ConnectionStatus PathKind TriedPath Transport VerdictCode TurnServer probeStun StunAnswer probeTurn TurnAnswer IceServer',
  'Values and errors': 'Value Source EyelineError',
};
const SECTION_OF = new Map(
  Object.entries(SECTIONS).flatMap(([section, names]) => names.split(' ').map((name) => [name, section])),
);

const ORDER = [...SECTION_OF.keys()];

export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const each of project.children ?? []) {
      const section = SECTION_OF.get(each.name);
      if (section === undefined) app.logger.error(`${each.name} has no section in web/docs/categories.mjs.`);
      const tag = new CommentTag('@category', [{ kind: 'text', text: section ?? 'Other' }]);
      for (const { comment } of [each, ...(each.signatures ?? [])]) comment?.blockTags.push(tag);
    }
  });
  app.converter.on(
    Converter.EVENT_RESOLVE_END,
    ({ project }) => {
      for (const { children } of project.categories ?? [])
        children.sort((one, other) => ORDER.indexOf(one.name) - ORDER.indexOf(other.name));
    },
    -1000, // after TypeDoc's own plugins have made the categories
  );
}
