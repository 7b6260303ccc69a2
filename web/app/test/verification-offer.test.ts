// @vitest-environment happy-dom
import type { Safety } from '@eyeline/sdk';
import { expect, test } from 'vitest';
import { offerVerification } from '../src/model/verification-offer';
import { aCall, aWorld, person } from './view/scene';

const ready: Safety = { state: 'ready', emoji: [['🦊', 'fox']], identity: 'aa' };

/** A call with Bob, in this browser, once the emoji are there. */
async function call(world = aWorld(), name = 'Bob') {
  const bob = person(name);
  const scene = await aCall([bob], { world });
  scene.call.lazy.bringVerificationOffer(offerVerification);
  bob.safety.set(ready);
  return scene;
}

test('to compare the emoji is offered once, after a while, and opens the connection panel', async () => {
  const { call: first, world } = await call();
  world.pass(19);
  expect(first.notices.posted.value).toEqual([]);
  world.pass(1);
  const [offer] = first.notices.posted.value;
  expect(offer?.words).toMatch(/^Is it really Bob\?/);
  if (offer !== undefined) first.notices.answer(offer);
  expect(first.connectionShown.value).toBe('bob');

  const { call: second } = await call(world);
  world.pass(60);
  expect(second.notices.posted.value).toEqual([]);
});

test('nothing is offered where the emoji were compared before', async () => {
  const { call: first, world } = await call();
  first.confirm('bob', false);
  world.pass(60);
  expect(first.notices.posted.value).toEqual([]);
});

test('the offer stays when somebody else joins', async () => {
  const { call: first, room, world } = await call();
  world.pass(20);
  room.peers.set([...room.peers.current, person('Carol')]);
  expect(first.others.value).toHaveLength(2);
  expect(first.notices.posted.value).toHaveLength(1);
});

test('the offer goes once the emoji were compared without it', async () => {
  const { call: first, world } = await call();
  world.pass(20);
  first.confirm('bob', false);
  expect(first.notices.posted.value).toEqual([]);
});

test('the offer goes by itself after 15 seconds', async () => {
  const { call: first, world } = await call();
  world.pass(20);
  world.pass(14);
  expect(first.notices.posted.value).toHaveLength(1);
  world.pass(1);
  expect(first.notices.posted.value).toEqual([]);
});

test('the offer goes once the connection panel is opened without it, and does not return', async () => {
  const { call: first, world } = await call();
  world.pass(20);
  first.showConnection('bob');
  expect(first.notices.posted.value).toEqual([]);
  first.showConnection(null);
  expect(first.notices.posted.value).toEqual([]);
});

test('the offer waits until no panel is open, and no screen fills the page', async () => {
  const { call: first, world } = await call();
  first.showPanel('people');
  first.screens.viewed.value = 'bob';
  world.pass(60);
  first.showPanel(null);
  expect(first.notices.posted.value).toEqual([]);
  first.screens.viewed.value = null;
  expect(first.notices.posted.value).toHaveLength(1);
});

test('the offer shows the beginning of a long name, and screen readers say all of it', async () => {
  const { call: first, world } = await call(aWorld(), 'Wolfeschlegelsteinhausenbergerdorff');
  world.pass(20);
  expect(first.notices.posted.value[0]?.words).toBe('Is it really Wolfeschlegelsteinh…? Compare four emoji.');
  expect(first.notices.heard.value).toContain('Wolfeschlegelsteinhausenbergerdorff');
});
