import { App } from './model/app';
import { browser } from './platform/browser';
import './style.css';

// The model asks for the camera and connects while the view is still loading.
const app = new App(browser());
void import('./view/show').then(({ show }) => show(app));
