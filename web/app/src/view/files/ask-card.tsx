import { Files as FilesIcon } from 'lucide';
import type { Files } from '../../model/files/files';
import type { Incoming } from '../../model/files/transfer';
import { fileWords } from '../../strings/files';
import { Icon } from '../ui/icon';
import { FileCard, FileName } from './file-card';

/** How many names a card shows. */
const mostNames = 3;

interface Props {
  /** What one person offers; at least one. */
  readonly those: readonly Incoming[];
  readonly files: Files;
  /** Opens the list of all files. */
  readonly onShow: () => void;
}

/** What one person offers, with one answer for all of it. */
export function AskCard({ those, files, onShow }: Props) {
  const [first] = those;
  if (first === undefined) return null;
  if (those.length === 1) return <FileCard one={first} files={files} />;
  const { person } = first;
  const more = fileWords.names(those, mostNames);
  return (
    <li class="file" data-state="asked">
      <span class="file-icon">
        <Icon node={FilesIcon} size={20} />
      </span>
      <div class="file-words">
        <p class="file-with">{fileWords.asks(person)}</p>
        <p class="file-several">{fileWords.several(those)}</p>
      </div>
      <div class="file-names">
        {those.slice(0, mostNames).map((one) => (
          <FileName key={one.id} name={one.name} />
        ))}
        {more !== '' && <p class="file-with">{more}</p>}
      </div>
      <div class="file-answers">
        <button
          type="button"
          class="button primary small"
          aria-label={fileWords.of(fileWords.acceptThese, person)}
          onClick={() => files.acceptThese(those)}
        >
          {fileWords.acceptThese}
        </button>
        <button
          type="button"
          class="button quiet small"
          aria-label={fileWords.of(fileWords.declineThese, person)}
          onClick={() => {
            for (const one of those) one.decline();
          }}
        >
          {fileWords.declineThese}
        </button>
        <button
          type="button"
          class="button quiet small file-all"
          aria-label={fileWords.of(fileWords.showThese, person)}
          onClick={onShow}
        >
          {fileWords.showThese}
        </button>
      </div>
    </li>
  );
}
