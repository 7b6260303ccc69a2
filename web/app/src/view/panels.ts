/** What of a call is not there from its first moment. */
export { Files } from '../model/files';
export { ChatPanel } from './chat';
export { Dropping } from './dropping';
export { Asks, FilesPanel } from './files';
export { FocusKept } from './focus-kept';
export { LinePanel } from './line-panel';
export { Knocks, PeoplePanel } from './people';
export { ShareSheet } from './share';
export { Sharing } from './sharing';
