import { useEffect, useState } from 'preact/hooks';
import { lazy } from '../../platform/lazy';
import { words } from '../../strings/strings';

const modulesPart = lazy(() => import('./qr-modules'));

interface Modules {
  readonly path: string;
  readonly size: number;
}

interface Props {
  readonly text: string;
  /** Shown below it. */
  readonly caption?: string;
}

/** Milliseconds until the next try if the server is away. */
const again = 3000;

/** A QR code. The encoder is loaded only when a code is shown; until then its place stays empty. */
export function QrCode({ text, caption }: Props) {
  const [modules, setModules] = useState<Modules | 'failed' | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let gone = false;
    const load = async () => {
      const found = await modulesPart().then(
        ({ qrModules }) => qrModules(text),
        () => 'failed' as const,
      );
      if (gone) return;
      setModules(found);
      if (found === 'failed') timer = setTimeout(load, again);
    };
    void load();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [text]);
  if (modules === 'failed') return null;
  return (
    <>
      <div class="qr">
        {modules !== null && (
          <svg
            viewBox={`0 0 ${modules.size} ${modules.size}`}
            role="img"
            aria-label={words.alone.qr}
            shape-rendering="crispEdges"
          >
            <path d={modules.path} fill="currentColor" />
          </svg>
        )}
      </div>
      {caption !== undefined && <p class="secondary">{caption}</p>}
    </>
  );
}
