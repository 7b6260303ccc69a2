import { X, ZoomIn, ZoomOut } from 'lucide';
import { useLayoutEffect, useMemo, useRef } from 'preact/hooks';
import type { Call } from '../../model/call';
import type { Screen } from '../../model/stage/screens';
import { frameOf, Zooming } from '../../model/stage/zoom';
import { viewerWords } from '../../strings/screen-viewer';
import { screenWords } from '../../strings/screens';
import { words } from '../../strings/strings';
import { useBack } from '../ui/back';
import { useFocusBack } from '../ui/focus-back';
import { Icon } from '../ui/icon';
import { useFullScreen } from './full-screen';
import { Video } from './video';
import { useZoomInput } from './zoom-input';

/** The screen that fills the page, if one does. */
export function ScreenViewer({ call }: { readonly call: Call }) {
  const screen = call.screens.shown.value.find(({ key }) => key === call.screens.viewed.value);
  return screen === undefined ? null : <Viewer key={screen.key} call={call} screen={screen} />;
}

/** A factor for a button and a key. */
const step = 1.5;

function Viewer({ call, screen: { person, stream } }: { readonly call: Call; readonly screen: Screen }) {
  const ref = useRef<HTMLElement>(null);
  const aspect = useRef(16 / 9);
  const zooming = useMemo(
    () =>
      new Zooming(() => {
        const { clientWidth: width = 0, clientHeight: height = 0 } = ref.current ?? {};
        return frameOf({ width, height }, aspect.current);
      }),
    [],
  );
  const close = () => {
    call.screens.viewed.value = null;
  };
  useFocusBack();
  useBack(call, true, close);
  useFullScreen(call, close);
  useLayoutEffect(() => ref.current?.focus(), []);
  const input = useZoomInput(ref, zooming, close);
  const { scale, x, y } = zooming.zoom.value;
  const name = screenWords.name(person.name);
  return (
    <section ref={ref} class="viewer" role="dialog" aria-modal="true" aria-label={name} tabIndex={-1} {...input}>
      <div
        class="viewer-picture"
        data-large={scale > 1}
        style={{ transform: `translate(${x}px, ${y}px) scale(${scale})` }}
      >
        <Video
          stream={stream}
          mine={false}
          muted
          hidden={false}
          box={null}
          onSize={({ width, height }) => {
            aspect.current = width / height;
            zooming.resized();
          }}
        />
      </div>
      <div class="viewer-tools">
        <button
          type="button"
          class="plain"
          aria-label={viewerWords.zoomOut}
          aria-keyshortcuts="-"
          aria-disabled={scale === 1}
          onClick={() => zooming.by(1 / step)}
        >
          <Icon node={ZoomOut} />
        </button>
        <button
          type="button"
          class="plain"
          aria-label={viewerWords.zoomIn}
          aria-keyshortcuts="+"
          onClick={() => zooming.by(step)}
        >
          <Icon node={ZoomIn} />
        </button>
        <button type="button" class="plain" aria-label={words.close} aria-keyshortcuts="Escape" onClick={close}>
          <Icon node={X} />
        </button>
      </div>
    </section>
  );
}
