import type { PictureInPictureWindows } from './platform';

/** Document Picture-in-Picture, which TypeScript doesn't know yet. */
interface PictureWindows {
  readonly documentPictureInPicture?: {
    requestWindow(options: { readonly width: number; readonly height: number }): Promise<Window>;
  };
}

/** Picture-in-picture in Safari on phones. */
interface PresentedVideo {
  readonly webkitSupportsPresentationMode?: (mode: string) => boolean;
  readonly webkitSetPresentationMode?: (mode: 'inline' | 'picture-in-picture') => void;
}

/** A window with our own content where the browser has that, else one with a single video, else null. */
export function pictureInPicture(): PictureInPictureWindows | null {
  const windows = (window as PictureWindows).documentPictureInPicture;
  if (windows !== undefined) {
    return {
      shows: 'page',
      async open(size, closed) {
        const opened = await windows.requestWindow(size);
        dress(opened.document);
        opened.addEventListener('pagehide', closed, { once: true });
        return { body: opened.document.body, close: () => opened.close() };
      },
    };
  }
  if (document.pictureInPictureEnabled === true) return { shows: 'video', open: openVideo };
  const video: HTMLVideoElement & PresentedVideo = document.createElement('video');
  return video.webkitSupportsPresentationMode?.('picture-in-picture') === true
    ? { shows: 'video', open: presentVideo }
    : null;
}

/** Gives the empty document of the window the language, the title and the styles of the page. */
function dress(empty: Document): void {
  const { documentElement, head, title } = document;
  empty.documentElement.lang = documentElement.lang;
  empty.title = title;
  for (const style of head.querySelectorAll('link[rel="stylesheet"], style')) {
    empty.head.append(empty.importNode(style, true));
  }
}

/** The element of the page that plays this stream. */
function playerOf(stream: MediaStream): HTMLVideoElement {
  const found = [...document.querySelectorAll('video')].find((video) => video.srcObject === stream);
  if (found === undefined) throw new Error('nothing plays this stream');
  return found;
}

async function openVideo(stream: MediaStream, closed: () => void): Promise<{ close(): void }> {
  const video = playerOf(stream);
  await video.requestPictureInPicture();
  video.addEventListener('leavepictureinpicture', closed, { once: true });
  return {
    close: () => {
      if (document.pictureInPictureElement === video) document.exitPictureInPicture().catch(() => undefined);
    },
  };
}

async function presentVideo(stream: MediaStream, closed: () => void): Promise<{ close(): void }> {
  const video: HTMLVideoElement & PresentedVideo = playerOf(stream);
  video.webkitSetPresentationMode?.('picture-in-picture');
  const changed = () => {
    if (!('webkitPresentationMode' in video) || video.webkitPresentationMode === 'picture-in-picture') return;
    video.removeEventListener('webkitpresentationmodechanged', changed);
    closed();
  };
  video.addEventListener('webkitpresentationmodechanged', changed);
  return { close: () => video.webkitSetPresentationMode?.('inline') };
}
