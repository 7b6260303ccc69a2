const sheets = new Map<string, Promise<void>>();

/** Adds a stylesheet to the page, once; resolves when it's loaded. One that failed to load can be added again. */
export function addStylesheet(href: string): Promise<void> {
  const sheet = sheets.get(href) ?? load(href);
  sheets.set(href, sheet);
  sheet.catch(() => sheets.delete(href));
  return sheet;
}

function load(href: string): Promise<void> {
  const link = document.createElement('link');
  return new Promise((resolve, reject) => {
    link.onload = () => resolve();
    link.onerror = () => {
      link.remove();
      reject(new Error('a style is missing'));
    };
    Object.assign(link, { rel: 'stylesheet', href });
    document.head.append(link);
  });
}
