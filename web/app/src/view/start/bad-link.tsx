import { Video } from 'lucide';
import type { App, BadLink } from '../../model/app';
import type { Platform } from '../../platform/platform';
import { pageWords } from '../../strings/pages';
import { words } from '../../strings/strings';
import { Icon } from '../ui/icon';
import { CodeField } from './code-field';
import { MessagePage } from './message-page';

const texts = {
  'bad-room': pageWords.badRoom,
  'bad-key': pageWords.badKey,
  insecure: pageWords.insecureKey,
  'no-webrtc': pageWords.noWebrtc,
  nowhere: pageWords.nowhere,
} as const;

/** A link that doesn't work: why, and what to do. */
export function BadLinkPage({ app, at, platform }: BadLinkProps & { readonly platform: Platform }) {
  const { title, lead } = texts[at];
  return (
    <MessagePage app={app} title={title} lead={lead} line="lost">
      <Way app={app} at={at} />
      {at !== 'no-webrtc' && <CodeField platform={platform} />}
    </MessagePage>
  );
}

interface BadLinkProps {
  readonly app: App;
  readonly at: BadLink;
}

function Way({ app, at }: BadLinkProps) {
  if (at === 'no-webrtc') {
    return (
      <button type="button" class="button primary" onClick={() => app.goToTest()}>
        {pageWords.noWebrtc.test}
      </button>
    );
  }
  if (at === 'nowhere') {
    return (
      <button type="button" class="button primary" onClick={() => app.goHome()}>
        {words.over.home}
      </button>
    );
  }
  return (
    <button type="button" class="button primary" onClick={() => app.newCall()}>
      <Icon node={Video} />
      {words.newCall}
    </button>
  );
}
