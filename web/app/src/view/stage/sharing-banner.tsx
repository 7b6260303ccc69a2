import { MonitorUp } from 'lucide';
import type { Call } from '../../model/call';
import { screenWords } from '../../strings/screens';
import { Icon } from '../ui/icon';

/** Shown over the stage for as long as others see your screen. */
export function SharingBanner({ call }: { readonly call: Call }) {
  if (!call.screens.sharing.value) return null;
  return (
    <section class="sharing" aria-label={screenWords.sharing}>
      <Icon node={MonitorUp} size={18} />
      {screenWords.sharing}
      <button type="button" class="sharing-stop" onClick={() => call.screens.stop()}>
        {screenWords.stop}
      </button>
    </section>
  );
}
