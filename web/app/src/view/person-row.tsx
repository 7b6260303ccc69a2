import { Ellipsis, Mic, MicOff, ShieldMinus, ShieldPlus, UserX, VolumeX } from 'lucide';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Call } from '../model/call';
import type { Other, Person } from '../model/person';
import { dataSaverWords } from '../strings/data-saver';
import { peoplePanelWords } from '../strings/panels';
import { Icon } from './ui/icon';
import { Menu, MenuCheck, MenuItem } from './ui/menu';
import { Sure } from './ui/sure';

/** Yourself in the list of people. */
export function OwnRow({ call }: { readonly call: Call }) {
  return (
    <li class="people-one">
      <Microphone of={call.me} />
      <span class="people-words">
        <span class="people-name">
          <bdi>{peoplePanelWords.you(call.me.name)}</bdi>
        </span>
        <About words={[peoplePanelWords.role[call.people.role.value]]} />
      </span>
    </li>
  );
}

interface Props {
  readonly call: Call;
  readonly one: Other;
}

/** Somebody in the list of people: microphone, role, connection, and what you can do about them. */
export function PersonRow({ call, one }: Props) {
  const [sure, setSure] = useState(false);
  const [asked, setAsked] = useState(false);
  const muted = one.media.value.microphone !== 'on';
  const away = call.people.away.value;
  useEffect(() => {
    if (muted || away) setAsked(false); // what was asked just before the server went away may be lost
  }, [muted, away]);
  if (sure) {
    return (
      <li class="people-one people-sure">
        <p>{peoplePanelWords.removes(one.name)}</p>
        <Sure
          yes={peoplePanelWords.yesRemove}
          disabled={away}
          onYes={() => call.people.remove(one.id)}
          onNo={() => setSure(false)}
        />
      </li>
    );
  }
  const role = one.role.value;
  const watches = role === 'member' && !one.permissions.has('microphone') && !one.permissions.has('camera');
  const about = [
    one.sip ? peoplePanelWords.phone : '',
    watches ? peoplePanelWords.watches : peoplePanelWords.role[role],
    peoplePanelWords.connection(one.connection.value),
    one.videoLimit.value === null ? '' : dataSaverWords.theirs(one.videoLimit.value)[0],
    asked && !muted ? peoplePanelWords.asked : '',
    one.mutedForMe.value ? peoplePanelWords.mutedForMe : '',
  ];
  return (
    <li class="people-one">
      <Microphone of={one} />
      <span class="people-words">
        <span class="people-name">
          <bdi>{one.name}</bdi>
        </span>
        <About words={about} />
      </span>
      <PersonMenu
        call={call}
        one={one}
        onAsk={() => setAsked(call.people.askToMute(one.id))}
        onRemove={() => setSure(true)}
      />
    </li>
  );
}

function Microphone({ of }: { readonly of: Person }) {
  const on = of.media.value.microphone === 'on';
  return (
    <span class="people-microphone" data-on={on}>
      <Icon node={on ? Mic : MicOff} size={20} />
      <span class="unseen">{on ? peoplePanelWords.on : peoplePanelWords.muted}</span>
    </span>
  );
}

function About({ words }: { readonly words: readonly string[] }) {
  const said = words.filter((each) => each !== '');
  return said.length === 0 ? null : <span class="people-about">{said.join(' · ')}</span>;
}

interface PersonMenuProps extends Props {
  readonly onAsk: () => void;
  readonly onRemove: () => void;
}

/** Mutes somebody for yourself, where fingers find it too; and what hosts and co-hosts can do about them. */
function PersonMenu({ call, one, onAsk, onRemove }: PersonMenuProps) {
  const anchor = useRef<HTMLButtonElement>(null);
  const [open, setOpen] = useState(false);
  const close = useCallback(() => setOpen(false), []);
  const { people } = call;
  const role = one.role.value;
  const disabled = people.away.value;
  const asks = people.keepsDoor.value && one.permissions.has('microphone') && one.media.value.microphone === 'on';
  const appoints = people.role.value === 'host' && role !== 'host';
  const removes = people.mayRemove(role);
  const appointed = role === 'co-host';
  return (
    <>
      <button
        ref={anchor}
        type="button"
        class="plain"
        aria-label={peoplePanelWords.actions(one.name)}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <Icon node={Ellipsis} />
      </button>
      {open && (
        <Menu label={peoplePanelWords.actions(one.name)} anchor={anchor} onClose={close}>
          <MenuCheck
            icon={VolumeX}
            words={peoplePanelWords.muteForMe}
            checked={one.mutedForMe.value}
            onChoose={() => {
              one.mutedForMe.value = !one.mutedForMe.peek();
            }}
          />
          {asks && <MenuItem icon={MicOff} words={peoplePanelWords.mute} disabled={disabled} onChoose={onAsk} />}
          {appoints && (
            <MenuItem
              icon={appointed ? ShieldMinus : ShieldPlus}
              words={peoplePanelWords.appoint(role)}
              disabled={disabled}
              onChoose={() => people.appoint(one.id, appointed ? 'member' : 'co-host')}
            />
          )}
          {removes && (
            <MenuItem icon={UserX} words={peoplePanelWords.removeOne} disabled={disabled} onChoose={onRemove} />
          )}
        </Menu>
      )}
    </>
  );
}
