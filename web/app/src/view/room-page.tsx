import { Video } from 'lucide';
import type { App } from '../model/app';
import type { PastCall, RoomPage } from '../model/room-page';
import { words } from '../strings/strings';
import { CallView } from './call';
import { LobbyView } from './start/lobby';
import { MessagePage } from './start/message-page';
import { Page } from './start/page';
import { Icon } from './ui/icon';
import { Mark } from './ui/mark';

/** The page of a room: the lobby, the call, or the end. */
export function RoomView({ app, roomPage }: { readonly app: App; readonly roomPage: RoomPage }) {
  const state = roomPage.state.value;
  switch (state.at) {
    case 'returning':
      return <Returning />;
    case 'lobby':
      return (
        <Page app={app}>
          <LobbyView lobby={state.lobby} />
        </Page>
      );
    case 'call':
      return <CallView call={state.call} />;
    case 'over':
      return <Over app={app} roomPage={roomPage} code={state.code} message={state.message} past={state.call} />;
  }
}

function Returning() {
  return (
    <main class="call returning">
      <p class="returning-words" role="status">
        <Mark connection="looking" />
        {words.returning}
      </p>
    </main>
  );
}

interface OverProps {
  readonly app: App;
  readonly roomPage: RoomPage;
  readonly code: string;
  readonly message: string;
  readonly past: PastCall | null;
}

function Over({ app, roomPage, code, message, past }: OverProps) {
  const { title, lead, again } = words.over.of(code, message);
  const connection = code === 'left' || code === 'replaced' ? 'looking' : 'lost';
  const lasted = past === null ? '' : words.over.lasted(past.seconds);
  const saveChat = past?.saveChat ?? null;
  return (
    <MessagePage app={app} title={title} lead={lead} more={lasted} connection={connection}>
      {again === null ? (
        <button type="button" class="button primary" onClick={() => app.goHome()}>
          {words.over.home}
        </button>
      ) : (
        <>
          <button type="button" class="button primary" onClick={() => roomPage.rejoin()}>
            {again}
          </button>
          <button type="button" class="button quiet" onClick={() => app.newCall()}>
            <Icon node={Video} />
            {words.newCall}
          </button>
        </>
      )}
      {saveChat !== null && (
        <button type="button" class="button quiet" onClick={saveChat}>
          {words.over.saveChat}
        </button>
      )}
    </MessagePage>
  );
}
