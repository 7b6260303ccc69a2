import type { ConnectionStatus } from '@eyeline/sdk';
import { ShieldAlert, ShieldCheck } from 'lucide';
import type { Call } from '../../model/call';
import { lineOf } from '../../model/connection-phase';
import type { Person } from '../../model/person';
import { words } from '../../strings/strings';
import { verificationWords } from '../../strings/verification';
import { Icon } from '../ui/icon';
import { Mark } from '../ui/mark';

/** The connection to this person: the mark in its state, and the round trip. Opens the connection panel. */
export function ConnectionBadge({
  call,
  person,
  connection,
}: {
  readonly call: Call;
  readonly person: Person;
  readonly connection: ConnectionStatus;
}) {
  const open = call.connectionShown.value === person.id;
  const standing = person.verification?.standing.value ?? { is: 'comparing' };
  const quality = call.qualities.value.get(person.id) ?? 'good';
  const line = lineOf(connection);
  const [path = '', time] = words.connection.state(connection).split(' · ');
  const [before, state, after] = quality === 'good' ? ['', path, ''] : words.connection.weak(quality, person.name);
  return (
    <button
      type="button"
      class="pill badge"
      data-connection={line}
      data-weak={quality !== 'good'}
      aria-expanded={open}
      onClick={() => call.showConnection(open ? null : person.id)}
    >
      <Mark connection={line} />
      <span class="unseen">{words.connection.badge(person.name)}</span>
      <span class="badge-words">
        <span class="badge-state">
          <span class="badge-more">{before}</span>
          {state}
          <span class="badge-more">{after}</span>
        </span>
        {time !== undefined && <span class="badge-time"> {time}</span>}
      </span>
      <span class="unseen">{verificationWords.badge(standing)}</span>
      {standing.is === 'verified' && <Icon node={ShieldCheck} size={16} />}
      {(standing.is === 'changed' || standing.is === 'failed' || standing.is === 'mismatch') && (
        <Icon node={ShieldAlert} size={16} />
      )}
    </button>
  );
}
