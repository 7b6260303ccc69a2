import { Maximize } from 'lucide';
import { useRef } from 'preact/hooks';
import type { Call } from '../../model/call';
import type { Screen } from '../../model/stage/screens';
import { viewerWords } from '../../strings/screen-viewer';
import { Icon } from '../ui/icon';

/** Opens the large screen full screen: a button on it, a tap, or a double click of a mouse. */
export function ViewScreen({ call, screen: { key, person } }: { readonly call: Call; readonly screen: Screen }) {
  const byMouse = useRef(false);
  const name = viewerWords.open(person.name);
  const open = () => {
    call.screens.viewed.value = key;
  };
  return (
    <>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the button beside it does the same by keyboard */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: as above */}
      <div
        class="view-screen"
        onPointerDown={({ pointerType }) => {
          byMouse.current = pointerType === 'mouse';
        }}
        onClick={() => byMouse.current || open()}
        onDblClick={open}
      />
      <div class="tile-buttons">
        <button type="button" class="tile-button" aria-label={name} title={name} onClick={open}>
          <span class="tile-button-face">
            <Icon node={Maximize} size={18} />
          </span>
        </button>
      </div>
    </>
  );
}
