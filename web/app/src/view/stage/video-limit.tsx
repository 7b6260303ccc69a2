import { Eye, EyeOff } from 'lucide';
import type { Other } from '../../model/person';
import { dataSaverWords } from '../../strings/data-saver';
import { Icon } from '../ui/icon';

/** Beside the name of somebody who takes sound only, or small pictures: they see less of you than you may think. */
export function VideoLimit({ person }: { readonly person: Other }) {
  const limit = person.videoLimit.value;
  if (limit === null) return null;
  const [words, meaning] = dataSaverWords.theirs(limit);
  return (
    <span class="video-limit" data-limit={limit}>
      <span class="unseen">, </span>
      <Icon node={limit === 0 ? EyeOff : Eye} size={16} />
      <span class="video-limit-words">
        {words}
        <span class="video-limit-more">{meaning}</span>
      </span>
    </span>
  );
}
