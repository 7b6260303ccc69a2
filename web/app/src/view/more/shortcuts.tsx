import { X } from 'lucide';
import { useEffect, useRef } from 'preact/hooks';
import type { Call } from '../../model/call';
import { words } from '../../strings/strings';
import { shortcutWords, viewWords } from '../../strings/view';
import { useBack } from '../ui/back';
import { useFocusBack } from '../ui/focus-back';
import { Icon } from '../ui/icon';

/** The list of keyboard shortcuts. */
export function Shortcuts({ call }: { readonly call: Call }) {
  return call.lazy.view.value?.listsShortcuts.value === true ? <Open call={call} /> : null;
}

function Open({ call }: { readonly call: Call }) {
  const ref = useRef<HTMLElement>(null);
  const close = () => call.lazy.view.peek()?.listShortcuts(false);
  useFocusBack();
  useBack(call, true, close);
  useEffect(() => ref.current?.focus(), []);
  const rows = [...call.shortcuts().map(({ key }) => [key.toUpperCase(), shortcutWords[key]]), viewWords.escape];
  return (
    <section ref={ref} class="panel share" role="dialog" aria-label={viewWords.shortcuts} tabIndex={-1}>
      <div class="panel-head">
        <h2 class="panel-title">{viewWords.shortcuts}</h2>
        <button type="button" class="plain" aria-label={words.close} onClick={close}>
          <Icon node={X} />
        </button>
      </div>
      <dl class="shortcuts">
        {rows.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd class="shortcut-key">{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
