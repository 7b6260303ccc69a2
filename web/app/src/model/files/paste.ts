/**
 * Whether a paste is meant as files. Copied spreadsheet cells are text and a picture of them: in a text field the text
 * counts. A file manager adds at most the names or paths of the files as text.
 */
export function pastesFiles(data: Pick<DataTransfer, 'files' | 'getData'>, inTextField: boolean): boolean {
  const names = new Set([...data.files].map(({ name }) => name));
  if (names.size === 0) return false;
  const lines = data.getData('text/plain').split(/[\r\n]+/);
  return !inTextField || lines.every((line) => line === '' || names.has(lastPart(line)));
}

/** The file name in a path or a `file:` URL. */
function lastPart(path: string): string {
  const [name = ''] = path.trim().split(/[/\\]/).slice(-1);
  if (!path.startsWith('file:')) return name;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
