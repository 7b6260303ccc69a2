import { effect } from '@preact/signals';
import { render } from 'preact';
import { Phone } from './model/phone';
import { browser } from './platform/browser';
import './style.css';
import { PhoneView } from './view/phone';

const phone = new Phone(browser());
const root = document.getElementById('app');
if (root !== null) {
  effect(() => {
    document.title = phone.title.value;
  });
  root.replaceChildren();
  render(<PhoneView phone={phone} />, root);
}
