import { Ellipsis } from 'lucide';
import { useRef } from 'preact/hooks';
import type { Call } from '../../model/call';
import { words } from '../../strings/strings';
import { usePanels } from '../lazy-panels';
import { RoundButton } from '../ui/round-button';

/** Opens the menu with everything that has no button of its own. */
export function MoreButton({ call }: { readonly call: Call }) {
  const ref = useRef<HTMLButtonElement>(null);
  const open = call.menu.value === 'more';
  const panels = usePanels(open);
  return (
    <>
      <RoundButton
        buttonRef={ref}
        name={words.bar.more}
        icon={Ellipsis}
        open={open}
        onClick={() => {
          call.menu.value = open ? null : 'more';
        }}
      />
      {open && panels !== null && <panels.MoreMenu call={call} anchor={ref} />}
    </>
  );
}
