/** Turns on and off that the browser asks before it closes or reloads the page. */
export function leaveWarning(): (on: boolean) => void {
  const ask = (event: BeforeUnloadEvent) => event.preventDefault();
  return (on) => {
    if (on) window.addEventListener('beforeunload', ask);
    else window.removeEventListener('beforeunload', ask);
  };
}
