import { useSignalEffect } from '@preact/signals';
import { Check, Copy, Ear, LoaderCircle, Minus, RotateCw, Volume2, X } from 'lucide';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Checkup, type Finding } from '../../model/start/checkup';
import type { Media, Platform } from '../../platform/platform';
import { CHECKS } from '../../strings/checks';
import { checkup as words } from '../../strings/checkup';
import { Video } from '../stage/video';
import { Icon } from '../ui/icon';
import { Mark } from '../ui/mark';

/** The page `/test`. */
export function CheckupPage({ platform, home }: { readonly platform: Platform; readonly home: string }) {
  const checkup = useMemo(() => new Checkup(platform), [platform]);
  useEffect(() => () => checkup.end(), [checkup]);
  return <CheckupView checkup={checkup} home={home} />;
}

/** What works from here, what doesn't, and what to do. */
function CheckupView({ checkup, home }: { readonly checkup: Checkup; readonly home: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => heading.current?.focus(), []);
  const findings = checkup.findings.value;
  const running = checkup.running.value;
  const report = checkup.report.value;
  const copy = () => void checkup.copy(words.report(home, findings, navigator.userAgent, new Date()));
  return (
    <main class="checkup">
      <h1 ref={heading} class="title" tabIndex={-1}>
        {words.heading}
      </h1>
      <p class="lead">{words.lead}</p>
      <Outcome checkup={checkup} />
      <Seen checkup={checkup} />
      <ul class="checks" aria-label={words.list}>
        {findings.map((finding) => (
          <Row key={finding.kind} finding={finding} />
        ))}
      </ul>
      <div class="plain-ways">
        <button type="button" class="button primary" aria-disabled={running} onClick={() => running || checkup.run()}>
          <Icon node={RotateCw} size={20} />
          {running ? words.running : words.again}
        </button>
        <button type="button" class="button quiet" onClick={copy}>
          <Icon node={checkup.copied.value ? Check : Copy} size={20} />
          {checkup.copied.value ? words.copied : words.copy}
        </button>
      </div>
      {report !== null && (
        <label class="checks-report">
          {words.byHand}
          <textarea readOnly rows={12} value={report} onFocus={(event) => event.currentTarget.select()} />
        </label>
      )}
    </main>
  );
}

/** Your own picture, how loud the microphone is, and a sound to hear. */
function Seen({ checkup }: { readonly checkup: Checkup }) {
  const [heard, setHeard] = useState(false);
  const media = checkup.media.value;
  const play = () => {
    void checkup.playSound();
    setHeard(true);
  };
  return (
    <section class="checks-seen" aria-label={words.seen}>
      <div class="checks-picture">
        {media === null ? <p class="secondary">{words.noPicture}</p> : <Picture media={media} />}
      </div>
      <div class="checks-sound">
        <Level checkup={checkup} />
        <button type="button" class="button quiet small" onClick={play}>
          <Icon node={Volume2} size={20} />
          {words.sound}
        </button>
        <p class="secondary" aria-live="polite">
          {heard && words.soundHint}
        </p>
      </div>
    </section>
  );
}

function Picture({ media }: { readonly media: Media }) {
  const [stream, setStream] = useState(media.stream.current);
  useEffect(() => media.stream.subscribe(setStream), [media]);
  if (media.camera.current.state !== 'on') return <p class="secondary">{words.noPicture}</p>;
  return <Video stream={stream} mine hidden={false} box={null} />;
}

/** Changes 20 times a second, so it updates its element directly. */
function Level({ checkup }: { readonly checkup: Checkup }) {
  const meter = useRef<HTMLMeterElement>(null);
  useSignalEffect(() => {
    if (meter.current !== null) meter.current.value = checkup.level.value;
  });
  return (
    <label class="checks-label">
      {words.level}
      <meter ref={meter} class="checks-level" min={0} max={1} />
    </label>
  );
}

/** What the findings mean for a call, once that's known. */
function Outcome({ checkup }: { readonly checkup: Checkup }) {
  const outlook = checkup.outlook.value;
  const connection =
    outlook === null ? 'looking' : outlook === 'well' ? 'direct' : outlook === 'relay-only' ? 'relayed' : 'lost';
  return (
    <p class="checks-outcome" role="status">
      <Mark connection={outlook === 'direct-only' ? 'direct' : connection} />
      {outlook === null ? words.running : words.outlook[outlook]}
    </p>
  );
}

const icons = {
  waiting: Minus,
  running: LoaderCircle,
  fine: Check,
  silent: Ear,
  failed: X,
  missing: Minus,
  untested: Minus,
};

function Row({ finding }: { readonly finding: Finding }) {
  const { kind, state, code, ms } = finding;
  return (
    <li class="check" data-state={state}>
      <span class="check-sign">
        <Icon node={icons[state]} size={20} />
        <span class="unseen">{words.state[state]}</span>
      </span>
      <h2 class="check-name">{words.name[kind]}</h2>
      <div class="check-found">
        <p>{words.found(finding)}</p>
        {code !== null && state === 'failed' && <p class="secondary">{CHECKS[code].visitor}</p>}
        {code !== null && <p class="check-code">{code}</p>}
      </div>
      <span class="check-time">{ms !== null && words.time(ms)}</span>
    </li>
  );
}
