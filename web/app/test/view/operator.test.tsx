// @vitest-environment happy-dom
import { screen } from '@testing-library/dom';
import { afterEach, expect, test } from 'vitest';
import { operator } from '../../src/platform/operator';
import { aWorld, open } from './scene';

afterEach(() => document.head.replaceChildren());

function said(name: string, content: string): void {
  document.head.append(Object.assign(document.createElement('meta'), { name, content }));
}

test.each(['', 'test', 'r/tea', 'nowhere'])('the page "%s" names who runs the server', async (path) => {
  const world = aWorld(path);
  world.operator = { name: 'Tea Society', imprint: 'https://example.org/imprint', contact: 'mailto:a@example.org' };
  await open(world);
  const foot = await screen.findByRole('contentinfo');
  expect(foot.textContent).toBe('Tea SocietyLegal noticeContact');
  expect(screen.getByRole('link', { name: 'Legal notice' }).getAttribute('href')).toBe('https://example.org/imprint');
  expect(screen.getByRole('link', { name: 'Contact' }).getAttribute('href')).toBe('mailto:a@example.org');
});

test('a page whose operator has set nothing has no foot', async () => {
  await open(aWorld());
  expect(screen.queryByRole('contentinfo')).toBeNull();
});

test('the page learns of its operator from its own head', () => {
  expect(operator()).toBeNull();
  said('contact-url', 'https://example.org/contact');
  expect(operator()).toEqual({ name: null, imprint: null, contact: 'https://example.org/contact' });
  said('application-name', 'Tea & Society');
  expect(operator()?.name).toBe('Tea & Society');
});
