import { useEffect, useState } from 'preact/hooks';

/** Milliseconds until the next try, if the server is away. */
const again = 3000;

/** What `load` has loaded; null until then. */
export function useLoaded<Part>(load: () => Promise<Part>): Part | null {
  const [part, setPart] = useState<Part | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    let gone = false;
    const attempt = () =>
      load().then(
        (loaded) => gone || setPart(() => loaded),
        () => {
          if (!gone) timer = setTimeout(attempt, again);
        },
      );
    void attempt();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [load]);
  return part;
}
