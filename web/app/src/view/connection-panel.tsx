import type { ConnectionStatus } from '@eyeline/sdk';
import { X } from 'lucide';
import { useEffect, useRef } from 'preact/hooks';
import type { Call } from '../model/call';
import { lineOf } from '../model/connection-phase';
import type { Other } from '../model/person';
import type { Box } from '../model/stage/layout';
import { connectionWords } from '../strings/connection';
import { words } from '../strings/strings';
import { useBack } from './ui/back';
import { ConnectionDiagram } from './ui/connection-diagram';
import { useFocusBack } from './ui/focus-back';
import { Icon } from './ui/icon';
import { Verification } from './verification';

/** "Your connection to Bob", next to the badge that opened it. */
export function ConnectionPanel({ call }: { readonly call: Call }) {
  const index = call.others.value.findIndex((one) => one.id === call.connectionShown.value);
  const person = call.others.value[index];
  const box = call.stage.layout.value.boxes[index];
  if (person === undefined || box === undefined) return null;
  return <Panel key={person.id} call={call} person={person} box={box} />;
}

/** Pixels; the same as in the style. */
const width = 440;

function Panel({ call, person, box }: { readonly call: Call; readonly person: Other; readonly box: Box }) {
  const ref = useRef<HTMLElement>(null);
  const connection = person.connection.value;
  useFocusBack();
  useBack(call, true, () => call.showConnection(null));
  useEffect(() => ref.current?.focus(), []);
  const all = call.stage.room.value.all;
  const left = Math.max(0, Math.min(box.x, all.width - width - 16));
  return (
    <section
      ref={ref}
      class="panel"
      role="dialog"
      aria-label={connectionWords.heading(person.name)}
      tabIndex={-1}
      data-low={box.y > all.height / 3}
      style={{ '--left': `${left}px` }}
    >
      <div class="panel-head">
        <h2 class="panel-title">{connectionWords.heading(person.name)}</h2>
        <button type="button" class="plain" aria-label={words.close} onClick={() => call.showConnection(null)}>
          <Icon node={X} />
        </button>
      </div>
      <div class="panel-body">
        <ConnectionDiagram
          mine={{ name: call.me.name, address: connectionWords.address(connection, connection.localAddress) }}
          theirs={{ name: person.name, address: connectionWords.address(connection, connection.remoteAddress) }}
          state={lineOf(connection)}
          label={words.connection.state(connection)}
        />
        <Verification
          person={person}
          onConfirm={(replace) => call.confirm(person.id, replace)}
          onHangUp={() => call.hangUp(person.id)}
        />
        <Facts connection={connection} sealed={call.sealed} />
      </div>
    </section>
  );
}

function Facts({ connection, sealed }: { readonly connection: ConnectionStatus; readonly sealed: boolean }) {
  const { path, roundTrip, picture, lost, introduced, tried } = connectionWords;
  const rows = [path(connection), roundTrip(connection), picture(connection), lost(connection), introduced(sealed)];
  return (
    <dl class="facts">
      {[...rows, ...(connection.tried.length > 0 ? [tried(connection)] : [])].map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
