/** A click on a link within the app: goes there without loading the page anew, unless another tab is asked for. */
export function inAppLink(go: () => void): (event: MouseEvent) => void {
  return (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go();
  };
}
