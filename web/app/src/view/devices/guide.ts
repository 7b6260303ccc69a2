/** What the lobby loads if the browser blocks a device; in a call it comes with the panels. */
export { PermissionGuide } from './permission-guide';
