/** The parts of a call that are loaded shortly after it began. */
export { Files } from '../model/files/files';
export { offerVerification } from '../model/verification-offer';
export { ViewOptions } from '../model/view-options';
export { ChatPanel } from './chat/chat';
export { ConnectionPanel } from './connection-panel';
export { DropTarget } from './files/drop-target';
export { Asks, FilesPanel } from './files/files';
export { InviteDialog } from './invite-dialog';
export { LeaveDialog } from './leave-dialog';
export { MoreMenu } from './more/more-menu';
export { PictureInPictureView } from './more/picture-in-picture';
export { Shortcuts } from './more/shortcuts';
export { Floods, Knocks, PeoplePanel } from './people';
export { Pin } from './stage/pin';
export { SharingBanner } from './stage/sharing-banner';
export { FocusKept } from './ui/focus-kept';
