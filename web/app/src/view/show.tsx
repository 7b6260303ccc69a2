import { effect } from '@preact/signals';
import { render } from 'preact';
import type { App } from '../model/app';
import { AppView } from './app';

/** Draws the app into the page and keeps it up to date. */
export function show(app: App): void {
  const root = document.getElementById('app');
  if (root === null) return;
  effect(() => {
    document.title = app.title.value;
  });
  root.replaceChildren();
  render(<AppView app={app} />, root);
}
