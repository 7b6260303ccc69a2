import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Call } from '../../model/call';
import { words } from '../../strings/strings';
import { usePanels } from '../lazy-panels';
import { Hear } from '../notices';
import { Alone } from './alone';
import { ScreenTile } from './screen-tile';
import { Tile } from './tile';

interface Props {
  readonly call: Call;
  /** Whether to draw more than the others' pictures. */
  readonly rest: boolean;
}

/** Everybody, you last, each in their box of the layout. */
export function StageView({ call, rest }: Props) {
  const all = useRef<HTMLElement>(null);
  const free = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => watchRoom(call, all.current, free.current), [call]);
  const panels = usePanels(call.connectionShown.value !== null || call.sharing.value);
  const { boxes, pair, split, screens } = call.stage.layout.value;
  const people = rest && call.stage.selfView.value ? [...call.others.value, call.me] : call.others.value;
  return (
    <section ref={all} class="stage" aria-label={words.stage.label}>
      <div ref={free} class="stage-free" />
      {call.alone.value && (
        <Alone call={call}>
          {panels !== null && <panels.InviteButtons call={call} />}
          {panels !== null && <panels.TellMe call={call} />}
          {panels !== null && <panels.RoomAddress call={call} />}
        </Alone>
      )}
      <ul class="people">
        {call.screens.shown.value.map((screen, index) => {
          const box = screens[index];
          return (
            box && (
              <ScreenTile key={screen.key} call={call} screen={screen} box={box}>
                {panels !== null && <panels.ViewScreen call={call} screen={screen} />}
              </ScreenTile>
            )
          );
        })}
        {people.map((person, index) => {
          const [box, other] = [boxes[index], call.others.value[index]];
          if (box === undefined) return null;
          const role = !pair || split ? 'grid' : person.mine ? 'small' : 'big';
          const limit = panels !== null && other !== undefined && <panels.VideoLimit person={other} />;
          return (
            <Tile key={person.id} call={call} person={person} box={box} role={role} besideName={limit}>
              {panels !== null && other !== undefined && <panels.TileButtons call={call} person={other} />}
            </Tile>
          );
        })}
      </ul>
      {rest && <Hear call={call} />}
      {panels !== null && <panels.ConnectionPanel call={call} />}
      {panels !== null && call.sharing.value && <panels.InviteDialog call={call} />}
    </section>
  );
}

function watchRoom(call: Call, all: HTMLElement | null, free: HTMLElement | null): (() => void) | undefined {
  if (all === null || free === null) return undefined;
  const measure = () =>
    call.stage.measured({
      all: { x: 0, y: 0, width: all.clientWidth, height: all.clientHeight },
      free: { x: free.offsetLeft, y: free.offsetTop, width: free.offsetWidth, height: free.offsetHeight },
    });
  const observer = new ResizeObserver(measure);
  observer.observe(all);
  observer.observe(free);
  measure();
  return () => observer.disconnect();
}
