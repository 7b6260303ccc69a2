/** Handles a click on a link within the app without reloading the page, unless it's meant for another tab. */
export function inAppLink(go: () => void): (event: MouseEvent) => void {
  return (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go();
  };
}
