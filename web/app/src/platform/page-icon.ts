/** A red dot at the top right of the icon, which is an SVG image in a `data:` URL. */
const dot = "%3Ccircle cx='24' cy='8' r='8' fill='%23ff5b57' stroke='%230d1014' stroke-width='2'/%3E";

/** Draws a dot on the page's icon (favicon), or removes it. */
export function pageIcon(): (marked: boolean) => void {
  const link = document.querySelector('link[rel=icon]');
  const plain = link?.getAttribute('href') ?? '';
  const dotted = plain.replace('%3C/svg%3E', `${dot}%3C/svg%3E`);
  return (marked) => {
    const href = marked ? dotted : plain;
    if (link?.getAttribute('href') !== href) link?.setAttribute('href', href);
  };
}
