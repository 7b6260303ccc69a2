import { useEffect, useState } from 'preact/hooks';
import { words } from '../strings';

interface Modules {
  readonly path: string;
  readonly size: number;
}

/** Loads the encoder only when a code is to be seen; its place is kept meanwhile. */
export function QrCode({ text }: { readonly text: string }) {
  const [modules, setModules] = useState<Modules | null>(null);
  useEffect(() => {
    let wanted = true;
    const load = async () => {
      const { qrModules } = await import('./qr-modules');
      if (wanted) setModules(qrModules(text));
    };
    load().catch(() => undefined); // without it the link is still there
    return () => {
      wanted = false;
    };
  }, [text]);
  return (
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
  );
}
