/** A shared screen that fills the page. */
export const viewerWords = {
  open: (name: string) => `Show ${name}’s screen full screen`,
  zoomIn: 'Zoom in',
  zoomOut: 'Zoom out',
};
