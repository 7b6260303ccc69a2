import { expect, test } from 'vitest';
import type { ChatLine } from '../src/chat/line.ts';
import { chance, World } from './conversation-world.ts';

const SEEDS = 200;
const HOUR_MS = 3600_000;
const PEOPLE = ['Alice', 'Bob', 'Carol'] as const;

/** The expected lines: by key, who may read it and its latest text. */
type Model = Map<string, { readonly text: string; readonly readers: readonly string[] }>;

function pick<T>(random: () => number, from: readonly T[]): T | undefined {
  return from[Math.floor(random() * from.length)];
}

function write(world: World, model: Model, number: number): void {
  const { random } = world;
  const from = pick(
    random,
    PEOPLE.filter((id) => world.isHere(id)),
  );
  if (from === undefined) return;
  const machine = world.machine(from);
  const mine = machine.lines.filter((line) => machine.canEdit(line));
  const changed = random() < 0.25 ? pick(random, mine) : undefined;
  if (changed !== undefined) {
    const text = random() < 0.3 ? '' : `changed ${number}`;
    world.write(from, machine.edit(changed.key, text));
    model.set(changed.key, { text, readers: model.get(changed.key)?.readers ?? [] });
    return;
  }
  const to =
    random() < 0.15
      ? pick(
          random,
          PEOPLE.filter((id) => id !== from),
        )
      : undefined;
  const said = machine.write(`line ${number}`, world.now, { to: to ?? null });
  world.write(from, said);
  if (said !== null)
    model.set(said.line.key, { text: said.line.text, readers: to === undefined ? PEOPLE : [from, to] });
}

function fault(world: World): void {
  const { random } = world;
  const [a = 'Alice', b = 'Bob'] = [...PEOPLE].sort(() => random() - 0.5);
  const kind = random();
  if (kind < 0.35) world.cut(a, b);
  else if (kind < 0.7) world.heal(a, b);
  else if (!world.isHere(a)) kind < 0.85 ? world.load(a) : world.wake(a);
  else if (kind < 0.8) world.leave(a);
  else if (kind < 0.9) {
    world.leave(a);
    world.later(random() * 10_000, () => world.isHere(a) || world.wake(a));
  } else {
    world.leave(a);
    world.later(random() * 10_000, () => world.isHere(a) || world.load(a));
  }
}

const shown = ({ key, text, revision, to }: ChatLine) => ({ key, text, revision, to });

test.each(Array.from({ length: SEEDS }, (_, seed) => seed))(
  'after an hour of lost connections and reloads all have every line once, in the same order (seed %i)',
  (seed) => {
    const world = new World(PEOPLE, chance(seed));
    const model: Model = new Map();
    const end = world.now + HOUR_MS;
    for (let number = 0; world.now < end; number += 1) {
      world.run(world.now + world.random() * 20_000);
      if (world.random() < 0.6) write(world, model, number);
      else fault(world);
    }
    world.healAll();
    world.run();
    const everybody = PEOPLE.map((id) => world.machine(id).lines);
    for (const [index, id] of PEOPLE.entries()) {
      const expected = [...model].filter(([, { readers }]) => readers.includes(id));
      const found = everybody[index]?.map(({ key, text }) => [key, text]) ?? [];
      expect(new Map(found as [string, string][])).toEqual(new Map(expected.map(([key, { text }]) => [key, text])));
      expect(found).toHaveLength(expected.length);
      expect(everybody[index]?.every(({ delivery, via }) => delivery.state === 'sent' && via === '')).toBe(true);
    }
    const [alice, bob, carol] = everybody.map((lines) => lines.filter(({ to }) => to === null).map(shown));
    expect(bob).toEqual(alice);
    expect(carol).toEqual(alice);
    expect(alice?.length).toBeGreaterThan(30);
  },
);
