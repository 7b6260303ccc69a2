import { MonitorUp } from 'lucide';
import type { ComponentChildren } from 'preact';
import { useCallback, useRef, useState } from 'preact/hooks';
import type { Call } from '../../model/call';
import type { Box } from '../../model/stage/layout';
import type { Screen } from '../../model/stage/screens';
import { screenWords } from '../../strings/screens';
import { words } from '../../strings/strings';
import { Icon } from '../ui/icon';
import { useTileAnimation } from './tile-animation';
import { Video } from './video';

interface Props {
  readonly call: Call;
  readonly screen: Screen;
  readonly box: Box;
  /** What can be done with the large one, loaded later. */
  readonly children: ComponentChildren;
}

/** A shared screen: uncropped on the stage, or small next to it until it's chosen. */
export function ScreenTile({ call, screen: { key, person, stream }, box, children }: Props) {
  const ref = useRef<HTMLLIElement>(null);
  const { id, name } = person;
  const [came, setCame] = useState(false);
  useTileAnimation(ref, box, call.stage.layout.value.shape, false);
  const onSilence = useCallback((play: () => void) => call.silenced(key, play), [call, key]);
  const front = call.stage.front.value?.person === person;
  return (
    <li
      ref={ref}
      class="tile"
      data-role="screen"
      data-front={front}
      style={{ left: `${box.x}px`, top: `${box.y}px`, width: `${box.width}px`, height: `${box.height}px` }}
    >
      {!came && <p class="screen-coming">{screenWords.coming(name)}</p>}
      <Video
        stream={stream}
        mine={false}
        muted={person.mutedForMe.value}
        hidden={false}
        box={null}
        onSilence={onSilence}
        onSize={(size) => {
          setCame(true);
          call.stage.sized(key, size);
        }}
      />
      {person.connection.value.state === 'lost' && (
        <p class="tile-lost">
          <span>{words.lostPerson(name)}</span>
        </p>
      )}
      <p class="pill name">
        <Icon node={MonitorUp} size={16} />
        <bdi class="name-words">{screenWords.name(name)}</bdi>
      </p>
      {front ? (
        children
      ) : (
        <button
          type="button"
          class="enlarge"
          aria-label={screenWords.enlarge(name)}
          onClick={() => {
            call.stage.pin(null);
            call.screens.choose(id);
          }}
        />
      )}
    </li>
  );
}
