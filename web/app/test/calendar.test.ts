import { expect, test } from 'vitest';
import { calendarFile } from '../src/model/invitation/calendar';

const appointment = {
  uid: '0123456789abcdef',
  written: Date.UTC(2026, 10, 28, 17, 0, 5),
  starts: Date.UTC(2026, 10, 30, 9, 30),
  ends: Date.UTC(2026, 10, 30, 10, 30),
  title: 'Video call',
  description: 'Join my call:\nhttps://eyeline.example/r/tea#key',
  url: 'https://eyeline.example/r/tea#key',
};

/** The properties, unfolded as in section 3.1. */
function properties(file: string): ReadonlyMap<string, string> {
  const lines = file.replaceAll('\r\n ', '').split('\r\n');
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

test('the file has what calendars need, with times in UTC', () => {
  expect(calendarFile(appointment)).toBe(
    [
      'BEGIN:VCALENDAR',
      'VERSION:2.0',
      'PRODID:-//Eyeline//Invitation//EN',
      'BEGIN:VEVENT',
      'UID:0123456789abcdef',
      'DTSTAMP:20261128T170005Z',
      'DTSTART:20261130T093000Z',
      'DTEND:20261130T103000Z',
      'SUMMARY:Video call',
      'LOCATION:https://eyeline.example/r/tea#key',
      'DESCRIPTION:Join my call:\\nhttps://eyeline.example/r/tea#key',
      'URL:https://eyeline.example/r/tea#key',
      'END:VEVENT',
      'END:VCALENDAR',
      '',
    ].join('\r\n'),
  );
});

test('commas, semicolons, backslashes and line ends are escaped', () => {
  const title = 'Tea, cake; a \\ and\r\nBEGIN:VALARM';
  expect(properties(calendarFile({ ...appointment, title })).get('SUMMARY')).toBe(
    'Tea\\, cake\\; a \\\\ and\\nBEGIN:VALARM',
  );
});

test.each(['x'.repeat(400), 'ü'.repeat(200), '🍵'.repeat(120), `${'x'.repeat(66)}🍵`])(
  'no line is longer than 75 bytes, and no character is cut: %s',
  (title) => {
    const file = calendarFile({ ...appointment, title });
    for (const line of file.split('\r\n')) expect(new TextEncoder().encode(line).length).toBeLessThanOrEqual(75);
    expect(properties(file).get('SUMMARY')).toBe(title);
  },
);
