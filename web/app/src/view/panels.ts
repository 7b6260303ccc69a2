/** What of a call is not there from its first moment. */
export { Files } from '../model/files/files';
export { ChatPanel } from './chat/chat';
export { LinePanel } from './connection-panel';
export { Dropping } from './files/drop-target';
export { Asks, FilesPanel } from './files/files';
export { ShareSheet } from './invite-dialog';
export { Knocks, PeoplePanel } from './people';
export { Sharing } from './stage/sharing-banner';
export { FocusKept } from './ui/focus-kept';
