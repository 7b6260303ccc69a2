import { type ESTree, parseAst } from 'vite';
import { describe, expect, test } from 'vitest';
import { features } from 'web-features';
import targets from '../../targets.json';

const SCRIPTS = import.meta.glob('../../../src/eyeline/web/**/*.js', { query: '?raw', import: 'default', eager: true });
const STYLES = import.meta.glob('../../../src/eyeline/web/**/*.css', { query: '?raw', import: 'default', eager: true });
const PAGES = import.meta.glob('../../{app/index,phone/phone}.html', { query: '?raw', import: 'default', eager: true });
const README = import.meta.glob('../../../README.md', { query: '?raw', import: 'default', eager: true });

/** What is newer than the targets, and used only where the browser has it. */
const OPTIONAL: Readonly<Record<string, string>> = {
  moveBefore: 'Preact looks for it first',
  dispose: 'Preact signals make a symbol of their own without it',
  'Symbol.dispose': 'Preact signals make a symbol of their own without it',
  config: 'a name that JsSIP gives to its settings',
  displayName: 'a name that Preact gives to components',
  srcObject: 'has been in each target since WebRTC: the data is about more kinds of objects',
  isComposing: 'in Safari since 10.1, with another order of events',
  linearRampToValueAtTime: 'in Firefox with a difference that a chime does not need',
  exponentialRampToValueAtTime: 'in Firefox with a difference that a chime does not need',
  enumerateDevices: 'in Firefox 115 without loudspeakers: there they can’t be chosen',
  setSinkId: 'where it’s missing, the speaker can’t be chosen',
  sinkId: 'where it’s missing, the speaker can’t be chosen',
  inspect: 'only outside a browser, in the code that Emscripten makes for RNNoise',
  grow: 'of WebAssembly.Memory, in each target: the data is about tables',
  requestPointerLock: 'of a canvas, in the code that Emscripten makes for RNNoise, which has none',
  getCapabilities: 'of a camera: Firefox before 132 isn’t asked how large its picture can be',
  getDisplayMedia: 'phones share no screen: the button is left out',
  fullscreenEnabled: 'iPhones show no page full screen: the menu leaves it out',
  fullscreenElement: 'iPhones show no page full screen: the menu leaves it out',
  requestFullscreen: 'iPhones show no page full screen: the menu leaves it out',
  exitFullscreen: 'iPhones show no page full screen: the menu leaves it out',
  documentPictureInPicture: 'other browsers show one video in a small window, or none',
  requestWindow: 'other browsers show one video in a small window, or none',
  pictureInPictureEnabled: 'Firefox before 151 has a button of its own for it',
  requestPictureInPicture: 'Firefox before 151 has a button of its own for it',
  pictureInPictureElement: 'Firefox before 151 has a button of its own for it',
  exitPictureInPicture: 'Firefox before 151 has a button of its own for it',
  setMicrophoneActive: 'only the browser’s own buttons for calls show less without it',
  setCameraActive: 'only the browser’s own buttons for calls show less without it',
  showPopover: 'a menu is above everything else with it; without it, above what it must be above',
  Notification: 'phones show none of a page: the buttons are left out',
  setCodecPreferences: 'Firefox before 128 sends a longer offer',
  relayProtocol: 'the connection panel shows the transport to the relay if it is known',
  wakeLock: 'the screen may go off in Firefox before 126',
  released: 'of a wake lock',
  getAsFileSystemHandle: 'only Chromium resumes files of a page that was reloaded by itself',
  showOpenFilePicker: 'only Chromium resumes files of a page that was reloaded by itself',
  queryPermission: 'only Chromium resumes files of a page that was reloaded by itself',
  requestPermission: 'only Chromium resumes files of a page that was reloaded by itself',
  showSaveFilePicker: 'only Chromium lets people choose where a file goes',
  showDirectoryPicker: 'only Chromium saves folders as folders',
  createWritable: 'Safari receives files since 26',
  estimate: 'Safari receives files since 26',
  'css.selectors.has': 'Firefox before 121 shows the focus by other rules',
  'css.properties.accent-color': 'Safari before 26 draws controls in its own color',
  'css.properties.content-visibility': 'a long chat is drawn sooner with it',
  'css.properties.contain-intrinsic-size': 'a long chat is drawn sooner with it',
  'css.properties.cursor': 'phones have no pointer',
  'css.properties.font-family.ui-monospace': 'another font follows it',
  'css.properties.field-sizing': 'an invitation’s text may have to be scrolled without it',
  'css.properties.overscroll-behavior': 'the page behind a panel may scroll too',
  'css.properties.resize': 'phones resize no text fields',
  'css.properties.text-size-adjust': 'Safari has it with a prefix',
  'css.properties.user-select': 'Safari has it with a prefix',
  'css.properties.text-wrap': 'lines of a heading are balanced with it',
  'css.properties.zoom': 'Firefox before 126 does not enlarge pages on a very large screen',
  'css.properties.forced-color-adjust': 'Safari has no forced colours',
  'css.properties.scrollbar-color': 'Safari before 26.2 draws scrollbars in its own colours',
  'css.properties.scrollbar-width': 'Safari before 18.2 draws scrollbars as wide as others',
};

type Browser = 'chrome' | 'firefox' | 'safari' | 'safari_ios';
type Support = Readonly<Partial<Record<Browser, string>>>;

/** Since which versions browsers have each feature of browser-compat-data, such as `api.URL.canParse_static`. */
const SUPPORT = new Map<string, Support>();
for (const feature of Object.values(features)) {
  if (feature.kind !== 'feature') continue;
  for (const [key, { support }] of Object.entries(feature.status.by_compat_key ?? {})) SUPPORT.set(key, support);
}

const TARGETS = targets.map((target): readonly [Browser, number] => {
  const [, name = '', version = ''] = /^([a-z]+)([\d.]+)$/.exec(target) ?? [];
  return [name === 'ios' ? 'safari_ios' : (name as Browser), Number(version)];
});

/** Whether a target lacks this feature. */
function isNewer(key: string): boolean {
  const support = SUPPORT.get(key);
  if (support === undefined) return false;
  return TARGETS.some(
    ([browser, version]) => !(Number((support[browser] ?? '').replace('≤', '') || '9999') <= version),
  );
}

/** Statistics, each of which a browser may lack. */
const STATISTIC = /^api\.RTCStatsReport\.type_[\w-]+\.(\w+)$/;

/** The features with this name, by the names of members of interfaces and objects. */
const MEMBERS = new Map<string, string[]>();
for (const key of SUPPORT.keys()) {
  const [, name = ''] = /^(?:api|javascript\.builtins)\.(?:[\w-]+\.)+(\w+)$/.exec(key) ?? [];
  if (name !== '') MEMBERS.set(name, [...(MEMBERS.get(name) ?? []), key]);
}

type Visitor = (node: ESTree.Node) => void;

/** Calls `visitor` with each node of a script, without the names of members. */
function walk(node: unknown, visitor: Visitor): void {
  if (typeof node !== 'object' || node === null) return;
  if ('type' in node) visitor(node as ESTree.Node);
  const named = 'computed' in node && !node.computed ? ['property', 'key'] : [];
  for (const [part, value] of Object.entries(node)) if (!named.includes(part)) walk(value, visitor);
}

/** The names of members that scripts define themselves: with the types gone, they can't be told from the browser's. */
function ownNames(scripts: readonly string[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const script of scripts) {
    walk(parseAst(script), (node) => {
      const own = ['MethodDefinition', 'PropertyDefinition', 'Property'].includes(node.type);
      const key =
        own && 'key' in node ? node.key : node.type === 'AssignmentExpression' ? fieldOfThis(node.left) : null;
      if (key !== null && key.type === 'Identifier') names.add(key.name);
    });
  }
  return names;
}

/** `name` in `this.name`. */
function fieldOfThis(node: ESTree.Node): ESTree.Node | null {
  return node.type === 'MemberExpression' && node.object.type === 'ThisExpression' ? node.property : null;
}

const OWN = new Set([
  ...ownNames(Object.values(SCRIPTS)),
  ...[...SUPPORT.keys()].flatMap((key) => STATISTIC.exec(key)?.[1] ?? []),
]);

/** What a script uses that is newer than the targets. */
function newerIn(script: string): readonly string[] {
  const found = new Set<string>();
  const flag = (keys: readonly string[], name: string): void => {
    if (keys.length > 0 && keys.every(isNewer)) found.add(name);
  };
  const known = (...keys: readonly string[]): readonly string[] => keys.filter((key) => SUPPORT.has(key));
  walk(parseAst(script), (node) => {
    if (node.type === 'Identifier') {
      flag(known(`api.${node.name}`, `javascript.builtins.${node.name}`), node.name);
    } else if (node.type === 'MemberExpression' && !node.computed && node.property.type === 'Identifier') {
      const { name } = node.property;
      const owner = node.object.type === 'Identifier' ? node.object.name : '';
      const statics = known(`api.${owner}.${name}_static`, `javascript.builtins.${owner}.${name}`);
      if (statics.length > 0) flag(statics, `${owner}.${name}`);
      else if (!OWN.has(name)) flag(MEMBERS.get(name) ?? [], name);
    }
  });
  return [...found];
}

/** What a stylesheet uses that is newer than the targets. */
function newerStyles(style: string): readonly string[] {
  const keys = new Set<string>();
  for (const [, name = '', value = ''] of style.matchAll(/[{;]([a-z-]+):([^{};]*)(?=[;}])/g)) {
    keys.add(`css.properties.${name}`);
    for (const [word] of value.matchAll(/[a-z-]+/g)) keys.add(`css.properties.${name}.${word}`);
    for (const [, called = ''] of value.matchAll(/([a-z-]+)\(/g))
      for (const key of SUPPORT.keys()) if (key.startsWith('css.types.') && key.endsWith(`.${called}`)) keys.add(key);
    if (/\d(?:d|s|l)v[hw]/.test(value)) keys.add('css.types.length.viewport_percentage_units_dynamic');
  }
  for (const [, name = '', rest = ''] of style.matchAll(/@([a-z-]+)([^{;]*)/g)) {
    keys.add(`css.at-rules.${name}`);
    if (name === 'media' && /[<>]/.test(rest)) keys.add('css.at-rules.media.range_syntax');
    for (const [, feature = ''] of rest.matchAll(/\(([a-z-]+)/g)) keys.add(`css.at-rules.${name}.${feature}`);
  }
  for (const [, name = ''] of style.matchAll(/:([a-z-]+)/g)) {
    const key = `css.selectors.${name}`;
    if (new RegExp(`[^{;(]:${name}[^;}]*\\{`).test(style)) keys.add(key);
  }
  if (/[{;}]\s*&/.test(style)) keys.add('css.selectors.nesting');
  return [...keys].filter(isNewer);
}

const isFor = (optional: string) => (name: string) => name === optional || name.startsWith(`${optional}.`);
const chosen = (names: readonly string[]): readonly string[] =>
  names.filter((name) => !Object.keys(OPTIONAL).some((optional) => isFor(optional)(name)));

describe('the check', () => {
  test.each([
    ['text.toWellFormed()', ['toWellFormed']],
    ['AbortSignal.any([stop])', ['AbortSignal.any']],
    ['URL.canParse(text)', ['URL.canParse']],
    ['files.toSorted()', ['toSorted']],
    ['new CompressionStream("gzip")', []],
    ['lines.findLast(Boolean), Promise.any([]), structuredClone(1), text.at(-1)', []],
    ['Promise.withResolvers()', ['Promise.withResolvers']],
  ])('knows how new `%s` is', (script, newer) => {
    expect(newerIn(script)).toEqual(newer);
  });

  test.each([
    ['@media (width<=640px){a{color:red}}', []],
    ['p{text-wrap:balance}', ['css.properties.text-wrap', 'css.properties.text-wrap.balance']],
    ['.a:has(.b){height:100dvh}', ['css.selectors.has']],
    ['.a{color:light-dark(red,blue)}', ['css.types.color.light-dark']],
  ])('knows how new `%s` is', (style, newer) => {
    expect(newerStyles(style)).toEqual(newer);
  });
});

test.each(Object.entries(SCRIPTS))('%s uses nothing that a supported browser lacks', (_, script) => {
  expect(chosen(newerIn(script))).toEqual([]);
});

test.each(Object.entries(STYLES))('%s uses nothing that a supported browser lacks', (_, style) => {
  expect(chosen(newerStyles(style))).toEqual([]);
});

test('everything that is served was looked at', () => {
  expect(Object.keys(SCRIPTS).length).toBeGreaterThan(5);
  expect(Object.keys(STYLES).length).toBeGreaterThan(2);
  for (const text of [...Object.values(SCRIPTS), ...Object.values(STYLES)]) expect(text.length).toBeGreaterThan(50);
});

test('what may be missing is still used', () => {
  const used = [...Object.values(SCRIPTS).flatMap(newerIn), ...Object.values(STYLES).flatMap(newerStyles)];
  expect(Object.keys(OPTIONAL).filter((optional) => !used.some(isFor(optional)))).toEqual([]);
});

test('README and the page name the supported browsers', () => {
  const version = Object.fromEntries(TARGETS);
  const words = `Chromium ${version['chrome']}, Firefox ${version['firefox']}, Safari ${version['safari']}`;
  for (const text of [...Object.values(PAGES), ...Object.values(README)]) expect(text).toContain(words);
});
