import { Video } from 'lucide';
import type { App } from '../model/app';
import type { Visit } from '../model/room-page';
import { words } from '../strings/strings';
import { CallView } from './call';
import { Header } from './start/header';
import { LobbyView } from './start/lobby';
import { Plain } from './start/message-page';
import { Icon } from './ui/icon';
import { Mark } from './ui/mark';

/** A room's address: whatever of lobby, call and after we are at. */
export function RoomView({ app, visit }: { readonly app: App; readonly visit: Visit }) {
  const place = visit.place.value;
  switch (place.at) {
    case 'returning':
      return <Returning />;
    case 'lobby':
      return (
        <div class="page">
          <Header app={app} />
          <LobbyView lobby={place.lobby} />
        </div>
      );
    case 'call':
      return <CallView call={place.call} />;
    case 'over':
      return <Over app={app} visit={visit} code={place.code} message={place.message} />;
  }
}

function Returning() {
  return (
    <main class="call returning">
      <p class="returning-words" role="status">
        <Mark line="looking" />
        {words.returning}
      </p>
    </main>
  );
}

interface OverProps {
  readonly app: App;
  readonly visit: Visit;
  readonly code: string;
  readonly message: string;
}

function Over({ app, visit, code, message }: OverProps) {
  const { title, lead, again } = words.over.of(code, message);
  if (again === null) {
    return (
      <Plain app={app} title={title} lead={lead} line="lost">
        <button type="button" class="button primary" onClick={() => app.goHome()}>
          {words.nowhere.home}
        </button>
      </Plain>
    );
  }
  return (
    <Plain app={app} title={title} lead={lead} line={code === 'left' || code === 'replaced' ? 'looking' : 'lost'}>
      <button type="button" class="button primary" onClick={() => visit.rejoin()}>
        {again}
      </button>
      <button type="button" class="button quiet" onClick={() => app.newCall()}>
        <Icon node={Video} />
        {words.newCall}
      </button>
    </Plain>
  );
}
