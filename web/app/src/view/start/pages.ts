/** The pages without a call, which a link to a call doesn't need. */
export { BadLinkPage } from './bad-link';
export { HomePage } from './home';
