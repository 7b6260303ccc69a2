import { Video } from 'lucide';
import { useEffect, useState } from 'preact/hooks';
import type { App } from '../model/app';
import { words } from '../strings/strings';
import checkupCss from '../style/checkup.css?url';
import { RoomView } from './room-page';
import { Header } from './start/header';
import { HomeView } from './start/home';
import { MessagePage } from './start/message-page';
import { Icon } from './ui/icon';
import { addStylesheet } from './ui/stylesheet';

export function AppView({ app }: { readonly app: App }) {
  const page = app.page.value;
  switch (page.at) {
    case 'home':
      return (
        <div class="page">
          <Header app={app} />
          <HomeView app={app} home={page.home} />
        </div>
      );
    case 'test':
      return (
        <div class="page" key="test">
          <Header app={app} />
          <CheckupLater platform={page.platform} home={app.home} />
        </div>
      );
    case 'room':
      return <RoomView key={page.roomPage.room} app={app} roomPage={page.roomPage} />;
    case 'bad-room':
      return (
        <MessagePage key="bad-room" app={app} {...words.badRoom} line="lost">
          <button type="button" class="button primary" onClick={() => app.newCall()}>
            <Icon node={Video} />
            {words.newCall}
          </button>
        </MessagePage>
      );
    case 'bad-key':
    case 'insecure':
      return (
        <MessagePage
          key={page.at}
          app={app}
          {...(page.at === 'insecure' ? words.insecureKey : words.badKey)}
          line="lost"
        >
          <button type="button" class="button primary" onClick={() => app.newCall()}>
            <Icon node={Video} />
            {words.newCall}
          </button>
        </MessagePage>
      );
    case 'no-webrtc':
      return (
        <MessagePage key="no-webrtc" app={app} {...words.noWebrtc} line="lost">
          <button type="button" class="button primary" onClick={() => app.goToTest()}>
            {words.noWebrtc.test}
          </button>
        </MessagePage>
      );
    case 'nowhere':
      return (
        <MessagePage key="nowhere" app={app} title={words.nowhere.title} lead={words.nowhere.lead} line="lost">
          <button type="button" class="button primary" onClick={() => app.goHome()}>
            {words.nowhere.home}
          </button>
        </MessagePage>
      );
  }
}

type CheckupPage = typeof import('./start/checkup').CheckupPage;

/** `/test`, whose code is loaded when somebody goes there. */
function CheckupLater(props: Parameters<CheckupPage>[0]) {
  const [View, setView] = useState<CheckupPage | null>(null);
  useEffect(() => {
    Promise.all([import('./start/checkup'), addStylesheet(checkupCss)]).then(
      ([{ CheckupPage }]) => setView(() => CheckupPage),
      () => undefined, // the server is away, so there is nothing to test
    );
  }, []);
  return View === null ? <main class="checkup" /> : <View {...props} />;
}
