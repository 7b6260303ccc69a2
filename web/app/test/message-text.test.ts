import { describe, expect, test } from 'vitest';
import { pieces, showable } from '../src/model/chat/message-text';

const addresses = (text: string) => pieces(text).flatMap(({ href }) => href ?? []);

describe('links in messages', () => {
  test.each([
    ['see https://example.org/tea', ['https://example.org/tea']],
    ['(see https://example.org/tea).', ['https://example.org/tea']],
    ['https://example.org/a_(b), and http://example.org!', ['https://example.org/a_(b)', 'http://example.org']],
    ['HTTPS://EXAMPLE.ORG/?a=b&c=d#e', ['HTTPS://EXAMPLE.ORG/?a=b&c=d#e']],
    ['https://example.org/\u202Emoc.knab', ['https://example.org/']],
    ['https://münchen.example/ü', ['https://münchen.example/ü']],
  ])('%s', (text, expected) => {
    expect(addresses(text)).toEqual(expected);
  });

  test.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'file:///etc/passwd',
    'https://',
    'xhttps://example.org',
    '<a href="javascript:x">',
    'nothing to follow',
  ])('none in: %s', (text) => {
    expect(addresses(text)).toEqual([]);
  });

  test.each(['', 'a https://b.example, c\nhttp://d.example', 'https://a.example https://b.example'])(
    'nothing is lost from: %s',
    (text) => {
      expect(
        pieces(text)
          .map((piece) => piece.text)
          .join(''),
      ).toBe(text);
    },
  );
});

test('invisible characters are made visible', () => {
  expect(showable('a\r\nb\0')).toBe('a\nb\ufffd');
});

describe('code in messages', () => {
  const codes = (text: string) => pieces(text).flatMap((piece) => (piece.code ? piece.text : []));

  test.each([
    ['run `ls -l`, then `cd`', ['ls -l', 'cd']],
    ['```\nfor x in y:\n    z\n```', ['for x in y:\n    z']],
    ['`https://example.org`', ['https://example.org']],
    ['one ` alone', []],
    ['``', []],
    ['``` ```', []],
    ['`two\nlines`', []],
  ])('%s', (text, expected) => {
    expect(codes(text)).toEqual(expected);
  });

  test('a URL in code is not a link', () => {
    expect(addresses('`https://example.org` https://example.com')).toEqual(['https://example.com']);
  });

  test('hostile text takes no time', () => {
    const start = performance.now();
    pieces('`'.repeat(4000));
    pieces(`http://${'.'.repeat(2000)}a${')'.repeat(1990)}`);
    pieces('```a'.repeat(1000));
    pieces(`\`\`\`${'a\n'.repeat(1990)}`);
    expect(performance.now() - start).toBeLessThan(200);
  });
});
