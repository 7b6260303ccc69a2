import { Mic, MicOff, PhoneOff, Video, VideoOff } from 'lucide';
import { render } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Call } from '../../model/call';
import { initials } from '../../model/name';
import type { Other } from '../../model/person';
import { fits, grid, type Size } from '../../model/stage/layout';
import { words } from '../../strings/strings';
import { Icon } from '../ui/icon';
import { useKeys } from '../ui/keys';
import { RoundButton } from '../ui/round-button';

/** Draws the call into the picture-in-picture window while one is open. */
export function PictureInPictureView({ call }: { readonly call: Call }) {
  const body = call.lazy.view.value?.pictureInPicture.body.value ?? null;
  useEffect(() => {
    if (body === null) return undefined;
    render(<Small call={call} document={body.ownerDocument} />, body);
    return () => render(null, body);
  }, [call, body]);
  return null;
}

/** The shortcuts that work in the small window: of its controls, and the one that closes it. */
const keys = ['m', 'v', 'o'];

/** The others, and the most important controls. */
function Small({ call, document }: { readonly call: Call; readonly document: Document }) {
  const stage = useRef<HTMLUListElement>(null);
  const [room, setRoom] = useState<Size>({ width: 0, height: 0 });
  useLayoutEffect(() => {
    const view = document.defaultView;
    const measure = () => {
      if (stage.current !== null) setRoom({ width: stage.current.clientWidth, height: stage.current.clientHeight });
    };
    measure();
    view?.addEventListener('resize', measure);
    return () => view?.removeEventListener('resize', measure);
  }, [document]);
  useKeys((key) => keys.includes(key) && call.press(key), document);
  const people = call.lazy.view.value?.pictureInPicture.people() ?? [];
  const pictures = people.map((one) => call.stage.aspectOf(one));
  const boxes = people.length === 0 ? [] : grid(pictures, { x: 0, y: 0, ...room }).boxes;
  return (
    <main class="call small-call">
      <ul ref={stage} class="small-people" aria-label={words.stage.label}>
        {people.map((person, index) => {
          const box = boxes[index];
          if (box === undefined) return null;
          const style = { left: `${box.x}px`, top: `${box.y}px`, width: `${box.width}px`, height: `${box.height}px` };
          const screen = call.stage.front.value?.person === person ? call.stage.front.value.stream : null;
          return (
            <li key={person.id} class="small-person" style={style}>
              <Picture person={person} screen={screen} box={box} />
            </li>
          );
        })}
      </ul>
      {people.length === 0 && <p class="small-alone">{words.alone.heading}</p>}
      <Controls call={call} />
    </main>
  );
}

interface PictureProps {
  readonly person: Other;
  /** Their shared screen, to be shown in place of them. */
  readonly screen: MediaStream | null;
  readonly box: Size;
}

/** Without sound, which goes on in the page. */
function Picture({ person, screen, box }: PictureProps) {
  const ref = useRef<HTMLVideoElement>(null);
  const stream = screen ?? person.stream.value;
  useLayoutEffect(() => {
    const video = ref.current;
    if (video === null) return;
    video.muted = true;
    video.srcObject = stream;
    video.play().catch(() => undefined); // shows the first frame at least
  }, [stream]);
  const fit = () => {
    const video = ref.current;
    if (video === null) return;
    const size = { width: video.videoWidth, height: video.videoHeight };
    video.style.objectFit = screen === null ? fits(size, box) : 'contain';
  };
  useLayoutEffect(fit);
  const { camera, microphone } = person.media.value;
  return (
    <>
      <span class="small-initials" aria-hidden="true">
        {initials(person.name)}
      </span>
      <video
        ref={ref}
        class="small-video"
        data-hidden={screen === null && camera !== 'on'}
        muted
        playsInline
        tabIndex={-1}
        onResize={fit}
      />
      <p class="small-name">
        {microphone !== 'on' && <Icon node={MicOff} size={14} />}
        <bdi>{person.name}</bdi>
      </p>
    </>
  );
}

function Controls({ call }: { readonly call: Call }) {
  const [microphone, camera] = [call.isOn('microphone'), call.isOn('camera')];
  const permissions = call.permissions.value;
  return (
    <section class="small-bar" aria-label={words.bar.label}>
      {permissions.has('microphone') && (
        <RoundButton
          name={words.bar.toggle('microphone', microphone)}
          icon={microphone ? Mic : MicOff}
          off={!microphone}
          onClick={() => void call.toggle('microphone')}
        />
      )}
      {permissions.has('camera') && (
        <RoundButton
          name={words.bar.toggle('camera', camera)}
          icon={camera ? Video : VideoOff}
          off={!camera}
          onClick={() => void call.toggle('camera')}
        />
      )}
      <RoundButton name={words.bar.leave} icon={PhoneOff} kind="leave" onClick={() => call.leave()} />
    </section>
  );
}
