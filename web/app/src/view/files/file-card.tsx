import { Download, File as FileIcon, Folder, Pause, Play, X } from 'lucide';
import type { Files } from '../../model/files/files';
import { Incoming, isOver, type Transfer } from '../../model/files/transfer';
import { fileWords } from '../../strings/files';
import { Icon } from '../ui/icon';

/** Characters at the end of a long name that are always shown. */
const tail = 12;

/** A file name, shortened in the middle if there's no room, so that its extension stays. */
export function FileName({ name }: { readonly name: string }) {
  const letters = [...name];
  const cut = letters.length > 2 * tail ? letters.length - tail : letters.length;
  return (
    <p class="file-name" title={name}>
      <bdi class="file-name-start">{letters.slice(0, cut).join('')}</bdi>
      {cut < letters.length && <bdi>{letters.slice(cut).join('')}</bdi>}
    </p>
  );
}

/** One file transfer to or from one person, from the offer to its end. */
export function FileCard({ one, files }: { readonly one: Transfer; readonly files: Files }) {
  const { state, bytes } = one.progress.value;
  return (
    <li class="file" data-state={state}>
      <span class="file-icon">
        {one.preview === '' ? (
          <Icon node={one.entries === null ? FileIcon : Folder} size={20} />
        ) : (
          <img
            class="file-preview"
            src={`data:image/jpeg;base64,${one.preview}`}
            alt=""
            decoding="async"
            loading="lazy"
          />
        )}
      </span>
      <div class="file-words">
        <p class="file-with">{one.asksUs ? fileWords.asks(one.person) : fileWords.direction(one)}</p>
        <FileName name={one.name} />
      </div>
      <Ways one={one} files={files} />
      <p class="file-state">{fileWords.state(one)}</p>
      {one instanceof Incoming && one.problem.value !== null && (
        <p class="file-state problem" role="status">
          {fileWords.problem(one.problem.value)}
        </p>
      )}
      {one instanceof Incoming && one.losesOnReload && <p class="file-state">{fileWords.inMemory}</p>}
      {state === 'running' && (
        <progress class="file-done" aria-label={fileWords.done(one.name)} max={one.size} value={bytes} />
      )}
      {one instanceof Incoming && one.asksUs && <Answers one={one} files={files} />}
    </li>
  );
}

/** The buttons next to its name. */
function Ways({ one, files }: { readonly one: Transfer; readonly files: Files }) {
  const { state, paused } = one.progress.value;
  if (one instanceof Incoming && state === 'verified' && one.stored.value && one.saving.value !== 'runs') {
    return (
      <div class="file-ways">
        <button type="button" class="file-save" onClick={() => void files.save(one)}>
          <Icon node={Download} size={18} />
          {fileWords.save}
        </button>
      </div>
    );
  }
  if (isOver(state) || one.asksUs) return null;
  return (
    <div class="file-ways">
      {state === 'running' && (
        <button
          type="button"
          class="plain"
          aria-label={paused === 'here' ? fileWords.resume(one.name) : fileWords.pause(one.name)}
          onClick={() => (paused === 'here' ? one.resume() : one.pause())}
        >
          <Icon node={paused === 'here' ? Play : Pause} size={20} />
        </button>
      )}
      <button type="button" class="plain" aria-label={fileWords.cancel(one.name)} onClick={() => one.cancel()}>
        <Icon node={X} size={20} />
      </button>
    </div>
  );
}

function Answers({ one, files }: { readonly one: Incoming; readonly files: Files }) {
  return (
    <div class="file-answers">
      <button type="button" class="button primary small" onClick={() => files.accept(one)}>
        {fileWords.accept}
      </button>
      <button type="button" class="button quiet small" onClick={() => one.decline()}>
        {fileWords.decline}
      </button>
      <button type="button" class="button quiet small file-all" onClick={() => files.acceptAll(one)}>
        {fileWords.acceptAll(one.person)}
      </button>
    </div>
  );
}
