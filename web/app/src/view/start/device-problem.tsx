import type { Device } from '@eyeline/sdk';
import { type Kind, type LocalDevices, mayHelp } from '../../model/local-devices';
import { lazy } from '../../platform/lazy';
import { words } from '../../strings/strings';
import guideCss from '../../style/guide.css?url';
import { addStylesheet } from '../ui/stylesheet';
import { useLoaded } from '../ui/use-loaded';

const guidePart = lazy(() => import('../devices/guide'));
const loadGuide = () => Promise.all([guidePart(), addStylesheet(guideCss)]).then(([guide]) => guide);

interface Props {
  readonly devices: LocalDevices;
  readonly kinds: readonly Kind[];
  readonly problem: NonNullable<Device['problem']>;
}

/** What is wrong with camera or microphone, and what to do. */
export function DeviceProblem(props: Props) {
  return props.problem === 'denied' ? <Denied {...props} /> : <Words {...props} />;
}

function Words({ devices, kinds, problem }: Props) {
  return (
    <>
      <p>{words.problem(kinds, problem)}</p>
      {mayHelp(problem) && (
        <button type="button" class="button quiet small" onClick={() => void devices.retry()}>
          {words.again}
        </button>
      )}
    </>
  );
}

/** What to click in this browser, once that is loaded. */
function Denied(props: Props) {
  const guide = useLoaded(loadGuide);
  return guide === null ? <Words {...props} /> : <guide.PermissionGuide devices={props.devices} where="lobby" />;
}
