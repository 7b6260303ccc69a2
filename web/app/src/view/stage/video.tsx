import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { type Box, fits, type Size } from '../../model/stage/layout';

interface Props {
  readonly stream: MediaStream;
  readonly mine: boolean;
  readonly mirrored?: boolean;
  readonly hidden: boolean;
  /** Plays without sound, as your own video always does. */
  readonly muted?: boolean;
  readonly box: Pick<Box, 'width' | 'height'> | null;
  /** Autoplay with sound was blocked; `play` tries again. */
  readonly onSilence?: (play: () => void) => void;
  /** The size of the video has changed. */
  readonly onSize?: (size: Size) => void;
}

/**
 * Where picture-in-picture shows the whole call, the browser's own button for one video isn't wanted: Firefox puts it over
 * faces and over your own window.
 */
const ownWindow = 'documentPictureInPicture' in window;

/** A live video. Its element stays the same for as long as the person is there. */
export function Video({ stream, mine, mirrored = false, muted = mine, hidden, box, onSilence, onSize }: Props) {
  const ref = useRef<HTMLVideoElement>(null);
  const silent = useRef(muted);
  silent.current = muted;
  useLayoutEffect(() => {
    const video = ref.current;
    if (video === null) return undefined;
    return onceReady(stream, () => {
      if (video.srcObject !== stream) video.srcObject = stream;
      play(video, silent, onSilence);
    });
  }, [stream, onSilence]);
  useLayoutEffect(() => {
    fit(ref.current, box);
  });
  return (
    <video
      ref={ref}
      class="video"
      data-mine={mine}
      data-mirrored={mirrored}
      data-hidden={hidden}
      autoplay
      playsInline
      muted={muted}
      disablePictureInPicture={mine || ownWindow}
      onResize={({ currentTarget }) => {
        fit(currentTarget, box);
        onSize?.({ width: currentTarget.videoWidth, height: currentTarget.videoHeight });
      }}
      tabIndex={-1}
    />
  );
}

/** If autoplay with sound is blocked, the video plays muted. `silent` says whether it should be even if it isn't blocked. */
function play(video: HTMLVideoElement, silent: RefObject<boolean>, onSilence: Props['onSilence']): void {
  video.play().catch((error: unknown) => {
    if (!(error instanceof DOMException) || error.name !== 'NotAllowedError' || onSilence === undefined) return;
    video.muted = true;
    video.play().catch(() => undefined); // shows at least the first frame
    onSilence(() => {
      video.muted = silent.current;
      play(video, silent, onSilence);
    });
  });
}

/**
 * An element that waits for a stream's first track delays the page's load event, so it gets the stream with that track.
 */
function onceReady(stream: MediaStream, attach: () => void): (() => void) | undefined {
  if (stream.getTracks().length > 0 || document.readyState === 'complete') {
    attach();
    return undefined;
  }
  stream.addEventListener('addtrack', attach, { once: true });
  return () => stream.removeEventListener('addtrack', attach);
}

function fit(video: HTMLVideoElement | null, box: Props['box']): void {
  if (video === null || box === null) return;
  video.style.objectFit = fits({ width: video.videoWidth, height: video.videoHeight }, box);
}
