import { useEffect, useState } from 'preact/hooks';

/** Milliseconds without an answer, after which somebody seems to be away: the server keeps the seat of a page that crashed. */
const answersWithin = 8000;

/** Whether that time has passed since `waiting` became true. */
export function useLate(waiting: boolean): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    const timer = waiting ? setTimeout(() => setLate(true), answersWithin) : undefined;
    return () => clearTimeout(timer);
  }, [waiting]);
  return late;
}
