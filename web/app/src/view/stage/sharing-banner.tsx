import { MonitorUp } from 'lucide';
import { useEffect, useRef } from 'preact/hooks';
import type { Call } from '../../model/call';
import { screenWords } from '../../strings/screens';
import { Icon } from '../ui/icon';

/** Shown over the stage for as long as others see your screen. */
export function SharingBanner({ call }: { readonly call: Call }) {
  const stream = call.screens.mine.value;
  if (stream === null) return null;
  return (
    <section class="sharing" aria-label={screenWords.sharing}>
      <Preview stream={stream} />
      <Icon node={MonitorUp} size={18} />
      {screenWords.sharing}
      <button type="button" class="sharing-stop" onClick={() => call.screens.stop()}>
        {screenWords.stop}
      </button>
    </section>
  );
}

/** What the others see of your screen. */
function Preview({ stream }: { readonly stream: MediaStream }) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    if (video.current !== null) video.current.srcObject = stream;
  }, [stream]);
  return <video ref={video} class="sharing-preview" autoplay muted playsInline disablepictureinpicture />;
}
