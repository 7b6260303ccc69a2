// @vitest-environment happy-dom
import { screen, within } from '@testing-library/dom';
import { expect, test } from 'vitest';
import { CallView } from '../../src/view/call';
import '../../src/view/panels'; // loaded before, as in a call of some seconds
import { FakeMedia, off } from '../fakes';
import { aCall, aWorld, draw, now, open, person } from './scene';

async function inCall(prepare: (media: FakeMedia) => void = () => undefined) {
  const scene = await aCall([person('Bob')]);
  const [media] = scene.world.media;
  if (media === undefined) throw new Error('no media');
  prepare(media);
  const user = draw(<CallView call={scene.call} />);
  await screen.findByRole('region', { name: 'Call controls' });
  return { ...scene, media, user };
}

const caret = (name = 'Choose microphone and speaker') => screen.getByRole('button', { name });
const dialog = () => screen.findByRole('dialog', { name: 'Microphone and speaker' });

test('microphone, speaker and noise suppression are chosen in a dialog beside the microphone', async () => {
  const { user, media, world } = await inCall((media) =>
    media.devices.set({
      microphones: [
        { id: 'built-in', label: 'Built-in' },
        { id: 'a', label: 'Webcam' },
        { id: 'b', label: 'Webcam' },
      ],
      cameras: [],
      speakers: [{ id: 'loud', label: 'Loudspeaker' }],
    }),
  );
  await user.click(caret());
  const inside = within(await dialog());
  expect(caret().getAttribute('aria-expanded')).toBe('true');
  const names = (group: string) =>
    within(inside.getByRole('group', { name: group }))
      .getAllByRole('radio')
      .map((each) => each.closest('label')?.textContent);
  expect(names('Microphone')).toEqual(['Built-in', 'Webcam (1)', 'Webcam (2)']);
  expect(names('Speaker')).toEqual(['System default', 'Loudspeaker']);
  await user.click(inside.getByRole('radio', { name: 'Webcam (2)' }));
  expect(media.microphone.current.id).toBe('b');
  await user.click(inside.getByRole('radio', { name: 'Loudspeaker' }));
  await user.click(inside.getByRole('button', { name: 'Play a test sound' }));
  expect(world.speaker).toMatchObject({ id: 'loud', tests: 1 });
  await user.click(inside.getByRole('radio', { name: /^Off, for music/ }));
  expect(media.processing).toEqual({ noiseSuppression: false });
});

test('the dialog has the focus, closes by Escape, and gives the focus back to its button', async () => {
  const { user } = await inCall();
  await user.click(caret());
  const opened = await dialog();
  expect(document.activeElement).toBe(opened);
  await user.keyboard('{Escape}');
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(document.activeElement).toBe(caret());
});

test('one press opens it, another closes it, and so does a press elsewhere', async () => {
  const { user } = await inCall();
  await user.click(caret());
  await dialog();
  await user.click(caret());
  expect(screen.queryByRole('dialog')).toBeNull();
  await user.click(caret('Choose camera'));
  await screen.findByRole('dialog', { name: 'Camera' });
  await user.click(screen.getByRole('heading', { level: 1, hidden: true }));
  expect(screen.queryByRole('dialog')).toBeNull();
});

test('without a choice of speakers the dialog says where the sound comes out', async () => {
  const world = aWorld();
  world.choosesSpeakers = false;
  const { call } = await aCall([person('Bob')], { world });
  const user = draw(<CallView call={call} />);
  await user.click(await screen.findByRole('button', { name: 'Choose microphone and speaker' }));
  expect((await dialog()).textContent).toContain('This browser plays sound on the speaker that your system uses.');
  expect(screen.queryByRole('button', { name: 'Play a test sound' })).toBeNull();
});

test('a denied camera has a guide with the icon to click, which goes away once the camera is allowed', async () => {
  const { user, media } = await inCall((media) => media.camera.set({ ...off, state: 'failed', problem: 'denied' }));
  await user.click(caret('Choose camera'));
  const guide = await screen.findByRole('region', { name: 'How to allow it' });
  expect(guide.textContent).toContain('Your browser blocks the camera. To allow it:');
  expect(within(guide).getByRole('img', { name: 'two sliders' })).toBeTruthy();
  expect(within(guide).getAllByRole('listitem').length).toBe(3);
  await user.click(within(guide).getByRole('button', { name: 'Try again' }));
  expect(media.camera.current.state).toBe('on');
  expect(screen.queryByRole('region', { name: 'How to allow it' })).toBeNull();
});

test('a phone switches its camera in the dialog', async () => {
  const { user, media } = await inCall((media) => {
    media.devices.set({
      microphones: [],
      cameras: [
        { id: 'user', label: 'Front' },
        { id: 'environment', label: 'Back' },
      ],
      speakers: [],
    });
    media.camera.set({ ...off, state: 'on', id: 'user', facing: 'user' });
  });
  await user.click(caret('Choose camera'));
  await user.click(await screen.findByRole('button', { name: 'Use the back camera' }));
  expect(media.camera.current.facing).toBe('environment');
  expect(await screen.findByRole('button', { name: 'Use the front camera' })).toBeTruthy();
});

test('the lobby shows the guide for a denied camera, and says what to click while the browser asks', async () => {
  const world = aWorld('r/tea');
  world.userAgent = 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0';
  world.sdk.media = () => {
    const media = new FakeMedia(world.stream);
    media.problem = { microphone: 'denied', camera: 'denied' };
    world.media.push(media);
    return media;
  };
  await open(world);
  const guide = await screen.findByRole('region', { name: 'How to allow it' });
  expect(guide.textContent).toContain('Your browser blocks the camera and microphone.');
  expect(within(guide).getByRole('img', { name: 'a camera or microphone, crossed out' })).toBeTruthy();
  await now(() => world.media[0]?.camera.set({ ...off, state: 'asking' }));
  expect(screen.getByRole('region', { name: 'Camera preview' }).textContent).toContain('Click “Allow”');
});
