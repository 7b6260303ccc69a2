import { File as FileIcon, Folder, X } from 'lucide';
import { useEffect, useRef } from 'preact/hooks';
import type { Call } from '../../model/call';
import type { Files } from '../../model/files/files';
import { isOver } from '../../model/files/transfer';
import type { UnfinishedFile } from '../../model/files/unfinished';
import { fileWords } from '../../strings/files';
import { words } from '../../strings/strings';
import { Icon } from '../ui/icon';
import { AskCard } from './ask-card';
import { ChooseFiles } from './choose-files';
import { FileCard, FileName } from './file-card';

/** Missing on some phones. */
const choosesFolders = 'webkitdirectory' in HTMLInputElement.prototype;

/** Makes an input choose folders; missing from Preact's types. */
const ofFolder = { webkitdirectory: true };

interface Props {
  readonly call: Call;
  readonly files: Files;
}

/** The files panel: all transfers, and a way to send more. */
export function FilesPanel({ call, files, onClose }: Props & { readonly onClose: () => void }) {
  const transfers = files.transfers.value;
  const unfinished = files.unfinished.entries.value;
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onClose();
  };
  return (
    <aside class="chat files" aria-label={fileWords.heading} onKeyDown={onKeyDown}>
      <div class="panel-head">
        <h2 class="panel-title">{fileWords.heading}</h2>
        <button type="button" class="plain" aria-label={words.close} onClick={onClose}>
          <Icon node={X} />
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be within reach of the keyboard */}
      <section class="files-list" aria-label={fileWords.list} tabIndex={0}>
        {transfers.length + unfinished.length === 0 && files.maySend && <p class="log-empty">{fileWords.empty}</p>}
        <ul class="files-cards">
          {unfinished.map((entry) => (
            <WaitingCard key={entry.id} entry={entry} files={files} />
          ))}
          {transfers.map((one) => (
            <FileCard key={one.id} one={one} files={files} />
          ))}
        </ul>
        {files.queue.value.length > 0 && <p class="secondary">{fileWords.queued(files.queue.value.length)}</p>}
        {transfers.some((one) => isOver(one.progress.value.state)) && (
          <button type="button" class="files-clear" onClick={() => files.clear()}>
            {fileWords.clear}
          </button>
        )}
      </section>
      {call.permissions.value.has('files') ? (
        <Sending call={call} files={files} />
      ) : (
        <p class="read-only">{fileWords.receiveOnly}</p>
      )}
    </aside>
  );
}

/** File offers shown while the panel is closed: over the stage, or in the chat if that's open. */
export function Asks({ call, files }: Props) {
  const asking = files.askingByPerson.value.slice(0, 3);
  if (asking.length === 0) return null;
  return (
    <section class="asks" aria-label={words.bar.filesWaiting(files.asking.value.length)}>
      <ul class="files-cards">
        {asking.map((those) => (
          <AskCard key={those[0]?.personId} those={those} files={files} onShow={() => call.showPanel('files')} />
        ))}
      </ul>
    </section>
  );
}

/** A transfer that was interrupted by a reload of this page. */
function WaitingCard({ entry, files }: { readonly entry: UnfinishedFile; readonly files: Files }) {
  const asking = files.resumable.asking.value;
  const [first] = asking;
  return (
    <li class="file">
      <span class="file-icon">
        <Icon node={entry.folder ? Folder : FileIcon} size={20} />
      </span>
      <div class="file-words">
        <p class="file-with">{fileWords.halted}</p>
        <FileName name={entry.name} />
      </div>
      <div class="file-ways">
        <button
          type="button"
          class="plain"
          aria-label={fileWords.cancel(entry.name)}
          onClick={() => files.giveUp(entry.id)}
        >
          <Icon node={X} size={20} />
        </button>
      </div>
      <p class="file-state">{asking.has(entry.id) ? fileWords.held : fileWords.unfinished(entry.folder)}</p>
      {entry.id === first && (
        <div class="file-answers">
          <button type="button" class="button primary small file-whole" onClick={() => void files.goOn()}>
            {fileWords.goOn}
          </button>
        </div>
      )}
    </li>
  );
}

function Sending({ call, files }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const alone = call.alone.value;
  const takers = call.others.value.filter(({ sip }) => !sip);
  const phone = !alone && takers.length === 0;
  useEffect(() => input.current?.focus({ preventScroll: true }), []);
  if (phone) return <p class="read-only">{fileWords.phone}</p>;
  return (
    <div class="sending">
      {takers.length > 1 && (
        <label class="sending-to">
          <span>{fileWords.to}</span>
          <select
            value={files.to.value}
            onChange={(event) => {
              files.to.value = event.currentTarget.value;
            }}
          >
            <option value="">{fileWords.everyone}</option>
            {takers.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <div class="sending-ways">
        <ChooseFiles files={files} class="button primary small" disabled={alone} inputRef={input}>
          {alone ? fileWords.alone : fileWords.choose}
        </ChooseFiles>
        {!alone && choosesFolders && (
          <label class="button quiet small sending-files">
            {fileWords.chooseFolder}
            <input
              type="file"
              class="unseen"
              aria-label={fileWords.chooseFolder}
              {...ofFolder}
              onChange={(event) => {
                void files.sendFolder([...(event.currentTarget.files ?? [])]);
                event.currentTarget.value = '';
              }}
            />
          </label>
        )}
      </div>
    </div>
  );
}
