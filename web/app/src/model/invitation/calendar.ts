/** An appointment, as in a calendar file. */
export interface Appointment {
  /** Unique in the world. */
  readonly uid: string;
  /** Milliseconds since 1970. */
  readonly written: number;
  readonly starts: number;
  readonly ends: number;
  readonly title: string;
  readonly description: string;
  readonly url: string;
}

/** Writes an iCalendar file (RFC 5545) with that one appointment. Times are in UTC, so it needs no time zone. */
export function calendarFile({ uid, written, starts, ends, title, description, url }: Appointment): string {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Eyeline//Invitation//EN',
    'BEGIN:VEVENT',
    `UID:${uid}`,
    `DTSTAMP:${utc(written)}`,
    `DTSTART:${utc(starts)}`,
    `DTEND:${utc(ends)}`,
    `SUMMARY:${escaped(title)}`,
    `LOCATION:${escaped(url)}`,
    `DESCRIPTION:${escaped(description)}`,
    `URL:${url}`,
    'END:VEVENT',
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${folded(line)}\r\n`).join('');
}

/** Section 3.3.5: `20261128T174500Z`. */
function utc(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`;
}

/** Section 3.3.11. */
function escaped(text: string): string {
  return text.replace(/[\\;,]/g, '\\$&').replace(/\r?\n/g, '\\n');
}

/** Section 3.1: at most 75 bytes of UTF-8 in a line, without its end; the next one starts with a space. */
function folded(line: string): string {
  let text = '';
  let bytes = 0;
  for (const character of line) {
    const length = new TextEncoder().encode(character).length;
    if (bytes + length > 75) {
      text += '\r\n ';
      bytes = 1;
    }
    text += character;
    bytes += length;
  }
  return text;
}
