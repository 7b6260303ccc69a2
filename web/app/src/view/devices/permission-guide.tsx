import type { ComponentChildren } from 'preact';
import { type BrowserName, browserName } from '../../model/devices/browser-name';
import type { LocalDevices } from '../../model/local-devices';
import { deviceWords } from '../../strings/devices';
import { words } from '../../strings/strings';

const says = deviceWords.guide;
const kinds = ['camera', 'microphone'] as const;

interface Props {
  readonly devices: LocalDevices;
  readonly where: 'lobby' | 'call';
}

/** What to click in this browser to allow camera and microphone again. It goes away by itself once they are allowed. */
export function PermissionGuide({ devices, where }: Props) {
  const browser = browserName(devices.userAgent);
  const denied = kinds.filter((kind) => devices[kind].value.problem === 'denied');
  if (denied.length === 0) return null;
  return (
    <section class="guide" aria-label={says.name}>
      <p>{says.lead(denied, where)}</p>
      <AddressBar browser={browser} />
      <ol class="guide-steps">
        {says.steps[browser].map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <button type="button" class="button quiet small" onClick={() => void devices.retry()}>
        {words.again}
      </button>
    </section>
  );
}

/** A drawing of the browser's address bar, with the icon to click in a ring. */
function AddressBar({ browser }: { readonly browser: BrowserName }) {
  return (
    <svg class="guide-drawing" viewBox="0 0 320 56" role="img" aria-label={says.icon[browser]}>
      <rect class="guide-bar" x="1" y="7" width="318" height="42" rx="21" />
      <rect class="guide-address" x="66" y="24" width="150" height="8" rx="4" />
      <g class="guide-icon" transform="translate(22 16)">
        {icons[browser]}
      </g>
      <circle class="guide-ring" cx="34" cy="28" r="19" />
    </svg>
  );
}

/** As these browsers draw them, on 24 by 24. */
const icons: { readonly [browser in BrowserName]: ComponentChildren } = {
  chromium: (
    <>
      <path d="M4 8h7M17 8h3M4 16h3M13 16h7" />
      <circle cx="14" cy="8" r="2.6" />
      <circle cx="10" cy="16" r="2.6" />
    </>
  ),
  firefox: (
    <>
      <path d="M4 8.5h9a1.5 1.5 0 0 1 1.5 1.5v5a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 15v-5A1.5 1.5 0 0 1 4 8.5Z" />
      <path d="m14.5 11.5 6-3v8l-6-3" />
      <path d="M4 21 20 3" />
    </>
  ),
  safari: (
    <>
      <circle cx="12" cy="12" r="9" />
      <path d="m16 8-2.6 5.4L8 16l2.6-5.4Z" />
    </>
  ),
  phone: (
    <>
      <path d="M4 8h7M17 8h3M4 16h3M13 16h7" />
      <circle cx="14" cy="8" r="2.6" />
      <circle cx="10" cy="16" r="2.6" />
    </>
  ),
  other: (
    <>
      <rect x="5" y="11" width="14" height="9" rx="2" />
      <path d="M8 11V8a4 4 0 0 1 8 0v3" />
    </>
  ),
};
