import { describe, expect, it } from 'vitest';
import { CHUNK_BYTES, chunkCount } from '../src/files/offer.ts';
import { chance } from './conversation-world.ts';
import { CrowdWorld, EQUAL, type Person, type Traits } from './crowd-world.ts';

const SIZE = 76 * CHUNK_BYTES + 7;

/** Sends the file to these people, who all accept at once. */
function sent(people: readonly Traits[], alice = EQUAL, size = SIZE, latency = 0.02): CrowdWorld {
  const world = new CrowdWorld(size, alice, people, chance(people.length), latency);
  for (const person of world.people) world.start(person);
  world.clock.run(3000);
  expect(world.people.map(({ sender, stored }) => [sender?.state, stored])).toEqual(
    people.map(() => ['verified', chunkCount(size)]),
  );
  return world;
}

function crowd(count: number, traits: Partial<Traits> = {}): Traits[] {
  return Array.from({ length: count }, () => ({ ...EQUAL, ...traits }));
}

/** When the last of them has it, in times that the file takes to leave Alice once. */
function time(people: readonly Person[], up = EQUAL.up, size = SIZE): number {
  return (Math.max(...people.map(({ finished }) => finished)) * up) / size;
}

describe('a file to everyone', () => {
  it.each([1, 2, 3, 4, 5, 6])('is uploaded once for %i equal receivers', (count) => {
    const world = sent(crowd(count));
    expect(world.sent).toBeLessThan(1.05);
    expect(time(world.people)).toBeLessThan(1.6);
  });

  it.each([2, 5])('is uploaded once for %i receivers, however slow the connections are', (count) => {
    const world = sent(crowd(count, { up: 1e5, down: 1e6 }), { ...EQUAL, up: 1e5 });
    expect(world.sent).toBeLessThan(1.05);
    expect(time(world.people, 1e5)).toBeLessThan(1.3);
  });

  it.each([2, 5])('is uploaded once for %i distant receivers', (count) => {
    const fast: Traits = { ...EQUAL, up: 3e7, down: 3e7 };
    expect(sent(crowd(count, fast), fast, SIZE, 0.15).sent).toBeLessThan(1.05);
  });

  it('is uploaded once even if it has fewer chunks than receivers', () => {
    expect(sent(crowd(5), EQUAL, 3 * CHUNK_BYTES).sent).toBeLessThan(1.05);
  });

  it.each([
    ['whose line is slow', { down: 2e5 }, 1.4],
    ['whose disk is slow', { disk: 2e5 }, 1.05],
    ['whose uplink is slow', { up: 2e5 }, 1.7],
    ['who passes on wrong bytes', { lies: 1 }, 1.2],
  ] as const)('is not delayed by one %s', (_, slow, most) => {
    const world = sent([...crowd(3), { ...EQUAL, ...slow }]);
    expect(time(world.people.slice(0, 3))).toBeLessThan(2.5);
    expect(world.sent).toBeLessThan(most);
  });

  it('is as fast as from its sender alone if no receiver has an uplink worth using', () => {
    const [alice, people] = [{ ...EQUAL, up: 1e7 }, crowd(3, { up: 3e5, down: 1e7 })];
    expect(time(sent(people, alice, 4 * SIZE).people, 1e7, 4 * SIZE)).toBeLessThan(1.2 * people.length);
  });

  it('reaches late receivers from those who have it', () => {
    const world = new CrowdWorld(SIZE, EQUAL, crowd(4), chance(1));
    for (const [index, person] of world.people.entries()) world.clock.later(20 * index, () => world.start(person));
    world.clock.run(100);
    expect(world.people.map(({ sender }) => sender?.state)).toEqual(Array(4).fill('verified'));
    expect(world.sent).toBeLessThan(1.05);
  });

  it('is sent by its sender to those who need what the others no longer hold', () => {
    const world = new CrowdWorld(SIZE, EQUAL, crowd(2, { readsBack: false }), chance(1));
    for (const [index, person] of world.people.entries()) world.clock.later(20 * index, () => world.start(person));
    world.clock.run(100);
    expect(world.people.map(({ sender }) => sender?.state)).toEqual(['verified', 'verified']);
    expect(world.sent).toBeGreaterThan(1.5);
  });

  it('continues when half of the holders leave', () => {
    const world = new CrowdWorld(SIZE, EQUAL, crowd(6), chance(1));
    for (const person of world.people) world.start(person);
    for (const person of world.people.slice(3)) world.clock.later(2.5, () => world.leave(person));
    world.clock.run(100);
    expect(world.people.slice(0, 3).map(({ sender }) => sender?.state)).toEqual(Array(3).fill('verified'));
    expect(world.sent).toBeLessThan(1.3);
  });
});

function between(random: () => number, least: number, most: number): number {
  return least * (most / least) ** random();
}

/** Something happens to one of the people. */
function fault(world: CrowdWorld, random: () => number): void {
  const ids = ['alice', ...world.people.map(({ id }) => id)].sort(() => random() - 0.5);
  const [one = 'alice', other = 'p0'] = ids;
  const person = world.people[Math.floor(random() * world.people.length)];
  const kind = random();
  if (person === undefined) return;
  if (kind < 0.25) world.cut(one, other);
  else if (kind < 0.6) world.heal(one, other);
  else if (kind < 0.7) world.reload(person);
  else if (kind < 0.75) world.reloadAlice();
  else if (kind < 0.95) world.pause(person, random() < 0.5, random() < 0.5);
  else if (kind < 0.97) world.cancel(person);
  else world.leave(person);
}

describe('a file for up to six receivers', () => {
  it.each(Array.from({ length: 150 }, (_, seed) => seed))('arrives complete whatever happens (seed %i)', (seed) => {
    const random = chance(seed);
    const traits = (): Traits => ({
      up: between(random, 1e5, 1e7),
      down: between(random, 2e5, 2e7),
      disk: between(random, 1e6, 1e8),
      readsBack: random() < 0.5,
      lies: random() < 0.2 ? random() : 0,
    });
    const world = new CrowdWorld(
      40 * CHUNK_BYTES + 7,
      traits(),
      Array.from({ length: 1 + (seed % 6) }, traits),
      random,
      between(random, 0.001, 0.2),
    );
    world.spoils = 0.01;
    for (const person of world.people) world.clock.later(5 * random(), () => world.start(person));
    for (let count = 0; count < 40; count += 1) world.clock.later(5 + 40 * random(), () => fault(world, random));
    world.clock.run(60);
    world.spoils = 0;
    world.healAll();
    for (const person of world.people) for (const byAlice of [true, false]) world.pause(person, false, byAlice);
    world.clock.run(6000);
    for (const { here, sender, receiver, stored } of world.people) {
      if (receiver?.code === 'cancelled') expect(sender?.state).toBe('stopped');
      else if (here) expect([sender?.state, receiver?.state, stored]).toEqual(['verified', 'verified', 41]);
    }
  });
});
