import { effect } from '@preact/signals';
import { render } from 'preact';
import { browser } from './browser';
import { App } from './model/app';
import './style.css';
import { AppView } from './view/app';

const root = document.getElementById('app');
if (root !== null) {
  const app = new App(browser());
  effect(() => {
    document.title = app.title.value;
  });
  render(<AppView app={app} />, root);
}
