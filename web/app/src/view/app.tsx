import type { App, BadLink } from '../model/app';
import { lazy } from '../platform/lazy';
import type { Platform } from '../platform/platform';
import checkupCss from '../style/checkup.css?url';
import homeCss from '../style/home.css?url';
import { RoomView } from './room-page';
import { Page } from './start/page';
import { addStylesheet } from './ui/stylesheet';
import { useLoaded } from './ui/use-loaded';

const pagesPart = lazy(() => import('./start/pages'));
const checkupPart = lazy(() => import('./start/checkup'));
const loadPages = () => Promise.all([pagesPart(), addStylesheet(homeCss)]).then(([pages]) => pages);
const loadCheckup = () => Promise.all([checkupPart(), addStylesheet(checkupCss)]).then(([page]) => page);

export function AppView({ app }: { readonly app: App }) {
  const page = app.page.value;
  if (page.at === 'room') return <RoomView key={page.roomPage.room} app={app} roomPage={page.roomPage} />;
  const { at, platform } = page;
  if (at === 'test') return <Test key="test" app={app} platform={platform} />;
  return <Start key={at} app={app} page={{ at, platform }} />;
}

interface StartPage {
  readonly at: 'home' | BadLink;
  readonly platform: Platform;
}

/** The start page, and pages for links that don't work. */
function Start({ app, page }: { readonly app: App; readonly page: StartPage }) {
  const pages = useLoaded(loadPages);
  if (pages !== null && page.at !== 'home')
    return <pages.BadLinkPage app={app} at={page.at} platform={page.platform} />;
  return (
    <Page app={app}>
      {pages !== null && page.at === 'home' && <pages.HomePage app={app} platform={page.platform} />}
    </Page>
  );
}

/** `/test`. */
function Test({ app, platform }: { readonly app: App; readonly platform: Platform }) {
  const page = useLoaded(loadCheckup);
  return (
    <Page app={app}>
      {page === null ? <main class="checkup" /> : <page.CheckupPage platform={platform} home={app.home} />}
    </Page>
  );
}
